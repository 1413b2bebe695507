// SPDX-License-Identifier: GPL-2.0-only
/*
 * The idle loop: publishes at idle entry and exit while the host listens.
 *
 * A KVM guest has no cpuidle driver, as a rule: its kernel calls the
 * architecture's idle. While the host listens this file's own driver takes the
 * free place, for its enter callback is where the next timer is known. When
 * the host stops listening the driver is unregistered and the guest idles as
 * if this module were not there. Where another driver has the place (say
 * cpuidle-haltpoll's), the cpu_idle tracepoint serves, without a timer.
 *
 * Publishing starts and stops per CPU, in a hotplug callback that runs in the
 * CPU's hotplug thread. While that thread runs the CPU's idle task is not in
 * the middle of the enter callback, so once the callback has returned, this
 * CPU neither is in our code nor will enter it. That is why nothing else needs
 * to be waited for, and why the cpuidle driver has no owner: the core would
 * pin the module for each registered device.
 */
#include <linux/cpuhotplug.h>
#include <linux/cpuidle.h>
#include <linux/cpuidle_haltpoll.h>
#include <linux/jump_label.h>
#include <linux/ktime.h>
#include <linux/kvm_para.h>
#include <linux/percpu.h>
#include <linux/tick.h>

#include <asm/cpuidle_haltpoll.h>
#include <asm/mwait.h>
#include <asm/processor.h>
#include <trace/events/power.h>

#include "compat.h"
#include "peer.h"
#include "sched_hint.h"
#include "table.h"
#include "waiters.h"

/* On while the host listens. Flipped in process context only. */
static DEFINE_STATIC_KEY_FALSE(host_listens);

enum idle_mode { MODE_OFF, MODE_CPUIDLE, MODE_TRACEPOINT };

/* The rest of the state is serialised by sched_hint.lock. */
static enum idle_mode idle_mode;
static enum cpuhp_state hotplug_state;
static int cpuidle_error;	/* MODE_TRACEPOINT: why it is not MODE_CPUIDLE */

/* Online CPUs that could not be started. Each CPU's bit is its hotplug thread's. */
static struct cpumask unpublished;

/* What is published, by feature bit. Flipped in process context, while no CPU publishes. */
static DEFINE_STATIC_KEY_ARRAY_FALSE(published, VIRTIO_SCHED_HINT_F_EVENT + 1);

#define publishes(feature) static_branch_likely(&published[feature])

/* On while any of them is on that takes more than a few instructions; flipped likewise. */
static DEFINE_STATIC_KEY_FALSE(publishes_more);

/* Feature bits: what cannot be published in this kernel. */
static u64 failed_features;

static DEFINE_PER_CPU(struct cpuidle_device, idle_device);

/* The guest had switched the host's polling off on this CPU. */
static DEFINE_PER_CPU(bool, host_poll_was_off);

/* Where in a tick's length this CPU's tick falls with skew_tick=1; without, at 0. */
static DEFINE_PER_CPU(u32, skewed_tick_ns);

/*
 * Whether a timer at @next is the tick: the periodic one, or, where that is
 * stopped, the one that is left for a timer of the timer wheel. These lie on
 * multiples of TICK_NSEC (shifted per CPU with skew_tick=1). Nobody waits for
 * them in haste: the wheel's are up to a tick late, or more, by design.
 *
 * Others can lie there, too: those of a task that waits for round absolute times
 * of CLOCK_MONOTONIC, say every 20 ms from tv_nsec 0, without slack (a realtime
 * task's, a timerfd's). They get no early wake. To tell them from the tick one
 * would have to know whose timer the next one is, which the kernel does not say.
 */
static bool is_tick(ktime_t next)
{
	u32 phase_ns = (u64)ktime_to_ns(next) % TICK_NSEC;

	return !phase_ns || phase_ns == this_cpu_read(skewed_tick_ns);
}

static void fill_timer(struct sched_hint_publish *hint, ktime_t next, ktime_t now)
{
	if (next == KTIME_MAX) {
		hint->next_timer_ns = VIRTIO_SCHED_HINT_NS_NONE;
		return;
	}
	hint->next_timer_ns = max_t(s64, ktime_to_ns(ktime_sub(next, now)), 0);
	if (is_tick(next))
		sched_hint_set_flags(hint, VIRTIO_SCHED_HINT_SLOT_F_TICK);
}

static void publish_waiters(ktime_t now)
{
	ktime_t earliest = sched_hint_waiters_earliest();

	sched_hint_table_waiters(earliest == KTIME_MAX ? VIRTIO_SCHED_HINT_NS_NONE :
				 max_t(s64, ktime_to_ns(ktime_sub(earliest, now)), 0),
				 sched_hint_waiters_io());
}

