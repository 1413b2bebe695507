// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Findings, as lines for people or as JSON for programs.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "json.h"
#include "report.h"

static struct finding *add(struct report *report, const char *about, const char *fmt, va_list args)
{
	struct finding *list = reallocarray(report->list, report->nr + 1, sizeof(*list));
	struct finding *finding;

	if (!list) {
		fputs("sched-hint: out of memory\n", stderr);
		exit(1);
	}
	report->list = list;
	finding = &list[report->nr++];
	*finding = (struct finding){ .side = report->side };
	snprintf(finding->about, sizeof(finding->about), "%s", about);
	vsnprintf(finding->text, sizeof(finding->text), fmt, args);
	return finding;
}

/**
 * report_ok() - something is well
 * @report: where to
 * @about: the VM or the device, or ""
 * @fmt: what is well
 */
void report_ok(struct report *report, const char *about, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add(report, about, fmt, args)->ok = true;
	va_end(args);
}

/**
 * report_failure() - something is not
 * @report: where to
 * @about: the VM or the device, or ""
 * @remedy: what to do
 * @fmt: what is wrong
 */
void report_failure(struct report *report, const char *about, const char *remedy, const char *fmt,
		    ...)
{
	struct finding *finding;
	va_list args;

	va_start(args, fmt);
	finding = add(report, about, fmt, args);
	va_end(args);
	snprintf(finding->remedy, sizeof(finding->remedy), "%s", remedy);
	report->failed = true;
}

/**
 * report_print() - a line per finding
 * @report: all of it
 * @failures_only: no lines about what is well
 */
void report_print(const struct report *report, bool failures_only)
{
	size_t i;

	for (i = 0; i < report->nr; i++) {
		const struct finding *finding = &report->list[i];

		if (finding->ok && failures_only)
			continue;
		printf("%s: %s%s%s%s%s\n", finding->ok ? "ok" : "FAILED", finding->about,
		       *finding->about ? ": " : "", finding->text, finding->ok ? "" : ": ",
		       finding->remedy);
	}
}

/**
 * report_print_json() - one object
 * @report: all of it
 */
void report_print_json(const struct report *report)
{
	struct json json = { .out = stdout };
	size_t i;

	json_open(&json, NULL, '{');
	json_bool(&json, "ok", !report->failed);
	json_open(&json, "findings", '[');
	for (i = 0; i < report->nr; i++) {
		const struct finding *finding = &report->list[i];

		json_open(&json, NULL, '{');
		json_string(&json, "side", finding->side);
		json_bool(&json, "ok", finding->ok);
		if (*finding->about)
			json_string(&json, "about", finding->about);
		else
			json_null(&json, "about");
		json_string(&json, "text", finding->text);
		if (finding->ok)
			json_null(&json, "remedy");
		else
			json_string(&json, "remedy", finding->remedy);
		json_close(&json, '}');
	}
	json_close(&json, ']');
	json_close(&json, '}');
	putchar('\n');
}

/**
 * report_free() - give back what it took
 * @report: empty afterwards
 */
void report_free(struct report *report)
{
	free(report->list);
	*report = (struct report){ 0 };
}
