/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A screen that is redrawn, and left as it was found.
 */
#ifndef SHINT_TOOL_TERMINAL_H
#define SHINT_TOOL_TERMINAL_H

#include <stdbool.h>

bool terminal_is_one(void);
int terminal_start(void);
void terminal_stop(void);
void terminal_show(const char *text);
bool terminal_wait(double until_s, bool *redraw);
double terminal_clock_s(void);

#endif /* SHINT_TOOL_TERMINAL_H */
