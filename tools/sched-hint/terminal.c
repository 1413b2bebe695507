// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The terminal, while `top` has it: the alternate screen, no cursor, no echo. All
 * signals that end or stop the program are taken between two pictures, through a
 * signalfd, so that the terminal is never left half set up.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "terminal.h"

#define ENTER	"\033[?1049h\033[?25l"
#define LEAVE	"\033[?25h\033[?1049l"
#define HOME	"\033[H"
#define TO_EOL	"\033[K"
#define TO_END	"\033[J"

static struct {
	bool started;
	bool saved;		/* standard input is a terminal, too, and was like @found */
	bool keys;		/* and somebody types there */
	struct termios found;
	int signals;
} terminal = { .signals = -1 };

/**
 * terminal_clock_s() - now, in seconds since some start
 */
double terminal_clock_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/**
 * terminal_is_one() - whether the output goes to a terminal that can be redrawn
 */
bool terminal_is_one(void)
{
	return isatty(STDOUT_FILENO);
}

static void enter(void)
{
	struct termios quiet = terminal.found;

	quiet.c_lflag &= ~(ECHO | ICANON);
	if (terminal.saved)
		tcsetattr(STDIN_FILENO, TCSANOW, &quiet);
	fputs(ENTER, stdout);
	fflush(stdout);
}

static void leave(void)
{
	fputs(LEAVE, stdout);
	fflush(stdout);
	if (terminal.saved)
		tcsetattr(STDIN_FILENO, TCSANOW, &terminal.found);
}

/**
 * terminal_start() - take the terminal
 *
 * Return: 0 or an errno.
 */
int terminal_start(void)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGHUP);
	sigaddset(&mask, SIGQUIT);
	sigaddset(&mask, SIGTSTP);
	sigaddset(&mask, SIGWINCH);
	if (sigprocmask(SIG_BLOCK, &mask, NULL))
		return -errno;
	terminal.signals = signalfd(-1, &mask, SFD_CLOEXEC);
	if (terminal.signals < 0)
		return -errno;
	terminal.saved = !tcgetattr(STDIN_FILENO, &terminal.found);
	terminal.keys = terminal.saved;
	terminal.started = true;
	enter();
	return 0;
}

/**
 * terminal_stop() - give it back; does nothing if it was not taken
 */
void terminal_stop(void)
{
	if (!terminal.started)
		return;
	terminal.started = false;
	leave();
}

/**
 * terminal_show() - replace the picture
 * @text: lines; what does not fit is cut off
 */
void terminal_show(const char *text)
{
	struct winsize size = { 0 };
	int row;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_row || !size.ws_col)
		size = (struct winsize){ .ws_row = 24, .ws_col = 80 };

	fputs(HOME, stdout);
	for (row = 1; *text; row++) {
		int len = strcspn(text, "\n");
		const char *next = text + len + (text[len] == '\n');

		if (row == size.ws_row && *next) {
			fputs("... (more than fits; --vm picks one VM)" TO_EOL, stdout);
			break;
		}
		printf("%.*s" TO_EOL "%s", len < size.ws_col ? len : size.ws_col, text,
		       *next ? "\r\n" : "");
		text = next;
	}
	fputs(TO_END, stdout);
	fflush(stdout);
}

/* False: the program is to end. */
static bool take_signal(bool *redraw)
{
	struct signalfd_siginfo info;

	if (read(terminal.signals, &info, sizeof(info)) != sizeof(info))
		return true;
	*redraw = true;
	if (info.ssi_signo == SIGWINCH)
		return true;
	if (info.ssi_signo != SIGTSTP)
		return false;
	leave();
	raise(SIGSTOP);
	enter();
	return true;
}

static bool take_key(void)
{
	char key;

	if (read(STDIN_FILENO, &key, 1) == 1)
		return key != 'q' && key != 'Q';
	/* Nobody types there any more. */
	terminal.keys = false;
	return true;
}

/**
 * terminal_wait() - wait for the next picture, or for the end
 * @until_s: on terminal_clock_s()
 * @redraw: out: the picture was disturbed, show it again and come back
 *
 * Return: false if the user wants to end.
 */
bool terminal_wait(double until_s, bool *redraw)
{
	*redraw = false;
	for (;;) {
		struct pollfd fds[] = {
			{ .fd = terminal.signals, .events = POLLIN },
			{ .fd = terminal.keys ? STDIN_FILENO : -1, .events = POLLIN },
		};
		double left_s = until_s - terminal_clock_s();

		if (left_s <= 0)
			return true;
		if (poll(fds, 2, (int)ceil(left_s * 1000)) <= 0)
			continue;
		if (fds[0].revents && !take_signal(redraw))
			return false;
		if (fds[1].revents && !take_key())
			return false;
		if (*redraw)
			return true;
	}
}
