# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034,SC2154 # variables of the files that it is sourced with
# The configurations: what is switched on the running host for each.
# ME is the name that goes in front of what the user is told.

POLL=/sys/module/kvm/parameters/halt_poll_ns
GROW_START=${POLL}_grow_start
HINT=/sys/module/kvm_sched_hint/parameters
NODE=/sys/class/misc/kvm-sched-hint
KVM_POLL_US=200 # KVM's default, which STOCK_POLL_NS is in the time of this host
ABLATIONS="zeroed shuffled without-timer without-io without-peer without-event without-gap without-arrival"
ABLATIONS="$ABLATIONS without-told without-arrival-event without-arrival-gap without-arrival-told without-backoff without-worker"

die() {
	echo "$ME: $*"
	exit 1
}

# Whether any of CONFIGS is a mode of the module
module_wanted() {
	for one in $CONFIGS; do
		case $one in
		always | hint* | blind* | zeroed | shuffled | without-*) return 0 ;;
		esac
	done
	return 1
}

remember_settings() {
	[ -r $POLL ] || die "no $POLL: is kvm loaded?"
	poll_before=$(cat $POLL) grow_start_before=$(cat $GROW_START)
	mode_before=
	[ -e $HINT/mode ] && mode_before=$(cat $HINT/mode)
	[ -n "$mode_before" ] || ! module_wanted || die "kvm_sched_hint is not loaded: make modules, then again"
}

restore_settings() {
	echo "$poll_before" >$POLL
	echo "$grow_start_before" >$GROW_START
	[ -z "$mode_before" ] || { set_blind 0 0; set_ablation none; set_max_keep 0; echo "$mode_before" >$HINT/mode; }
}

set_blind() { # PERIOD-US KEEP-US
	echo "$2" >$HINT/test_blind_keep_us && echo "$1" >$HINT/test_blind_period_us
}

# What the module's test-only parameter test_without is for one rule
without_rule() { # RULE
	case $1 in
	timer) echo 1 ;;
	io) echo 2 ;;
	peer) echo 4 ;;
	event) echo 8 ;;
	gap) echo 16 ;;
	arrival) echo 32 ;;
	told) echo 64 ;;
	backoff) echo 128 ;;
	worker) echo 256 ;;
	*) die "no rule is called $1" ;;
	esac
}

# And for several, joined by dashes
without() { # ABLATION
	case $1 in
	zeroed) rules=timer-io-peer-told ;; # all that the guest says
	without-*) rules=${1#without-} ;;
	*) rules= ;;
	esac
	sum=0
	for rule in $(echo "$rules" | tr - ' '); do
		sum=$((sum + $(without_rule "$rule")))
	done
	echo $sum
}

set_ablation() { # NAME|none
	[ -e $HINT/test_without ] || return 0
	[ "$1" = shuffled ] && shuffled=1 || shuffled=0
	echo $shuffled >$HINT/test_shuffled && without "$1" >$HINT/test_without
}

# Of all VMs; a VM that is gone meanwhile is nobody's loss
set_max_keep() { # NS, or 0 for what they had
	for limit in $NODE/vms/*/max_keep_us; do
		[ -e "$limit" ] || continue
		: "${max_keep_before:=$(cat "$limit")}"
		if [ "$1" = 0 ]; then echo "$max_keep_before"; else echo $(($1 / 1000)); fi >"$limit" || return 1
	done
}

host_ns() { # US: constants of hardware, in the time of this host
	echo $(($1 * (STOCK_POLL_NS / KVM_POLL_US)))
}

polled_ns() { # poll-50us, vhost-poll-200us, hint-1ms: as many, in the time of this host
	us=${1##*-}
	case $us in
	*ms) us=$((${us%ms} * 1000)) ;;
	*) us=${us%us} ;;
	esac
	host_ns "$us"
}

# stock is KVM's default, whatever this host was set to
set_config() { # NAME
	config_now=$1
	poll=$STOCK_POLL_NS mode=off ablation_now=none max_keep=0
	case $1 in
	no-poll) poll=0 ;;
	stock) ;;
	poll-*) poll=$(polled_ns "$1") ;;
	zeroed | shuffled | without-*) mode=hint ablation_now=$1 ;;
	hint-*) mode=hint max_keep=$(polled_ns "$1") ;;
	always | hint | blind | blind-10pct) mode=$1 ;;
	esac
	{ echo "$poll" >$POLL && echo "$STOCK_GROW_START_NS" >$GROW_START; } || die "cannot set $POLL"
	[ -n "$mode_before" ] || return 0
	period=0 keep=0
	case $mode in
	blind) mode=hint period=$blind_period_us keep=$BLIND_KEEP_US ;;
	blind-10pct) mode=hint period=$BLIND_SHARE_PERIOD_US keep=$BLIND_SHARE_KEEP_US ;;
	esac
	{ set_blind "$period" "$keep" && set_ablation "$ablation_now" && set_max_keep "$max_keep" &&
		echo "$mode" >$HINT/mode; } ||
		die "cannot set $HINT/mode to $mode"
	sleep 0.3
}

# Whether the attached VM is really under the module's control
check_attached() {
	module_wanted || return 0
	echo hint >$HINT/mode
	tries=0
	# a status is of the second that is over, and the guest may just have come up
	until status=$(cat $NODE/vms/*/status 2>/dev/null) && [ "${status%%[!a-z]*}" = ok ]; do
		tries=$((tries + 1))
		if [ $tries -ge 10 ]; then
			[ -n "$status" ] ||
				die "no VM is attached to kvm_sched_hint: has QEMU the device, the guest the driver?"
			die "kvm_sched_hint does nothing for the guest: $status"
		fi
		sleep 0.5
	done
}
