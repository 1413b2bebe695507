#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Runs one scenario on the KVM host it is started on, real or emulated:
# SCENARIO_BUNDLE and SCENARIO_STATE as in lib.sh. Ends with SCENARIO_STATE/outcome,
# lines of KEY=VALUE; its reason is one of ok, script, timeout, setup.

. "$SCENARIO_BUNDLE/lib.sh"
export SCENARIO_BUNDLE SCENARIO_STATE

# RESULTS is /results where the root file system is the scenario's own
: "${RESULTS:=$SCENARIO_STATE/results}"
export RESULTS KERNEL HOST_MODULE HARNESS_MODULES
mkdir -p "$RESULTS" "$SCENARIO_STATE/guests"
begun=$(cut -d. -f1 /proc/uptime)
host_sh=

elapsed() {
	echo $(($(cut -d. -f1 /proc/uptime) - begun))
}

outcome() { # KEY=VALUE
	echo "$1" >>"$SCENARIO_STATE/outcome"
}

# What host.sh left running, then the guests: by their own ids only
stop_everything() {
	[ -n "$host_sh" ] && kill -KILL -"$host_sh" 2>/dev/null
	for dir in "$SCENARIO_STATE"/guests/*; do
		[ -s "$dir/pid" ] && kill -KILL "$(cat "$dir/pid")" 2>/dev/null
		rm -f "$dir"/qmp.in "$dir"/qmp.out
	done
}

finish() { # REASON [MESSAGE]
	outcome "reason=$1"
	[ -n "${2-}" ] && outcome "message=$2" && say "$2"
	outcome "total_s=$(elapsed)"
	dmesg 2>/dev/null | tail -n "+$((kernel_lines + 1))" >"$SCENARIO_STATE/kernel.log"
	stop_everything
	exit 0
}

collect_guests() {
	for dir in "$SCENARIO_STATE"/guests/*; do
		name=${dir##*/}
		guest_alive "$name" || continue
		mkdir -p "$dir/results"
		guest_rc=$(timeout 20 guest-run -n "$name" 'cat /run/guest.sh.rc 2>/dev/null || echo none')
		outcome "guest_${name}_rc=${guest_rc:-unreachable}"
		timeout 60 guest-run -n "$name" 'cd /results && tar -cf - .' 2>/dev/null |
			tar -xf - -C "$dir/results" 2>/dev/null
		case $guest_rc in
		[1-9]*) guest_failed="guest.sh of guest $name exited with $guest_rc" ;;
		esac
	done
}

run_host_sh() {
	if [ -z "${SCENARIO_ROOT-}" ]; then
		setsid sh -c 'cd "$SCENARIO_BUNDLE/scenario" && exec ./host.sh' </dev/null 2>&1 &
	else # a private view of the file system with DIR/files/host laid over
		setsid chroot "$SCENARIO_ROOT" sh -c 'cd "$SCENARIO_BUNDLE/scenario" && exec ./host.sh' </dev/null 2>&1 &
	fi
	host_sh=$!
	while kill -0 $host_sh 2>/dev/null; do
		if [ "$(elapsed)" -ge "$TIMEOUT" ]; then
			timed_out=1
			kill -KILL -$host_sh 2>/dev/null
		fi
		sleep 0.5
	done
	wait $host_sh
}

trap 'stop_everything; exit 130' INT TERM HUP
kernel_lines=$(dmesg 2>/dev/null | wc -l)
# a kernel that has just booted has said nothing that this run did not cause
[ "$begun" -lt 30 ] && kernel_lines=0
outcome "host_kernel=$(uname -r)"
outcome "qemu=$("$SCENARIO_BUNDLE/bin/qemu" --version | head -n 1)"

PATH=$SCENARIO_BUNDLE/bin:$PATH:$SCENARIO_BUNDLE/applets
export PATH
say "starting guest $FIRST_GUEST"
GUEST_IP=$(GUEST_PATIENCE=$TIMEOUT guest-start "$FIRST_GUEST" 2>"$SCENARIO_STATE/error") || {
	[ "$(elapsed)" -lt "$TIMEOUT" ] || finish timeout "guest $FIRST_GUEST did not answer within $TIMEOUT s"
	finish setup "$(tail -n 1 "$SCENARIO_STATE/error")"
}
export GUEST_IP
outcome "host_sh_started_s=$(elapsed)"
say "guest $FIRST_GUEST answers at $GUEST_IP; running host.sh"
timed_out=0
run_host_sh
rc=$?
guest_failed=
outcome "host_sh_rc=$rc"
outcome "host_sh_ended_s=$(elapsed)"
collect_guests
[ $timed_out = 0 ] || finish timeout "host.sh had not ended after $TIMEOUT s"
[ $rc = 0 ] || finish script "host.sh exited with $rc"
[ -z "$guest_failed" ] || finish script "$guest_failed"
finish ok
