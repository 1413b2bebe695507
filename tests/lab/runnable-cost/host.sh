#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What the hooks in the guest's scheduler cost it: two processes that pass a byte to and
# fro through two pipes on one of two vCPUs, in a guest with FEATURES against one without
# any, in alternating order. Each step is a wake-up and a context switch. The result is
# the median over rounds of the ratio of times, with its 95 % interval (bootstrap). In
# wall time for a quiet machine.
set -e
ROUNDS=${ROUNDS:-24}
TIMES=${TIMES:-20000}
FEATURES=runnable=on,poll=on,wake-peer=on

guest-start with --vcpus 2 --device "virtio-sched-hint-pci,$FEATURES" >/dev/null
guest-start without --vcpus 2 --device virtio-sched-hint-pci,wake-peer=off >/dev/null
for guest in with without; do
	until host-module attached $guest; do sleep 0.2; done
	echo "$guest: $(guest-run -n $guest cat /sys/bus/virtio/drivers/virtio_sched_hint/virtio*/features_in_use)"
done

measure() { # GUEST
	echo "$1 $(guest-run -n "$1" runnable pingpong "$TIMES")" >>"$RESULTS/rounds"
}

round=1
while [ $round -le "$ROUNDS" ]; do
	if [ $((round % 2)) = 1 ]; then
		measure with
		measure without
	else
		measure without
		measure with
	fi
	round=$((round + 1))
done

paired-ratio "$RESULTS/rounds" with without >"$RESULTS/ratio"
read -r ratio low high with without <"$RESULTS/ratio"
echo "ns per round trip: with $with, without $without; ratio $ratio ($low to $high)" | tee "$RESULTS/summary"
