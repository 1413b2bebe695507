# SPDX-License-Identifier: GPL-2.0-or-later
# 17-waiters in a guest whose tasks are preempted in the kernel, too: also between the start of the timer
# that ends a wait and its begin.
. "$SUITE/waiters.sh"
guest-start preempted --vcpus 2 --device virtio-sched-hint-pci,runnable=on,poll=on,wake-peer=on \
	--guest-memory 512 --guest-append preempt=full >/dev/null
guest-run -n preempted "dmesg | grep -q 'Dynamic Preempt: full'" || fail "the guest's kernel is not fully preemptible"
waiters_told preempted
