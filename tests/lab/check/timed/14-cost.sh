# SPDX-License-Identifier: GPL-2.0-or-later
# What a guest's context switches cost more, where each step of two processes on one vCPU is a
# wake-up and a switch (runnable-cost has more of this): with all features, with none of those
# that hook the scheduler, and while the host does not listen.
FEATURES=runnable=on,poll=on,wake-peer=on,event=on
NO_FEATURES=runnable=off,poll=off,wake-peer=off,event=off
for guest in with without; do
	[ $guest = with ] && features=$FEATURES || features=$NO_FEATURES
	guest-start $guest --vcpus 2 --device virtio-sched-hint-pci,$features --guest-append quiet >/dev/null
	within 10 "attached" attached $guest
	within 5 "driver told" guest_listening_is 1 $guest
	within 30 "at rest" guest_at_rest $guest
done
expect "features in use" "$(guest_attribute features_in_use with)" "timer runnable poll wake_peer event"
expect "features in use" "$(guest_attribute features_in_use without)" timer

# In virtual time nanoseconds are instructions; the fastest of short batches has no tick in it and
# nothing of the other guests.
pingpong() { # GUEST NAME FILE
	took=$(guest-run -n "$1" runnable pingpong 4000 100)
	echo "$2 $took" >>"$RESULTS/$3"
}

cpuidle_is() { # DRIVER GUEST
	[ "$(guest-run -n "$2" cat /sys/devices/system/cpu/cpuidle/current_driver)" = "$1" ]
}

driver_in() { # GUEST
	guest-run -n "$1" insmod /lib/scenario/virtio_sched_hint.ko
	within 10 "attached again" attached "$1"
}

driver_out() { # GUEST
	guest-run -n "$1" rmmod virtio_sched_hint
	within 10 "detached" not_attached "$1"
}

# Of each round one of A and one of B. From one guest's state to the next 6.12 takes up to 12 thousandths
# more or less, so it is the median of the rounds that counts. Hooks that were left on would take 14 on 6.1,
# and on 6.12 too few to tell.
ratio_at_most() { # FILE A B PERMILLE WHAT
	paired-ratio "$RESULTS/$1" "$2" "$3" >"$RESULTS/$1.ratio"
	read -r ratio low high a b <"$RESULTS/$1.ratio"
	echo "$5: ratio $ratio ($low to $high), $a against $b instructions per round trip" | tee -a "$RESULTS/cost"
	# nor is anything faster by a tenth: that would be another program that was measured
	awk -v ratio="$ratio" -v most="$4" 'BEGIN { exit !(0.9 <= ratio && ratio <= 1 + most / 1000) }' ||
		fail "$5: ratio $ratio ($low to $high)"
}

cpuidle_is sched_hint with
for round in 1 2 3; do
	pingpong with with listening
	pingpong without without listening
done
ratio_at_most listening with without 20 "all features against none"

# nobody listens: as if there were no driver
set_mode off
for guest in with without; do
	within 5 "driver told" guest_listening_is 0 $guest
	within 5 "no cpuidle driver" cpuidle_is none $guest
done
for round in 1 2 3 4; do
	pingpong with negotiated off
	driver_out with
	pingpong with unloaded off
	driver_in with
	within 5 "driver told" guest_listening_is 0 with
done
ratio_at_most off negotiated unloaded 10 "not listened to against no driver"

# no feature, but listened to: nothing is hooked but the idle loop
set_mode hint
for round in 1 2 3 4; do
	within 5 "driver told" guest_listening_is 1 without
	pingpong without timer none
	driver_out without
	pingpong without unloaded none
	driver_in without
done
ratio_at_most none timer unloaded 10 "no features against no driver"
