# SPDX-License-Identifier: GPL-2.0-or-later
# QEMU is killed under load: its VM is gone, the other's goes on.
guest-start second >/dev/null
within 10 "the second guest attached" attached second
vm=$(vm_of second)
kill -9 "$(guest-pid second)"
gone() { [ ! -d "$NODE/vms/$vm" ]; }
within 5 "the killed VM is gone" gone
halts=$(counter halts)
load 2
[ "$(counter halts)" -gt "$halts" ] || fail "the other VM's halts are not seen any more"

# its descriptor of the node lives on in somebody else, which does not keep the VM attached
exec 9<>/dev/kvm-sched-hint
guest-start held --device virtio-sched-hint-pci,fd=9 >/dev/null
within 10 "the guest with our descriptor attached" attached held
vm=$(vm_of held)
kill -9 "$(guest-pid held)"
within 5 "the VM whose descriptor lives on is gone" gone
# nor may it be used for anybody else's: nothing but closing is left
exec 9<&-
channel_works main
