# SPDX-License-Identifier: GPL-2.0-or-later
# Limits of a VM: bad values are refused and change nothing; budget 0 keeps nothing.
vm=$NODE/vms/$(vm_of main)
for bad in max_keep_us=0 max_keep_us=9 max_keep_us=1000001 budget_percent=101 budget_percent=-1 max_keep_us=x mode=0; do
	name=${bad%%=*}
	old=$(cat "$vm/$name")
	if echo "${bad#*=}" >"$vm/$name"; then
		fail "$bad was accepted"
	fi
	expect "$name after a refusal" "$(cat "$vm/$name")" "$old"
done
echo 0 >"$vm/budget_percent"
sleep 0.2
kept=$(counter kept_ns)
load 2
expect "kept_ns with budget 0" "$(counter kept_ns)" "$kept"
echo 25 >"$vm/budget_percent"

# A guest can have itself attached anew by setting its table: that is no new budget.
load_begin
trap 'kill $load_pid 2>/dev/null || :' EXIT
uptime_cs() { sed 's/ .*//;s/\.//' /proc/uptime; }
began_cs=$(uptime_cs)
guest-qmp main x-sched-hint-set '{"reattach": true}'
until [ "$(counter grants)" -gt 0 ]; do
	[ $(($(uptime_cs) - began_cs)) -lt 2000 ] || fail "nothing is granted after a new attachment"
done
took_cs=$(($(uptime_cs) - began_cs))
[ $took_cs -ge 95 ] || fail "granted time ${took_cs}0 ms after a new attachment"
