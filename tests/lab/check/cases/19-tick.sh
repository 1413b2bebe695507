# SPDX-License-Identifier: GPL-2.0-or-later
# A timer of the guest's timer wheel is published as the tick, one of high resolution is not.
# the soft lockup detector has a timer of high resolution each 4 s
guest-start timers --guest-append "quiet nowatchdog" >/dev/null
within 10 "attached" attached timers
within 5 "driver told" guest_listening_is 1 timers

# what the vCPU, idle, has as its next timer if that is due within 300 ms: "tick" or "timer"
near_timer() {
	guest-monitor timers info sched-hint |
		sed -n 's/^  slot 0 .*: idle, publish [0-9]*, \([a-z]*\) in [12]*[0-9]\{1,8\} ns.*/\1/p'
}
near_timer_is() {
	[ "$(near_timer)" = "$1" ]
}

wait_often() { # CALL
	guest-run -n timers "wait-often $1 300 >/dev/null 2>&1 </dev/null & echo \$!"
}

waiter=$(wait_often poll)
within 5 "a timer of poll()" near_timer_is timer
guest-run -n timers "kill $waiter"

wait_often recv >/dev/null
within 5 "a timer of recv()" near_timer_is tick
for _ in 1 2 3 4 5 6 7 8 9 10; do
	sleep 0.1
	! near_timer_is timer || fail "a timer of the timer wheel is not told from another: $(guest-monitor timers info sched-hint)"
done
