// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every wrong argument of every ioctl of /dev/kvm-sched-hint, on a VM without
 * vCPUs. Prints a line per surprise, "FAILED what: ..."; exits 1 if there was one.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/kvm.h>

#include "usual-attach.h"

static int failures;

static void expect(const char *what, int ret, int want_errno)
{
	int got = ret < 0 ? errno : 0;

	if (got == want_errno)
		return;
	printf("FAILED %s: got %s, expected %s\n", what, got ? strerror(got) : "success",
	       want_errno ? strerror(want_errno) : "success");
	failures++;
}

static int open_node(void)
{
	int fd = open(KVM_SCHED_HINT_NODE, O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		printf("FAILED open %s: %s\n", KVM_SCHED_HINT_NODE, strerror(errno));
		exit(1);
	}
	return fd;
}

static struct kvm_sched_hint_attach good;

#define ATTACH_WITH(what, want, ...) do {					\
	struct kvm_sched_hint_attach arg = good;				\
	__VA_ARGS__;								\
	expect("ATTACH, " what, ioctl(fd, KVM_SCHED_HINT_ATTACH, &arg), want);	\
} while (0)

static void bad_attaches(int fd)
{
	int null = open("/dev/null", O_RDWR);

	expect("ATTACH, bad pointer", ioctl(fd, KVM_SCHED_HINT_ATTACH, 8), EFAULT);
	ATTACH_WITH("closed vm_fd", EBADF, arg.vm_fd = 999);
	ATTACH_WITH("negative vm_fd", EBADF, arg.vm_fd = -1);
	ATTACH_WITH("vm_fd is /dev/null", EINVAL, arg.vm_fd = null);
	ATTACH_WITH("flags", EINVAL, arg.flags = 1);
	ATTACH_WITH("misaligned table", EINVAL, arg.table_addr += 256);
	ATTACH_WITH("table in the kernel", EFAULT, arg.table_addr = 0xffff888000000000ULL);
	ATTACH_WITH("table wraps around", EFAULT, arg.table_addr = -4096ULL);
	ATTACH_WITH("no slots", EINVAL, arg.nr_slots = 0);
	ATTACH_WITH("too many slots", EINVAL, arg.nr_slots = VIRTIO_SCHED_HINT_MAX_SLOTS + 1);
	ATTACH_WITH("stride", EINVAL, arg.slot_stride = 128);
	ATTACH_WITH("max_keep_us, small", EINVAL,
		    arg.max_keep_us = KVM_SCHED_HINT_MIN_KEEP_US - 1);
	ATTACH_WITH("max_keep_us", EINVAL, arg.max_keep_us = KVM_SCHED_HINT_MAX_KEEP_US + 1);
	ATTACH_WITH("budget", EINVAL, arg.budget_percent = 101);
	ATTACH_WITH("mode", EINVAL, arg.mode = KVM_SCHED_HINT_MODE_HINT + 1);
	for (int i = 0; i < 4; i++)
		ATTACH_WITH("reserved", EINVAL, arg.reserved[i] = 1);
	close(null);
}

/* Another process may not attach our VM, though it holds the VM's descriptor. */
static void foreign_attach(int fd)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		failures = 0;
		ATTACH_WITH("other process", EPERM, (void)arg);
		fflush(stdout);
		_exit(failures);
	}
	waitpid(pid, &status, 0);
	failures += status ? 1 : 0;
}

/* What SET_LIMITS set last, refused ones apart. */
static void get_limits(int fd)
{
	struct kvm_sched_hint_limits got = { .max_keep_us = 99 };

	expect("GET_LIMITS", ioctl(fd, KVM_SCHED_HINT_GET_LIMITS, &got), 0);
	if (got.max_keep_us != KVM_SCHED_HINT_MIN_KEEP_US || got.budget_percent || got.vm_budget_percent ||
	    got.mode != KVM_SCHED_HINT_MODE_OBSERVE || got.reserved[0] || got.reserved[1]) {
		printf("FAILED GET_LIMITS: max_keep_us %u, budget %u, mode %u\n",
		       got.max_keep_us, got.budget_percent, got.mode);
		failures++;
	}
	expect("GET_LIMITS, bad pointer", ioctl(fd, KVM_SCHED_HINT_GET_LIMITS, 8), EFAULT);
}

