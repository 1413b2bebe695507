#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs cases/*.sh one after the other in one boot, each in a shell of its own that ends
# at the first failing command. Lines of "PASS case" or "FAIL case why" go to the results.

CASE_LIMIT_S=240
SUITE=$PWD
export SUITE

for case in "$SUITE"/cases/*.sh; do
	name=${case##*/}
	name=${name%.sh}
	echo "case $name"
	why=$SCENARIO_STATE/why
	: >"$why"
	# the shell's trace is shown of a failing case only
	timeout -s KILL $CASE_LIMIT_S sh -c '. "$SUITE/lib.sh"; set -ex; . "$0"' "$case" \
		>"$RESULTS/$name.out" 2>"$RESULTS/$name.trace" 3>"$why"
	rc=$?
	if [ $rc = 0 ]; then
		echo "PASS $name" | tee -a "$RESULTS/cases"
	else
		[ $rc = 137 ] && echo "took more than $CASE_LIMIT_S s" >"$why"
		[ -s "$why" ] || grep '^+' "$RESULTS/$name.trace" | tail -n 1 >"$why"
		echo "FAIL $name $(tail -n 1 "$why")" | tee -a "$RESULTS/cases"
		tail -n 15 "$RESULTS/$name.trace"
	fi
	# whatever a case did, the next one meets the same state
	sh -c '. "$SUITE/lib.sh"; restore' >"$RESULTS/$name.restore" 2>&1 || {
		echo "the state after $name cannot be restored: $(tail -n 1 "$RESULTS/$name.restore")"
		exit 1
	}
done
! grep -q '^FAIL' "$RESULTS/cases"
