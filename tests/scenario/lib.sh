# SPDX-License-Identifier: GPL-2.0-or-later
# Shared by on-host.sh and the commands in bin/. It is sourced by busybox's shell
# in the emulated host and by any POSIX shell on a real one.
#
# SCENARIO_BUNDLE: what bundle.py laid out; read-only from here on.
# SCENARIO_STATE:  what this run produces: guests/NAME/{pid,ip,console.log,...}.

. "$SCENARIO_BUNDLE/conf"

AGENT_PORT=513
GUEST_READY="sched-hint-guest: ready"

say() {
	echo "scenario: $*"
}

fail() { # message: one line for the user; the caller's own name goes in front
	echo "${0##*/}: $*" >&2
	exit 2
}

guest_dir() { # NAME
	echo "$SCENARIO_STATE/guests/$1"
}

guest_alive() { # NAME
	[ -s "$(guest_dir "$1")/pid" ] && kill -0 "$(cat "$(guest_dir "$1")/pid")" 2>/dev/null
}

need_guest() { # NAME
	[ -d "$(guest_dir "$1")" ] || fail "no such guest: $1; there are: $(ls "$SCENARIO_STATE/guests")"
}

# Pinning. pCPU 0 has QEMU's main loops and the vhost workers; vCPUs are dealt out from
# the last pCPU downwards, so that a single vCPU has its own; pin-load puts the load on
# pCPUs 1 and 2, if they are not the last, or on pCPU 0 where there are but two.
nr_pcpus() {
	grep -c '^processor' /proc/cpuinfo
}

pcpus_of_load() {
	case $(nr_pcpus) in
	1 | 2) echo 0 ;;
	3) echo 1 ;;
	*) echo 1-2 ;;
	esac
}

pcpu_of_vcpu() { # VCPU
	n=$(nr_pcpus)
	echo $((n - 1 - $1 % n))
}

task_comm() { # TASK-FOLDER
	comm=
	read -r comm 2>/dev/null <"$1/comm" || :
	echo "$comm"
}

# The worker is a thread of QEMU from 6.4 on and a kernel thread before.
pin_vhost() { # QEMU-PID
	for task in /proc/"$1"/task/[0-9]* /proc/[0-9]*; do
		[ "$(task_comm "$task")" = "vhost-$1" ] && taskset -pc 0 "${task##*/}" >/dev/null && return
	done
	return 1
}

pin_vcpus() { # QEMU-PID
	pinned=0
	for task in /proc/"$1"/task/[0-9]*; do
		comm=$(task_comm "$task")
		case $comm in
		CPU\ *)
			vcpu=${comm#CPU }
			taskset -pc "$(pcpu_of_vcpu "${vcpu%%/*}")" "${task##*/}" >/dev/null
			pinned=$((pinned + 1))
			;;
		esac
	done
}

wait_ready() { # NAME SECONDS
	tries=0
	until grep -q "$GUEST_READY" "$(guest_dir "$1")/console.log" 2>/dev/null; do
		guest_alive "$1" || return 1
		tries=$((tries + 1))
		[ $tries -gt $(($2 * 4)) ] && return 1
		sleep 0.25
	done
}
