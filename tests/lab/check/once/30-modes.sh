# SPDX-License-Identifier: GPL-2.0-or-later
# Modes change under load, globally and for the VM; each does what it says.
vm=$(vm_of main)
load 12 &
load=$!
for round in 1 2 3; do
	for mode in off observe always hint; do
		set_mode $mode
		sleep 0.2
	done
done
set_mode off
within 3 "status off" status_is off
sleep 0.2
kept=$(counter kept_ns) grants=$(counter grants)
sleep 1
expect "kept_ns while off" "$(counter kept_ns)" "$kept"
expect "grants while off" "$(counter grants)" "$grants"
within 3 "driver told that nobody listens" guest_listening_is 0

set_mode observe
sleep 0.3
kept=$(counter kept_ns) halts=$(counter halts)
sleep 1.5
expect "kept_ns in observe" "$(counter kept_ns)" "$kept"
[ "$(counter halts)" -gt "$halts" ] || fail "observe does not count halts"

echo always >"$NODE/vms/$vm/mode"
kept=$(counter kept_ns)
sleep 1
[ "$(counter kept_ns)" -gt $((kept + 100000000)) ] || fail "always kept $(($(counter kept_ns) - kept)) ns in 1 s"
echo default >"$NODE/vms/$vm/mode"
expect "the VM's mode" "$(cat "$NODE/vms/$vm/mode")" default
wait $load || fail "requests were lost"
