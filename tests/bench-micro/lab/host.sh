#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Instructions of publish, snapshot and the like, by bench_micro.ko, and of a halt while a
# VM is attached, in each mode, against nobody attached (then the probe is not even
# registered): of the attached VM and, in mode off, of another that has no device. For
# --time=virtual, in which a ns of a vCPU thread's run time is an instruction, be it the
# guest's or the host's. Lines CONFIGURATION-GUEST US NS EXITS KEPT US NS EXITS KEPT NAP go to
# $RESULTS/naps: before and after the time, the run time, exits and what the module had KVM
# poll in ns; and what each nap took in ns.
set -e
ROUNDS=${ROUNDS:-6}
# of each measurement
NAPS=600

vcpu_run_ns() { # GUEST
	pid=$(guest-pid "$1")
	for task in /proc/"$pid"/task/*; do
		case $(cat "$task/comm") in
		CPU\ *) cut -d' ' -f1 "$task/schedstat" ;;
		esac
	done
}

exits() { # GUEST
	cat /sys/kernel/debug/kvm/"$(guest-pid "$1")"-*/exits
}

# The only clock at hand that is finer than 10 ms.
now_us() {
	sed -n 's/^now ts: *//; T; s/\.//p' /sys/kernel/tracing/per_cpu/cpu0/stats
}

# Only main is ever attached.
kept_ns() {
	sed -n 's/^vm .* kept_ns=\([0-9]*\).*/\1/p' /proc/kvm-sched-hint | grep . || echo 0
}

measure() { # NAME GUEST
	guest-run -n "$2" "nap $((NAPS + 400)) 1000" >"$RESULTS/nap" &
	sleep 0.3
	us=$(now_us) ns=$(vcpu_run_ns "$2") nr=$(exits "$2") kept=$(kept_ns)
	sleep 0.$NAPS
	after="$(now_us) $(vcpu_run_ns "$2") $(exits "$2") $(kept_ns)"
	wait $!
	echo "$1 $us $ns $nr $kept $after $(cat "$RESULTS/nap")" >>"$RESULTS/naps"
}

set_mode() { # MODE
	echo "$1" >/sys/module/kvm_sched_hint/parameters/mode
}

calls_in_guest() { # GUEST FILE
	guest-run -n "$1" 'insmod /lib/scenario/bench_micro.ko && dmesg | grep bench_micro: && rmmod bench_micro' |
		tee "$RESULTS/$2"
}

calls_in_another() { # FILE GUEST-START-OPTION...
	file=$1
	shift
	guest-start another "$@" >/dev/null
	until host-module attached another; do sleep 0.1; done
	calls_in_guest another "$file"
	guest-monitor another quit >/dev/null 2>&1 || true
	while guest-pid another >/dev/null 2>&1; do sleep 0.1; done
}

until host-module attached; do sleep 0.1; done
calls_in_guest main guest
insmod "$HARNESS_MODULES/bench_micro.ko"
dmesg | grep bench_micro: | tee "$RESULTS/host"
calls_in_another guest-2-vcpus --vcpus 2
calls_in_another guest-all --vcpus 2 --device virtio-sched-hint-pci,runnable=on,poll=on,event=on
guest-start other --device none >/dev/null

# polling would be run time, too
echo 0 >/sys/module/kvm/parameters/halt_poll_ns
set_mode off
sleep 1
round=1
while [ $round -le "$ROUNDS" ]; do
	for name in off detached; do
		[ $name = off ] || host-module detach
		for guest in main other main other; do
			measure $name-$guest $guest
		done
	done
	host-module attach
	for name in observe hint observe hint; do
		set_mode $name
		measure $name-main main
	done
	set_mode off
	round=$((round + 1))
done
