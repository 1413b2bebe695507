/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the commands' options have in common.
 */
#ifndef SHINT_TOOL_OPTIONS_H
#define SHINT_TOOL_OPTIONS_H

#include <stdnoreturn.h>

#include "files.h"

#define EXIT_USAGE	2

/* Complain and exit; the first after getopt_long() has said what is wrong. */
noreturn void usage_error(const char *command);
noreturn __printf(2, 3) void usage_complaint(const char *command, const char *fmt, ...);

int flush_output(void);

#endif /* SHINT_TOOL_OPTIONS_H */
