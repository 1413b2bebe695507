# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034,SC2154 # variables of the files that it is sourced with
# Nothing at all in the guest.

prepare() {
	sleep 3 # what it still does after its boot
}

load() { # LOG SECONDS SEED
	sleep "$2"
	: >"$1"
}
