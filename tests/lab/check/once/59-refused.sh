# SPDX-License-Identifier: GPL-2.0-or-later
# What the guest's kernel refuses the driver, and what a device comes to that does not fit it, or is one too
# many: the reason is told, nothing is published that is not so, and the driver works once the
# fault is gone.
guest-start refused --vcpus 2 --device "$HOOKED" --qemu-args "-device pcie-root-port,id=port0,chassis=1" \
	--guest-append sched_hint.guest_module=0 >/dev/null

load_with() { # FAULT
	guest-run -n refused "dmesg -c >/dev/null
		insmod /lib/scenario/faults.ko $1 && insmod /lib/scenario/virtio_sched_hint.ko"
}

unload() {
	guest-run -n refused "rmmod virtio_sched_hint faults"
	within 10 "detached" not_attached refused
}

logged() { # TEXT
	guest-run -n refused dmesg >"$RESULTS/refused"
	grep -qF -- "$1" "$RESULTS/refused"
}

idles() {
	guest-monitor refused info sched-hint | grep -q 'slot 0.*: idle'
}

# One hint less. The others are published; of the one that is not, no slot says anything: 0 would be a time.
without() { # TRACEPOINT FEATURE LOG SLOTS-WORDS FEATURES-IN-USE
	load_with "tracepoint=$1"
	within 20 "attached without $2" attached refused
	within 10 "without $2" guest_says 1 "degraded: not published: $2 (see" refused
	logged "virtio_sched_hint: $3 not published: -12" || fail "without $2: the log is $(cat "$RESULTS/refused")"
	expect "features without $2" "$(guest_attribute features_in_use refused)" "$5"
	within 10 "idle without $2" idles
	guest-run -n refused "timeout 1 sh -c 'while :; do :; done'" & # runnable, where that is told
	sleep 0.5
	slots=$(guest-monitor refused info sched-hint | grep slot)
	! echo "$slots" | grep -q "$4" || fail "without $2 the slots say: $slots"
	wait $! || :
	unload
}

without sched_update_nr_running_tp runnable "runnable tasks" "[1-9] runnable" "timer poll wake_peer event"
without sched_switch poll "waiting tasks" "poll timeout" "timer runnable wake_peer event"
without sched_waking wake_peer "wake peers" "wakes slot" "timer runnable poll event"
without irq_handler_entry event "expected interrupts" "event in" "timer runnable poll wake_peer"

load_with cpuidle=1
within 20 "attached without a cpuidle driver" attached refused
within 10 "without a cpuidle driver" guest_says 1 "degraded: the kernel refuses a cpuidle driver" refused
expect "features without a cpuidle driver" "$(guest_attribute features_in_use refused)" "runnable poll wake_peer event"
unload

# Nothing is published, and nothing is left hooked.
load_with hotplug=1
within 20 "attached without a hotplug state" attached refused
within 10 "without a hotplug state" guest_says 1 "cannot hook the idle loop" refused
expect "idle mode without a hotplug state" "$(guest_attribute idle_mode refused)" off
expect "publishes without a hotplug state" "$(guest_attribute publishes refused)" 0
unload

# The device refuses the table, or does not answer: the driver stays, and is off.
for spoil in "command:unknown command" "reserved:reserved field not zero" "address:misaligned address" \
		"slots:wrong number or size of slots" "memory:not in one region of guest RAM"; do
	load_with "spoil=${spoil%%:*}"
	within 10 "refused: $spoil" guest_says 1 "the device refused the table: ${spoil#*:}" refused
	not_attached refused || fail "attached, though refused: $spoil"
	unload
done
load_with silent=1
within 20 "no answer" guest_says 1 "the device does not answer" refused
unload

# The driver does not take a device that does not fit it.
for config in "version:the device has table version 77, this driver" "stride:the device wants slots of 78 bytes" \
		"slots:the device wants 79000 slots"; do
	load_with "config=${config%%:*}"
	logged "${config#*:}" || fail "$config: the log is $(cat "$RESULTS/refused")"
	guest_says 1 "the driver took no device" refused || fail "$config: $(cat "$RESULTS/status.txt")"
	unload
done

guest-run -n refused "insmod /lib/scenario/virtio_sched_hint.ko"
channel_works refused
hooks_work refused
# a second device is not taken, and the first one does not mind
guest-qmp refused device_add '{"driver": "virtio-sched-hint-pci", "id": "hint1", "bus": "port0"}'
within 10 "a second device" logged "another one is in use: give the guest one device only"
channel_works refused
