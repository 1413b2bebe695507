#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What waking a vCPU when a packet is at its tap brings, or the vCPU as well that runs the packet's
# task: round trips of single UDP requests at random gaps of 200 to 400 ms, rounds with the device's
# property on and off in turns. For wake-peer the network's interrupt is vCPU 0's, and the server
# runs on vCPU 1. $RESULTS/rounds has a line per request, "round on|off ns", and busy one per round:
# "round on|off" and the share of a pCPU that QEMU's threads, and of that the keeping, took.
set -eu
ROUNDS=${ROUNDS:-3}
REQUESTS=${REQUESTS:-60}
PROPERTY=$(cat property)
DRIVER=/sys/bus/virtio/drivers/virtio_sched_hint

wait_for() { # COMMAND...
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ $tries -lt 100 ] || { echo "not in time: $*"; exit 1; }
		sleep 0.2
	done
}
attached() { grep -q "^vm .* mode=hint" /proc/kvm-sched-hint; }
detached() { ! grep -q "^vm" /proc/kvm-sched-hint; }
listening() { [ "$(guest-run "cat $DRIVER/virtio*/listening 2>/dev/null")" = 1 ]; }
unplugged() { guest-monitor main info sched-hint | grep -q "no virtio-sched-hint device"; }
counter() { sed -n "s/^vm .*\b$1=\([0-9]*\).*/\1/p" /proc/kvm-sched-hint; }
ran_ns() { cat /proc/"$(guest-pid)"/task/*/schedstat | awk '{ ns += $1 } END { printf "%.0f\n", ns }'; }
now_ns() { awk '{ printf "%.0f\n", $1 * 1e9 }' /proc/uptime; }

measure() { # ROUND on|off
	guest-qmp main device_add "{\"driver\": \"virtio-sched-hint-pci\", \"id\": \"hint0\",
		\"bus\": \"port0\", \"$PROPERTY\": $([ "$2" = on ] && echo true || echo false)}" >/dev/null
	wait_for attached
	wait_for listening
	pin-load udp-ping -t "$GUEST_IP" 7777 20 200 400 >/dev/null
	from_ns=$(now_ns) ran=$(ran_ns) kept=$(counter kept_ns)
	pin-load udp-ping -t "$GUEST_IP" 7777 "$REQUESTS" 200 400 | sed "s/^/$1 $2 /" >>"$RESULTS/rounds"
	took_ns=$(($(now_ns) - from_ns))
	echo "$1 $2 $(((($(ran_ns) - ran)) * 10000 / took_ns)) $((($(counter kept_ns) - kept) * 10000 / took_ns))" |
		awk '{ print $1, $2, $3 / 10000, $4 / 10000 }' >>"$RESULTS/busy"
	cat /proc/kvm-sched-hint >"$RESULTS/counters-$1-$2"
	guest-qmp main device_del '{"id": "hint0"}' >/dev/null
	wait_for detached
	wait_for unplugged
}

if [ "$PROPERTY" = wake-peer ]; then
	irq=$(guest-run "sed -n 's/^ *\([0-9]*\):.*virtio[0-9]*-input.0\$/\1/p' /proc/interrupts")
	guest-run "echo 0 >/proc/irq/${irq:?the NIC has no interrupt of its own}/smp_affinity_list"
	guest-run "taskset 2 udp-echo 7777 >/dev/null 2>&1 & "
else
	guest-run "udp-echo 7777 >/dev/null 2>&1 & "
fi
round=1
while [ "$round" -le "$ROUNDS" ]; do
	if [ $((round % 2)) = 1 ]; then
		measure $round on
		measure $round off
	else
		measure $round off
		measure $round on
	fi
	round=$((round + 1))
done
for which in on off; do
	sed -n "s/^[0-9]* $which //p" "$RESULTS/rounds" | sort -n >"$RESULTS/sorted"
	n=$(wc -l <"$RESULTS/sorted")
	echo "$PROPERTY $which: $n requests, us:" \
		"median $(($(sed -n "$(((n + 1) / 2))p" "$RESULTS/sorted") / 1000))" \
		"p99 $(($(sed -n "$(((n * 99 + 99) / 100))p" "$RESULTS/sorted") / 1000));" \
		"busy, of it kept: $(awk -v w=$which '$2 == w { b += $3; k += $4; n++ }
			END { printf "%.4f %.4f\n", b / n, k / n }' "$RESULTS/busy")"
done | tee "$RESULTS/summary"