#define USE_WITH(what, want, ...) do {						\
	struct kvm_sched_hint_use arg = { .vcpu_id = 0 };			\
	__VA_ARGS__;								\
	expect("GET_USE, " what, ioctl(fd, KVM_SCHED_HINT_GET_USE, &arg), want);	\
} while (0)

static void get_use(int fd)
{
	USE_WITH("a vCPU", 0, (void)arg);
	USE_WITH("the VM", 0, arg.vcpu_id = KVM_SCHED_HINT_USE_VM);
	USE_WITH("a vCPU without a slot", EINVAL, arg.vcpu_id = 1);
	USE_WITH("no vCPU", EINVAL, arg.vcpu_id = KVM_SCHED_HINT_USE_VM - 1);
	USE_WITH("flags", EINVAL, arg.flags = 1);
	for (int i = 0; i < 5; i++)
		USE_WITH("reserved", EINVAL, arg.reserved[i] = 1);
	expect("GET_USE, bad pointer", ioctl(fd, KVM_SCHED_HINT_GET_USE, 8), EFAULT);
}

#define WATCH_WITH(what, want, ...) do {					\
	struct kvm_sched_hint_watch arg = { .fd = tap };			\
	__VA_ARGS__;								\
	expect("WATCH, " what, ioctl(fd, KVM_SCHED_HINT_WATCH, &arg), want);	\
} while (0)

#define ARRIVALS_WITH(what, want, ...) do {					\
	struct kvm_sched_hint_arrivals arg = { .fd = tap };			\
	__VA_ARGS__;								\
	expect("GET_ARRIVALS, " what, ioctl(fd, KVM_SCHED_HINT_GET_ARRIVALS, &arg), want);	\
} while (0)

static void get_arrivals(int fd, int tap, int other_tap)
{
	struct kvm_sched_hint_arrivals got = { .fd = tap, .arrivals = 9, .vcpu_id = 9 };
	int null = open("/dev/null", O_RDWR);

	ARRIVALS_WITH("closed fd", EBADF, arg.fd = 999);
	ARRIVALS_WITH("/dev/null", EINVAL, arg.fd = null);
	ARRIVALS_WITH("flags", EINVAL, arg.flags = 1);
	for (int i = 0; i < 3; i++)
		ARRIVALS_WITH("reserved", EINVAL, arg.reserved[i] = 1);
	ARRIVALS_WITH("a tap that is not watched", ENOENT, arg.fd = other_tap);
	expect("GET_ARRIVALS, bad pointer", ioctl(fd, KVM_SCHED_HINT_GET_ARRIVALS, 8), EFAULT);
	expect("GET_ARRIVALS", ioctl(fd, KVM_SCHED_HINT_GET_ARRIVALS, &got), 0);
	if (got.arrivals || got.vcpu_id != KVM_SCHED_HINT_NO_VCPU) {
		printf("FAILED GET_ARRIVALS: %llu arrivals, vCPU %u\n", got.arrivals, got.vcpu_id);
		failures++;
	}
	close(null);
}

static int open_tap(void)
{
	return open("/dev/net/tun", O_RDWR | O_CLOEXEC);
}

