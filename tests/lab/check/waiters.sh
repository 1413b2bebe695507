# SPDX-License-Identifier: GPL-2.0-or-later
# For 17-waiters and 17-preempt.

# Who waits in poll and the like is told by a guest of two vCPUs, and until when, against programs that do.
WAIT_TABLE="$GUEST_DRIVER/virtio*/table"
waiters_told() { # GUEST
	within 10 "attached" attached "$1"
	within 5 "driver told" guest_listening_is 1 "$1"
	within 30 "at rest" guest_at_rest "$1"
	for what in "deadlines 6" timers wakes moves "crowd 300 2048"; do
		guest-run -n "$1" "wait-test $WAIT_TABLE $what"
	done
	# int $0x80 was in the above
	entry=$(guest-run -n "$1" "wait-test $WAIT_TABLE entry /usr/bin/wait-32")
	expect "the 32-bit entry" "$(echo "$entry" | sort -u)" "by SYSCALL"
	expect "waits missed" "$(guest_attribute poll_waiters_missed "$1")" 0
	guest-run -n "$1" "wait-test $WAIT_TABLE crowd 2100 2048"
	[ "$(guest_attribute poll_waiters_missed "$1")" -gt 0 ] || fail "a crowd without end fits"
	guest-run -n "$1" "wait-test $WAIT_TABLE rebind"
	within 5 "driver told" guest_listening_is 1 "$1"
	guest-run -n "$1" "wait-test $WAIT_TABLE wakes"
}
