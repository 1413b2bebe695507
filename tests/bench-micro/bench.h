/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What registry.c gives pure.c.
 */
#ifndef BENCH_H
#define BENCH_H

unsigned int bench_chain_length(const void *key);

#endif /* BENCH_H */