static void publish_event(ktime_t now)
{
	u64 event_ns, event_dev_ns;

	sched_hint_events_next(ktime_to_ns(now), &event_ns, &event_dev_ns);
	sched_hint_table_event(event_ns, event_dev_ns);
}

static __always_inline bool publish(u64 state, ktime_t next, ktime_t now)
{
	struct sched_hint_publish hint = { .state = state };

	if (publishes(VIRTIO_SCHED_HINT_F_WAKE_PEER))
		sched_hint_set_wake_peer(&hint, sched_hint_peer());
	if (publishes(VIRTIO_SCHED_HINT_F_TIMER))
		fill_timer(&hint, next, now);
	return sched_hint_table_publish(&hint);
}

/*
 * With what is off by default. Not inline: what it keeps on the stack and in
 * registers would have to be saved at each publish.
 */
static noinline bool publish_more(ktime_t next)
{
	struct sched_hint_publish hint = { .state = SCHED_HINT_PUBLISH_IDLE };
	ktime_t now;

	if (publishes(VIRTIO_SCHED_HINT_F_RUNNABLE)) {
		sched_hint_runnable_idle();
		sched_hint_set_overloaded(&hint, sched_hint_runnable_overloaded());
	}
	now = ktime_get();
	if (publishes(VIRTIO_SCHED_HINT_F_POLL)) {
		publish_waiters(now);
		sched_hint_set_poll_waiters(&hint, sched_hint_waiters_nr());
	}
	if (publishes(VIRTIO_SCHED_HINT_F_EVENT))
		publish_event(now);
	return publish(hint.state, next, now);
}

/* @next: the next timer, KTIME_MAX if there is or is known none. */
static bool publish_idle(ktime_t next)
{
	if (static_branch_unlikely(&publishes_more))
		return publish_more(next);
	return publish(SCHED_HINT_PUBLISH_IDLE, next, ktime_get());
}

/* Called and left with interrupts disabled and RCU watching. */
static int enter_idle(struct cpuidle_device *dev, struct cpuidle_driver *drv, int index)
{
	bool published = false;

	if (current_clr_polling_and_test())
		return index;

	if (static_branch_likely(&host_listens))
		published = publish_idle(dev->next_hrtimer);
	sched_hint_arch_idle();
	if (published)
		sched_hint_table_running();
	return index;
}

/*
 * Two states that do the same: with a single one the idle loop would not ask
 * the governor whether to stop the tick, would keep it at the first idle after
 * activity (as it does without a cpuidle driver), and the next timer would be
 * hidden behind it. menu keeps it where it expects less than a tick of idling,
 * unless the next timer is nearer than the residency of the second state, or
 * PM QoS allows no latency at all: then it takes the first and has the tick
 * stopped. To stop and to start it again are two exits from the guest, so
 * neither state has a residency.
 * CPUIDLE_FLAG_RCU_IDLE: RCU watches while we publish.
 */
static struct cpuidle_driver sched_hint_driver = {
	.name = "sched_hint",
	.governor = "menu",
	.states = {
		{
			.enter = enter_idle,
			.flags = CPUIDLE_FLAG_RCU_IDLE,
			.name = "HLT0",
			.desc = "halt, no latency allowed",
		},
		{
			.enter = enter_idle,
			.flags = CPUIDLE_FLAG_RCU_IDLE,
			.name = "HLT",
			.desc = "halt",
		},
	},
	.safe_state_index = 0,
	.state_count = 2,
};

/*
 * State 0 polls in every x86 cpuidle driver. On entry interrupts are disabled.
 * On exit they are enabled in 6.1. That is as good, for preemption is off: the
 * slot is still this CPU's, and no interrupt of ours stores to it.
 */
static void trace_idle(void *unused, unsigned int state, unsigned int cpu)
{
	if (!static_branch_likely(&host_listens))
		return;
	if (state == (unsigned int)PWR_EVENT_EXIT)
		sched_hint_table_running();
	else if (state)
		publish_idle(KTIME_MAX);
}

/*
 * cpuidle-haltpoll polls in the guest and tells KVM not to. While the host
 * listens it may keep this vCPU, so it must be allowed to poll.
 */
static void host_poll_allow(unsigned int cpu)
{
	u64 allowed;

	if (!kvm_para_available() || rdmsrl_safe(MSR_KVM_POLL_CONTROL, &allowed) || (allowed & 1))
		return;
	this_cpu_write(host_poll_was_off, true);
	arch_haltpoll_disable(cpu);
}

/*
 * Whose driver had it switched off may have gone meanwhile: then nobody polls in
 * the guest any more, and the host is to go on.
 */
