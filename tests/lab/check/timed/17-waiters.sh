# SPDX-License-Identifier: GPL-2.0-or-later
# Who waits in poll and the like, and until when, against programs that do.
. "$SUITE/waiters.sh"
guest-start waiting --vcpus 2 --device virtio-sched-hint-pci,runnable=on,poll=on,wake-peer=on --guest-memory 512 >/dev/null
waiters_told waiting
kill -9 "$(guest-pid waiting)"

# taken away
guest-start without --vcpus 2 --device virtio-sched-hint-pci,runnable=on >/dev/null
within 10 "attached" attached without
within 5 "driver told" guest_listening_is 1 without
guest-run -n without "wait-test $WAIT_TABLE nothing"
