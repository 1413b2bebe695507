// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sched-hint: what an operator asks the scheduling-hint channel.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "status.h"
#include "top.h"

static const char usage[] =
	"usage: sched-hint COMMAND [OPTION...]\n"
	"\n"
	"  status    whether the channel works on this machine, host or guest\n"
	"  top       on the host, what becomes of the halts of each VM and vCPU\n"
	"\n"
	"sched-hint COMMAND --help has the options; sched-hint(1) explains the rest.\n";

noreturn void usage_error(const char *command)
{
	fprintf(stderr, "see sched-hint %s --help\n", command);
	exit(EXIT_USAGE);
}

noreturn void usage_complaint(const char *command, const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "sched-hint %s: ", command);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	usage_error(command);
}

/**
 * flush_output() - what was printed must have arrived
 *
 * Return: 0 or 1.
 */
int flush_output(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return 0;
	perror("sched-hint: cannot write");
	return 1;
}

int main(int argc, char **argv)
{
	const char *command = argc > 1 ? argv[1] : "";
	/* getopt_long() complains in the name of this. */
	char name[64];

	if (!strcmp(command, "--help") || !strcmp(command, "-h") || !strcmp(command, "help")) {
		fputs(usage, stdout);
		return flush_output();
	}
	snprintf(name, sizeof(name), "sched-hint %.32s", command);
	if (argc > 1)
		argv[1] = name;
	if (!strcmp(command, "status"))
		return status_main(argc - 1, argv + 1);
	if (!strcmp(command, "top"))
		return top_main(argc - 1, argv + 1);
	if (*command)
		fprintf(stderr, "sched-hint: unknown command '%s'\n", command);
	fputs(usage, stderr);
	return EXIT_USAGE;
}
