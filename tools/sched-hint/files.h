/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small files of /sys, /proc and /dev. Paths are made like printf() makes text.
 */
#ifndef SHINT_TOOL_FILES_H
#define SHINT_TOOL_FILES_H

#include <stdbool.h>
#include <stddef.h>

#define MODULE		"/sys/module/kvm_sched_hint"
#define NODE		"/dev/kvm-sched-hint"
#define NODE_SYSFS	"/sys/class/misc/kvm-sched-hint"
#define COUNTERS	"/proc/kvm-sched-hint"
#define GUEST_DRIVER	"/sys/bus/virtio/drivers/virtio_sched_hint"
#define VIRTIO_DEVICES	"/sys/bus/virtio/devices"

#define __printf(fmt, args)	__attribute__((format(printf, fmt, args)))
#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

/* Long enough for every line that a module of ours shows. */
#define LINE_MAX_LEN	256

__printf(1, 2) bool file_exists(const char *fmt, ...);
__printf(1, 2) bool file_is_folder(const char *fmt, ...);
__printf(2, 3) bool file_line(char line[LINE_MAX_LEN], const char *fmt, ...);
__printf(3, 4) int file_read(char **text, size_t *len, const char *fmt, ...);
__printf(2, 3) void file_rights(char line[LINE_MAX_LEN], const char *fmt, ...);
__printf(2, 3) size_t file_list(char ***names, const char *fmt, ...);
void file_list_free(char **names, size_t nr);

#endif /* SHINT_TOOL_FILES_H */
