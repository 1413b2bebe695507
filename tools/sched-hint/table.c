// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The rows of `top`, for people and for programs.
 */
#include <string.h>
#include <time.h>

#include "files.h"
#include "guest_name.h"
#include "json.h"
#include "rates.h"
#include "table.h"

/* As many reasons for stock halts as fit into a line. */
#define MAX_REASONS	4

#define ROW_HEAD	"%-26s %-8s"
#define NS_PER_MS	1e6

/* The columns: a counter each. */
static const struct {
	const char *title;
	const char *key;
	double unit;
} columns[] = {
	{ "HALT/s", "halts", 1 },
	{ "GRANT/s", "grants", 1 },
	{ "KEPTms/s", "kept_ns", NS_PER_MS },
	{ "WASTEDms/s", "wasted_ns", NS_PER_MS },
	{ "WAKE/s", "early_wakes_sent", 1 },
	{ "HIT/s", "early_hits", 1 },
	{ "MISS/s", "early_misses", 1 },
	{ "PACKET/s", "arrival_wakes", 1 },
	{ "PHIT/s", "arrival_hits", 1 },
};

#define NR_COLUMNS	ARRAY_SIZE(columns)

static double seconds(const struct table *table)
{
	double seconds = table->now->at_s - table->before->at_s;

	return seconds > 0 ? seconds : 0.001;
}

/**
 * table_wants() - whether a VM is to be shown
 * @table: the table
 * @vm: the VM
 */
bool table_wants(const struct table *table, const struct counters_vm *vm)
{
	char guest[GUEST_NAME_LEN];

	if (!table->only || !strcmp(table->only, vm->name))
		return true;
	guest_name_of_vm(guest, vm->name);
	return !strcmp(table->only, guest);
}

static int vm_rates(const struct table *table, size_t i, struct rates *rates)
{
	const struct counters_vm *vm = &table->now->counters.vms[i];
	const struct counters_vm *before = rates_same_vm(&table->before->counters, vm->name, i);

	return rates_of(before ? &before->fields : NULL, &vm->fields, seconds(table), rates);
}

/* A vCPU's line appears at its first halt: all of it was 0 until then. */
static int vcpu_rates(const struct table *table, size_t i, const struct counters_vcpu *vcpu,
		      struct rates *rates)
{
	const struct counters_vm *vm = &table->now->counters.vms[i];
	const struct counters_vm *before = rates_same_vm(&table->before->counters, vm->name, i);
	const struct fields *fields = before ? rates_same_vcpu(before, vcpu->id) : NULL;
	size_t j;
	int ret;

	ret = rates_of(fields, &vcpu->fields, seconds(table), rates);
	if (ret || fields || !before)
		return ret;
	rates->known = true;
	for (j = 0; j < rates->nr; j++)
		rates->list[j].per_s =
			(double)vcpu->fields.list[vcpu->fields.first_counter + j].number /
			seconds(table);
	return 0;
}

static void print_rates(FILE *out, const struct rates *rates)
{
	const struct rate *reasons[MAX_REASONS];
	size_t i, nr;

	for (i = 0; i < NR_COLUMNS; i++) {
		int width = strlen(columns[i].title) > 8 ? strlen(columns[i].title) : 8;

		if (rates->known)
			fprintf(out, " %*.1f", width,
				rates_get(rates, columns[i].key) / columns[i].unit);
		else
			fprintf(out, " %*s", width, "-");
	}
	nr = rates_stock(rates, reasons, MAX_REASONS);
	for (i = 0; i < nr; i++)
		fprintf(out, " %s%s %.1f", i ? "" : " ", strchr(reasons[i]->key, '_') + 1,
			reasons[i]->per_s);
	fputc('\n', out);
}

static int print_vcpu(FILE *out, const struct table *table, size_t i,
		      const struct counters_vcpu *vcpu)
{
	struct rates rates;
	char head[32];

	if (vcpu_rates(table, i, vcpu, &rates))
		return -1;
	snprintf(head, sizeof(head), "  vcpu %u", vcpu->id);
	fprintf(out, ROW_HEAD, head, "");
	print_rates(out, &rates);
	rates_free(&rates);
	return 0;
}

static int print_vm(FILE *out, const struct table *table, size_t i)
{
	const struct counters_vm *vm = &table->now->counters.vms[i];
	char guest[GUEST_NAME_LEN], shown[GUEST_NAME_SHOWN_LEN], head[64];
	struct rates rates;
	size_t j;

	if (vm_rates(table, i, &rates))
		return -1;
	guest_name_of_vm(guest, vm->name);
	guest_name_show(shown, guest);
	snprintf(head, sizeof(head), "%s %s", vm->name, shown);
	fprintf(out, ROW_HEAD, head, counters_text(&vm->fields, "mode"));
	print_rates(out, &rates);
	rates_free(&rates);
	if (strcmp(vm->status, "ok"))
		fprintf(out, "  status %s\n", vm->status);
	for (j = 0; j < vm->nr_vcpus; j++)
		if (print_vcpu(out, table, i, &vm->vcpus[j]))
			return -1;
	return 0;
}