static void watches(int fd)
{
	int tap = open_tap(), null = open("/dev/null", O_RDWR), pipes[2] = { -1, -1 };
	int taps[KVM_SCHED_HINT_MAX_WATCHES];

	expect("pipe", pipe(pipes), 0);
	expect("WATCH, bad pointer", ioctl(fd, KVM_SCHED_HINT_WATCH, 8), EFAULT);
	WATCH_WITH("closed fd", EBADF, arg.fd = 999);
	WATCH_WITH("negative fd", EBADF, arg.fd = -1);
	WATCH_WITH("/dev/null", EINVAL, arg.fd = null);
	WATCH_WITH("a pipe", EINVAL, arg.fd = pipes[0]);
	WATCH_WITH("the node itself", EINVAL, arg.fd = fd);
	WATCH_WITH("flags", EINVAL, arg.flags = 1);
	for (int i = 0; i < 3; i++)
		WATCH_WITH("reserved", EINVAL, arg.reserved[i] = 1);
	WATCH_WITH("a tap", 0, (void)arg);
	WATCH_WITH("a tap twice", EEXIST, (void)arg);
	for (int i = 1; i < KVM_SCHED_HINT_MAX_WATCHES; i++) {
		taps[i] = open_tap();
		WATCH_WITH("taps", 0, arg.fd = taps[i]);
	}
	taps[0] = open_tap();
	get_arrivals(fd, tap, taps[0]);
	WATCH_WITH("one too many", ENOSPC, arg.fd = taps[0]);
	/* taps that are closed are forgotten as soon as room is wanted */
	close(tap);
	WATCH_WITH("after another was closed", 0, arg.fd = taps[0]);
	for (int i = 0; i < KVM_SCHED_HINT_MAX_WATCHES; i++)
		close(taps[i]);
	tap = open_tap();
	WATCH_WITH("after all were closed", 0, (void)arg);
	/* DETACH ends it, with the tap open */
	close(null);
	close(pipes[0]);
	close(pipes[1]);
}

/* What /proc/kvm-sched-hint counts as watched for this process's VMs. */
static int watches_counted(void)
{
	FILE *counters = fopen("/proc/kvm-sched-hint", "r");
	char line[4096], ours[32];
	const char *found;
	int sum = 0;

	snprintf(ours, sizeof(ours), "vm %d-", getpid());
	while (counters && fgets(line, sizeof(line), counters)) {
		found = strstr(line, " watches=");
		if (found && !strncmp(line, ours, strlen(ours)))
			sum += atoi(found + strlen(" watches="));
	}
	if (counters)
		fclose(counters);
	return sum;
}

/* Two VMs may watch the same queue. It is forgotten all the same when it is closed. */
static void shared_tap(int kvm, int fd, int other)
{
	int vm = ioctl(kvm, KVM_CREATE_VM, 0), tap = open_tap(), before = watches_counted();
	struct kvm_sched_hint_attach second = good;
	struct kvm_sched_hint_watch watch = { .fd = tap };

	second.vm_fd = vm;
	expect("ATTACH, a second VM", ioctl(other, KVM_SCHED_HINT_ATTACH, &second), 0);
	WATCH_WITH("a tap of two VMs", 0, (void)arg);
	expect("WATCH, the same, of the other VM", ioctl(other, KVM_SCHED_HINT_WATCH, &watch), 0);
	if (watches_counted() != before + 2) {
		printf("FAILED watches of two VMs: %d, and then %d\n", before, watches_counted());
		failures++;
	}
	close(tap);
	sleep(3);
	if (watches_counted() != before) {
		printf("FAILED a tap that two VMs watch is not forgotten: %d watches, not %d\n",
		       watches_counted(), before);
		failures++;
	}
	expect("DETACH, a second VM", ioctl(other, KVM_SCHED_HINT_DETACH, 0), 0);
	close(vm);
}

/* How many references kvm_amd or kvm_intel has. */
static int kvm_module_users(void)
{
	FILE *refs = fopen("/sys/module/kvm_amd/refcnt", "r");
	int users = -1;

	if (!refs)
		refs = fopen("/sys/module/kvm_intel/refcnt", "r");
	if (!refs || fscanf(refs, "%d", &users) != 1) {
		printf("FAILED no refcnt of kvm_amd or kvm_intel\n");
		failures++;
	}
	if (refs)
		fclose(refs);
	return users;
}

