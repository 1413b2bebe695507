# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034,SC2154 # variables of the files that it is sourced with
# What a stretch of time has cost the host, and what KVM polled in it.

NR_CPUS=$(grep -c '^cpu[0-9]' /proc/stat)

find_guest() {
	tap=$(ip route get "$GUEST_IP" | sed -n 's/.* dev \([^ ]*\).*/\1/p')
	local_ip=$(ip route get "$GUEST_IP" | sed -n 's/.* src \([^ ]*\).*/\1/p')
	if [ -z "$tap" ] || [ -z "$local_ip" ]; then
		die "no route to the guest at $GUEST_IP"
	fi
	kvm_stats=$(echo /sys/kernel/debug/kvm/"$(guest-pid)"-*)
	[ -e "$kvm_stats/halt_poll_success_ns" ] || die "no KVM statistics in $kvm_stats: mount debugfs"
}

kept_ns() {
	read -r kept_success <"$kvm_stats/halt_poll_success_ns"
	read -r kept_fail <"$kvm_stats/halt_poll_fail_ns"
	echo $((kept_success + kept_fail))
}

idle_ticks() { # idle and iowait of /proc/stat's first line: a CPU idles while its tasks wait for I/O, too
	read -r _ _ _ _ idle iowait _ </proc/stat
	echo $((idle + iowait))
}

# The monotonic clock. The third line of that file has it; /proc/uptime has hundredths of a
# second, and with five CPUs five of them are as much as an idle guest takes in five seconds.
now_ns() {
	{
		read -r _
		read -r _
		read -r _ _ now _
	} </proc/timer_list
	echo "$now"
}

# wall_ns, idle_cs and kept of a command, whose status it returns; busy_permille: of one
# pCPU, for the steps that follow
measured() { # COMMAND...
	begun_ns=$(now_ns) idle0=$(idle_ticks) kept0=$(kept_ns)
	"$@"
	measured_rc=$?
	kept1=$(kept_ns) idle1=$(idle_ticks) wall_ns=$(($(now_ns) - begun_ns))
	wall_cs=$(((wall_ns + 5000000) / 10000000)) idle_cs=$((idle1 - idle0)) kept=$((kept1 - kept0))
	[ $wall_cs -gt 0 ] || wall_cs=1
	busy_permille=$(((NR_CPUS * wall_cs - idle_cs) * 1000 / wall_cs))
	return $measured_rc
}
