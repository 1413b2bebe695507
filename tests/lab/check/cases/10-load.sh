# SPDX-License-Identifier: GPL-2.0-or-later
# Both modules load, the device has its node, the driver its device; bad parameters are refused with the range.
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
for bad in test_blind_period_us=1000001 test_blind_keep_us=-1 test_without=1000 test_without=x; do
	name=${bad%%=*}
	old=$(cat "$PARAMETERS/$name")
	if echo "${bad#*=}" >"$PARAMETERS/$name"; then
		fail "$bad was accepted"
	fi
	expect "$name after a refusal" "$(cat "$PARAMETERS/$name")" "$old"
	dmesg | tail -n 3 | grep -q "kvm_sched_hint: $name: 0 to [0-9]*, please" ||
		fail "$bad was refused without the range: $(dmesg | tail -n 1)"
done
