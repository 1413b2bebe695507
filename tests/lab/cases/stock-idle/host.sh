#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What an idle guest costs the host while attached in mode off, against not attached at
# all (then the probe is not even registered). A round has both, in alternating order,
# because a machine's speed drifts; the result is the median over rounds of the ratio of
# the host's busy time, with its 95 % interval (bootstrap). For a quiet machine.
set -e
ROUNDS=${ROUNDS:-24}
SECONDS_EACH=${SECONDS_EACH:-6}
node=/sys/class/misc/kvm-sched-hint

idle_ticks() {
	sed -n 's/^cpu  *[0-9]* [0-9]* [0-9]* \([0-9]*\) .*/\1/p' /proc/stat
}

attached() {
	ls -d $node/vms/"$(guest-pid main)"-* >/dev/null 2>&1
}

measure() { # CONFIGURATION
	sleep 2
	from=$(idle_ticks) at=$(cut -d' ' -f1 /proc/uptime)
	sleep "$SECONDS_EACH"
	echo "$1 $from $(idle_ticks) $at $(cut -d' ' -f1 /proc/uptime)" >>"$RESULTS/rounds"
}

attach() {
	echo 0 >$node/drain
	until attached; do sleep 0.2; done
}

detach() {
	echo 1 >$node/drain
	while attached; do sleep 0.2; done
	# the probe lingers for a few seconds, lest attach and detach in turn cost too much
	while grep -q kvm_vcpu_halt /sys/kernel/debug/kprobes/list; do sleep 0.5; done
}

echo off >/sys/module/kvm_sched_hint/parameters/mode
round=1
while [ $round -le "$ROUNDS" ]; do
	if [ $((round % 2)) = 1 ]; then
		attach
		measure off
		detach
		measure detached
	else # still detached
		measure detached
		attach
		measure off
	fi
	echo "round $round of $ROUNDS"
	round=$((round + 1))
done
attach

awk -v cpus="$(grep -c ^processor /proc/cpuinfo)" '
	function median(a, n,    i, j, t) {
		for (i = 2; i <= n; i++) {
			t = a[i]
			for (j = i - 1; j > 0 && a[j] > t; j--)
				a[j + 1] = a[j]
			a[j + 1] = t
		}
		return n % 2 ? a[(n + 1) / 2] : (a[n / 2] + a[n / 2 + 1]) / 2
	}
	{ busy[$1, ++n[$1]] = cpus * ($5 - $4) - ($3 - $2) / 100; wall[$1] += $5 - $4; sum[$1] += busy[$1, n[$1]] }
	END {
		srand(1)
		rounds = n["off"]
		for (i = 1; i <= rounds; i++)
			sample[i] = ratio[i] = busy["off", i] / busy["detached", i]
		print "ratio", median(sample, rounds), sum["off"] / wall["off"], sum["detached"] / wall["detached"] >"/dev/stderr"
		for (b = 0; b < 2000; b++) {
			for (i = 1; i <= rounds; i++)
				sample[i] = ratio[1 + int(rand() * rounds)]
			print median(sample, rounds)
		}
	}' "$RESULTS/rounds" 2>"$RESULTS/ratio" | sort -n >"$RESULTS/bootstrap"
read -r _ ratio off detached <"$RESULTS/ratio"
low=$(sed -n 50p "$RESULTS/bootstrap") high=$(sed -n 1950p "$RESULTS/bootstrap")
echo "idle guest, host busy: mode off $off, detached $detached; ratio $ratio ($low to $high)" | tee "$RESULTS/summary"
