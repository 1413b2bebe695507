# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034,SC2154 # variables of the files that it is sourced with
# Direct reads in the guest, one at a time.

. ./disk.sh

prepare() {
	guest-run "[ -b /dev/vda ]" || die "the guest has no virtio disk"
}

load() { # LOG SECONDS SEED
	guest-run "blk-read /dev/vda $2 $3" >"$1" 2>"$WORK/error"
}
