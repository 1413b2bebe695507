# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034,SC2154 # variables of the files that it is sourced with
# A second VM, without the device, whose vCPU has the same pCPU as the first one's: both
# are dealt out from the last pCPU downwards. What is measured is the second one's answers;
# the first has a load of its own, so that there is something to keep it for.

. ./udp.sh

other_ip=$(guest-start bystander --device none --guest-append sched_hint.guest_module=0) ||
	die "the second guest does not start"
guest-run -n bystander "udp-server $PORT $WORK_US $POLL_TIMEOUT_MS >/tmp/background.log 2>&1 </dev/null &"
await_server bystander

load() { # LOG SECONDS SEED
	pin-load udp-load "$GUEST_IP" $PORT constant "$OTHER_GAP_US" $(($2 * 1000000 / OTHER_GAP_US)) "$3" 1 0 1 0 1 - \
		"$WORK/main.log" 2>"$WORK/error-main" &
	main_load=$!
	pin-load udp-load "$other_ip" $PORT "$PATTERN" "$GAP_US" $(($2 * 1000000 / GAP_US)) "$3" 1 0 1 0 1 - \
		"$1" 2>"$WORK/error"
	load_rc=$?
	wait $main_load || { cat "$WORK/error-main" >>"$WORK/error"; return 1; }
	return $load_rc
}
