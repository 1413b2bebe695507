# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034,SC2154 # variables of the files that it is sourced with
# The interleaved rounds of one workload. A kind has: load LOG SECONDS SEED, which fails
# with a message in $WORK/error, or dies; and, if something has to run beside it that is not to
# be measured, before_load LOG and after_load.

meta cpus "$NR_CPUS"
meta stock_poll_ns "$STOCK_POLL_NS"

leave() {
	restore_settings
	if_there clean_up
}

# What dies in it is this round.
try_load() { # LOG SECONDS SEED
	tried "$WORK/error" load "$@"
}

if_there() { # COMMAND...
	! type "$1" >/dev/null 2>&1 || "$@"
}

# A round goes to rounds.tsv: config round wall_ns idle_ticks kept_ns log error
round() { # CONFIG ROUND
	log=$1-$2.log error=
	if_there before_load "$RESULTS/$log"
	measured try_load "$RESULTS/$log" "$ROUND_S" "$2" || error=$(tail -n 1 "$WORK/error" | tr '\t' ' ')
	if_there after_load
	[ "$measured_rc" = 0 ] || error=${error:-the load ended with $measured_rc}
	# not in the load: an idle guest is to be left alone
	timeout 20 guest-run true || error=${error:-the guest does not answer any more}
	printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$wall_ns" "$idle_cs" "$kept" "$log" "$error" \
		>>"$RESULTS/rounds.tsv"
	[ ! -e /proc/kvm-sched-hint ] || cat /proc/kvm-sched-hint >"$RESULTS/counters-$1-$2"
	[ -e "$RESULTS/$log" ] || : >"$RESULTS/$log"
	save-results meta rounds.tsv "$log"
}

run_config() { # CONFIG ROUND
	is_unavailable "$1" && return
	check_parameter "$1" || return
	use_guest "$1" || return
	[ "$1" != blind ] || [ "$blind_period_us" -gt 0 ] ||
		calibrate_blind "$WORKLOAD" try_load "$WORK/calibration" "$CALIBRATE_S" 99
	set_config "$1"
	round "$1" "$2"
	[ "$2" -gt 1 ] || add_busy "$1"
}

# Those of the plain guest, or those with one of their own: so that each is started once in a round
configs_of() { # plain|own
	for one in $CONFIGS; do
		[ "$(guest_of "$one")" = plain ] && kind=plain || kind=own
		[ $kind != "$1" ] || echo "$one"
	done
}

run_rounds() {
	forget_busy
	r=1
	while [ $r -le "$ROUNDS" ]; do
		# shellcheck disable=SC2046 # several words
		for config in $(order $r $(configs_of plain)) $(order $r $(configs_of own)); do
			progress "$WORKLOAD, round $r of $ROUNDS: $config"
			run_config "$config" $r
		done
		r=$((r + 1))
	done
}
