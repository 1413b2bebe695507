# SPDX-License-Identifier: GPL-2.0-or-later
# A pinned vCPU with SCHED_FIFO: it is kept, and still lets an ordinary task of its pCPU
# run whenever it halts, as stock KVM does. An ordinary vCPU likewise.
vm=$(vm_of main)
vcpu=$(grep -l "CPU 0/KVM" /proc/"$(guest-pid main)"/task/*/comm | head -n 1 | cut -d/ -f5)

# What an ordinary task gets of the vCPU's pCPU within 3 s under load, in ms.
bystander() { # MODE
	set_mode "$1"
	load 4 >/dev/null &
	ping=$!
	taskset -c 1 sh -c 'while :; do :; done' &
	spinner=$!
	sleep 0.5
	before=$(cut -d' ' -f1 /proc/$spinner/schedstat)
	sleep 3
	after=$(cut -d' ' -f1 /proc/$spinner/schedstat)
	kill $spinner
	wait $ping || :
	echo $(((after - before) / 1000000))
}

expect "the vCPU's pCPU" "$(taskset -p "$vcpu" | sed 's/.*: //')" 2
for priority in 10 0; do
	make-fifo "$vcpu" $priority
	set_mode hint
	grants=$(counter grants)
	load 3
	[ "$(counter grants)" -gt "$grants" ] || fail "priority $priority: nothing is granted"
	expect "status, priority $priority" "$(status main)" ok
	echo always >"$NODE/vms/$vm/mode"
	kept=$(counter kept_ns)
	sleep 0.5
	[ $(($(counter kept_ns) - kept)) -gt 100000000 ] || fail "priority $priority: always keeps nothing"
	echo default >"$NODE/vms/$vm/mode"

	stock=$(bystander off) always=$(bystander always) hint=$(bystander hint)
	echo "priority $priority: a task beside it got $stock ms of 3 s in mode off, $hint in hint, $always in always" |
		tee -a "$RESULTS/fifo"
	[ "$stock" -gt 500 ] || fail "the task beside it did not run: $stock ms"
	[ "$always" -gt $((stock * 8 / 10)) ] || fail "priority $priority: mode always leaves $always ms of $stock"
	[ "$hint" -gt $((stock * 8 / 10)) ] || fail "priority $priority: mode hint leaves $hint ms of $stock"
done
