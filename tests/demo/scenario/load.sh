# SPDX-License-Identifier: GPL-2.0-or-later
# One run of sipp against the guest, with everything measured around it.

# A round goes to rounds.tsv: load config round rate calls wall_cs idle_ticks kept_ns
# sipp's retransmissions and failures, its exit status, the capture
round() { # LOAD CONFIG ROUND RATE COUNT
	capture=$1-$2-$3.pcap
	pin-load tcpdump -i "$tap" -n -s 512 -B 8192 -Z root -w "$RESULTS/$capture" udp port 5060 2>"$WORK/tcpdump.err" &
	tcpdump=$!
	sleep 0.7
	measured sipp_run "$4" "$5"
	# what the kernel has captured, tcpdump gets within a second
	sleep 1.2
	kill -INT $tcpdump
	wait $tcpdump
	printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" "$5" "$wall_cs" "$idle_cs" \
		"$kept" "$retransmissions" "$failed" "$sipp_rc" "$capture" >>"$RESULTS/rounds.tsv"
	[ ! -e /proc/kvm-sched-hint ] || cat /proc/kvm-sched-hint >"$RESULTS/counters-$1-$2-$3"
	save-results meta rounds.tsv "$capture"
}