static void expect_kvm_users(const char *when, int want)
{
	int got = kvm_module_users();

	if (got == want)
		return;
	printf("FAILED users of kvm_amd, %s: %d, expected %d\n", when, got, want);
	failures++;
}

/* An attached VM needs the code that will destroy it, whoever holds its own files. */
static void module_is_pinned(int kvm, int fd)
{
	int users = kvm_module_users(), vm = ioctl(kvm, KVM_CREATE_VM, 0);

	ATTACH_WITH("a VM that is closed first", 0, arg.vm_fd = vm);
	close(vm);
	expect_kvm_users("while a VM without files is attached", users + 1);
	expect("DETACH, of a VM without files", ioctl(fd, KVM_SCHED_HINT_DETACH, 0), 0);
	expect_kvm_users("after its end", users);
}

/* A table has to have a slot for each vCPU there is, and there are vCPU ids without a place in it. */
static void vcpu_ids(int fd, int kvm)
{
	int vm = ioctl(kvm, KVM_CREATE_VM, 0);
	int limit = ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_MAX_VCPU_ID);

	ATTACH_WITH("most slots", 0, arg.vm_fd = vm, arg.nr_slots = VIRTIO_SCHED_HINT_MAX_SLOTS);
	expect("DETACH, most slots", ioctl(fd, KVM_SCHED_HINT_DETACH, 0), 0);
	expect("KVM_CREATE_VCPU 338", ioctl(vm, KVM_CREATE_VCPU, 338) < 0 ? -1 : 0, 0);
	ATTACH_WITH("too few slots for vCPU 338", EINVAL, arg.vm_fd = vm, arg.nr_slots = 338);
	ATTACH_WITH("slots for vCPU 338", 0, arg.vm_fd = vm, arg.nr_slots = 339);
	expect("DETACH, 339 slots", ioctl(fd, KVM_SCHED_HINT_DETACH, 0), 0);
	if (limit > VIRTIO_SCHED_HINT_MAX_SLOTS) {
		expect("KVM_CREATE_VCPU 4096",
		       ioctl(vm, KVM_CREATE_VCPU, VIRTIO_SCHED_HINT_MAX_SLOTS) < 0 ? -1 : 0, 0);
		ATTACH_WITH("a vCPU beyond the largest table", EINVAL, arg.vm_fd = vm,
			    arg.nr_slots = VIRTIO_SCHED_HINT_MAX_SLOTS);
	}
	close(vm);
}

static void attached(int kvm, int fd, int other)
{
	struct kvm_sched_hint_status status;
	struct kvm_sched_hint_limits limits = {
		.max_keep_us = KVM_SCHED_HINT_MIN_KEEP_US, .budget_percent = 0, .mode = KVM_SCHED_HINT_MODE_OBSERVE,
	};
	int tap;

	ATTACH_WITH("good", 0, (void)arg);
	ATTACH_WITH("twice, same file", EBUSY, (void)arg);
	expect("ATTACH, twice, other file", ioctl(other, KVM_SCHED_HINT_ATTACH, &good), EBUSY);
	expect("GET_STATUS", ioctl(fd, KVM_SCHED_HINT_GET_STATUS, &status), 0);
	expect("GET_STATUS, bad pointer", ioctl(fd, KVM_SCHED_HINT_GET_STATUS, 8), EFAULT);
	expect("SET_LIMITS", ioctl(fd, KVM_SCHED_HINT_SET_LIMITS, &limits), 0);
	limits.reserved[1] = 1;
	expect("SET_LIMITS, reserved", ioctl(fd, KVM_SCHED_HINT_SET_LIMITS, &limits), EINVAL);
	limits.reserved[1] = 0;
	limits.max_keep_us = KVM_SCHED_HINT_MIN_KEEP_US - 1;
	expect("SET_LIMITS, max_keep_us", ioctl(fd, KVM_SCHED_HINT_SET_LIMITS, &limits), EINVAL);
	limits.max_keep_us = KVM_SCHED_HINT_MIN_KEEP_US;
	limits.mode = 99;
	expect("SET_LIMITS, mode", ioctl(fd, KVM_SCHED_HINT_SET_LIMITS, &limits), EINVAL);
	expect("SET_LIMITS, bad pointer", ioctl(fd, KVM_SCHED_HINT_SET_LIMITS, 8), EFAULT);
	get_limits(fd);
	get_use(fd);
	watches(fd);
	shared_tap(kvm, fd, other);
	expect("DETACH", ioctl(fd, KVM_SCHED_HINT_DETACH, 0), 0);
	ATTACH_WITH("again after DETACH", 0, (void)arg);
	tap = open_tap();
	WATCH_WITH("after another ATTACH", 0, (void)arg);
}

