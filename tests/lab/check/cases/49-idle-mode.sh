# SPDX-License-Identifier: GPL-2.0-or-later
# Another cpuidle driver has the place, and goes while the host listens; what becomes of the slots,
# of the host's polling and of the driver's status when the host stops.
mock=/sys/module/haltpoll_mock/parameters
guest-start other --vcpus 2 --guest-append sched_hint.guest_module=0 >/dev/null
guest-run -n other "insmod /lib/scenario/haltpoll_mock.ko && echo 1 >$mock/driver"
host_polls() { # CPU
	guest-run -n other "taskset -c $1 cat $mock/host_polls"
}
listens() {
	set_mode hint
	within 10 "driver told that the host listens" guest_listening_is 1 other
}
stops() {
	set_mode off
	within 10 "driver told that nobody listens" guest_listening_is 0 other
}
expect "the host polls, with a driver that polls itself" "$(host_polls 1)" 0
guest-run -n other "insmod /lib/scenario/virtio_sched_hint.ko"
listens
expect "idle mode" "$(guest_attribute idle_mode other)" tracepoint
expect "the host polls, listening" "$(host_polls 0)" 1

# Whoever looks at its own CPU's slot is not idle, whenever the host starts or stops to listen.
# The state is the word's lowest byte: 2 is idle.
guest-run -n other "table=\$(echo $GUEST_DRIVER/virtio*/table) end=\$((\$(date +%s) + 12)) n=0
	while [ \$(date +%s) -lt \$end ]; do
		n=\$((n + 1))
		state=\$(taskset -c 1 hexdump -s 256 -n 1 -e '\"%u\"' \$table)
		[ \$state != 2 ] || exec echo idle, at look \$n
		usleep 2000
	done
	echo never, in \$n looks" >"$RESULTS/looks" &
looks=$!
while kill -0 $looks; do
	stops
	listens
done
wait $looks
grep never "$RESULTS/looks" || fail "a CPU's slot said idle while it ran: $(cat "$RESULTS/looks")"

stops
for cpu in 0 1; do
	expect "the host polls again for CPU $cpu, with a driver that polls itself" "$(host_polls $cpu)" 0
done
listens
guest-run -n other "echo 0 >$mock/driver"
stops
for cpu in 0 1; do
	expect "the host polls for CPU $cpu, nobody else does" "$(host_polls $cpu)" 1
done

# It is told why nothing is published while the host listens, and no longer.
guest-run -n other "echo 1 >$mock/refuses"
listens
expect "status" "$(guest_attribute hint_status other)" \
	"cannot hook the idle loop (see the kernel's log)"
stops
expect "status, nobody listening" "$(guest_attribute hint_status other)" "host not listening"
guest-run -n other "echo 0 >$mock/refuses"
listens
expect "idle mode, the other driver gone" "$(guest_attribute idle_mode other)" cpuidle
channel_works other
