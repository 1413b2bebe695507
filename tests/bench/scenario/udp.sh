# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034,SC2154 # variables of the files that it is sourced with
# Requests over UDP to a server in the guest that waits in poll().

PORT=7777

prepare() {
	if [ "${CHAIN-0}" = 1 ]; then # interrupts on vCPU 0, the server on vCPU 1
		irq=$(guest-run "sed -n 's/^ *\([0-9]*\):.*virtio[0-9]*-input.0\$/\1/p' /proc/interrupts")
		[ -n "$irq" ] || die "the guest's network device has no interrupt of its own"
		guest-run "echo 0 >/proc/irq/$irq/smp_affinity_list" || die "cannot move the guest's interrupt"
		guest_background "exec taskset 2 udp-server $PORT $WORK_US $POLL_TIMEOUT_MS"
	else
		guest_background "exec udp-server $PORT $WORK_US $POLL_TIMEOUT_MS ${KIND_QEMU_ARGS:+/dev/vda}"
	fi
	await_server main
}

# It first finds out how fast its CPU is.
await_server() { # GUEST
	guest-run -n "$1" "for i in \$(seq 100); do
		grep -q ':$(printf %04X $PORT) ' /proc/net/udp && exit; sleep 0.1; done; exit 1" ||
		die "the server in guest $1 does not start: $(guest-run -n "$1" 'tail -n 1 /tmp/background.log')"
}

# As many requests as take the seconds on average, at least one repetition
load() { # LOG SECONDS SEED
	count=${BURST_COUNT:-0}
	[ "$count" -gt 0 ] || count=$(($2 * 1000000 / MEAN_GAP_US))
	pin-load udp-load "$GUEST_IP" $PORT "$PATTERN" "$GAP_US" "$count" "$3" "$REPEAT" "$SILENCE_MS" \
		"$BURST" "$OFF_US" "$DRIFT_MS" "$REQUEST" "$1" 2>"$WORK/error"
}
