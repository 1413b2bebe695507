# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034,SC2154 # variables of the files that it is sourced with
# Nothing at all in the guest.

POLLING_S=5

prepare() {
	sleep 3 # what it still does after its boot
}

# A CPU that polls is busy, that is soon told, and takes long where it is emulated
load() { # LOG SECONDS SEED
	case $config_now in
	always | idle-poll | cpu-pm) [ "$2" -lt "$POLLING_S" ] || set -- "$1" "$POLLING_S" ;;
	esac
	sleep "$2"
	guest-pid main >/dev/null || { echo "the guest has ended" >"$WORK/error"; return 1; }
	: >"$1"
}
