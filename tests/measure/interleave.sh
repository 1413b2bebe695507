# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034,SC2154 # variables of the files that it is sourced with
# The order of configurations, progress, and what blind has to cost.

meta() { # KEY VALUE
	echo "$1=$2" >>"$RESULTS/meta"
}

step=0
progress() { # TEXT
	step=$((step + 1))
	echo "$ME-step $step $STEPS $*"
}

# Each round starts one configuration later than the one before, and every second one
# goes backwards, so that what one leaves behind does not always meet the same successor.
order() { # ROUND CONFIG...
	turn=$1 i=0
	shift
	while [ $i -lt $# ]; do
		if [ $((turn % 2)) = 1 ]; then k=$((turn - 1 + i)); else k=$((turn - 1 - i + $#)); fi
		eval "echo \"\${$((k % $# + 1))}\""
		i=$((i + 1))
	done
}

forget_busy() {
	stock_busy=0 hint_busy=0 blind_period_us=0
}

add_busy() { # CONFIG: remember the sums that calibrate blind
	case $1 in
	stock) stock_busy=$((stock_busy + busy_permille)) ;;
	hint) hint_busy=$((hint_busy + busy_permille)) ;;
	esac
}

# blind keeps BLIND_KEEP_US each period: its cost goes with 1/period. One guess,
# then two corrections by what was measured while the command ran.
calibrate_blind() { # NAME COMMAND...
	name=$1
	shift
	extra=$((hint_busy - stock_busy))
	if [ $extra -lt 5 ]; then
		blind_period_us=1000000
		meta "blind_$name" "hint costs $extra/1000 pCPU more than stock: blind keeps $BLIND_KEEP_US us once a second"
	else
		blind_period_us=$((BLIND_KEEP_US * 1000 / extra))
		for _ in 1 2; do
			set_config blind
			measured "$@"
			blind_extra=$((busy_permille - stock_busy))
			[ $blind_extra -gt 5 ] || blind_extra=5
			blind_period_us=$((blind_period_us * blind_extra / extra))
			[ $blind_period_us -ge 50 ] || blind_period_us=50
			[ $blind_period_us -lt 1000000 ] || blind_period_us=1000000
		done
	fi
	meta "blind_period_us_$name" "$blind_period_us"
	echo "$ME: $name: hint costs $extra/1000 pCPU more than stock; blind wakes every $blind_period_us us, keeps $BLIND_KEEP_US us"
}
