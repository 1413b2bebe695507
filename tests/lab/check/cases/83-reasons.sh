# SPDX-License-Identifier: GPL-2.0-or-later
# Reasons in sched-hint status that take a hostile guest, or another's hand; and what GET_STATUS and
# poll() tell of a VM whose mode, budget and KVM_CAP_HALT_POLL change.
status-test || fail "$(status-test | grep FAILED | head -n 1)"

# A table in which nothing is published; and one in which vCPUs only run: no halt is an idle one.
guest-start other --guest-append sched_hint.guest_module=0 >/dev/null
for state in 0 1; do
	guest-run -n other "insmod /lib/scenario/hostile.ko state=$state"
	within 5 "attached with state $state" attached other
	load_begin other
	within 8 "state $state" host_says 1 "(other): no-publisher: no halt has a valid publish"
	answered
	key=$([ $state = 0 ] && echo stock_no_slot || echo stock_not_idle)
	[ "$(counter $key other)" -gt 0 ] || fail "state $state: $key is 0"
	guest-run -n other rmmod hostile
	within 5 "detached after state $state" not_attached other
done
guest-run -n other insmod /lib/scenario/virtio_sched_hint.ko
within 5 "attached again" attached other
load_begin other
within 8 "published" host_says 0 "(other): ok"
answered

# KVM_CAP_HALT_POLL leaves no time: nothing can be gained, so nothing is to be published.
within 5 "without a ceiling, the guest" guest_says 0 "the host listens" other
halt-poll-cap "$(guest-pid other)" 0
within 5 "ceiling" host_says 1 "(other): ceiling: KVM_CAP_HALT_POLL leaves this VM no time"
within 5 "ceiling, the guest" guest_says 1 "host not listening" other
halt-poll-cap "$(guest-pid other)" 200000
within 5 "a higher ceiling, the guest" guest_says 0 "the host listens" other
within 8 "a higher ceiling" host_says 0 "(other): ok"
kill_guest other

# cpuidle-haltpoll forbids the host to poll; our driver would allow it.
guest-start polling --guest-append "cpuidle_haltpoll.force=1 sched_hint.guest_module=0" >/dev/null
guest-run -n polling "insmod /lib/scenario/hostile.ko state=0"
within 5 "the guest that polls attached" attached polling
load_begin polling
within 8 "no-poll" host_says 1 "(polling): no-poll: the guest forbids host polling"
answered
guest-run -n polling "rmmod hostile && insmod /lib/scenario/virtio_sched_hint.ko"
within 5 "the guest that polls attached again" attached polling
load_begin polling
within 8 "polling allowed" host_says 0 "(polling): ok"
answered
kill_guest polling

# One of two CPUs has no cpuidle device, until it comes online anew.
guest-start partly --vcpus 2 --guest-append sched_hint.guest_module=0 >/dev/null
guest-run -n partly "insmod /lib/scenario/no_cpuidle.ko cpu=1 && insmod /lib/scenario/virtio_sched_hint.ko"
within 10 "attached with one CPU" attached partly
within 5 "one CPU, the guest" guest_says 1 "degraded: 1 CPUs are not published" partly
expect "its slot" "$(slot 1 partly | cut -d' ' -f1)" off
guest-run -n partly "rmmod no_cpuidle && cd /sys/devices/system/cpu/cpu1 && echo 0 >online && echo 1 >online"
within 5 "both CPUs, the guest" guest_says 0 "the host listens" partly
