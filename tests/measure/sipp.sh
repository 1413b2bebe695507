# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034,SC2153,SC2154 # variables of the files that it is sourced with
# sipp against the SIP server in the guest, and the capacity of that.

export TERM=dumb
WORK=/tmp/$ME
mkdir -p "$WORK"
# Split into words where it is used. Its clock in steps of 1 ms, not 2; fine-grain.so: see fine-grain.c.
SIPP="pin-load env LD_PRELOAD=$PWD/fine-grain.so sipp -timer_resol 0"

column() { # FILE NAME: the last value of a column of sipp's statistics
	awk -F';' -v name="$2" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) k = i }
		END { print (k ? $k + 0 : -1) }' "$1"
}

# The stock scenario, RATE calls per second, COUNT calls. A call whose INVITE got a 100
# and nothing more would wait for ever: DRAIN_S after the last call sipp is ended, and
# what has not ended by then has failed. sipp exits with 1 when calls failed.
sipp_run() { # RATE COUNT
	rm -f "$WORK/stat.csv"
	# shellcheck disable=SC2086 # SIPP is several words
	timeout -k 5 $(($2 / $1 + DRAIN_S)) $SIPP -sn uac -nostdin "$GUEST_IP:5060" -i "$local_ip" -p 5062 \
		-r "$1" -m "$2" -trace_stat -stf "$WORK/stat.csv" -fd 3600 >"$WORK/sipp.out" 2>"$WORK/sipp.err"
	sipp_rc=$?
	[ -s "$WORK/stat.csv" ] || die "sipp failed ($sipp_rc): $(tail -n 1 "$WORK/sipp.err")"
	retransmissions=$(column "$WORK/stat.csv" "Retransmissions(C)")
	failed=$(($2 - $(column "$WORK/stat.csv" "SuccessfulCall(C)")))
}

# For as long as all goes well: ends at the first retransmission
sipp_clean() { # RATE SECONDS
	rm -f "$WORK/stat.csv"
	$SIPP -sn uac -nostdin "$GUEST_IP:5060" -i "$local_ip" -p 5062 -r "$1" -m $(($1 * $2)) \
		-trace_stat -stf "$WORK/stat.csv" -fd 1 >"$WORK/sipp.out" 2>"$WORK/sipp.err" &
	sipp=$!
	seconds=0 retransmissions=0
	while kill -0 $sipp 2>/dev/null && [ "$retransmissions" -le 0 ] && [ $seconds -lt $(($2 + DRAIN_S)) ]; do
		sleep 1
		seconds=$((seconds + 1))
		[ ! -s "$WORK/stat.csv" ] || retransmissions=$(column "$WORK/stat.csv" "Retransmissions(C)")
	done
	kill $sipp 2>/dev/null
	wait $sipp
	failed=$(($1 * $2 - $(column "$WORK/stat.csv" "SuccessfulCall(C)")))
	[ "$retransmissions" = 0 ] && [ $failed = 0 ]
}

wait_for_server() {
	tries=0
	DRAIN_S=2
	until sipp_run 1 1 && [ "$failed" = 0 ]; do
		tries=$((tries + 1))
		[ $tries -lt 15 ] || die "the SIP server in the guest does not answer; see guest-main.log"
		sleep 1
	done
	DRAIN_S=8
}

clean() { # RATE SECONDS
	if sipp_clean "$1" "$2"; then
		echo "$ME: $1 call/s for $2 s: clean"
		sleep 0.5
	else
		echo "$ME: $1 call/s: retransmissions after $seconds s"
		sleep 3 # for what is still on its way
		return 1
	fi
}

# The highest rate without retransmission over 20 s, to $GRAIN percent: doubling and
# halving with short runs, then long ones, from above.
search_capacity() {
	low=20 high=40
	while clean $high 2; do
		low=$high high=$((high * 2))
		[ $high -lt 20000 ] || break
	done
	while [ $((high - low)) -gt $((low * GRAIN / 100 + 1)) ]; do
		middle=$(((low + high) / 2))
		if clean $middle 4; then low=$middle; else high=$middle; fi
	done
	capacity=$low
	until clean "$capacity" 20; do
		capacity=$((capacity * (1000 - 8 * GRAIN) / 1000))
		[ $capacity -ge 10 ] || die "not even 10 call/s pass without retransmission"
	done
}

# That of stock, unless CAPACITY says it
find_capacity() {
	capacity=$CAPACITY
	progress "capacity: the highest rate without retransmission in stock"
	GRAIN=10
	[ "$capacity" != 0 ] || search_capacity
	meta capacity_cps "$capacity"
	echo "$ME: capacity is $capacity call/s"
}
