#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What an idle guest costs the host while attached in mode off, against not attached at
# all (then the probe is not even registered). A round has both, in alternating order,
# because a machine's speed drifts; the result is the median over rounds of the ratio of
# the host's busy time, with its 95 % interval (bootstrap). For --time=virtual, where 180 s of
# idleness take 15, or for a quiet machine.
set -e
ROUNDS=${ROUNDS:-12}
# /proc/stat counts in 1/100 s, and an idle guest takes less than one of them in a second
SECONDS_EACH=${SECONDS_EACH:-180}

idle_ticks() {
	sed -n 's/^cpu  *[0-9]* [0-9]* [0-9]* \([0-9]*\) .*/\1/p' /proc/stat
}

measure() { # CONFIGURATION
	sleep 2
	from=$(idle_ticks) at=$(cut -d' ' -f1 /proc/uptime)
	sleep "$SECONDS_EACH"
	echo "$1 $from $(idle_ticks) $at $(cut -d' ' -f1 /proc/uptime)" >>"$RESULTS/rounds"
}

echo off >/sys/module/kvm_sched_hint/parameters/mode
round=1
while [ $round -le "$ROUNDS" ]; do
	if [ $((round % 2)) = 1 ]; then
		host-module attach
		measure off
		host-module detach
		measure detached
	else # still detached
		measure detached
		host-module attach
		measure off
	fi
	echo "round $round of $ROUNDS"
	round=$((round + 1))
done
host-module attach

# of each round: host CPUs busy, in s; of all: host CPUs busy per s
awk -v cpus="$(grep -c ^processor /proc/cpuinfo)" '{ printf "%s %.9f\n", $1, cpus * ($5 - $4) - ($3 - $2) / 100 }' \
	"$RESULTS/rounds" >"$RESULTS/busy"
busy_of() { # NAME
	awk -v name="$1" -v cpus="$(grep -c ^processor /proc/cpuinfo)" '
		$1 == name { busy += cpus * ($5 - $4) - ($3 - $2) / 100; wall += $5 - $4 }
		END { print busy / wall }' "$RESULTS/rounds"
}
paired-ratio "$RESULTS/busy" off detached >"$RESULTS/ratio"
read -r ratio low high _ <"$RESULTS/ratio"
echo "idle guest, host busy: mode off $(busy_of off), detached $(busy_of detached); ratio $ratio ($low to $high)" |
	tee "$RESULTS/summary"
