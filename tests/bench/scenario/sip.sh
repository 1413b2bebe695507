# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034,SC2154 # variables of the files that it is sourced with
# The demonstration's SIP server and load, at PERCENT of the capacity.

prepare() {
	guest_background "exec sh /etc/demo/server.sh"
	wait_for_server
	[ -n "${capacity-}" ] || find_capacity
	rate=$(((capacity * PERCENT + 50) / 100))
	[ $rate -gt 0 ] || rate=1
	grep -q '^calls_begun=' "$RESULTS/meta" || meta calls_begun $((rate * ROUND_S))
}

# As the demonstration, which measures what the host does during the calls, and not around them.
before_load() { # LOG
	pin-load tcpdump -i "$tap" -n -s 512 -B 8192 -Z root -w "$1" udp port 5060 2>"$WORK/tcpdump.err" &
	tcpdump=$!
	sleep 0.7
}

after_load() {
	# what the kernel has captured, tcpdump gets within a second
	sleep 1.2
	kill -INT $tcpdump
	wait $tcpdump
}

load() { # LOG SECONDS SEED
	sipp_run "$rate" $((rate * $2))
	case $sipp_rc in
	0 | 1 | 124 | 143) return 0 ;; # all calls went well; some failed; some did not end
	esac
	echo "sipp exited with $sipp_rc" >"$WORK/error"
	return 1
}
