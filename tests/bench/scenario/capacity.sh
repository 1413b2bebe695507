# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034,SC2154 # variables of the files that it is sourced with
# The highest rate of calls without a retransmission, in each configuration.

prepare() {
	guest_background "exec sh /etc/demo/server.sh"
	wait_for_server
}

load() { # LOG SECONDS SEED
	GRAIN=$GRAIN_PERCENT
	search_capacity
	echo "$capacity" >"$1"
}
