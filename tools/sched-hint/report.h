/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `status` found.
 */
#ifndef SHINT_TOOL_REPORT_H
#define SHINT_TOOL_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "files.h"

struct finding {
	const char *side;
	char about[LINE_MAX_LEN];
	char text[2 * LINE_MAX_LEN];
	char remedy[2 * LINE_MAX_LEN];
	bool ok;
};

/**
 * struct report - all findings
 * @side: "host", "guest" or "machine": what the next ones are about
 * @list: the findings
 * @nr: how many
 * @failed: one of them is bad
 */
struct report {
	const char *side;
	struct finding *list;
	size_t nr;
	bool failed;
};

__printf(3, 4) void report_ok(struct report *report, const char *about, const char *fmt, ...);
__printf(4, 5) void report_failure(struct report *report, const char *about, const char *remedy,
				   const char *fmt, ...);
void report_print(const struct report *report, bool failures_only);
void report_print_json(const struct report *report);
void report_free(struct report *report);

#endif /* SHINT_TOOL_REPORT_H */
