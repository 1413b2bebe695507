/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The shim, with what takes another number of instructions in the kernel as
 * arch/x86 has it.
 */
#ifndef BENCH_KERNEL_H
#define BENCH_KERNEL_H

#include <linux/types.h>

#undef fls64
static inline int fls64(u64 x)
{
	int bit = -1;

	asm("bsrq %1,%q0" : "+r" (bit) : "rm" (x));
	return bit + 1;
}

/* Evaluate their arguments once. */
#undef min
#define min(a, b) ({			\
	__auto_type min_a = (a);	\
	__auto_type min_b = (b);	\
	min_a < min_b ? min_a : min_b;	\
})

#undef max
#define max(a, b) ({			\
	__auto_type max_a = (a);	\
	__auto_type max_b = (b);	\
	max_a > max_b ? max_a : max_b;	\
})

#endif /* BENCH_KERNEL_H */
