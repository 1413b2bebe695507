/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the operator calls a VM: QEMU's -name.
 */
#ifndef SHINT_TOOL_GUEST_NAME_H
#define SHINT_TOOL_GUEST_NAME_H

#include <stddef.h>

/* Longer ones are cut. */
#define GUEST_NAME_LEN		256
#define GUEST_NAME_SHOWN_LEN	32

void guest_name_parse(char name[GUEST_NAME_LEN], const char *cmdline, size_t len);
void guest_name_of_vm(char name[GUEST_NAME_LEN], const char *vm);
void guest_name_show(char shown[GUEST_NAME_SHOWN_LEN], const char *name);

#endif /* SHINT_TOOL_GUEST_NAME_H */
