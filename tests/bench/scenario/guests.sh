# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034,SC2154 # variables of the files that it is sourced with
# The guest of a workload, and those of configurations that are a guest's own. A kind may
# have more QEMU options (KIND_QEMU_ARGS) and says with prepare what is to run in the guest.

guest_now=none # which one runs and has been set up
KIND_QEMU_ARGS=

unavailable() { # CONFIG REASON: it has no rounds from here on
	printf '%s\t%s\n' "$1" "$2" >>"$RESULTS/unavailable.tsv"
	echo "bench: $1 is not available: $2"
	save-results unavailable.tsv
}

is_unavailable() { # CONFIG
	[ -e "$RESULTS/unavailable.tsv" ] && grep -q "^$1	" "$RESULTS/unavailable.tsv"
}

# Which guest a configuration needs
guest_of() { # CONFIG
	case $1 in
	vhost-poll-* | haltpoll | idle-poll | cpu-pm) echo "$1" ;;
	*) echo plain ;;
	esac
}

stop_guest() {
	guest_now=none # whatever comes of the next one
	pid=$(guest-pid main) || return 0
	kill -9 "$pid"
	while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
}

start_guest() { # GUEST
	append=$GUEST_APPEND_ARGS extra=$KIND_QEMU_ARGS
	case $1 in
	vhost-poll-*) extra="$extra -set netdev.n0.poll-us=$(($(polled_ns "$1") / 1000))" ;;
	haltpoll) append="$append cpuidle_haltpoll.force=1" ;;
	idle-poll) append="$append idle=poll" ;;
	cpu-pm) extra="$extra -overcommit cpu-pm=on" ;;
	esac
	stop_guest
	GUEST_IP=$(guest-start main --qemu-args "$extra" --guest-append "$append")
}

# guest_halt_poll_ns and where it starts are constants of hardware, as KVM's are
check_haltpoll() {
	guest-run "grep -q haltpoll /sys/devices/system/cpu/cpuidle/current_driver" ||
		die "the guest's kernel has no cpuidle_haltpoll"
	guest-run "cd /sys/module/haltpoll/parameters && echo $STOCK_POLL_NS >guest_halt_poll_ns &&
		echo $((STOCK_GROW_START_NS * 5)) >guest_halt_poll_grow_start" || die "cannot set guest_halt_poll_ns"
}

# Runs a command in which die() ends nothing else; what it says is in FILE. Of variables
# that the command sets nothing is left.
tried() { # FILE COMMAND...
	trouble=$1
	shift
	: >"$trouble"
	(
		die() {
			echo "$*" >"$trouble"
			exit 1
		}
		"$@"
	)
}

# What a configuration's own guest needs after its start
set_up_guest() { # GUEST
	find_guest
	case $1 in
	plain) check_attached ;;
	haltpoll) check_haltpoll ;;
	esac
	prepare
}

# The guest a configuration needs, with the workload's server in it. What fails is that
# configuration's; the next one gets a guest of its own.
use_guest() { # CONFIG
	wanted=$(guest_of "$1")
	[ "$wanted" != "$guest_now" ] || return 0
	start_guest "$wanted" || { unavailable "$1" "its guest does not start"; return 1; }
	if ! tried "$WORK/trouble" set_up_guest "$wanted"; then
		trouble=$(cat "$WORK/trouble")
		unavailable "$1" "${trouble:-its guest cannot be set up}"
		return 1
	fi
	find_guest
	guest_now=$wanted
}

first_guest() {
	if [ -n "$KIND_QEMU_ARGS" ]; then
		start_guest plain || die "the guest does not start"
	fi
	find_guest
	guest_now=plain
	check_attached
	set_config stock
	prepare
}

# What is a parameter that the module does not have cannot be measured
check_parameter() { # CONFIG
	case " $ABLATIONS " in
	*" $1 "*) [ -e $HINT/test_without ] || { unavailable "$1" "kvm_sched_hint has no parameter test_without"; return 1; } ;;
	esac
}

# Runs a command in the guest in the background, with its output in a file there
guest_background() { # COMMAND
	guest-run "$1 >/tmp/background.log 2>&1 </dev/null & sleep 0.2; kill -0 \$!" ||
		die "cannot start in the guest: $1: $(guest-run 'tail -n 1 /tmp/background.log')"
}
