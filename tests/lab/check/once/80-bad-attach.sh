# SPDX-License-Identifier: GPL-2.0-or-later
# Every wrong argument of every ioctl: the documented errno, nothing changed.
before=$(ls $NODE/vms)
attach-test || fail "$(attach-test | grep FAILED | head -n 1)"
expect "VMs after bad input" "$(ls $NODE/vms)" "$before"
