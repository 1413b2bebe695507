# SPDX-License-Identifier: GPL-2.0-or-later
# A timer of the guest's timer wheel is published as the tick, one of high resolution is not, but where it
# falls on the tick; where that falls on a CPU depends on skew_tick.
# the soft lockup detector has a timer of high resolution each 4 s
guest-start timers --guest-append "quiet nowatchdog" >/dev/null
within 10 "attached" attached timers
within 5 "driver told" guest_listening_is 1 timers

# what a vCPU, idle, has as its next timer if that is due within 300 ms: "tick" or "timer"
near_timer() { # GUEST ID
	guest-monitor "$1" info sched-hint |
		sed -n "s/^  slot $2 .*: idle, publish [0-9]*, \([a-z]*\) in [12]*[0-9]\{1,8\} ns.*/\1/p"
}
near_timer_is() { # WHAT [GUEST ID]
	[ "$(near_timer "${2-timers}" "${3-0}")" = "$1" ]
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

# The tick of the second of two CPUs falls on a quarter of its length with skew_tick=1, here on 1 ms.
on_round_times() { # GUEST US WHAT
	waiter=$(guest-run -n "$1" "taskset -c 1 wait-often round 40 $2 >/dev/null 2>&1 </dev/null & echo \$!")
	within 5 "guest $1: a timer at $2 us is published as $3" near_timer_is "$3" "$1" 1
	right=0 wrong=0
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do
		sleep 0.1
		# another timer may be nearer now and then
		case $(near_timer "$1" 1) in
		"$3") right=$((right + 1)) ;;
		tick | timer) wrong=$((wrong + 1)) ;;
		esac
	done
	[ $right -ge 4 ] && [ $right -gt $((2 * wrong)) ] ||
		fail "guest $1: a timer at $2 us is published as $3 $right times of $((right + wrong))"
	guest-run -n "$1" "kill $waiter"
}

for skew in 0 1; do
	guest=skew$skew
	guest-start $guest --vcpus 2 --guest-append "quiet nowatchdog skew_tick=$skew" >/dev/null
	within 10 "attached" attached $guest
	within 5 "driver told" guest_listening_is 1 $guest
	# short sleeps, in which the tick goes on
	guest-run -n $guest "taskset -c 1 sh -c 'for n in \$(seq 300); do usleep 1500; done'"
	[ $skew = 1 ] && at_0=timer at_1000=tick || at_0=tick at_1000=timer
	on_round_times $guest 0 $at_0
	on_round_times $guest 1000 $at_1000
done
