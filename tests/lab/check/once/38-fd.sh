# SPDX-License-Identifier: GPL-2.0-or-later
# A QEMU that was given an open node attaches with that, and again; after a drain it says that it
# needs another one, and takes one that is passed to its monitor. So does one without the device.
reattach() { guest-qmp given x-sched-hint-set '{"reattach": true}'; }
monitor_of() { echo "/tmp/$1.qmp"; }
own_monitor() { echo "-qmp unix:$(monitor_of "$1"),server=on,wait=off"; }
# the new node's descriptor for the command, which names it "new"
pass() { # GUEST FILE COMMAND
	pass-fd "$(monitor_of "$1")" "$2" new "$3" >"$RESULTS/pass-fd.out" 2>&1
}
take="{\"execute\": \"x-sched-hint-set\", \"arguments\": {\"reattach\": true, \"fd\": \"new\"}}"

exec 9<>/dev/kvm-sched-hint
guest-start given --device virtio-sched-hint-pci,fd=9 --qemu-args "$(own_monitor given)" >/dev/null
exec 9>&-
channel_works given
vm=$(vm_of given)
reattach
[ "$(vm_of given)" != "$vm" ] || fail "reattach did nothing"
channel_works given

upgrade() {
	echo 1 >$NODE/drain
	within 5 "detached by drain" not_attached given
	within 5 "driver told that nobody listens" guest_listening_is 0 given
	within 5 "rmmod after drain" rmmod kvm_sched_hint
	load_module
	within 10 "the first guest attached again" attached main
	sleep 1.5
	not_attached given || fail "attached again, without a descriptor"
}
upgrade
if reattach >"$RESULTS/reattach-fd.out"; then
	fail "reattach with a file that is closed succeeded"
fi
grep -q "getfd" "$RESULTS/reattach-fd.out" || fail "reattach: $(cat "$RESULTS/reattach-fd.out")"
guest-monitor given info sched-hint | grep -q "cannot be opened again" || fail "QEMU does not say why"

# something else than the node is refused, and changes nothing
if pass given /dev/null "$take"; then
	fail "/dev/null was taken for the node"
fi
grep -q "fd=new does not lead to the module" "$RESULTS/pass-fd.out" ||
	fail "reattach with /dev/null: $(tail -n 1 "$RESULTS/pass-fd.out")"
not_attached given
guest-monitor given info sched-hint | grep -q "cannot be opened again" ||
	fail "the status is not what it was"

pass given /dev/kvm-sched-hint "$take" || fail "reattach: $(tail -n 1 "$RESULTS/pass-fd.out")"
channel_works given
expect "its watches" "$(counter watches given)" 1
# while that one is open, another may take its place
vm=$(vm_of given)
pass given /dev/kvm-sched-hint "$take" || fail "reattach: $(tail -n 1 "$RESULTS/pass-fd.out")"
[ "$(vm_of given)" != "$vm" ] || fail "reattach did nothing"
channel_works given
# it is as lost as the first one
upgrade
guest-monitor given info sched-hint | grep -q "fd=new cannot be opened again" ||
	fail "QEMU does not say which descriptor"

# one that is of no use is not kept, for it would keep the module from being drained
exec 9<>/dev/kvm-sched-hint
guest-start useless --device virtio-sched-hint-pci,fd=9 --qemu-args "-overcommit cpu-pm=on" >/dev/null
exec 9>&-
guest-monitor useless info sched-hint | grep -q "with cpu-pm=on halts do not leave the guest" ||
	fail "QEMU does not say why it does not listen"
for fd in "/proc/$(guest-pid useless)/fd"/*; do
	[ "$(readlink "$fd")" != /dev/kvm-sched-hint ] || fail "QEMU keeps the node open"
done
kill_guest useless

# the device comes with one
guest-start plugged --device none --qemu-args \
	"$(own_monitor plugged) -device pcie-root-port,id=port0,chassis=1" >/dev/null
pass plugged /dev/kvm-sched-hint "{\"execute\": \"device_add\", \"arguments\": {\"driver\":
	\"virtio-sched-hint-pci\", \"id\": \"hint0\", \"bus\": \"port0\", \"fd\": \"new\"}}" ||
	fail "device_add: $(tail -n 1 "$RESULTS/pass-fd.out")"
channel_works plugged
