# SPDX-License-Identifier: GPL-2.0-or-later
# The interleaved rounds.

meta cpus "$NR_CPUS"
meta stock_poll_ns "$STOCK_POLL_NS"

rate_of() { # LOAD
	case $1 in
	low) percent=15 ;;
	medium) percent=60 ;;
	high) percent=110 ;;
	esac
	rate=$(((capacity * percent + 50) / 100))
	[ $rate -gt 0 ] || rate=1
}

run_load() { # LOAD
	rate_of "$1"
	eval "rounds=\$ROUNDS_$1"
	meta "rate_$1" $rate
	forget_busy
	r=1
	while [ $r -le "$rounds" ]; do
		for config in $(order $r $CONFIGS); do
			progress "$1 load, $rate call/s, round $r of $rounds: $config"
			[ "$config" != blind ] || [ $blind_period_us -gt 0 ] ||
				calibrate_blind "$1" sipp_run "$rate" $((rate * ROUND_S))
			set_config "$config"
			round "$1" "$config" $r $rate $((rate * ROUND_S))
			[ $r -gt 1 ] || add_busy "$config"
		done
		r=$((r + 1))
	done
}