int main(void)
{
	struct kvm_sched_hint_limits limits = {
		.max_keep_us = KVM_SCHED_HINT_MIN_KEEP_US,
	};
	struct kvm_sched_hint_use use = { .vcpu_id = KVM_SCHED_HINT_USE_VM };
	struct kvm_sched_hint_watch watch = { .fd = 0 };
	struct kvm_sched_hint_arrivals arrivals = { .fd = 0 };
	struct kvm_sched_hint_status status;
	int fd = open_node(), other = open_node();
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int vm = ioctl(kvm, KVM_CREATE_VM, 0);

	if (vm < 0) {
		printf("FAILED KVM_CREATE_VM: %s\n", strerror(errno));
		return 1;
	}
	good = usual_attach(vm);
	if (ioctl(fd, KVM_SCHED_HINT_GET_API_VERSION, 0) != KVM_SCHED_HINT_API_VERSION) {
		printf("FAILED GET_API_VERSION\n");
		failures++;
	}
	expect("unknown ioctl", ioctl(fd, _IO(KVM_SCHED_HINT_IOC, 0x7f), 0), ENOTTY);
	expect("DETACH, not attached", ioctl(fd, KVM_SCHED_HINT_DETACH, 0), ENOTCONN);
	expect("SET_LIMITS, not attached", ioctl(fd, KVM_SCHED_HINT_SET_LIMITS, &limits), ENOTCONN);
	expect("GET_LIMITS, not attached", ioctl(fd, KVM_SCHED_HINT_GET_LIMITS, &limits), ENOTCONN);
	expect("GET_USE, not attached", ioctl(fd, KVM_SCHED_HINT_GET_USE, &use), ENOTCONN);
	expect("WATCH, not attached", ioctl(fd, KVM_SCHED_HINT_WATCH, &watch), ENOTCONN);
	expect("GET_ARRIVALS, not attached", ioctl(fd, KVM_SCHED_HINT_GET_ARRIVALS, &arrivals),
	       ENOTCONN);
	expect("GET_STATUS, not attached", ioctl(fd, KVM_SCHED_HINT_GET_STATUS, &status), 0);
	if (status.status != KVM_SCHED_HINT_STATUS_DETACHED || status.listening) {
		printf("FAILED status of a file without a VM: %u\n", status.status);
		failures++;
	}
	bad_attaches(fd);
	foreign_attach(fd);
	vcpu_ids(fd, kvm);
	module_is_pinned(kvm, fd);
	attached(kvm, fd, other);
	/* closing the last files detaches; the VM outlives that */
	close(fd);
	fd = other;
	ATTACH_WITH("after close of the other file", 0, (void)arg);
	/* the VM's own descriptor goes first: the attachment holds it */
	close(vm);
	close(other);
	printf("%d failures\n", failures);
	return failures ? 1 : 0;
}
