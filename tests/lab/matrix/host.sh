#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# One after the other, the rows in the file rows, which tests/lab/matrix/run wrote: lines of
# NAME|VCPUS|DEVICE|GUEST-APPEND|QEMU-ARGS|HOST|GUEST|QEMU. Lines of "PASS row" or "FAIL row why" go to
# the results.

ROW_LIMIT_S=240

# status says of every guest, so each row has the host to itself
kill -9 "$(guest-pid main)"
while IFS='|' read -r name vcpus device guest_append qemu_args host guest qemu; do
	echo "row $name"
	why=$SCENARIO_STATE/why
	: >"$why"
	# the shell's trace is shown of a failing row only
	timeout -s KILL $ROW_LIMIT_S sh -c '. ./lib.sh; set -ex; . ./row.sh' row "$name" "$vcpus" \
		"$device" "$guest_append" "$qemu_args" "$host" "$guest" "$qemu" \
		</dev/null >"$RESULTS/$name.out" 2>"$RESULTS/$name.trace" 3>"$why"
	rc=$?
	[ $rc = 137 ] && echo "took more than $ROW_LIMIT_S s" >"$why"
	[ $rc = 0 ] || [ -s "$why" ] || grep '^+' "$RESULTS/$name.trace" | tail -n 1 >"$why"
	if [ $rc = 0 ]; then
		echo "PASS $name" | tee -a "$RESULTS/rows"
	else
		echo "FAIL $name $(tail -n 1 "$why")" | tee -a "$RESULTS/rows"
		tail -n 15 "$RESULTS/$name.trace"
	fi
	guest-pid "$name" >/dev/null && kill -9 "$(guest-pid "$name")"
	tries=0
	while [ -n "$(ls /sys/class/misc/kvm-sched-hint/vms)" ] && [ $tries -lt 40 ]; do
		tries=$((tries + 1))
		sleep 0.25
	done
done <rows
! grep -q '^FAIL' "$RESULTS/rows"
