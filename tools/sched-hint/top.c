// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sched-hint top: what becomes of the halts, again and again.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "options.h"
#include "status.h"
#include "table.h"
#include "terminal.h"
#include "top.h"

#define MIN_INTERVAL_S	0.1
#define MAX_INTERVAL_S	3600

static const char top_usage[] =
	"usage: sched-hint top [--interval SECONDS] [--count N] [--vm NAME] [--json]\n"
	"\n"
	"On a KVM host, as root: what becomes of the halts of each attached VM and its\n"
	"vCPUs, per second. On a terminal it is redrawn, and q or Ctrl-C ends it.\n"
	"\n"
	"  --interval S  seconds from one look to the next, 0.1 to 3600; 1 if not given\n"
	"  --count N     end after N looks\n"
	"  --vm NAME     this VM only, by the module's name or its QEMU's -name\n"
	"  --json        one JSON object per look, in one line\n"
	"\n"
	"Exit status: 0 ended as asked, 1 there is nothing to look at, 2 usage.\n";

struct top_options {
	double interval_s;
	unsigned long count;
	const char *vm;
	bool json;
};

/* The screen first: what follows is to stay. */
static noreturn __printf(2, 3) void die(const char *remedy, const char *fmt, ...)
{
	va_list args;

	terminal_stop();
	fflush(stdout);
	fputs("sched-hint top: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	if (*remedy)
		fprintf(stderr, ": %s", remedy);
	fputc('\n', stderr);
	exit(1);
}

static double parse_interval(const char *text)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end || !(value >= MIN_INTERVAL_S && value <= MAX_INTERVAL_S))
		usage_complaint("top", "--interval is 0.1 to 3600 seconds, not '%s'", text);
	return value;
}

static unsigned long parse_count(const char *text)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || !value)
		usage_complaint("top", "--count is a number from 1 on, not '%s'", text);
	return value;
}

static void parse(int argc, char **argv, struct top_options *options)
{
	static const struct option known[] = {
		{ "interval", required_argument, NULL, 'i' },
		{ "count", required_argument, NULL, 'n' },
		{ "vm", required_argument, NULL, 'v' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	int c;

	while ((c = getopt_long(argc, argv, "i:n:v:jh", known, NULL)) != -1) {
		switch (c) {
		case 'i':
			options->interval_s = parse_interval(optarg);
			break;
		case 'n':
			options->count = parse_count(optarg);
			break;
		case 'v':
			options->vm = optarg;
			break;
		case 'j':
			options->json = true;
			break;
		case 'h':
			fputs(top_usage, stdout);
			exit(flush_output());
		default:
			usage_error("top");
		}
	}
	if (optind < argc)
		usage_complaint("top", "unexpected argument '%s'", argv[optind]);
}

static noreturn void die_unreadable(int error)
{
	if (error == -ENOENT && guest_is_one())
		die("run it on the host; in the guest, sched-hint status",
		    "this is a guest, which has no counters");
	if (error == -ENOENT)
		die("modprobe kvm_sched_hint", "the module kvm_sched_hint is not loaded");
	if (error == -EACCES || error == -EPERM)
		die("run it as root, or through sudo", "no permission to read " COUNTERS);
	die("", "cannot read " COUNTERS ": %s", strerror(-error));
}

static void take_look(struct look *look)
{
	struct counters_error error;
	char *text;
	size_t len;
	int ret;

	ret = file_read(&text, &len, COUNTERS);
	if (ret)
		die_unreadable(ret);
	look->at_s = terminal_clock_s();
	ret = counters_parse(text, len, &look->counters, &error);
	free(text);
	if (ret)
		die("install module and tool from one version", COUNTERS ", line %zu: %s",
		    error.line, error.what);
}

/* At the start there must be something to show; later it may come and go. */
static void need_vm(const struct table *table)
{
	char remedy[2 * LINE_MAX_LEN];
	size_t i;

	if (!table->now->counters.nr_vms) {
		host_no_vm_remedy(remedy, sizeof(remedy));
		die(remedy, "no VM is attached");
	}
	for (i = 0; i < table->now->counters.nr_vms; i++)
		if (table_wants(table, &table->now->counters.vms[i]))
			return;
	die("sched-hint top without --vm names those that are", "no VM '%s' is attached",
	    table->only);
}

static void show(const struct table *table, const struct top_options *options, bool screen)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out;
	int ret;

	out = open_memstream(&text, &len);
	if (!out)
		die("", "out of memory");
	ret = options->json ? table_print_json(out, table) : table_print(out, table);
	if (fclose(out) || ret)
		die("", "out of memory");
	if (screen)
		terminal_show(text);
	else
		printf("%s%s", text, options->json ? "" : "\n");
	free(text);
	if (flush_output()) {
		terminal_stop();
		exit(1);
	}
}

static void read_settings(char mode[LINE_MAX_LEN], bool *draining)
{
	char drain[LINE_MAX_LEN];

	file_line(mode, MODULE "/parameters/mode");
	file_line(drain, NODE_SYSFS "/drain");
	*draining = !strcmp(drain, "1");
}

static void sleep_until(double until_s)
{
	struct timespec until = {
		.tv_sec = (time_t)until_s,
		.tv_nsec = (long)((until_s - (double)(time_t)until_s) * 1e9),
	};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
}

/* False: the user wants to end. */
static bool wait_until(double until_s, const struct table *table,
		       const struct top_options *options, bool screen, bool shown)
{
	bool redraw;

	if (!screen) {
		sleep_until(until_s);
		return true;
	}
	while (terminal_wait(until_s, &redraw)) {
		if (!redraw)
			return true;
		if (shown)
			show(table, options, screen);
	}
	return false;
}

static void run(const struct top_options *options, bool screen)
{
	struct look looks[2] = { 0 };
	char mode[LINE_MAX_LEN] = "";
	struct table table = { .only = options->vm, .mode = mode };
	unsigned long n = 0;
	double next_s;

	take_look(&looks[0]);
	table.now = &looks[0];
	need_vm(&table);
	if (screen && terminal_start())
		die("", "cannot take the terminal: %s", strerror(errno));
	if (screen)
		terminal_show("counting\n");

	next_s = looks[0].at_s;
	while (!options->count || n < options->count) {
		struct look *before = &looks[n % 2], *now = &looks[(n + 1) % 2];

		next_s += options->interval_s;
		/* After a long stop, no hurry to make up for it. */
		if (next_s < terminal_clock_s())
			next_s = terminal_clock_s() + options->interval_s;
		if (!wait_until(next_s, &table, options, screen, n))
			break;
		counters_free(&now->counters);
		take_look(now);
		read_settings(mode, &table.draining);
		table.before = before;
		table.now = now;
		show(&table, options, screen);
		n++;
	}
	terminal_stop();
	counters_free(&looks[0].counters);
	counters_free(&looks[1].counters);
}

/**
 * top_main() - the command
 * @argc: from the command's own name on
 * @argv: from the command's own name on
 *
 * Return: the exit status.
 */
int top_main(int argc, char **argv)
{
	struct top_options options = { .interval_s = 1 };

	parse(argc, argv, &options);
	run(&options, terminal_is_one() && !options.json);
	return flush_output();
}
