#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# An hour of storms: tasks come, go, move and change their policy on two vCPUs, while one of
# these goes offline and online and the host stops listening and starts again. In storms and
# after them the counts have to be right, and at the end nothing may have drifted.
MINUTES=60
# for a vCPU may stand still for so long
PATIENCE_MS=3000
. ./lib.sh
exec 3>&1
set -e

counts_are_right() {
	guest-run -n busy runnable counts $PATIENCE_MS || fail "after $storms storms the counts are wrong"
}

guest-start busy --vcpus 2 --device virtio-sched-hint-pci,runnable=on,poll=on,wake-peer=on,event=on \
	--guest-append quiet >/dev/null
within 20 "attached" attached busy
within 10 "driver told" guest_listening_is 1 busy
end=$(($(cut -d. -f1 /proc/uptime) + 60 * MINUTES)) storms=0
while [ "$(cut -d. -f1 /proc/uptime)" -lt $end ]; do
	guest-run -n busy runnable storm 10 $PATIENCE_MS
	counts_are_right
	storm_and_hotplug busy 10 4 1 $PATIENCE_MS
	counts_are_right
	storm_and_modes busy 10 4 1 $PATIENCE_MS
	counts_are_right
	storms=$((storms + 3))
	echo "$storms storms, $(guest_attribute publishes busy) publishes," \
		"$(guest_attribute runnable_corrections busy) corrections," \
		"$(guest_attribute poll_waiters_missed busy) waiters missed"
	expect "corrections" "$(guest_attribute runnable_corrections busy)" 0
	expect "bad slots" "$(counter stock_bad_slot busy)" 0
done