static void host_poll_restore(unsigned int cpu)
{
	if (!this_cpu_read(host_poll_was_off))
		return;
	this_cpu_write(host_poll_was_off, false);
	if (idle_mode == MODE_TRACEPOINT && cpuidle_get_driver())
		arch_haltpoll_enable(cpu);
}

/* False: the idle loop will not call enter_idle() on this CPU. */
static bool start_cpuidle(unsigned int cpu)
{
	struct cpuidle_device *dev = this_cpu_ptr(&idle_device);
	int ret;

	dev->cpu = cpu;
	ret = cpuidle_register_device(dev);
	if (ret)
		pr_warn("virtio_sched_hint: CPU %u: no cpuidle device (%d): not published\n",
			cpu, ret);
	return !ret;
}

/* Runs in the CPU's hotplug thread. Never keeps a CPU from coming online. */
static int start_cpu(unsigned int cpu)
{
	cpumask_set_cpu(cpu, &unpublished);
	if (!sched_hint_table_bind(cpu))
		return 0;
	/* A word that was not negotiated is 0; of one that was that would be a timeout. */
	if (failed_features & BIT_ULL(VIRTIO_SCHED_HINT_F_POLL))
		sched_hint_table_waiters(VIRTIO_SCHED_HINT_NS_NONE, 0);
	if (failed_features & BIT_ULL(VIRTIO_SCHED_HINT_F_EVENT))
		sched_hint_table_event(VIRTIO_SCHED_HINT_NS_NONE, 0);
	this_cpu_write(skewed_tick_ns, TICK_NSEC / 2 / num_possible_cpus() * cpu);
	host_poll_allow(cpu);
	if (idle_mode == MODE_CPUIDLE && !start_cpuidle(cpu)) {
		host_poll_restore(cpu);
		sched_hint_table_unbind(cpu);
		return 0;
	}
	cpumask_clear_cpu(cpu, &unpublished);
	return 0;
}

static int stop_cpu(unsigned int cpu)
{
	cpuidle_unregister_device(this_cpu_ptr(&idle_device));
	host_poll_restore(cpu);
	sched_hint_table_unbind(cpu);
	cpumask_clear_cpu(cpu, &unpublished);
	return 0;
}

static bool idles_with_mwait(void)
{
	u32 eax, ebx, ecx, edx;

	if (boot_option_idle_override != IDLE_NO_OVERRIDE || !boot_cpu_has(X86_FEATURE_MWAIT) ||
	    boot_cpu_has_bug(X86_BUG_MONITOR))
		return false;
	cpuid(CPUID_MWAIT_LEAF, &eax, &ebx, &ecx, &edx);
	return !(ecx & CPUID5_ECX_EXTENSIONS_SUPPORTED) || (edx & MWAIT_C1_SUBSTATE_MASK);
}

/* Why this guest's halts cannot be kept by the host, or NULL. */
const char *sched_hint_idle_unfit(void)
{
	if (boot_option_idle_override == IDLE_POLL)
		return "the guest never halts (idle=poll)";
	if (idles_with_mwait())
		return "the guest idles with MWAIT (cpu-pm=on?), the host sees no halts";
	return NULL;
}

/* What is not published while the host listens, or NULL. */
const char *sched_hint_idle_degraded(void)
{
	if (idle_mode != MODE_TRACEPOINT)
		return NULL;
	switch (cpuidle_error) {
	case -EBUSY:
		return "degraded: another cpuidle driver is in use, no timers are published";
	case -ENODEV:
		return "degraded: cpuidle is off (cpuidle.off=1?), no timers are published";
	default:
		return "degraded: the kernel refuses a cpuidle driver, no timers are published";
	}
}

/* How many of the online CPUs are not published while the host listens. */
unsigned int sched_hint_idle_unpublished(void)
{
	return cpumask_weight(&unpublished);
}

/*
 * Feature bits: what comes from the scheduler, was negotiated, and cannot be published
 * in this kernel. Of timers sched_hint_idle_degraded() tells.
 */
u64 sched_hint_idle_failed(void)
{
	return failed_features & ~BIT_ULL(VIRTIO_SCHED_HINT_F_TIMER);
}

/* No wake-up of a single CPU's pays for a peer that there cannot be. */
static u64 pointless_features(void)
{
	return num_possible_cpus() > 1 ? 0 : BIT_ULL(VIRTIO_SCHED_HINT_F_WAKE_PEER);
}

/* What comes from the scheduler. The rest works without what fails. */
static void start_feature(u64 features, unsigned int feature, const char *what, int (*start)(void))
{
	int ret;

	if (!(features & BIT_ULL(feature)))
		return;
	ret = start();
	if (!ret) {
		static_branch_enable(&published[feature]);
		return;
	}
	failed_features |= BIT_ULL(feature);
	pr_warn("virtio_sched_hint: %s not published: %d\n", what, ret);
}

