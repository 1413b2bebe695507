# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034,SC2154 # variables of the files that it is sourced with
# The guest's disk: a file in the host's memory, or, with DISK_LATENCY_US, a device that answers
# after so long and has no content, as storage at the other end of a network takes its time. That
# one has an I/O thread: QEMU's main loop rounds such times up to a millisecond.

DISK=/dev/shm/sched-hint-bench.disk
disk_device="-device virtio-blk-pci,drive=bench,romfile="
if [ "$DISK_LATENCY_US" -gt 0 ]; then
	disk_ns=$(host_ns "$DISK_LATENCY_US")
	meta backing "null-co, $DISK_MB MB, answers after $disk_ns ns, in an I/O thread"
	KIND_QEMU_ARGS="-blockdev null-co,node-name=bench,size=$((DISK_MB << 20)),read-zeroes=on,latency-ns=$disk_ns
		-object iothread,id=disk $disk_device,iothread=disk"
else
	dd if=/dev/zero of=$DISK bs=1M count="$DISK_MB" 2>/dev/null || die "cannot write $DISK"
	meta backing "$(stat -f -c %T /dev/shm) file, $DISK_MB MB, cache=writeback, aio=threads"
	KIND_QEMU_ARGS="-drive file=$DISK,format=raw,if=none,id=bench,cache=writeback,aio=threads $disk_device"
fi

clean_up() {
	rm -f $DISK
}
