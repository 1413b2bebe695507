// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests to a server at given distances; see usage(). Each request is a line
 * of the log, "REPETITION NUMBER DUE SENT ANSWERED", times in ns of
 * CLOCK_MONOTONIC, ANSWERED 0 where no answer came. Nothing is computed here.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

#define NS_PER_US	1000LL
#define NS_PER_MS	1000000LL
#define NS_PER_S	1000000000LL
/* An answer that takes longer is lost. */
#define PATIENCE_NS	NS_PER_S
#define DRIFT		0.3
#define REQUEST_MAX	512
/* Two bytes of a given request. */
#define NUMBER_MASK	0xffff

enum { ADDRESS = 1, PORT, PATTERN, GAP_US, COUNT, SEED, REPEAT, SILENCE_MS, BURST, OFF_US, DRIFT_MS, REQUEST, LOG,
       NR_ARGS };

static const struct {
	const char *name;
	long low, high;
} ranges[NR_ARGS] = {
	[PORT] = { "PORT", 1, 65535 },
	[GAP_US] = { "GAP-US", 1, 10000000 },
	[COUNT] = { "COUNT", 1, 10000000 },
	[SEED] = { "SEED", 0, 1000000000 },
	[REPEAT] = { "REPEAT", 1, 10000 },
	[SILENCE_MS] = { "SILENCE-MS", 0, 3600000 },
	[BURST] = { "BURST", 1, 1000000 },
	[OFF_US] = { "OFF-US", 0, 60000000 },
	[DRIFT_MS] = { "DRIFT-MS", 1, 3600000 },
};

struct message {
	uint32_t repetition;
	uint32_t number;
};

struct request {
	int64_t due;
	int64_t sent;
	int64_t answered;
};

struct load {
	int fd;
	/* A given request; length 0: our own, a struct message. */
	unsigned char data[REQUEST_MAX];
	size_t length;
	const char *pattern;
	int64_t gap, off, drift;
	long count, burst, repetition, nr_sent, nr_answered;
	struct request *requests;
};

static const char *const patterns[] = { "constant", "drifting", "onoff", "poisson", "uniform", "closed" };

