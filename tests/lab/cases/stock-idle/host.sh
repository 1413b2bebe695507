#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What an idle guest costs the host while attached in mode off, against not attached at
# all (then the probe is not even registered): interleaved rounds, the ratio of the
# host's busy time with its 95 % interval (bootstrap over rounds). For a quiet machine.
set -e
ROUNDS=${ROUNDS:-10}
SECONDS_EACH=${SECONDS_EACH:-10}
node=/sys/class/misc/kvm-sched-hint

idle_ticks() {
	sed -n 's/^cpu  *[0-9]* [0-9]* [0-9]* \([0-9]*\) .*/\1/p' /proc/stat
}

attached() {
	[ -d $node/vms/"$(guest-pid main)"-0 ] || ls -d $node/vms/"$(guest-pid main)"-* >/dev/null 2>&1
}

measure() { # CONFIGURATION
	sleep 2
	from=$(idle_ticks) at=$(cut -d' ' -f1 /proc/uptime)
	sleep "$SECONDS_EACH"
	echo "$1 $from $(idle_ticks) $at $(cut -d' ' -f1 /proc/uptime)" >>"$RESULTS/rounds"
}

echo off >/sys/module/kvm_sched_hint/parameters/mode
round=0
while [ $round -lt "$ROUNDS" ]; do
	echo 0 >$node/drain
	until attached; do sleep 0.2; done
	measure off
	echo 1 >$node/drain
	while attached; do sleep 0.2; done
	# the probe lingers for a few seconds, lest attach and detach in turn cost too much
	until ! grep -q kvm_vcpu_halt /sys/kernel/debug/kprobes/list; do sleep 0.5; done
	measure detached
	round=$((round + 1))
	echo "round $round of $ROUNDS"
done
echo 0 >$node/drain

awk -v cpus="$(grep -c ^processor /proc/cpuinfo)" '
	{ busy[$1, ++n[$1]] = cpus * ($5 - $4) - ($3 - $2) / 100; wall[$1] += $5 - $4; sum[$1] += busy[$1, n[$1]] }
	END {
		srand(1)
		for (b = 0; b < 2000; b++) {
			o = d = 0
			for (i = 0; i < n["off"]; i++) {
				o += busy["off", 1 + int(rand() * n["off"])]
				d += busy["detached", 1 + int(rand() * n["detached"])]
			}
			print o / d
		}
		print "ratio", sum["off"] / sum["detached"], sum["off"] / wall["off"], sum["detached"] / wall["detached"] >"/dev/stderr"
	}' "$RESULTS/rounds" 2>"$RESULTS/ratio" | sort -n >"$RESULTS/bootstrap"
read -r _ ratio off detached <"$RESULTS/ratio"
low=$(sed -n 50p "$RESULTS/bootstrap") high=$(sed -n 1950p "$RESULTS/bootstrap")
echo "idle guest, host busy: mode off $off, detached $detached; ratio $ratio ($low to $high)" | tee "$RESULTS/summary"
