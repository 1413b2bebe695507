// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * make-fifo TID PRIORITY: gives a thread SCHED_FIFO; priority 0: SCHED_OTHER again.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	struct sched_param param = { 0 };
	int policy;

	if (argc != 3) {
		fputs("usage: make-fifo TID PRIORITY\n", stderr);
		return 2;
	}
	param.sched_priority = atoi(argv[2]);
	policy = param.sched_priority ? SCHED_FIFO : SCHED_OTHER;
	if (sched_setscheduler(atoi(argv[1]), policy, &param)) {
		perror("make-fifo");
		return 1;
	}
	return 0;
}
