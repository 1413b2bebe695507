# SPDX-License-Identifier: GPL-2.0-or-later
# A guest's CPU goes offline and comes back: its slot is off meanwhile, the others' are not.
cpu1() { guest-run -n twin "echo $1 >/sys/devices/system/cpu/cpu1/online"; }
sleeps() { guest-run -n twin "taskset -c $1 sh -c 'for n in 1 2 3 4 5 6 7 8 9; do sleep 0.05; done'"; }

guest-start twin --vcpus 2 >/dev/null
channel_works twin
load_begin twin
sleeps 1
seq=$(slot 1 twin)
[ "${seq#* }" -gt 5 ] || fail "CPU 1 does not publish: $seq"
cpu1 0
off=$(slot 1 twin)
expect "slot of the CPU that is offline" "${off% *}" off
before=$(slot 0 twin)
sleeps 0
expect "the same, later" "$(slot 1 twin)" "$off"
after=$(slot 0 twin)
[ "${after#* }" -gt "$((${before#* } + 5))" ] || fail "CPU 0 does not publish: $before, $after"
cpu1 1
sleeps 1
on=$(slot 1 twin)
[ "${on% *}" != off ] && [ "${on#* }" -gt "$((${off#* } + 5))" ] || fail "CPU 1 does not publish again: $on"
guest-run -n twin "for n in 1 2 3 4 5; do
	echo 0 >/sys/devices/system/cpu/cpu1/online && echo 1 >/sys/devices/system/cpu/cpu1/online || exit 1
done"
# it must be possible to go off while the driver is away, and the other way round
cpu1 0
guest-run -n twin "rmmod virtio_sched_hint && insmod /lib/scenario/virtio_sched_hint.ko"
within 10 "driver told" guest_listening_is 1 twin
expect "slot of a CPU that was never online" "$(slot 1 twin)" "off 0"
cpu1 1
sleeps 1
on=$(slot 1 twin)
[ "${on#* }" -gt 5 ] || fail "CPU 1 does not publish to the new table: $on"
answered
channel_works twin
