# SPDX-License-Identifier: GPL-2.0-or-later
# The configurations: what is switched on the running host for each.

POLL=/sys/module/kvm/parameters/halt_poll_ns
GROW_START=${POLL}_grow_start
HINT=/sys/module/kvm_sched_hint/parameters

die() {
	echo "demo: $*"
	exit 1
}

remember_settings() {
	poll_before=$(cat $POLL) && grow_start_before=$(cat $GROW_START) || die "no $POLL: is kvm loaded?"
	mode_before=
	[ -e $HINT/mode ] && mode_before=$(cat $HINT/mode)
	[ -n "$mode_before" ] || case " $CONFIGS " in
	*" always "* | *" hint "* | *" blind "*) die "kvm_sched_hint is not loaded: make modules, then again" ;;
	esac
}

restore_settings() {
	echo "$poll_before" >$POLL
	echo "$grow_start_before" >$GROW_START
	[ -z "$mode_before" ] || { set_blind 0 0; echo "$mode_before" >$HINT/mode; }
}

set_blind() { # PERIOD-US KEEP-US
	echo "$2" >$HINT/test_blind_keep_us && echo "$1" >$HINT/test_blind_period_us
}

# stock is KVM's default, whatever this host was set to
set_config() { # NAME
	case $1 in
	no-poll) poll=0 mode=off ;;
	stock) poll=$STOCK_POLL_NS mode=off ;;
	*) poll=$STOCK_POLL_NS mode=$1 ;;
	esac
	echo $poll >$POLL && echo "$STOCK_GROW_START_NS" >$GROW_START || die "cannot set $POLL"
	[ -n "$mode_before" ] || return 0
	period=0 keep=0
	[ $mode = blind ] && mode=hint period=$blind_period_us keep=$BLIND_KEEP_US
	set_blind $period $keep && echo $mode >$HINT/mode || die "cannot set $HINT/mode to $mode"
	sleep 0.3
}

# Whether the attached VM is really under the module's control
check_attached() {
	case " $CONFIGS " in
	*" always "* | *" hint "* | *" blind "*) ;;
	*) return 0 ;;
	esac
	echo hint >$HINT/mode
	tries=0
	# a status is of the second that is over, and the guest may just have come up
	until status=$(cat /sys/class/misc/kvm-sched-hint/vms/*/status 2>/dev/null) && [ "${status%%[!a-z]*}" = ok ]; do
		tries=$((tries + 1))
		if [ $tries -ge 10 ]; then
			[ -n "$status" ] ||
				die "no VM is attached to kvm_sched_hint: has QEMU the device, the guest the driver?"
			die "kvm_sched_hint does nothing for the guest: $status"
		fi
		sleep 0.5
	done
}
