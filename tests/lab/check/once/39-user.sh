# SPDX-License-Identifier: GPL-2.0-or-later
# QEMU without root's rights, in group kvm as the udev rule has it, opens the node by itself; nobody
# else does. Who is not root reads the status, and neither counters nor switches.
KVM_GROUP=36
as_user() { su somebody -c "$1" 2>/dev/null; }
echo 'somebody:x:1000:1000::/:/bin/sh' >/etc/passwd
chgrp $KVM_GROUP /dev/kvm-sched-hint

# it gives root's rights up when its devices are there, so the node is opened for good below
guest-start user --qemu-args "-run-with user=1000:$KVM_GROUP" >/dev/null
channel_works user
expect "QEMU's user" "$(sed -n "s/^Uid:\t\([0-9]*\).*/\1/p" "/proc/$(guest-pid user)/status")" 1000

echo 1 >$NODE/drain
within 5 "rmmod after drain" rmmod kvm_sched_hint
load_module # no udev here: the node is root's
expect "the node's owner" "$(stat -c %u:%g /dev/kvm-sched-hint)" 0:0
within 10 "the first guest attached again" attached main
refused() {
	guest-monitor user info sched-hint | grep -q "cannot be opened (add QEMU's user to the group kvm)"
}
within 5 "QEMU says what is missing" refused
not_attached user
chgrp $KVM_GROUP /dev/kvm-sched-hint
channel_works user
expect "its watches" "$(counter watches user)" 1

vm=$NODE/vms/$(vm_of user)
as_user "cat $vm/status $vm/mode" >/dev/null || fail "the status is not readable"
for file in "$vm/mode" "$NODE/drain" $PARAMETERS/mode; do
	if as_user "echo 1 >$file"; then
		fail "$file is writable for everybody"
	fi
done
if as_user "cat $COUNTERS" || as_user ": <>/dev/kvm-sched-hint"; then
	fail "counters or node are open to everybody"
fi
