// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A vCPU that has no slot in the table, because it was created after ATTACH: how
 * long KVM polls in its halts in each mode, and that they count as seen. The VM's
 * only other vCPU never runs. Prints a line per surprise, "FAILED what: ...";
 * exits 1 if there was one.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <linux/kvm.h>

#include "usual-attach.h"

/* Halts to an exit: about half a second. */
#define HALTS		250
#define PERIOD_NS	2000000
/* Longer than the watchdog takes to look, twice. */
#define WATCHED_S	4
/* For all of it; without it a vCPU that is not woken halts for good. */
#define LIMIT_S		120

#define LAPIC_BASE	0xfee00000
#define LAPIC_SPIV	0xf0
#define LAPIC_LVTT	0x320
#define LAPIC_TMICT	0x380
#define LAPIC_TDCR	0x3e0
#define SPIV_ENABLED	0x1ff
#define LVTT_PERIODIC	0x20000
#define TDCR_DIV_1	0xb
#define VECTOR		0x20

#define CODE		0x400
#define HANDLER		0x410
#define STACK		0x1000

/* In real mode, with the LAPIC's page as its data segment. */
static const unsigned char code[] = {
	0xb9, HALTS & 0xff, HALTS >> 8,	/* again: mov $HALTS, %cx */
	0xfb,				/* next: sti */
	0xf4,				/* hlt */
	0xe2, 0xfc,			/* loop next */
	0xe6, 0x80,			/* out %al, $0x80: an exit */
	0xeb, 0xf5,			/* jmp again */
};
static const unsigned char handler[] = {
	0x66, 0xc7, 0x06, 0xb0, 0x00, 0x00, 0x00, 0x00, 0x00,	/* movl $0, 0xb0: EOI */
	0xcf,							/* iret */
};

struct halts {
	unsigned long long count, polled_ns, blocked_ns;
};

static int failures, node, vm, vcpu, stats;
static struct kvm_run *run;

static int must(const char *what, int ret)
{
	if (ret >= 0)
		return ret;
	printf("FAILED %s: ", what);
	fflush(stdout);
	perror("");
	exit(1);
}

/* One of KVM's own counters of the vCPU. */
static unsigned long long stat_of(const char *name)
{
	struct kvm_stats_header head;
	unsigned long long value;
	unsigned int i, size;
	struct {
		struct kvm_stats_desc desc;
		char name[256];
	} stat = { 0 };

	must("the statistics' header", pread(stats, &head, sizeof(head), 0));
	size = sizeof(stat.desc) + head.name_size;
	must("the size of a name", size > sizeof(stat) ? -1 : 0);
	for (i = 0; i < head.num_desc; i++) {
		must("a statistic", pread(stats, &stat, size, head.desc_offset + i * size));
		if (strcmp(stat.name, name))
			continue;
		must(name, pread(stats, &value, sizeof(value),
				 head.data_offset + stat.desc.offset));
		return value;
	}
	printf("FAILED no statistic %s\n", name);
	exit(1);
}

static struct halts halts_so_far(void)
{
	return (struct halts) {
		.count = stat_of("halt_exits"),
		.polled_ns = stat_of("halt_poll_success_ns") + stat_of("halt_poll_fail_ns"),
		.blocked_ns = stat_of("halt_wait_ns"),
	};
}

/* Runs the vCPU for HALTS halts. */
static void halt(void)
{
	must("KVM_RUN", ioctl(vcpu, KVM_RUN, 0));
	if (run->exit_reason == KVM_EXIT_IO)
		return;
	printf("FAILED KVM_RUN: exit reason %u\n", run->exit_reason);
	exit(1);
}

static void lapic_set(struct kvm_lapic_state *lapic, int reg, unsigned int value)
{
	memcpy(lapic->regs + reg, &value, sizeof(value));
}

/* A timer's interrupt every PERIOD_NS ends a halt. */
static void vcpu_begin(int kvm)
{
	struct kvm_mp_state runnable = { .mp_state = KVM_MP_STATE_RUNNABLE };
	/* Without leaf 1 KVM's LAPIC has no periodic timer. */
	struct {
		struct kvm_cpuid2 head;
		struct kvm_cpuid_entry2 leaf;
	} cpuid = { .head.nent = 1, .leaf.function = 1 };
	struct kvm_regs regs = { .rip = CODE, .rsp = STACK, .rflags = 2 };
	struct kvm_lapic_state lapic;
	struct kvm_sregs sregs;

	vcpu = must("KVM_CREATE_VCPU 1", ioctl(vm, KVM_CREATE_VCPU, 1));
	stats = must("KVM_GET_STATS_FD", ioctl(vcpu, KVM_GET_STATS_FD, 0));
	run = mmap(NULL, must("KVM_GET_VCPU_MMAP_SIZE", ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0)),
		   PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	must("the vCPU's page", run == MAP_FAILED ? -1 : 0);
	must("KVM_SET_CPUID2", ioctl(vcpu, KVM_SET_CPUID2, &cpuid));
	must("KVM_GET_SREGS", ioctl(vcpu, KVM_GET_SREGS, &sregs));
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	sregs.ds.base = LAPIC_BASE;
	must("KVM_SET_SREGS", ioctl(vcpu, KVM_SET_SREGS, &sregs));
	must("KVM_SET_REGS", ioctl(vcpu, KVM_SET_REGS, &regs));
	must("KVM_SET_MP_STATE", ioctl(vcpu, KVM_SET_MP_STATE, &runnable));
	must("KVM_GET_LAPIC", ioctl(vcpu, KVM_GET_LAPIC, &lapic));
	lapic_set(&lapic, LAPIC_SPIV, SPIV_ENABLED);
	lapic_set(&lapic, LAPIC_LVTT, LVTT_PERIODIC | VECTOR);
	lapic_set(&lapic, LAPIC_TDCR, TDCR_DIV_1);
	lapic_set(&lapic, LAPIC_TMICT, PERIOD_NS);
	must("KVM_SET_LAPIC", ioctl(vcpu, KVM_SET_LAPIC, &lapic));
}

