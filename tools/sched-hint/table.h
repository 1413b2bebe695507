/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How `top` shows what it found.
 */
#ifndef SHINT_TOOL_TABLE_H
#define SHINT_TOOL_TABLE_H

#include <stdio.h>

#include "counters.h"

/**
 * struct look - the counters at a moment
 * @counters: as parsed
 * @at_s: when, on a clock that only goes forward
 */
struct look {
	struct counters counters;
	double at_s;
};

/**
 * struct table - what is shown
 * @before: the look to compare with
 * @now: the latest look
 * @mode: the parameter's
 * @draining: no VM is to be attached
 * @only: the VM to show, by either of its names, or NULL for all
 */
struct table {
	const struct look *before;
	const struct look *now;
	const char *mode;
	bool draining;
	const char *only;
};

bool table_wants(const struct table *table, const struct counters_vm *vm);
int table_print(FILE *out, const struct table *table);
int table_print_json(FILE *out, const struct table *table);

#endif /* SHINT_TOOL_TABLE_H */
