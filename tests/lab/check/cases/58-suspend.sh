# SPDX-License-Identifier: GPL-2.0-or-later
# Suspend to idle: the table is away while the guest sleeps, and back when it wakes up.
for round in 1 2; do
	guest-run "echo freeze >/sys/power/state" >"$RESULTS/freeze" 2>&1 &
	within 20 "detached by the suspend" not_attached main
	sleep 1
	if timeout 2 guest-run true; then
		fail "the guest does not sleep: $(cat "$RESULTS/freeze")"
	fi
	not_attached main
	guest-monitor main system_powerdown
	channel_works
	wait $! || fail "suspend failed: $(cat "$RESULTS/freeze")"
done
load 2
