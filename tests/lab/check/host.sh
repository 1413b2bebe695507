#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs cases/*.sh one after the other in one boot, each in a shell of its own that ends
# at the first failing command. Lines of "PASS case", "FAIL case why", or "AGAIN case why"
# before the second try of a case, go to the results.

CASE_LIMIT_S=240
SUITE=$PWD
export SUITE
# How many cases may fail at first: few, and more where the clock is that of a machine that may
# have something else to do for seconds.
repeats=$(cat "$SUITE/repeats")

cat /sys/module/kvm/parameters/halt_poll_ns >"$SCENARIO_STATE/halt_poll_ns"

say() {
	echo "$*" | tee -a "$RESULTS/cases"
}

# Runs $case; where it fails, $why has the reason.
run_case() {
	: >"$why"
	timeout -s KILL $CASE_LIMIT_S sh -c '. "$SUITE/lib.sh"; set -ex; . "$0"' "$case" \
		>"$RESULTS/$name.out" 2>"$RESULTS/$name.trace" 3>"$why"
	rc=$?
	[ $rc = 0 ] && return
	[ $rc = 137 ] && echo "took more than $CASE_LIMIT_S s" >"$why"
	# the command that failed, and what it and the guest's program said last
	[ -s "$why" ] || echo "$(grep '^+' "$RESULTS/$name.trace" | tail -n 1)" \
		"$(grep -v '^+' "$RESULTS/$name.trace" | tail -n 1)" "$(grep FAIL "$RESULTS/$name.out" | tail -n 1)" >"$why"
	# the shell's trace and what it said are shown of a failing case only
	tail -n 15 "$RESULTS/$name.trace"
	tail -n 25 "$RESULTS/$name.out"
	return 1
}

# Whatever a case did, the next one meets the same state.
restore_state() {
	sh -c '. "$SUITE/lib.sh"; restore' >"$RESULTS/$name.restore" 2>&1 || {
		echo "the state after $name cannot be restored: $(tail -n 1 "$RESULTS/$name.restore")"
		exit 1
	}
}

for case in "$SUITE"/cases/*.sh; do
	name=${case##*/}
	name=${name%.sh}
	why=$SCENARIO_STATE/why
	echo "case $name"
	run_case
	rc=$?
	if [ $rc != 0 ] && [ "$repeats" -gt 0 ]; then
		repeats=$((repeats - 1))
		say "AGAIN $name $(tail -n 1 "$why")"
		for file in out trace; do
			mv "$RESULTS/$name.$file" "$RESULTS/$name.first.$file"
		done
		restore_state
		run_case
		rc=$?
	fi
	if [ $rc = 0 ]; then
		say "PASS $name"
	else
		say "FAIL $name $(tail -n 1 "$why")"
	fi
	restore_state
done
! grep -q '^FAIL' "$RESULTS/cases"
