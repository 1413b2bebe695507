// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The module knows a VM by its process id; people know it by its name.
 */
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "guest_name.h"

/* Up to a comma; two of them are one in the option. */
static size_t option_len(const char *option)
{
	size_t len = strcspn(option, ",");

	while (option[len] && option[len + 1] == ',')
		len += 2 + strcspn(option + len + 2, ",");
	return len;
}

/* The value of "guest" among QEMU's options; the first one may do without its key. */
static const char *find_name(const char *options)
{
	const char *key = options, *found = NULL;

	for (;;) {
		size_t len = option_len(key);

		if (!strncmp(key, "guest=", strlen("guest=")))
			found = key + strlen("guest=");
		else if (key == options && !memchr(key, '=', len))
			found = key;
		if (!key[len])
			return found;
		key += len + 1;
	}
}

/* "-name web", "-name debug-threads=on,guest=web", "-name web,process=x" */
static void take_name(char name[GUEST_NAME_LEN], const char *options)
{
	const char *option = find_name(options), *end;
	size_t i;

	if (!option)
		return;
	end = option + option_len(option);
	for (i = 0; i < GUEST_NAME_LEN - 1 && option < end; i++) {
		name[i] = *option;
		option += 1 + (*option == ',');
	}
	name[i] = '\0';
}

/**
 * guest_name_parse() - find the name in QEMU's command line
 * @name: out; empty if there is none
 * @cmdline: arguments with a NUL after each, as /proc/PID/cmdline has them
 * @len: their length; a NUL follows
 */
void guest_name_parse(char name[GUEST_NAME_LEN], const char *cmdline, size_t len)
{
	const char *end = cmdline + len;

	name[0] = '\0';
	while (cmdline < end) {
		const char *next = cmdline + strlen(cmdline) + 1;

		if ((!strcmp(cmdline, "-name") || !strcmp(cmdline, "--name")) && next < end) {
			take_name(name, next);
			return;
		}
		cmdline = next;
	}
}

/**
 * guest_name_of_vm() - the name of an attached VM
 * @name: out; empty if it has none, or its process is gone
 * @vm: as the module names it: PID-N
 */
void guest_name_of_vm(char name[GUEST_NAME_LEN], const char *vm)
{
	char *cmdline;
	size_t len;

	name[0] = '\0';
	if (file_read(&cmdline, &len, "/proc/%.*s/cmdline", (int)strcspn(vm, "-"), vm))
		return;
	guest_name_parse(name, cmdline, len);
	free(cmdline);
}

/**
 * guest_name_show() - a name as a terminal may have it
 * @shown: out; cut to what a table has room for
 * @name: somebody else has written it
 */
void guest_name_show(char shown[GUEST_NAME_SHOWN_LEN], const char *name)
{
	size_t i;

	for (i = 0; i < GUEST_NAME_SHOWN_LEN - 1 && name[i]; i++)
		shown[i] = name[i] > ' ' && name[i] <= '~' ? name[i] : '?';
	shown[i] = '\0';
}
