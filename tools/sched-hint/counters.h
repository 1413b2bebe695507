/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text of /proc/kvm-sched-hint, taken apart. Pure: text in, values out.
 */
#ifndef SHINT_TOOL_COUNTERS_H
#define SHINT_TOOL_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct field - one key=value
 * @key: not empty
 * @value: as it stands there
 * @number: its value, if it is_number
 * @is_number: decimal or, after 0x, hexadecimal, and it fits
 */
struct field {
	const char *key;
	const char *value;
	uint64_t number;
	bool is_number;
};

/**
 * struct fields - those of one line
 * @list: in their order
 * @nr: how many
 * @first_counter: index of "halts"; that and all that follow only grow
 */
struct fields {
	struct field *list;
	size_t nr;
	size_t first_counter;
};

struct counters_vcpu {
	unsigned int id;
	struct fields fields;
};

/**
 * struct counters_vm - an attached VM
 * @name: process id of its QEMU and a running number
 * @status: "ok", or why nothing happens
 * @fields: sums over its vCPUs, and its limits
 * @vcpus: by rising id; those that have halted
 * @nr_vcpus: how many
 */
struct counters_vm {
	const char *name;
	const char *status;
	struct fields fields;
	struct counters_vcpu *vcpus;
	size_t nr_vcpus;
};

/**
 * struct counters - all of it; counters_free() gives it back
 * @text: a copy, which the strings above point into
 * @vms: in the order of their attachment
 * @nr_vms: how many
 * @nr_unknown: lines of a kind that this version does not know, and skipped
 */
struct counters {
	char *text;
	struct counters_vm *vms;
	size_t nr_vms;
	size_t nr_unknown;
};

/**
 * struct counters_error - why a text was refused
 * @line: from 1, or 0 if it has nothing to do with a line
 * @what: in words
 */
struct counters_error {
	size_t line;
	const char *what;
};

int counters_parse(const char *text, size_t len, struct counters *counters,
		   struct counters_error *error);
void counters_free(struct counters *counters);
const struct field *counters_field(const struct fields *fields, const char *key);
const char *counters_text(const struct fields *fields, const char *key);

#endif /* SHINT_TOOL_COUNTERS_H */
