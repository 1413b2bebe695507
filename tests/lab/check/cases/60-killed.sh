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
