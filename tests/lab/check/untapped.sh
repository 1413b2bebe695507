# SPDX-License-Identifier: GPL-2.0-or-later
# For 45-vhost-user and 45-vfio: NICs whose packets the host does not see.

# Requests to a guest's echo with some rules switched off: how many packets were seen to arrive, for how
# many events and gaps a vCPU was woken early or kept, how many wakes were in time, and what the median
# answer took.
requests() { # GUEST ADDRESS COUNT GAP-MS TEST-WITHOUT
	echo "$5" >$PARAMETERS/test_without
	arrivals=$(counter arrivals "$1") hits=$(counter early_hits "$1") gaps=$(counter keep_gap "$1")
	events=$(($(counter wake_event "$1") + $(counter keep_event "$1")))
	pin-load udp-ping -t "$2" 9 "$3" "$4" >"$SCENARIO_STATE/answers" || fail "not each request is answered"
	arrivals=$(($(counter arrivals "$1") - arrivals)) hits=$(($(counter early_hits "$1") - hits))
	events=$(($(counter wake_event "$1") + $(counter keep_event "$1") - events))
	gaps=$(($(counter keep_gap "$1") - gaps))
	took=$(sort -n "$SCENARIO_STATE/answers" | awk '{ ns[NR] = $1 } END { print int(ns[int((NR + 1) / 2)] / 1000) }')
	did="$3 requests each $4 ms, test_without $5: $arrivals arrivals, $events wakes and keeps for events,"
	did="$did $gaps keeps for gaps, $hits hits, median $took us"
	echo "$did" | tee -a "$RESULTS/$1"
}

# Of these so many hits, and if times count, answers that take at most so much of those by no rule
foreseen() { # HITS NUMERATOR DENOMINATOR
	[ $arrivals -le 4 ] || fail "packets are seen to arrive: $did"
	[ $((events + gaps)) -gt 0 ] && [ $hits -ge "$1" ] || fail "median $plain us by no rule, but $did"
	[ -z "$times" ] || [ "$took" -le $((plain * $2 / $3)) ] || fail "median $plain us by no rule, but $did"
}

# A guest whose packets come without a tap: the host sees none arrive, but those that come at one distance
# meet the vCPU awake by the guest's word alone, and by the predictor alone. What a wake-up of the vCPU
# takes is then saved of each answer. Those that follow soon it is kept for by the plan.
untapped() { # GUEST ADDRESS HITS [times]: so many of 80; whether answers' times say something
	predictor=8 plan=16 word=64 least=$3 times=${4-}
	guest-run -n "$1" "udp-echo 9 >/dev/null 2>&1 </dev/null &"
	within 10 "a first answer" ping -q -c 1 -W 1 "$2"
	requests "$1" "$2" 80 50 $((predictor + plan + word))
	[ $arrivals -le 4 ] || fail "packets are seen to arrive: $did"
	expect "what is foreseen by no rule" $((events + gaps)) 0
	plain=$took
	# 40 first, of which the rhythm is learned
	for without in $((predictor + plan)) $((plan + word)) 0; do
		requests "$1" "$2" 40 50 $without
		requests "$1" "$2" 80 50 $without
		foreseen "$least" 2 3
	done
	requests "$1" "$2" 400 3 $((predictor + plan + word))
	plain=$took
	requests "$1" "$2" 400 3 $((predictor + word))
	foreseen $((least * 5 / 2)) 3 4
}
