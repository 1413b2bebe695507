#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What publishing runnable counts and wake peers costs the guest: two processes that pass
# a byte to and fro through two pipes on one vCPU, in a guest with these features against
# one without, in alternating order. Each step is a wake-up and a context switch. The
# result is the median over rounds of the ratio of times, with its 95 % interval
# (bootstrap). For a quiet machine.
set -e
ROUNDS=${ROUNDS:-24}
TIMES=${TIMES:-20000}

attached() {
	ls -d /sys/class/misc/kvm-sched-hint/vms/"$(guest-pid "$1")"-* >/dev/null 2>&1
}

guest-start with --device virtio-sched-hint-pci,runnable=on,wake-peer=on >/dev/null
for guest in main with; do
	until attached $guest; do sleep 0.2; done
	echo "$guest: $(guest-run -n $guest cat /sys/bus/virtio/drivers/virtio_sched_hint/virtio*/features_in_use)"
done

measure() { # GUEST
	echo "$1 $(guest-run -n "$1" runnable pingpong "$TIMES")" >>"$RESULTS/rounds"
}

round=1
while [ $round -le "$ROUNDS" ]; do
	if [ $((round % 2)) = 1 ]; then
		measure with
		measure main
	else
		measure main
		measure with
	fi
	round=$((round + 1))
done

awk '
	function median(a, n,    i, j, t) {
		for (i = 2; i <= n; i++) {
			t = a[i]
			for (j = i - 1; j > 0 && a[j] > t; j--)
				a[j + 1] = a[j]
			a[j + 1] = t
		}
		return n % 2 ? a[(n + 1) / 2] : (a[n / 2] + a[n / 2 + 1]) / 2
	}
	{ ns[$1, ++n[$1]] = $2 }
	END {
		srand(1)
		rounds = n["with"]
		for (i = 1; i <= rounds; i++) {
			sample[i] = ratio[i] = ns["with", i] / ns["main", i]
			with[i] = ns["with", i]
			without[i] = ns["main", i]
		}
		print "ratio", median(sample, rounds), median(with, rounds), median(without, rounds) >"/dev/stderr"
		for (b = 0; b < 2000; b++) {
			for (i = 1; i <= rounds; i++)
				sample[i] = ratio[1 + int(rand() * rounds)]
			print median(sample, rounds)
		}
	}' "$RESULTS/rounds" 2>"$RESULTS/ratio" | sort -n >"$RESULTS/bootstrap"
read -r _ ratio with without <"$RESULTS/ratio"
low=$(sed -n 50p "$RESULTS/bootstrap") high=$(sed -n 1950p "$RESULTS/bootstrap")
echo "ns per round trip: with $with, without $without; ratio $ratio ($low to $high)" | tee "$RESULTS/summary"
