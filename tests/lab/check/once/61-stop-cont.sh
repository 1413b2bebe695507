# SPDX-License-Identifier: GPL-2.0-or-later
# The VM is stopped and goes on; also if the module was replaced meanwhile.
guest-monitor main stop
attached main || fail "stop detaches"
sleep 0.5
halts=$(counter halts)
sleep 1
expect "halts of a stopped VM" "$(counter halts)" "$halts"
guest-monitor main cont
channel_works

guest-monitor main stop
echo 1 >$NODE/drain
within 5 "rmmod after drain" rmmod kvm_sched_hint
guest-monitor main cont
within 5 "driver told that nobody listens" guest_listening_is 0
guest-monitor main stop
load_module
sleep 2
guest-monitor main cont
channel_works
