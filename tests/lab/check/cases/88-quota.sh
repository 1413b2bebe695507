# SPDX-License-Identifier: GPL-2.0-or-later
# A CFS quota: what is kept counts as the VM's CPU time, and must not have it throttled
# more often than stock KVM would. Rounds of mode off and hint in turns, in cgroup v2,
# with a quota that the load alone does not reach and one that it does.
cgroups=/sys/fs/cgroup
group=$cgroups/quota-vm
mountpoint -q $cgroups || mount -t cgroup2 cgroup2 $cgroups
echo +cpu >$cgroups/cgroup.subtree_control
mkdir -p $group
guest-pid main >$group/cgroup.procs
# 57-killed and the like leave none behind; this one shall not either
trap 'echo max >$group/cpu.max; guest-pid main >$cgroups/cgroup.procs; rmdir $group' EXIT

stat_of() { # KEY
	sed -n "s/^$1 //p" $group/cpu.stat
}

# Requests at gaps that are worth keeping for; nothing of it is in the group.
round() { # QUOTA-PERCENT MODE
	set_mode "$2"
	echo "$(($1 * 1000)) 100000" >$group/cpu.max
	sleep 0.5
	kept=$(counter kept_ns) usage=$(stat_of usage_usec)
	throttled=$(stat_of nr_throttled) periods=$(stat_of nr_periods)
	pin-load ping -q -i 0.02 -w 6 "$GUEST_IP" >/dev/null || :
	throttled=$(($(stat_of nr_throttled) - throttled))
	echo "$1 $2 throttled $throttled of $(($(stat_of nr_periods) - periods)) periods," \
		"used $((($(stat_of usage_usec) - usage) / 1000)) ms," \
		"kept $((($(counter kept_ns) - kept) / 1000000)) ms"
}

for quota in 20 35 60; do
	off=0 hint=0
	for n in 1 2; do
		round $quota off | tee -a "$RESULTS/quota"
		off=$((off + $(tail -n 1 "$RESULTS/quota" | cut -d' ' -f4)))
		round $quota hint | tee -a "$RESULTS/quota"
		hint=$((hint + $(tail -n 1 "$RESULTS/quota" | cut -d' ' -f4)))
	done
	echo "$quota %: throttled $off times in mode off, $hint times in mode hint" | tee -a "$RESULTS/quota-sums"
done
# a tenth of the periods is chance
awk '/throttled/ { if ($9 > $4 + 12) bad = 1 } END { exit bad }' "$RESULTS/quota-sums" ||
	fail "keeping has the VM throttled: $(tr '\n' ';' <"$RESULTS/quota-sums")"
