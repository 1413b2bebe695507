# SPDX-License-Identifier: GPL-2.0-or-later
# Somebody switches kprobes off: the watchdog notices, KVM is stock, the guest is told.
load 20 >/dev/null &
echo 0 >/sys/kernel/debug/kprobes/enabled
within 8 "status disarmed" status_is disarmed
within 5 "driver told" guest_listening_is 0
echo 1 >/sys/kernel/debug/kprobes/enabled
within 8 "status ok again" status_is ok
within 5 "driver told again" guest_listening_is 1
kill $! || :
