/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For runnable: the table, the clock, and where and how a task runs.
 */
#ifndef RUNNABLE_LOOK_H
#define RUNNABLE_LOOK_H

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <linux/virtio_sched_hint.h>

#define TABLE		"/sys/bus/virtio/drivers/virtio_sched_hint/virtio*/table"
#define MAX_CPUS	256
static int table_fd, loadavg_fd = -1, online_fd = -1;
static int nr_cpus;
static unsigned int apic_id[MAX_CPUS];

static void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void sleep_ns(int64_t ns)
{
	struct timespec gap = { ns / 1000000000, ns % 1000000000 };

	nanosleep(&gap, NULL);
}

static void open_table(void)
{
	FILE *cpuinfo = fopen("/proc/cpuinfo", "r");
	char line[256];
	glob_t found;

	if (glob(TABLE, 0, NULL, &found) || found.gl_pathc != 1)
		die("no %s", TABLE);
	table_fd = open(found.gl_pathv[0], O_RDONLY);
	if (table_fd < 0)
		die("%s: %s", found.gl_pathv[0], strerror(errno));
	while (cpuinfo && fgets(line, sizeof(line), cpuinfo))
		if (!strncmp(line, "apicid", 6) && nr_cpus < MAX_CPUS)
			apic_id[nr_cpus++] = atoi(strchr(line, ':') + 1);
	if (!nr_cpus)
		die("no APIC ids in /proc/cpuinfo");
}

static struct virtio_sched_hint_slot read_slot(int cpu)
{
	struct virtio_sched_hint_slot slot;

	if (pread(table_fd, &slot, sizeof(slot), (off_t)apic_id[cpu] * sizeof(slot)) !=
	    sizeof(slot))
		die("the table has no slot %u", apic_id[cpu]);
	return slot;
}

/* A short file, from its begin; opened once. @fd: -1 before that */
static void read_file(int *fd, const char *name, char *text, size_t size)
{
	ssize_t len;

	if (*fd < 0)
		*fd = open(name, O_RDONLY);
	len = pread(*fd, text, size - 1, 0);
	if (len < 0)
		die("%s: %s", name, strerror(errno));
	text[len] = '\0';
}

/* The kernel's list of the CPUs that are online, as "0-1,3". */
static void read_online(char *list, size_t size)
{
	read_file(&online_fd, "/sys/devices/system/cpu/online", list, size);
}

static bool is_online(const char *list, int cpu)
{
	int first, last, len;

	for (; sscanf(list, "%d%n", &first, &len) == 1; list += *list == ',') {
		list += len;
		last = first;
		if (sscanf(list, "-%d%n", &last, &len) == 1)
			list += len;
		if (cpu >= first && cpu <= last)
			return true;
	}
	return false;
}

static int move_to(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

static void run_on(int cpu)
{
	if (move_to(cpu))
		die("cannot run on CPU %d: %s", cpu, strerror(errno));
}

static int set_policy(int policy, int priority)
{
	struct sched_param param = { .sched_priority = priority };

	return sched_setscheduler(0, policy, &param);
}

/* Of each period so much, which has to be done by its end. */
static int set_deadline(uint64_t runtime_ns, uint64_t period_ns)
{
	struct {
		uint32_t size, policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t runtime_ns, deadline_ns, period_ns;
	} attr = { sizeof(attr), SCHED_DEADLINE, 0, 0, 0, runtime_ns, period_ns, period_ns };

	return syscall(SYS_sched_setattr, 0, &attr, 0);
}

#endif /* RUNNABLE_LOOK_H */
