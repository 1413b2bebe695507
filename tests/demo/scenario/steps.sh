# SPDX-License-Identifier: GPL-2.0-or-later
# Capacity, the price of hint for blind, and the interleaved rounds.

WORK=/tmp/demo
mkdir -p $WORK
blind_period_us=0

meta() { # KEY VALUE
	echo "$1=$2" >>"$RESULTS/meta"
}

meta cpus "$NR_CPUS"
meta stock_poll_ns "$STOCK_POLL_NS"

step=0
progress() { # TEXT
	step=$((step + 1))
	echo "demo-step $step $STEPS $*"
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
	check_attached
	set_config stock
}

clean() { # RATE SECONDS
	if sipp_clean "$1" "$2"; then
		echo "demo: $1 call/s for $2 s: clean"
		sleep 0.5
	else
		echo "demo: $1 call/s: retransmissions after $seconds s"
		sleep 3 # for what is still on its way
		return 1
	fi
}

# The highest rate without retransmission in stock over 20 s: doubling and halving
# with short runs, then long ones, from above.
find_capacity() {
	capacity=$CAPACITY
	progress "capacity: the highest rate without retransmission in stock"
	if [ "$capacity" = 0 ]; then
		low=20 high=40
		while clean $high 2; do
			low=$high high=$((high * 2))
			[ $high -lt 20000 ] || break
		done
		while [ $((high - low)) -gt $((low / 10 + 1)) ]; do
			middle=$(((low + high) / 2))
			if clean $middle 4; then low=$middle; else high=$middle; fi
		done
		capacity=$low
		until clean "$capacity" 20; do
			capacity=$((capacity * 92 / 100))
			[ $capacity -ge 10 ] || die "not even 10 call/s pass without retransmission"
		done
	fi
	meta capacity_cps "$capacity"
	echo "demo: capacity is $capacity call/s"
}

rate_of() { # LOAD
	case $1 in
	low) percent=15 ;;
	medium) percent=60 ;;
	high) percent=110 ;;
	esac
	rate=$(((capacity * percent + 50) / 100))
	[ $rate -gt 0 ] || rate=1
}

add_busy() { # CONFIG: remember the sums that calibrate blind
	case $1 in
	stock) stock_busy=$((stock_busy + busy_permille)) ;;
	hint) hint_busy=$((hint_busy + busy_permille)) ;;
	esac
}

# blind keeps BLIND_KEEP_US each period: its cost goes with 1/period. One guess,
# then two corrections by what was measured.
calibrate_blind() { # LOAD
	extra=$((hint_busy - stock_busy))
	if [ $extra -lt 5 ]; then
		blind_period_us=1000000
		meta "blind_$1" "hint costs $extra/1000 pCPU more than stock: blind keeps $BLIND_KEEP_US us once a second"
	else
		blind_period_us=$((BLIND_KEEP_US * 1000 / extra))
		for try in 1 2; do
			set_config blind
			measured_run "$rate" $((rate * ROUND_S))
			blind_extra=$((busy_permille - stock_busy))
			[ $blind_extra -gt 5 ] || blind_extra=5
			blind_period_us=$((blind_period_us * blind_extra / extra))
			[ $blind_period_us -ge 50 ] || blind_period_us=50
			[ $blind_period_us -lt 1000000 ] || blind_period_us=1000000
		done
	fi
	meta "blind_period_us_$1" "$blind_period_us"
	echo "demo: $1: hint costs $extra/1000 pCPU more than stock; blind wakes every $blind_period_us us, keeps $BLIND_KEEP_US us"
}

# Each round starts one configuration later than the one before, so that what one
# leaves behind does not always meet the same successor.
order() { # ROUND
	n=$(echo $CONFIGS | wc -w)
	i=0
	while [ $i -lt "$n" ]; do
		echo $CONFIGS | cut -d' ' -f $((($1 - 1 + i) % n + 1))
		i=$((i + 1))
	done
}

run_load() { # LOAD
	rate_of "$1"
	eval "rounds=\$ROUNDS_$1"
	meta "rate_$1" $rate
	stock_busy=0 hint_busy=0 blind_period_us=0
	r=1
	while [ $r -le "$rounds" ]; do
		for config in $(order $r); do
			progress "$1 load, $rate call/s, round $r of $rounds: $config"
			[ "$config" != blind ] || [ $blind_period_us -gt 0 ] || calibrate_blind "$1"
			set_config "$config"
			round "$1" "$config" $r $rate $((rate * ROUND_S))
			[ $r -gt 1 ] || add_busy "$config"
		done
		r=$((r + 1))
	done
}
