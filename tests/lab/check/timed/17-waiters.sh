# SPDX-License-Identifier: GPL-2.0-or-later
# Who waits in poll and the like, and until when, against programs that do.
TABLE="$GUEST_DRIVER/virtio*/table"
guest-start waiting --vcpus 2 --device virtio-sched-hint-pci,runnable=on,poll=on,wake-peer=on --guest-memory 512 >/dev/null
within 10 "attached" attached waiting
within 5 "driver told" guest_listening_is 1 waiting
within 30 "at rest" guest_at_rest waiting

for what in "deadlines 6" timers wakes moves "crowd 300 2048"; do
	guest-run -n waiting "wait-test $TABLE $what"
done
# int $0x80 was in the above
entry=$(guest-run -n waiting "wait-test $TABLE entry /usr/bin/wait-32")
expect "the 32-bit entry" "$(echo "$entry" | sort -u)" "by SYSCALL"
expect "waits missed" "$(guest_attribute poll_waiters_missed waiting)" 0
guest-run -n waiting "wait-test $TABLE crowd 2100 2048"
[ "$(guest_attribute poll_waiters_missed waiting)" -gt 0 ] || fail "a crowd without end fits"
guest-run -n waiting "wait-test $TABLE rebind"
within 5 "driver told" guest_listening_is 1 waiting
guest-run -n waiting "wait-test $TABLE wakes"
kill -9 "$(guest-pid waiting)"

# taken away
guest-start without --vcpus 2 --device virtio-sched-hint-pci,runnable=on >/dev/null
within 10 "attached" attached without
within 5 "driver told" guest_listening_is 1 without
guest-run -n without "wait-test $TABLE nothing"
