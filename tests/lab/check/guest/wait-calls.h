/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The system calls that wait, by their numbers, each as a function of its timeout. */
#ifndef WAIT_CALLS_H
#define WAIT_CALLS_H

#include <stdbool.h>
#include <stdint.h>

#define FOREVER	(-1LL)

struct wait_call {
	const char *name;
	/* Waits for input, at most so long; returns what the kernel returned. */
	long (*wait)(int64_t timeout_ns);
	/* Waits on the socket, whose timeout is in ticks; else on the pipe. */
	bool socket;
};

extern const struct wait_call wait_calls[];

/* Opens a pipe and a pair of sockets; what is written to an end ends the waits. */
void wait_calls_open(void);
void wait_calls_wake(const struct wait_call *call);
void wait_calls_drain(const struct wait_call *call);

#endif /* WAIT_CALLS_H */
