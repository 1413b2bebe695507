# SPDX-License-Identifier: GPL-2.0-or-later
# A guest that fills its slots with garbage, and one that sets impossible tables: stock,
# counted, within the budget, and the host says nothing.
right_answers() {
	if guest-run dmesg | grep "hostile: FAILED"; then
		fail "the device: $(guest-run dmesg | grep -o 'hostile: FAILED.*' | head -n 1)"
	fi
}

guest-run "rmmod virtio_sched_hint"
within 5 "detached after the driver left" not_attached main
guest-run "insmod /lib/scenario/hostile.ko"
guest-run "dmesg" | grep "hostile:" || fail "the hostile module did nothing"
right_answers
within 5 "attached with the hostile table" attached main
kept=$(counter kept_ns) free=$(counter free_ns) halts=$(counter halts) at=$(cut -d. -f1 /proc/uptime)
load 6
spent=$(($(counter kept_ns) - kept - $(counter free_ns) + free)) took=$(($(cut -d. -f1 /proc/uptime) - at + 1))
# KVM's own polling, at most once per halt, is not charged
most=$((($(counter halts) - halts) * $(cat /sys/module/kvm/parameters/halt_poll_ns)))
[ $(($(counter free_ns) - free)) -le $most ] || fail "of what was kept $(($(counter free_ns) - free)) ns were free"
# a quarter of one pCPU, over windows of a second
[ $spent -le $((took * 250000000 + 250000000)) ] || fail "kept $spent ns in $took s, more than the budget"
[ "$(counter stock_bad_slot)" -gt 0 ] || fail "no bad slot was counted"

# One that sets its table without end is attached once in a second.
first=$(vm_of main)
guest-run "rmmod hostile"
within 5 "detached again" not_attached main
at=$(cut -d. -f1 /proc/uptime)
guest-run "insmod /lib/scenario/hostile.ko flood=64"
within 5 "attached with the last table" attached main
vm=$(vm_of main) most=$(($(cut -d. -f1 /proc/uptime) - at + 2))
[ $((${vm##*-} - ${first##*-})) -le $most ] || fail "attached as $vm after $first, more than $most times"
right_answers
guest-run "rmmod hostile && insmod /lib/scenario/virtio_sched_hint.ko"
within 5 "attached again" attached main
within 5 "status ok" status_is ok
