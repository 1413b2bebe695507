# SPDX-License-Identifier: GPL-2.0-or-later
# QEMU's monitor shows the channel, changes what the VM may use, and attaches it again.
query() { guest-qmp main x-query-sched-hint; }
set_hint() { guest-qmp main x-sched-hint-set "$1"; }
shows() { # PATTERN
	query | grep -q "$1" || fail "x-query-sched-hint does not show $1: $(query)"
}

load 2
shows '"features": \["timer", "wake-peer"\]'
# the load may have spent the budget of the second that is over
query_says() { guest-qmp main x-query-sched-hint | grep -q "$1"; }
within 5 "status ok" query_says '"status": "ok"'
shows '"attached": true'
shows '"listening": true'
text=$(guest-monitor main info sched-hint)
echo "$text" | grep -q "^  table: 1 slots at 0x" || fail "info sched-hint: $text"
seq=$(slot 0)
seq=${seq#* } told=$(guest_attribute publishes)
[ "$seq" -gt 20 ] && [ "$seq" -le "$told" ] || fail "slot 0 shows $seq publishes, the guest $told"
before=$(counter halts)
halts=$(echo "$text" | sed -n 's/^  \([0-9]*\) halts, .*/\1/p')
[ "$halts" -gt 20 ] && [ "$halts" -le "$before" ] || fail "the monitor shows $halts halts, the host $before"
kept=$(guest-monitor main info sched-hint | sed -n 's/^  .* kept for \([0-9]*\) ns .*/\1/p' | head -n 1)
[ "$kept" -gt 0 ] && [ "$kept" -le "$(counter kept_ns)" ] || fail "the monitor shows $kept ns kept"
echo "$text" | grep -q '^    budget: [0-9]* ns used of 250000000 ns' || fail "no budget: $text"

# the NIC's tap, and what has arrived there
shows '"watched": true'
before=$(counter arrivals)
load 1
packets=$(guest-monitor main info sched-hint |
	sed -n 's/^  virtio-net-pci.0 queue 0 (n0): watched, \([0-9]*\) packets, for slot 0$/\1/p')
[ "${packets:-0}" -ge "$((before + 20))" ] && [ "$packets" -le "$(counter arrivals)" ] ||
	fail "the monitor shows ${packets:-no} packets, the host $before and $(counter arrivals)"
query | grep -q '"vcpu-id": 0' || fail "x-query-sched-hint does not show for which vCPU: $(query)"

# what is set is in force, and what is not named stays, sysfs' values too
vm=$NODE/vms/$(vm_of main)
echo 7 >"$vm/budget_percent"
set_hint '{"mode": "observe", "max-keep-us": 500}'
expect "mode" "$(cat "$vm/mode")" observe
expect "max_keep_us" "$(cat "$vm/max_keep_us")" 500
expect "budget_percent, not named" "$(cat "$vm/budget_percent")" 7
shows '"mode": "observe"'
sleep 0.3
kept=$(counter kept_ns)
load 1
expect "kept_ns in observe" "$(counter kept_ns)" "$kept"
set_hint '{"mode": "off"}'
expect "status at once" "$(status main)" off
within 3 "driver told that nobody listens" guest_listening_is 0
shows '"listening": false'

# what is set outlasts a new attachment, what sysfs says does not: also if the command fails
set_hint '{"reattach": true}'
vm=$NODE/vms/$(vm_of main)
expect "mode after reattach" "$(cat "$vm/mode")" off
expect "max_keep_us after reattach" "$(cat "$vm/max_keep_us")" 500
expect "budget_percent of sysfs after reattach" "$(cat "$vm/budget_percent")" 25
echo 9 >"$vm/budget_percent"
if set_hint '{"reattach": true, "fd": "none", "max-keep-us": 600}'; then
	fail "reattach with a descriptor that there is not succeeded"
fi
expect "max_keep_us after a refusal" "$(cat "$vm/max_keep_us")" 500
expect "budget_percent of sysfs after a refusal" "$(cat "$vm/budget_percent")" 9
set_hint '{"reattach": true}'
vm=$NODE/vms/$(vm_of main)
expect "budget_percent of sysfs after a refusal and reattach" "$(cat "$vm/budget_percent")" 25
expect "max_keep_us after a refusal and reattach" "$(cat "$vm/max_keep_us")" 500

# by hand with new values, and by an upgrade of the module
set_hint '{"mode": "observe", "budget-percent": 3, "vm-budget-percent": 2, "reattach": true}'
vm=$NODE/vms/$(vm_of main)
[ "$vm" != "$NODE/vms/" ] || fail "not attached after reattach"
expect "mode after reattach" "$(cat "$vm/mode")" observe
expect "budget_percent after reattach" "$(cat "$vm/budget_percent")" 3
within 3 "driver told" guest_listening_is 1
echo 1 >$NODE/drain
within 5 "rmmod after drain" rmmod kvm_sched_hint
shows '"attached": false'
if set_hint '{"reattach": true, "budget-percent": 5}' >"$RESULTS/reattach.out"; then
	fail "reattach without a node succeeded"
fi
grep -q "modprobe kvm_sched_hint" "$RESULTS/reattach.out" || fail "reattach: $(cat "$RESULTS/reattach.out")"
load_module
within 10 "attached again" attached main
vm=$NODE/vms/$(vm_of main)
expect "vm_budget_percent after the upgrade" "$(cat "$vm/vm_budget_percent")" 2
expect "budget_percent after the upgrade and a refusal" "$(cat "$vm/budget_percent")" 3
set_hint '{"mode": "default", "max-keep-us": 20000, "budget-percent": 25, "vm-budget-percent": 0}'
channel_works
