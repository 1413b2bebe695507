# SPDX-License-Identifier: GPL-2.0-or-later
# The counters of an attached VM move, and so do the guest's.
vm=$(vm_of main)
halts=$(counter halts) publishes=$(guest_attribute publishes)
load 3
[ "$(counter halts)" -gt "$((halts + 20))" ] || fail "only $(($(counter halts) - halts)) halts seen under load"
[ "$(guest_attribute publishes)" -gt "$((publishes + 20))" ] || fail "the guest does not publish"
expect "status" "$(status main)" ok
grep -q "^vcpu $vm 0 " $COUNTERS || fail "no line for vCPU 0"
[ "$(counter grants)" -gt 0 ] || fail "nothing was granted"
[ "$(counter stock_bad_slot)" = 0 ] || fail "honest slots are called bad"

# A guest's timers: it is woken ahead of them
early=$(counter early_wakes_sent)
guest-run 'for n in $(seq 40); do sleep 0.05; done'
early=$(($(counter early_wakes_sent) - early))
[ "$early" -gt 5 ] || fail "40 timers, and $early early wakes"