static int usage(void)
{
	fprintf(stderr,
		"usage: udp-load ADDRESS PORT PATTERN GAP-US COUNT SEED REPEAT SILENCE-MS BURST OFF-US DRIFT-MS REQUEST LOG\n"
		"PATTERN: constant; drifting (the gap by 30 %% up and down in DRIFT-MS); onoff (BURST requests,\n"
		"then 50 to 150 %% of OFF-US nothing); poisson; uniform (0 to 2 GAP-US); closed (GAP-US after an answer)\n"
		"REQUEST: hexadecimal; its first two bytes are replaced by its number, which the answer has\n"
		"there, too (DNS); -: one of its own, which the server sends back.\n"
		"All of it REPEAT times, each after SILENCE-MS.\n");
	return 2;
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* How long after the request before it a request is due. */
static int64_t distance(const struct load *load, long number, int64_t elapsed)
{
	if (!strcmp(load->pattern, "drifting"))
		return load->gap * (1 + DRIFT * sin(2 * M_PI * elapsed / load->drift));
	if (!strcmp(load->pattern, "onoff"))
		return number % load->burst ? load->gap :
		       load->gap + load->off * (0.5 + drand48());
	if (!strcmp(load->pattern, "poisson"))
		return load->gap * -log(1 - drand48());
	if (!strcmp(load->pattern, "uniform"))
		return load->gap * 2 * drand48();
	return load->gap;
}

/* The number that a given request has, over all repetitions. */
static unsigned int given_number(const struct load *load, long number)
{
	return (load->repetition * load->count + number) & NUMBER_MASK;
}

/* Of which request of this repetition this is the answer, or -1. */
static long answered_number(const struct load *load, const unsigned char *data, size_t length)
{
	struct message message;
	unsigned int ago;

	if (!load->length) {
		memcpy(&message, data, sizeof(message));
		if (length != sizeof(message) || message.repetition != load->repetition)
			return -1;
		return message.number;
	}
	if (length < 2)
		return -1;
	ago = (given_number(load, load->nr_sent - 1) - (data[0] << 8 | data[1])) & NUMBER_MASK;
	return load->nr_sent - 1 - ago;
}

static void receive(struct load *load)
{
	unsigned char data[2048];
	ssize_t got;

	while ((got = recv(load->fd, data, sizeof(data), MSG_DONTWAIT)) > 0) {
		long number = answered_number(load, data, got);
		struct request *request;
		int64_t now = now_ns();

		if (number < 0 || number >= load->count)
			continue; /* too late */
		request = &load->requests[number];
		if (!request->sent || request->answered || now - request->sent > PATIENCE_NS)
			continue;
		request->answered = now;
		load->nr_answered++;
	}
}

/* Receives until then, or until so many answers are there. */
static void wait_until(struct load *load, int64_t then, long enough)
{
	struct pollfd pollfd = { .fd = load->fd, .events = POLLIN };
	int64_t left;

	while (load->nr_answered < enough && (left = then - now_ns()) > 0) {
		struct timespec timeout = { left / NS_PER_S, left % NS_PER_S };

		if (ppoll(&pollfd, 1, &timeout, NULL) > 0)
			receive(load);
	}
}

static int send_request(struct load *load, long number, int64_t due)
{
	struct message message = { load->repetition, number };
	struct request *request = &load->requests[number];
	size_t length = load->length ? load->length : sizeof(message);

	if (load->length) {
		load->data[0] = given_number(load, number) >> 8;
		load->data[1] = given_number(load, number);
	}
	request->due = due;
	request->sent = now_ns();
	load->nr_sent = number + 1;
	/* ECONNREFUSED is about an earlier request: that one is lost. */
	if (send(load->fd, load->length ? (void *)load->data : &message, length, 0) == (ssize_t)length ||
	    errno == ECONNREFUSED)
		return 0;
	perror("udp-load: send");
	return -1;
}

static int run(struct load *load)
{
	int closed = !strcmp(load->pattern, "closed");
	int64_t begun = now_ns(), due = begun;

	memset(load->requests, 0, load->count * sizeof(*load->requests));
	load->nr_sent = 0;
	load->nr_answered = 0;
	for (long number = 0; number < load->count; number++) {
		if (number)
			due += distance(load, number, due - begun);
		wait_until(load, due, load->count);
		if (send_request(load, number, due))
			return -1;
		if (!closed)
			continue;
		wait_until(load, now_ns() + PATIENCE_NS, load->nr_answered + 1);
		due = now_ns();
	}
	wait_until(load, now_ns() + PATIENCE_NS, load->count);
	return 0;
}

static void write_log(const struct load *load, FILE *log)
{
	for (long number = 0; number < load->count; number++) {
		const struct request *request = &load->requests[number];

		fprintf(log, "%ld %ld %lld %lld %lld\n", load->repetition, number, (long long)request->due,
			(long long)request->sent, (long long)request->answered);
	}
}

static int connect_to(const char *address, int port)
{
	struct sockaddr_in server = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (inet_pton(AF_INET, address, &server.sin_addr) != 1) {
		fprintf(stderr, "udp-load: %s is no IPv4 address\n", address);
		return -1;
	}
	if (fd < 0 || connect(fd, (struct sockaddr *)&server, sizeof(server))) {
		perror("udp-load: connect");
		return -1;
	}
	return fd;
}

/* All numbers of the command line, checked. */
static int numbers(char **argv, long *values)
{
	for (int i = 1; i < NR_ARGS; i++) {
		char *end;

		if (!ranges[i].name)
			continue;
		values[i] = strtol(argv[i], &end, 10);
		if (*end || end == argv[i] || values[i] < ranges[i].low || values[i] > ranges[i].high) {
			fprintf(stderr, "udp-load: %s is %s, and must be from %ld to %ld\n", ranges[i].name, argv[i],
				ranges[i].low, ranges[i].high);
			return -1;
		}
	}
	return 0;
}

static int check_pattern(const char *pattern)
{
	for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns); i++)
		if (!strcmp(pattern, patterns[i]))
			return 0;
	fprintf(stderr, "udp-load: PATTERN is %s, and must be one of those that udp-load without arguments tells\n",
		pattern);
	return -1;
}

/* A given request. */
static int read_request(struct load *load, const char *text)
{
	if (!strcmp(text, "-"))
		return 0;
	for (; isxdigit(text[0]) && isxdigit(text[1]) && load->length < REQUEST_MAX; text += 2) {
		const char byte[] = { text[0], text[1], 0 };

		load->data[load->length++] = strtol(byte, NULL, 16);
	}
	if (!*text && load->length >= 2)
		return 0;
	fprintf(stderr, "udp-load: REQUEST must be - or 2 to %d bytes in hexadecimal\n", REQUEST_MAX);
	return -1;
}

int main(int argc, char **argv)
{
	long values[NR_ARGS];
	struct load load = { .fd = -1 };
	FILE *log;

	if (argc != NR_ARGS)
		return usage();
	if (numbers(argv, values) || check_pattern(argv[PATTERN]) || read_request(&load, argv[REQUEST]))
		return 2;
	load.pattern = argv[PATTERN];
	load.gap = values[GAP_US] * NS_PER_US;
	load.off = values[OFF_US] * NS_PER_US;
	load.drift = values[DRIFT_MS] * NS_PER_MS;
	load.count = values[COUNT];
	load.burst = values[BURST];
	load.requests = calloc(load.count, sizeof(*load.requests));
	load.fd = connect_to(argv[ADDRESS], values[PORT]);
	log = fopen(argv[LOG], "w");
	if (!load.requests || load.fd < 0 || !log) {
		fprintf(stderr, "udp-load: cannot begin\n");
		return 1;
	}
	srand48(values[SEED]);
	/* Else the kernel may wake us 50 us late. */
	prctl(PR_SET_TIMERSLACK, 1UL);
	for (; load.repetition < values[REPEAT]; load.repetition++) {
		wait_until(&load, now_ns() + values[SILENCE_MS] * NS_PER_MS, load.nr_answered + 1);
		if (run(&load))
			return 1;
		write_log(&load, log);
	}
	return fclose(log) ? 1 : 0;
}