static void start_features(u64 features)
{
	failed_features = 0;
	if (features & BIT_ULL(VIRTIO_SCHED_HINT_F_TIMER))
		static_branch_enable(&published[VIRTIO_SCHED_HINT_F_TIMER]);
	start_feature(features, VIRTIO_SCHED_HINT_F_RUNNABLE, "runnable tasks",
		      sched_hint_runnable_start);
	start_feature(features, VIRTIO_SCHED_HINT_F_POLL, "waiting tasks",
		      sched_hint_waiters_start);
	start_feature(features & ~pointless_features(), VIRTIO_SCHED_HINT_F_WAKE_PEER,
		      "wake peers", sched_hint_peer_start);
	start_feature(features, VIRTIO_SCHED_HINT_F_EVENT, "expected interrupts",
		      sched_hint_events_start);
	if (publishes(VIRTIO_SCHED_HINT_F_RUNNABLE) || publishes(VIRTIO_SCHED_HINT_F_POLL) ||
	    publishes(VIRTIO_SCHED_HINT_F_EVENT))
		static_branch_enable(&publishes_more);
}

/* No CPU publishes any more. */
static void stop_features(void)
{
	unsigned int i;

	if (publishes(VIRTIO_SCHED_HINT_F_EVENT))
		sched_hint_events_stop();
	if (publishes(VIRTIO_SCHED_HINT_F_WAKE_PEER))
		sched_hint_peer_stop();
	if (publishes(VIRTIO_SCHED_HINT_F_POLL))
		sched_hint_waiters_stop();
	if (publishes(VIRTIO_SCHED_HINT_F_RUNNABLE))
		sched_hint_runnable_stop();
	static_branch_disable(&publishes_more);
	for (i = 0; i < ARRAY_SIZE(published); i++)
		static_branch_disable(&published[i]);
}

int sched_hint_idle_start(u64 features)
{
	int ret;

	start_features(features);
	cpuidle_error = cpuidle_register_driver(&sched_hint_driver);
	idle_mode = cpuidle_error ? MODE_TRACEPOINT : MODE_CPUIDLE;
	/* The words say "no timer known", then. */
	if (idle_mode == MODE_TRACEPOINT)
		failed_features |= BIT_ULL(VIRTIO_SCHED_HINT_F_TIMER);

	ret = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "virtio_sched_hint:online",
				start_cpu, stop_cpu);
	if (ret < 0)
		goto err_driver;
	hotplug_state = ret;

	if (idle_mode == MODE_TRACEPOINT) {
		ret = register_trace_cpu_idle(trace_idle, NULL);
		if (ret)
			goto err_hotplug;
	}
	static_branch_enable(&host_listens);
	return 0;

err_hotplug:
	cpuhp_remove_state(hotplug_state);
err_driver:
	if (idle_mode == MODE_CPUIDLE)
		cpuidle_unregister_driver(&sched_hint_driver);
	idle_mode = MODE_OFF;
	stop_features();
	return ret;
}

/* When this returns no CPU publishes, none is in our code, all slots are off. */
void sched_hint_idle_stop(void)
{
	if (idle_mode == MODE_OFF)
		return;
	/*
	 * The slots first: a CPU that has published by the tracepoint and is not
	 * seen to wake up would be taken for idle at any halt until its slot is off.
	 */
	cpuhp_remove_state(hotplug_state);
	static_branch_disable(&host_listens);
	if (idle_mode == MODE_TRACEPOINT) {
		unregister_trace_cpu_idle(trace_idle, NULL);
		tracepoint_synchronize_unregister();
	}
	if (idle_mode == MODE_CPUIDLE)
		cpuidle_unregister_driver(&sched_hint_driver);
	idle_mode = MODE_OFF;
	stop_features();
}

/*
 * What is published, by feature bit; while the host does not listen, what would be. By the
 * switches themselves: what is hooked without having been negotiated shows, too.
 */
u64 sched_hint_idle_in_use(u64 negotiated)
{
	u64 in_use = negotiated;
	unsigned int i;

	if (idle_mode != MODE_OFF) {
		in_use = 0;
		for (i = 0; i < ARRAY_SIZE(published); i++)
			if (static_key_enabled(&published[i]))
				in_use |= BIT_ULL(i);
	}
	return in_use & ~(failed_features | pointless_features());
}

const char *sched_hint_idle_mode(void)
{
	switch (idle_mode) {
	case MODE_CPUIDLE:
		return "cpuidle";
	case MODE_TRACEPOINT:
		return "tracepoint";
	default:
		return "off";
	}
}
