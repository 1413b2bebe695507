#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Instructions of publish and snapshot, by bench_micro.ko, and of a halt while a VM is
# attached in mode off, against nobody attached (then the probe is not even registered):
# of the attached VM, and of another that has no device. For --time=virtual, in which a
# ns of a vCPU thread's run time is an instruction, be it the guest's or the host's. Lines
# CONFIGURATION-GUEST NS NS HALTS HALTS, before and after, go to $RESULTS/halts.
set -e
ROUNDS=${ROUNDS:-6}
# of each measurement
HALTS=600

vcpu_run_ns() { # GUEST
	pid=$(guest-pid "$1")
	for task in /proc/"$pid"/task/*; do
		case $(cat "$task/comm") in
		CPU\ *) cut -d' ' -f1 "$task/schedstat" ;;
		esac
	done
}

halts() { # GUEST
	cat /sys/kernel/debug/kvm/"$(guest-pid "$1")"-*/halt_exits
}

measure() { # NAME GUEST
	guest-run -n "$2" "nap $((2 * HALTS + 200)) 1000" &
	sleep 0.3
	ns=$(vcpu_run_ns "$2") nr=$(halts "$2")
	sleep 0.$HALTS
	echo "$1 $ns $(vcpu_run_ns "$2") $nr $(halts "$2")" >>"$RESULTS/halts"
	wait $!
}

guest-start other --device none >/dev/null
until host-module attached; do sleep 0.1; done
guest-run 'insmod /lib/scenario/bench_micro.ko && dmesg | grep bench_micro: && rmmod bench_micro' |
	tee "$RESULTS/guest"
insmod "$HARNESS_MODULES/bench_micro.ko"
dmesg | grep bench_micro: | tee "$RESULTS/host"

echo off >/sys/module/kvm_sched_hint/parameters/mode
# polling would be run time, too
echo 0 >/sys/module/kvm/parameters/halt_poll_ns
sleep 1
round=1
while [ $round -le "$ROUNDS" ]; do
	for name in attached detached; do
		[ $name = attached ] || host-module detach
		for guest in main other main other; do
			measure $name-$guest $guest
		done
	done
	host-module attach
	round=$((round + 1))
done
