# SPDX-License-Identifier: GPL-2.0-or-later
# Tasks that wait for I/O: as many as there are, where they blocked, until they go on.
DISK=$SCENARIO_STATE/iowait.disk
dd if=/dev/zero of="$DISK" bs=1M count=16 2>/dev/null
# a disk that answers once a second
guest-start io --vcpus 2 --device virtio-sched-hint-pci,poll=on --qemu-args "-drive \
file=$DISK,format=raw,if=none,id=slow,throttling.iops-total=1 -device virtio-blk-pci,drive=slow,romfile=" >/dev/null
within 10 "attached" attached io
within 5 "driver told" guest_listening_is 1 io

# by the monitor, of slots that are idle; the guest's own look would run on one of them
iowait() { # SLOT
	guest-monitor io info sched-hint | sed -n "s/^  slot $1 .*: idle, .*, \([0-9]*\) wait for I\/O.*/\1/p"
}
iowait_is() { # SLOT COUNT
	[ "$(iowait "$1")" = "$2" ]
}

read_on() { # CPU OFFSET
	guest-run -n io "taskset -c $1 dd if=/dev/vda of=/dev/null bs=4k skip=$2 >/dev/null 2>&1 </dev/null & echo \$!"
}

within 5 "nobody waits on 0" iowait_is 0 0
within 5 "nobody waits on 1" iowait_is 1 0
first=$(read_on 1 0)
within 10 "one waits on 1" iowait_is 1 1
within 5 "nobody waits on 0 because of that" iowait_is 0 0
second=$(read_on 1 1024)
third=$(read_on 0 2048)
within 10 "two wait on 1" iowait_is 1 2
within 10 "one waits on 0" iowait_is 0 1
guest-run -n io "kill -9 $first $second $third"
within 20 "nobody waits on 1 any more" iowait_is 1 0
within 20 "nobody waits on 0 any more" iowait_is 0 0
rm -f "$DISK"
