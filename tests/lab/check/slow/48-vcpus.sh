# SPDX-License-Identifier: GPL-2.0-or-later
# 255 vCPUs: slots at both ends and in the middle; and ids with gaps in them, up to the last one's slot.
# The number that the guest gives to the CPU that is plugged, in $new: not the same on all kernels.
there() {
	new=$(guest-run -n "$1" "sed 's/.*[-,]//' /sys/devices/system/cpu/present")
	[ "$new" != 1 ]
}
plug() { # GUEST TOPOLOGY-IDS
	guest-qmp "$1" device_add "{\"id\": \"last\", \"driver\": \"host-x86_64-cpu\", $2}" >/dev/null
	within 30 "the last CPU is in $1" there "$1"
	guest-run -n "$1" "echo 1 >/sys/devices/system/cpu/cpu$new/online"
}
number() { # GUEST ID KEY: of a vCPU's line
	sed -n "s/^vcpu $(vm_of "$1") $2 .*\b$3=\([0-9]*\).*/\1/p" $COUNTERS
}
# The vCPU with this id publishes, is kept, and is woken early.
works() { # GUEST ID GUEST'S-CPU
	guest-run -n "$1" "taskset -c $3 sh -c 'for n in \$(seq 40); do sleep 0.05; done'"
	[ "$(number "$1" "$2" publish_seq)" -gt 20 ] || fail "vCPU $2 published $(number "$1" "$2" publish_seq)"
	# where waking costs little keeping soon does not pay, and is paused
	[ "$(number "$1" "$2" grants)" -gt 0 ] || fail "vCPU $2 was never kept"
	[ "$(number "$1" "$2" early_wakes_sent)" -gt 5 ] ||
		fail "vCPU $2 was woken early $(number "$1" "$2" early_wakes_sent) times"
	expect "bad slots of vCPU $2" "$(number "$1" "$2" stock_bad_slot)" 0
	seen=$(slot "$2" "$1")
	[ "${seen#* }" -gt 20 ] || fail "the monitor shows ${seen:-nothing} of slot $2"
	# with more vCPUs than pCPUs keeps may have been cut off: what was contended is so for a second
	within 5 "status ok" status_is ok "$1"
}

# 255 vCPUs, one after the other, of which the guest boots two, and then some of the others
guest-start row --vcpus 255,maxcpus=255,sockets=255,cores=1,threads=1 --guest-memory 512 \
	--guest-append maxcpus=2 >/dev/null
channel_works row
guest-monitor row info sched-hint | grep -q '^  table: 255 slots' || fail "not a table of 255 slots"
expect "CPUs that the guest has booted" "$(guest-run -n row cat /sys/devices/system/cpu/online)" 0-1
expect "CPUs that it has" "$(guest-run -n row cat /sys/devices/system/cpu/present)" 0-254
works row 1 1
expect "slot of a vCPU that has never run" "$(slot 128 row)" "off 0"
for cpu in 2 128 254; do
	guest-run -n row "echo 1 >/sys/devices/system/cpu/cpu$cpu/online"
	works row $cpu $cpu
done
guest-run -n row "echo 0 >/sys/devices/system/cpu/cpu128/online"
state=$(slot 128 row)
expect "slot of a vCPU that is offline" "${state% *}" off
works row 0 0
kill_guest row

# two bits for three cores: 192 of them, and the last id is 254 again
guest-start odd --vcpus 2,maxcpus=192,sockets=64,cores=3,threads=1 --guest-memory 512 >/dev/null
channel_works odd
guest-monitor odd info sched-hint | grep -q '^  table: 255 slots' || fail "not a table of 255 slots"
plug odd '"socket-id": 63, "core-id": 2, "thread-id": 0'
works odd 254 "$new"
channel_works odd
