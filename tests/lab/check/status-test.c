// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What KVM_SCHED_HINT_GET_STATUS says of a VM without vCPUs, as its mode, its
 * budget and KVM_CAP_HALT_POLL change, and that poll() tells each time. Prints
 * a line per surprise, "FAILED what: ..."; exits 1 if there was one.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include <linux/kvm.h>

#include "usual-attach.h"

/* The watchdog looks once a second. */
#define PATIENCE_MS	10000

static int failures, node;

static void must(const char *what, int ret)
{
	if (ret >= 0)
		return;
	printf("FAILED %s: ", what);
	fflush(stdout);
	perror("");
	failures++;
}

/* Waits to be told, as often as it takes, and is told nothing more then. */
static void expect(const char *what, unsigned int status, int listening, int acting)
{
	struct pollfd told = { .fd = node, .events = POLLPRI };
	struct kvm_sched_hint_status got = { 0 };

	do {
		if (poll(&told, 1, PATIENCE_MS) != 1) {
			printf("FAILED %s: not told; status %u, listening %u, acting %u\n", what,
			       got.status, got.listening, got.acting);
			failures++;
			return;
		}
		must(what, ioctl(node, KVM_SCHED_HINT_GET_STATUS, &got));
	} while (got.status != status || got.listening != (unsigned int)listening ||
		 got.acting != (unsigned int)acting);
	if (poll(&told, 1, 0)) {
		printf("FAILED %s: told again\n", what);
		failures++;
	}
}

static void set(const char *what, unsigned int mode, unsigned int budget_percent)
{
	const struct kvm_sched_hint_limits limits = {
		.max_keep_us = 1000, .budget_percent = budget_percent, .mode = mode,
	};

	must(what, ioctl(node, KVM_SCHED_HINT_SET_LIMITS, &limits));
}

static void ceiling(int vm, unsigned int ns)
{
	struct kvm_enable_cap cap = { .cap = KVM_CAP_HALT_POLL, .args = { ns } };

	must("KVM_CAP_HALT_POLL", ioctl(vm, KVM_ENABLE_CAP, &cap));
}

int main(void)
{
	int vm = ioctl(open("/dev/kvm", O_RDWR | O_CLOEXEC), KVM_CREATE_VM, 0);
	struct kvm_sched_hint_attach attach = usual_attach(vm);

	attach.max_keep_us = 1000;
	attach.mode = KVM_SCHED_HINT_MODE_HINT;
	node = open(KVM_SCHED_HINT_NODE, O_RDWR | O_CLOEXEC);
	must("the node", node);
	must("KVM_CREATE_VM", vm);
	ceiling(vm, 0);
	must("ATTACH", ioctl(node, KVM_SCHED_HINT_ATTACH, &attach));
	expect("a ceiling of 0 from the start", KVM_SCHED_HINT_STATUS_CEILING, 0, 0);
	ceiling(vm, 200000);
	expect("a ceiling of 200 us", KVM_SCHED_HINT_STATUS_NO_HALTS, 1, 1);
	ceiling(vm, 9999);
	expect("a ceiling of less than KVM polls", KVM_SCHED_HINT_STATUS_CEILING, 0, 0);
	ceiling(vm, 200000);
	expect("a ceiling of 200 us again", KVM_SCHED_HINT_STATUS_NO_HALTS, 1, 1);

	/* The status stays: there was no halt. */
	set("budget 0", KVM_SCHED_HINT_MODE_HINT, 0);
	expect("budget 0", KVM_SCHED_HINT_STATUS_NO_HALTS, 1, 0);
	set("budget 1", KVM_SCHED_HINT_MODE_HINT, 1);
	expect("budget 1", KVM_SCHED_HINT_STATUS_NO_HALTS, 1, 1);
	set("observe", KVM_SCHED_HINT_MODE_OBSERVE, 1);
	expect("observe", KVM_SCHED_HINT_STATUS_NO_HALTS, 1, 0);
	set("always", KVM_SCHED_HINT_MODE_ALWAYS, 1);
	expect("always", KVM_SCHED_HINT_STATUS_NO_HALTS, 0, 0);
	set("off", KVM_SCHED_HINT_MODE_OFF, 1);
	expect("off", KVM_SCHED_HINT_STATUS_MODE_OFF, 0, 0);
	set("hint", KVM_SCHED_HINT_MODE_HINT, 25);
	expect("hint", KVM_SCHED_HINT_STATUS_NO_HALTS, 1, 1);
	must("DETACH", ioctl(node, KVM_SCHED_HINT_DETACH, 0));
	printf("%d failures\n", failures);
	return failures ? 1 : 0;
}