static void vm_begin(int kvm)
{
	const unsigned short vector[] = { HANDLER, 0 };
	struct kvm_userspace_memory_region region = { .memory_size = STACK };
	char *memory = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	must("memory", memory == MAP_FAILED ? -1 : 0);
	memcpy(memory + VECTOR * sizeof(vector), vector, sizeof(vector));
	memcpy(memory + CODE, code, sizeof(code));
	memcpy(memory + HANDLER, handler, sizeof(handler));
	region.userspace_addr = (unsigned long)memory;
	vm = must("KVM_CREATE_VM", ioctl(kvm, KVM_CREATE_VM, 0));
	must("KVM_CREATE_IRQCHIP", ioctl(vm, KVM_CREATE_IRQCHIP, 0));
	must("KVM_SET_USER_MEMORY_REGION", ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region));
	must("KVM_CREATE_VCPU 0", ioctl(vm, KVM_CREATE_VCPU, 0));
}

static void attach(void)
{
	struct kvm_sched_hint_attach attach = usual_attach(vm);

	attach.mode = KVM_SCHED_HINT_MODE_OFF;
	node = must("the node", open(KVM_SCHED_HINT_NODE, O_RDWR | O_CLOEXEC));
	must("ATTACH", ioctl(node, KVM_SCHED_HINT_ATTACH, &attach));
}

static void set_mode(unsigned int mode)
{
	const struct kvm_sched_hint_limits limits = {
		.max_keep_us = KVM_SCHED_HINT_DEFAULT_KEEP_US,
		.budget_percent = KVM_SCHED_HINT_DEFAULT_BUDGET_PERCENT,
		.mode = mode,
	};

	must("SET_LIMITS", ioctl(node, KVM_SCHED_HINT_SET_LIMITS, &limits));
}

static void fail_if(int failed, const char *mode, const char *what)
{
	if (!failed)
		return;
	printf("FAILED mode %s: %s\n", mode, what);
	failures++;
}

static void halts_are(const char *name, unsigned int mode, int polled)
{
	struct halts before, after;

	set_mode(mode);
	before = halts_so_far();
	halt();
	after = halts_so_far();
	after.count -= before.count;
	after.polled_ns -= before.polled_ns;
	after.blocked_ns -= before.blocked_ns;
	printf("mode %s: %llu halts, polled %llu ns, blocked %llu ns\n", name, after.count,
	       after.polled_ns, after.blocked_ns);
	fail_if(after.count != HALTS, name, "KVM has not seen each halt");
	fail_if(polled && !after.polled_ns, name, "KVM does not poll as stock does");
	fail_if(!polled && after.polled_ns, name, "polls, and does not block at once");
	fail_if(!polled && !after.blocked_ns, name, "does not block");
}

/* Exits go on, and only the halts of a vCPU without a slot: the probe sees them. */
static void halts_are_seen(void)
{
	struct kvm_sched_hint_status got;
	time_t end = time(NULL) + WATCHED_S;

	set_mode(KVM_SCHED_HINT_MODE_HINT);
	do {
		halt();
	} while (time(NULL) < end);
	must("GET_STATUS", ioctl(node, KVM_SCHED_HINT_GET_STATUS, &got));
	printf("status %u\n", got.status);
	fail_if(got.status == KVM_SCHED_HINT_STATUS_DISARMED, "hint", "taken for disarmed");
}

int main(void)
{
	int kvm = must("/dev/kvm", open("/dev/kvm", O_RDWR | O_CLOEXEC));

	setvbuf(stdout, NULL, _IOLBF, 0);
	alarm(LIMIT_S);
	vm_begin(kvm);
	attach();
	vcpu_begin(kvm);
	halts_are("off", KVM_SCHED_HINT_MODE_OFF, 1);
	halts_are("hint", KVM_SCHED_HINT_MODE_HINT, 0);
	halts_are("observe", KVM_SCHED_HINT_MODE_OBSERVE, 1);
	halts_are("always", KVM_SCHED_HINT_MODE_ALWAYS, 0);
	halts_are("off again", KVM_SCHED_HINT_MODE_OFF, 1);
	halts_are_seen();
	printf("%d failures\n", failures);
	return failures ? 1 : 0;
}
