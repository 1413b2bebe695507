/* SPDX-License-Identifier: GPL-2.0-only */
/* A kprobe at the begin of a function that has something else called in its place. */
#ifndef LAB_REPLACE_H
#define LAB_REPLACE_H

#include <linux/kprobes.h>

/* What a function is replaced by. */
static notrace int __maybe_unused no_memory(void)
{
	return -ENOMEM;
}

/* For a pre_handler to return. */
static inline int replace_by(struct pt_regs *regs, void *by)
{
	instruction_pointer_set(regs, (unsigned long)by);
	return 1;
}

/* The post_handler: where there is one, kprobes let the instruction pointer be changed. */
static void replaced(struct kprobe *probe, struct pt_regs *regs, unsigned long flags)
{
}

#endif /* LAB_REPLACE_H */
