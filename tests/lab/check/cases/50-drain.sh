# SPDX-License-Identifier: GPL-2.0-or-later
# Drain detaches all VMs, which run on; the module can be replaced; they attach again.
echo 1 >$NODE/drain
within 5 "detached by drain" not_attached main
within 5 "driver told" guest_listening_is 0
expect "the guest runs on" "$(guest-run echo yes)" yes
within 5 "rmmod after drain" rmmod kvm_sched_hint
[ ! -e /dev/kvm-sched-hint ]
expect "the guest runs on without the module" "$(guest-run echo yes)" yes
load_module
within 10 "attached again" attached main
within 10 "driver told again" guest_listening_is 1
halts=$(counter halts)
load 2
[ "$(counter halts)" -gt "$halts" ]
echo 1 >$NODE/drain
within 5 "detached by the second drain" not_attached main
echo 0 >$NODE/drain
within 10 "attached after the drain was taken back" attached main

# whatever QEMU does about it
kill -STOP "$(guest-pid main)"
echo 1 >$NODE/drain
within 5 "detached while QEMU stands still" not_attached main
kill -CONT "$(guest-pid main)"
echo 0 >$NODE/drain
within 10 "attached after that drain" attached main
