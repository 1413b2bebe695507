# SPDX-License-Identifier: GPL-2.0-or-later
# Both modules load, the device has its node, the driver its device.
[ -c /dev/kvm-sched-hint ]
expect "mode at load" "$(cat $PARAMETERS/mode)" hint
expect "owner's and group's rights" "$(stat -c %a /dev/kvm-sched-hint)" 660
within 5 "driver told that the host listens" guest_listening_is 1
expect "idle mode" "$(guest_attribute idle_mode)" cpuidle
# the other that is negotiated, wake_peer, is of no use with one CPU
expect "features in use" "$(guest_attribute features_in_use)" timer
expect "the driver's status" "$(guest_attribute hint_status)" ok
for bad in nonsense "" 1; do
	if echo "$bad" >$PARAMETERS/mode; then
		fail "mode accepts '$bad'"
	fi
done
expect "mode after bad input" "$(cat $PARAMETERS/mode)" hint
