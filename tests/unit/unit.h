/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What all unit tests need: cmocka, a check that says more, random numbers.
 */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/types.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define US	1000ULL
#define MS	(1000 * US)
#define SEC	(1000 * MS)

/* Fails the test with a message unless cond holds. */
#define expect(cond, fmt, ...) do {					\
	if (!(cond))							\
		fail_msg("%s; " fmt, #cond, ##__VA_ARGS__);		\
} while (0)

/* The next of a fixed sequence (a Weyl sequence, mixed). */
static inline u64 random_u64(u64 *seed)
{
	u64 x = *seed += 0x9e3779b97f4a7c15ULL;

	x = (x ^ x >> 32) * 0xd6e8feb86659fd93ULL;
	x = (x ^ x >> 32) * 0xd6e8feb86659fd93ULL;
	return x ^ x >> 32;
}

/* Below n, which is not 0. */
static inline u64 random_below(u64 *seed, u64 n)
{
	return random_u64(seed) % n;
}

/* Of any magnitude, the small and the huge as likely as the others. */
static inline u64 random_size(u64 *seed)
{
	u64 bits = random_below(seed, 65);

	return bits ? random_u64(seed) >> (64 - bits) : 0;
}

/* Between 0 and 1, never 0. */
static inline double random_unit(u64 *seed)
{
	return ((random_u64(seed) >> 11) + 1) / 9007199254740992.0;
}

#endif /* UNIT_H */
