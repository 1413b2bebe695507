/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether the channel works on this machine.
 */
#ifndef SHINT_TOOL_STATUS_H
#define SHINT_TOOL_STATUS_H

#include "report.h"

bool host_is_one(void);
void host_check(struct report *report);
void host_no_vm_remedy(char *remedy, size_t len);
bool guest_is_one(void);
void guest_check(struct report *report);
int status_main(int argc, char **argv);

#endif /* SHINT_TOOL_STATUS_H */
