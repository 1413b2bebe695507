# SPDX-License-Identifier: GPL-2.0-or-later
# The guest is there first, the host's module comes later.
echo 1 >$NODE/drain
within 5 "rmmod after drain" rmmod kvm_sched_hint
guest-start late >/dev/null
expect "the driver's status" "$(guest_attribute hint_status late)" "host not listening"
expect "publishes" "$(guest_attribute publishes late)" 0
guest-monitor late info sched-hint | grep -q "modprobe kvm_sched_hint" ||
	fail "QEMU does not say what is missing: $(guest-monitor late info sched-hint)"
if guest-start strict --device virtio-sched-hint-pci,backend=required 2>/dev/null; then
	fail "backend=required starts without the node"
fi
grep -q "/dev/kvm-sched-hint is missing" "$SCENARIO_STATE/guests/strict/qemu.log" ||
	fail "backend=required: $(cat "$SCENARIO_STATE/guests/strict/qemu.log")"
load_module
channel_works late
channel_works
