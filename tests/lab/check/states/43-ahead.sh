# SPDX-License-Identifier: GPL-2.0-or-later
# What brings packets, and the vCPU with it, is woken ahead of those that are predicted: not when it is
# switched off, nor in other modes, nor for packets at random. Where the pCPUs' idle states are deep the
# answers come sooner.
AHEAD=$PARAMETERS/worker_ahead
guest-run "udp-echo 9 >/dev/null 2>&1 </dev/null &"

# Requests, and what the median answer takes in us
median() { # COUNT GAP-MS [MAX-GAP-MS]
	pin-load udp-ping -t "$GUEST_IP" 9 "$@" | sort -n | awk '{ ns[NR] = $1 } END { print int(ns[int((NR + 1) / 2)] / 1000) }'
}

learned_keeps() {
	echo $(($(counter keep_event) + $(counter keep_gap)))
}

# Of so many requests: wakes, those gone ahead of, of which in time, keeps
wakes_of() { # COUNT GAP-MS [MAX-GAP-MS]
	wakes=$(counter worker_wakes) windows=$(counter worker_windows) hits=$(counter worker_hits)
	keeps=$(learned_keeps)
	took=$(median "$@")
	wakes=$(($(counter worker_wakes) - wakes)) windows=$(($(counter worker_windows) - windows))
	hits=$(($(counter worker_hits) - hits)) keeps=$(($(learned_keeps) - keeps))
	echo "$* requests: $wakes wakes for $windows of them, $hits hits, $keeps keeps for what the vCPU foresaw, median $took us" |
		tee -a "$RESULTS/ahead"
}

expect "worker_ahead, as loaded" "$(cat "$AHEAD")" Y
echo N >"$AHEAD"
wakes_of 40 40
expect "wakes without worker_ahead" "$wakes" 0
plain=$took

# Each batch begins another rhythm, which has to be learned.
echo Y >"$AHEAD"
wakes_of 100 40
all_hits=0 worst=0
for _ in 1 2 3 4; do
	wakes_of 60 40
	all_hits=$((all_hits + hits))
	[ "$took" -le "$worst" ] || worst=$took
done
[ $all_hits -ge 200 ] || fail "of 240 packets each 40 ms $all_hits were gone ahead of in time"
[ "$worst" -le $((plain / 2)) ] || fail "answers take $worst us at worst, and $plain without"

wakes_of 40 20 100
# The rhythm before may be believed for a few more; each of them has several wakes.
[ "$windows" -le 8 ] || fail "$windows of 40 packets at random were gone ahead of"

# A vCPU that does not halt cannot be charged. It is the guest's timer that ends its last halt: a packet
# would have used up what that halt allowed.
pin-load udp-ping -t "$GUEST_IP" 9 150 40 >/dev/null &
ping=$!
busy=$(guest-run "{ sleep 2; while :; do :; done; } >/dev/null 2>&1 </dev/null & echo \$!")
sleep 1
before=$(counter worker_wakes)
sleep 0.5
[ "$(counter worker_wakes)" -gt "$before" ] || fail "no wake-ups before the vCPU is busy"
sleep 1
wakes=$(counter worker_wakes)
sleep 2
wakes=$(($(counter worker_wakes) - wakes))
echo "a vCPU that is busy: $wakes wakes within 2 s" | tee -a "$RESULTS/ahead"
[ "$wakes" -le 8 ] || fail "$wakes wake-ups while the vCPU does not halt"
guest-run "kill $busy"
wait $ping

set_mode observe
wakes_of 40 40
expect "wakes in mode observe" "$wakes" 0
set_mode hint
echo N >"$AHEAD"
wakes_of 40 40
expect "wakes when it is off again" "$wakes" 0
