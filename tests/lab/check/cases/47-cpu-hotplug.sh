# SPDX-License-Identifier: GPL-2.0-or-later
# Sockets of three cores: the vCPUs' ids have a gap. And vCPUs come and go.
cpu='"id": "cpu5"'
new() { guest-qmp gaps device_add "{$cpu, \"driver\": \"host-x86_64-cpu\", \"socket-id\": 1, \"core-id\": 1, \"thread-id\": 0}"; }
there() { guest-run -n gaps "[ -d /sys/devices/system/cpu/cpu4 ]"; }
not_there() { ! there; }
not_in_qemu() { ! guest-qmp gaps query-cpus-fast | grep -q '/cpu5"'; }
sleeps() { guest-run -n gaps "taskset -c $1 sh -c 'for n in 1 2 3 4 5 6 7 8 9; do sleep 0.05; done'"; }
publishes_of() { # ID
	sed -n "s/^vcpu $(vm_of gaps) $1 .*publish_seq=\([0-9]*\).*/\1/p" $COUNTERS
}

guest-start gaps --vcpus 4,maxcpus=6,sockets=2,cores=3,threads=1 >/dev/null
channel_works gaps
for n in 0 1 2 3; do
	sleeps $n
done
for id in 0 1 2 4; do
	seq=$(publishes_of $id)
	[ "${seq:-0}" -gt 5 ] || fail "vCPU $id published ${seq:-nothing}"
done
[ -z "$(publishes_of 3)" ] || fail "vCPU 3, which is not there, publishes"
guest-monitor gaps info sched-hint | grep -q '^  table: 7 slots' || fail "not a table of 7 slots"

for round in 1 2; do
	new
	within 20 "the new CPU is in the guest" there
	guest-run -n gaps "echo 1 >/sys/devices/system/cpu/cpu4/online"
	before=$(publishes_of 5)
	sleeps 4
	seq=$(publishes_of 5)
	[ "${seq:-0}" -gt $((${before:-0} + 5)) ] || fail "the new vCPU published ${seq:-nothing}"
	guest-run -n gaps "echo 0 >/sys/devices/system/cpu/cpu4/online"
	guest-qmp gaps device_del "{$cpu}"
	within 20 "the CPU is gone from the guest" not_there
	within 20 "the CPU is gone" not_in_qemu
	state=$(slot 5 gaps)
	expect "slot of the vCPU that is gone" "${state% *}" off
done
channel_works gaps
