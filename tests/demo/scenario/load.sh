# SPDX-License-Identifier: GPL-2.0-or-later
# One run of sipp against the guest, with everything measured around it.

export TERM=dumb
# Split into words where it is used. Its clock in steps of 1 ms, not 2; fine-grain.so: see fine-grain.c.
SIPP="pin-load env LD_PRELOAD=$PWD/fine-grain.so sipp -timer_resol 0"
NR_CPUS=$(grep -c '^cpu[0-9]' /proc/stat)

find_guest() {
	tap=$(ip route get "$GUEST_IP" | sed -n 's/.* dev \([^ ]*\).*/\1/p')
	local_ip=$(ip route get "$GUEST_IP" | sed -n 's/.* src \([^ ]*\).*/\1/p')
	[ -n "$tap" ] && [ -n "$local_ip" ] || die "no route to the guest at $GUEST_IP"
	kvm_stats=$(echo /sys/kernel/debug/kvm/"$(guest-pid)"-*)
	[ -e "$kvm_stats/halt_poll_success_ns" ] || die "no KVM statistics in $kvm_stats: mount debugfs"
}

kept_ns() {
	read -r kept_success <"$kvm_stats/halt_poll_success_ns"
	read -r kept_fail <"$kvm_stats/halt_poll_fail_ns"
	echo $((kept_success + kept_fail))
}

idle_ticks() { # the fourth column of /proc/stat's first line
	read -r _ _ _ _ idle _ </proc/stat
	echo "$idle"
}

uptime_cs() { # in 1/100 s
	read -r up _ </proc/uptime
	echo "${up%.*}${up#*.}"
}

column() { # FILE NAME: the last value of a column of sipp's statistics
	awk -F';' -v name="$2" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) k = i }
		END { print (k ? $k + 0 : -1) }' "$1"
}

# The stock scenario, RATE calls per second, COUNT calls. A call whose INVITE got a 100
# and nothing more would wait for ever: DRAIN_S after the last call sipp is ended, and
# what has not ended by then has failed. sipp exits with 1 when calls failed.
sipp_run() { # RATE COUNT
	rm -f "$WORK/stat.csv"
	timeout -k 5 $(($2 / $1 + DRAIN_S)) $SIPP -sn uac -nostdin "$GUEST_IP:5060" -i "$local_ip" -p 5062 \
		-r "$1" -m "$2" -trace_stat -stf "$WORK/stat.csv" -fd 3600 >"$WORK/sipp.out" 2>"$WORK/sipp.err"
	sipp_rc=$?
	[ -s "$WORK/stat.csv" ] || die "sipp failed ($sipp_rc): $(tail -n 1 "$WORK/sipp.err")"
	retransmissions=$(column "$WORK/stat.csv" "Retransmissions(C)")
	failed=$(($2 - $(column "$WORK/stat.csv" "SuccessfulCall(C)")))
}

# For as long as all goes well: ends at the first retransmission
sipp_clean() { # RATE SECONDS
	rm -f "$WORK/stat.csv"
	$SIPP -sn uac -nostdin "$GUEST_IP:5060" -i "$local_ip" -p 5062 -r "$1" -m $(($1 * $2)) \
		-trace_stat -stf "$WORK/stat.csv" -fd 1 >"$WORK/sipp.out" 2>"$WORK/sipp.err" &
	sipp=$!
	seconds=0 retransmissions=0
	while kill -0 $sipp 2>/dev/null && [ "$retransmissions" -le 0 ] && [ $seconds -lt $(($2 + DRAIN_S)) ]; do
		sleep 1
		seconds=$((seconds + 1))
		[ ! -s "$WORK/stat.csv" ] || retransmissions=$(column "$WORK/stat.csv" "Retransmissions(C)")
	done
	kill $sipp 2>/dev/null
	wait $sipp
	failed=$(($1 * $2 - $(column "$WORK/stat.csv" "SuccessfulCall(C)")))
	[ "$retransmissions" = 0 ] && [ $failed = 0 ]
}

# busy_permille: of one pCPU, for the steps that follow
measured_run() { # RATE COUNT
	up0=$(uptime_cs) idle0=$(idle_ticks) kept0=$(kept_ns)
	sipp_run "$1" "$2"
	kept1=$(kept_ns) idle1=$(idle_ticks) up1=$(uptime_cs)
	wall_cs=$((up1 - up0)) idle_cs=$((idle1 - idle0))
	busy_permille=$(((NR_CPUS * wall_cs - idle_cs) * 1000 / wall_cs))
}

# A round goes to rounds.tsv: load config round rate calls wall_cs idle_ticks kept_ns
# sipp's retransmissions and failures, its exit status, the capture
round() { # LOAD CONFIG ROUND RATE COUNT
	capture=$1-$2-$3.pcap
	pin-load tcpdump -i "$tap" -n -s 512 -B 8192 -Z root -w "$RESULTS/$capture" udp port 5060 2>"$WORK/tcpdump.err" &
	tcpdump=$!
	sleep 0.7
	measured_run "$4" "$5"
	# what the kernel has captured, tcpdump gets within a second
	sleep 1.2
	kill -INT $tcpdump
	wait $tcpdump
	printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" "$5" "$wall_cs" "$idle_cs" \
		$((kept1 - kept0)) "$retransmissions" "$failed" "$sipp_rc" "$capture" >>"$RESULTS/rounds.tsv"
	[ ! -e /proc/kvm-sched-hint ] || cat /proc/kvm-sched-hint >"$RESULTS/counters-$1-$2-$3"
	save-results meta rounds.tsv "$capture"
}
