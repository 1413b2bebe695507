// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sched-hint status: whether this machine's side, or both of its sides, works.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "status.h"

static const char status_usage[] =
	"usage: sched-hint status [--host | --guest] [--quiet | --json]\n"
	"\n"
	"Says whether the scheduling-hint channel works here: on a KVM host whether the\n"
	"module is loaded and decides halts of each attached VM by its guest's hints, in\n"
	"a guest whether the driver publishes, and the host listens and may act by that.\n"
	"Changes nothing and needs no rights.\n"
	"\n"
	"  --host    the host's side only; without either, what this machine has\n"
	"  --guest   the guest's side only\n"
	"  --quiet   only what is wrong\n"
	"  --json    one JSON object\n"
	"\n"
	"A line per finding: \"ok: ...\", or \"FAILED: what is wrong: what to do\".\n"
	"Exit status: 0 all is well, 1 something is not, 2 usage.\n";

struct status_options {
	int host;
	int guest;
	int quiet;
	int json;
};

static void parse(int argc, char **argv, struct status_options *options)
{
	const struct option known[] = {
		{ "host", no_argument, &options->host, 1 },
		{ "guest", no_argument, &options->guest, 1 },
		{ "quiet", no_argument, &options->quiet, 1 },
		{ "json", no_argument, &options->json, 1 },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	int c;

	while ((c = getopt_long(argc, argv, "hqj", known, NULL)) != -1) {
		switch (c) {
		case 'h':
			fputs(status_usage, stdout);
			exit(flush_output());
		case 'q':
			options->quiet = 1;
			break;
		case 'j':
			options->json = 1;
			break;
		case '?':
			usage_error("status");
		}
	}
	if (optind < argc)
		usage_complaint("status", "unexpected argument '%s'", argv[optind]);
	if (options->host && options->guest)
		usage_complaint("status", "--host or --guest; both are the default");
	if (options->quiet && options->json)
		usage_complaint("status", "--quiet or --json, not both");
}

static void check(struct report *report, const struct status_options *options)
{
	bool asked = options->host || options->guest;
	bool guest = asked ? options->guest : guest_is_one();
	bool host = asked ? options->host : host_is_one();

	if (guest)
		guest_check(report);
	if (host)
		host_check(report);
	if (guest || host)
		return;
	report->side = "machine";
	report_failure(report, "",
		       "load kvm_amd or kvm_intel on a host; for a guest start QEMU with -device virtio-sched-hint-pci",
		       "this machine is neither a KVM host nor a guest with the device");
}

/**
 * status_main() - the command
 * @argc: from the command's own name on
 * @argv: from the command's own name on
 *
 * Return: the exit status.
 */
int status_main(int argc, char **argv)
{
	struct status_options options = { 0 };
	struct report report = { 0 };
	bool failed;

	parse(argc, argv, &options);
	check(&report, &options);
	if (options.json)
		report_print_json(&report);
	else
		report_print(&report, options.quiet);
	failed = report.failed;
	report_free(&report);
	return flush_output() || failed;
}
