# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034,SC2154 # variables of the files that it is sourced with
# Direct reads in the guest, one at a time, from a disk that is a file in the host's memory.

DISK=/dev/shm/sched-hint-bench.disk
dd if=/dev/zero of=$DISK bs=1M count="$DISK_MB" 2>/dev/null || die "cannot write $DISK"
meta backing "$(stat -f -c %T /dev/shm) file, $DISK_MB MB, cache=writeback, aio=threads"
KIND_QEMU_ARGS="-drive file=$DISK,format=raw,if=none,id=bench,cache=writeback,aio=threads -device virtio-blk-pci,drive=bench,romfile="

clean_up() {
	rm -f $DISK
}

prepare() {
	guest-run "[ -b /dev/vda ]" || die "the guest has no virtio disk"
}

load() { # LOG SECONDS SEED
	guest-run "blk-read /dev/vda $2 $3" >"$1" 2>"$WORK/error"
}
