# SPDX-License-Identifier: GPL-2.0-or-later
# Suspend to idle: the table is away while the guest sleeps, and back when it wakes up.
guest-start nap --vcpus 2 --device $HOOKED >/dev/null
channel_works nap
for round in 1 2; do
	guest-run -n nap "echo freeze >/sys/power/state" >"$RESULTS/freeze" 2>&1 &
	within 20 "detached by the suspend" not_attached nap
	sleep 1
	if timeout 2 guest-run -n nap true; then
		fail "the guest does not sleep: $(cat "$RESULTS/freeze")"
	fi
	not_attached nap
	guest-monitor nap system_powerdown
	channel_works nap
	wait $! || fail "suspend failed: $(cat "$RESULTS/freeze")"
done
hooks_work nap
load_begin 2 nap
answered
