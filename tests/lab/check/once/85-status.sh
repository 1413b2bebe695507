# SPDX-License-Identifier: GPL-2.0-or-later
# sched-hint status, on the host and in the guest: ok when it is, else the reason.
out=$RESULTS/status.txt
vm=$(vm_of main)
load 2
within 5 "the host: ok" host_says 0 "ok: VM $vm (main): ok, mode hint"
within 5 "the guest: ok" guest_says 0 "the host listens, idle mode cpuidle"
echo 'somebody:x:1000:1000::/:/bin/sh' >/etc/passwd
# within: the load may have spent the budget of the second that is over
within 5 "status without rights" says 0 "VM $vm" su somebody -c "sched-hint status"
within 5 "JSON" says 0 '"ok": true' sched-hint status --json
says 0 '"ok": true' guest-run sched-hint status --json || fail "the guest's JSON: $(cat "$out")"

set_mode off
within 5 "off, the host" host_says 1 "FAILED: VM $vm (main): off: mode is off: echo hint >"
within 5 "off, the guest" guest_says 1 "host not listening: on the host: modprobe"
set_mode observe
within 5 "observe" host_says 1 "mode observe decides and counts, and changes nothing"
within 5 "observe, the guest" guest_says 1 "host not acting: it observes,"
expect "listening in mode observe" "$(guest_attribute listening)" 1
set_mode hint
within 5 "hint, the guest" guest_says 0 "the host listens"
echo observe >"$NODE/vms/$vm/mode"
within 5 "observe, the VM's own" host_says 1 "mode observe decides"
echo default >"$NODE/vms/$vm/mode"
within 5 "hint again" host_says 0 "ok: VM $vm"

echo 0 >"$NODE/vms/$vm/budget_percent"
within 5 "budget 0, whether or not anything was asked for" host_says 1 "(main): budget:"
within 5 "budget 0, the guest" guest_says 1 "has no budget, or sees no halt: on the host: its sched-hint status tells which"
expect "listening with budget 0" "$(guest_attribute listening)" 1
load 8 >/dev/null &
within 8 "budget" host_says 1 "budget_percent if that is too little"
echo 25 >"$NODE/vms/$vm/budget_percent"
within 5 "a budget, the guest" guest_says 0 "the host listens"
wait $!
load 4 >/dev/null &
echo 0 >/sys/kernel/debug/kprobes/enabled
within 8 "disarmed" host_says 1 "FAILED: VM $vm (main): disarmed:"
echo 1 >/sys/kernel/debug/kprobes/enabled
wait $!
within 8 "armed again" host_says 0 "ok: VM $vm"

echo 1 >$NODE/drain
within 5 "draining" host_says 1 "FAILED: the module is being drained: echo 0 >"
within 5 "detached by drain" not_attached main
rmmod kvm_sched_hint
host_says 1 "FAILED: the module kvm_sched_hint is not loaded: modprobe" || fail "no module: $(cat "$out")"
within 5 "no module, the guest" guest_says 1 "host not listening"
load_module
within 10 "attached again" attached main

guest-run rmmod virtio_sched_hint
within 5 "no driver, the host" host_says 1 "FAILED: no VM is attached: start QEMU with -device"
guest_says 1 "FAILED: the driver virtio_sched_hint is not loaded: modprobe" || fail "no driver: $(cat "$out")"
guest-run insmod /lib/scenario/virtio_sched_hint.ko
within 5 "attached again" attached main

guest-start plain --device none >/dev/null
guest_says 1 "FAILED: this machine has no virtio-sched-hint device" plain || fail "no device: $(cat "$out")"
guest-start awake --guest-append idle=poll >/dev/null
within 10 "idle=poll, the guest" guest_says 1 "boot the guest without idle=poll" awake
within 10 "idle=poll, the host" host_says 1 "(awake): no-halts:"