static void print_title(FILE *out, const struct table *table)
{
	char clock[16];
	time_t now = time(NULL);
	size_t i;

	strftime(clock, sizeof(clock), "%H:%M:%S", localtime(&now));
	fprintf(out, "%s  VMs: %zu  mode: %s%s  over %.1f s\n", clock,
		table->now->counters.nr_vms, table->mode, table->draining ? "  DRAINING" : "",
		seconds(table));
	fprintf(out, ROW_HEAD, "VM", "MODE");
	for (i = 0; i < NR_COLUMNS; i++)
		fprintf(out, " %8s", columns[i].title);
	fputs("  STOCK BECAUSE .../s\n", out);
}

/**
 * table_print() - lines for people
 * @out: where to
 * @table: what
 *
 * Return: 0, or -1 if there is not enough memory.
 */
int table_print(FILE *out, const struct table *table)
{
	size_t i;

	print_title(out, table);
	for (i = 0; i < table->now->counters.nr_vms; i++)
		if (table_wants(table, &table->now->counters.vms[i]) && print_vm(out, table, i))
			return -1;
	if (!table->now->counters.nr_vms)
		fputs("no VM is attached\n", out);
	return 0;
}

static void json_rates(struct json *json, const struct rates *rates)
{
	size_t i;

	if (!rates->known) {
		json_null(json, "rates");
		return;
	}
	json_open(json, "rates", '{');
	for (i = 0; i < rates->nr; i++)
		json_decimal(json, rates->list[i].key, rates->list[i].per_s);
	json_close(json, '}');
}

/* What is no counter. */
static void json_state(struct json *json, const struct fields *fields)
{
	size_t i;

	json_open(json, "state", '{');
	for (i = 0; i < fields->first_counter; i++)
		if (fields->list[i].is_number)
			json_integer(json, fields->list[i].key, fields->list[i].number);
		else
			json_string(json, fields->list[i].key, fields->list[i].value);
	json_close(json, '}');
}

static int json_vcpu(struct json *json, const struct table *table, size_t i,
		     const struct counters_vcpu *vcpu)
{
	struct rates rates;

	if (vcpu_rates(table, i, vcpu, &rates))
		return -1;
	json_open(json, NULL, '{');
	json_integer(json, "id", vcpu->id);
	json_state(json, &vcpu->fields);
	json_rates(json, &rates);
	json_close(json, '}');
	rates_free(&rates);
	return 0;
}

static int json_vm(struct json *json, const struct table *table, size_t i)
{
	const struct counters_vm *vm = &table->now->counters.vms[i];
	char guest[GUEST_NAME_LEN];
	struct rates rates;
	size_t j;

	if (vm_rates(table, i, &rates))
		return -1;
	guest_name_of_vm(guest, vm->name);
	json_open(json, NULL, '{');
	json_string(json, "name", vm->name);
	if (*guest)
		json_string(json, "guest", guest);
	else
		json_null(json, "guest");
	json_string(json, "status", vm->status);
	json_state(json, &vm->fields);
	json_rates(json, &rates);
	rates_free(&rates);
	json_open(json, "vcpus", '[');
	for (j = 0; j < vm->nr_vcpus; j++)
		if (json_vcpu(json, table, i, &vm->vcpus[j]))
			return -1;
	json_close(json, ']');
	json_close(json, '}');
	return 0;
}

/**
 * table_print_json() - one object, in one line
 * @out: where to
 * @table: what
 *
 * Return: 0, or -1 if there is not enough memory.
 */
int table_print_json(FILE *out, const struct table *table)
{
	struct json json = { .out = out };
	struct timespec now;
	size_t i;

	clock_gettime(CLOCK_REALTIME, &now);
	json_open(&json, NULL, '{');
	json_decimal(&json, "time_s", (double)now.tv_sec + (double)now.tv_nsec / 1e9);
	json_decimal(&json, "interval_s", seconds(table));
	json_string(&json, "mode", table->mode);
	json_bool(&json, "draining", table->draining);
	json_open(&json, "vms", '[');
	for (i = 0; i < table->now->counters.nr_vms; i++)
		if (table_wants(table, &table->now->counters.vms[i]) && json_vm(&json, table, i))
			return -1;
	json_close(&json, ']');
	json_close(&json, '}');
	fputc('\n', out);
	return 0;
}
