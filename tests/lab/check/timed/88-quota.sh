# SPDX-License-Identifier: GPL-2.0-or-later
# A CFS quota (cpu.max of cgroup v2, cpu.cfs_quota_us of v1): what is kept counts as the VM's CPU
# time, and must not have the VM throttled more often than stock KVM would. The quota is a little
# more than the load uses in mode off, so that a little more would reach it: mode always does.
cgroups=/sys/fs/cgroup
group=$cgroups/vm
v1=/tmp/cgroup-v1
grep -q " $cgroups cgroup2 " /proc/mounts || mount -t cgroup2 cgroup2 $cgroups
echo +cpu >$cgroups/cgroup.subtree_control
mkdir -p $group/vcpu0
guest-pid main >$group/cgroup.procs
no_groups() {
	echo max >$group/cpu.max
	guest-pid main >$cgroups/cgroup.procs
	rmdir $group/vcpu0 $group
}
trap no_groups EXIT

stat_of() { # KEY
	sed -n "s/^$1 //p" $group/cpu.stat
}

# One round of 4 s: leaves used (percent of a pCPU) and throttled (of 1000 periods).
round() { # INTERVAL-MS QUOTA-PERCENT|max MODE
	set_mode "$3"
	quota=max
	[ "$2" = max ] || quota=$(($2 * 1000))
	echo "$quota 100000" >$group/cpu.max
	sleep 0.3
	kept=$(counter kept_ns) used=$(stat_of usage_usec)
	throttled=$(stat_of nr_throttled) periods=$(stat_of nr_periods)
	pin-load ping -q -i "0.0$1" -w 4 "$GUEST_IP" >/dev/null || :
	used=$((($(stat_of usage_usec) - used) / 40000))
	periods=$(($(stat_of nr_periods) - periods))
	throttled=$((1000 * ($(stat_of nr_throttled) - throttled) / (periods ? periods : 1)))
	echo "every $1 ms, quota $2 %, mode $3: used $used %, throttled in $throttled of 1000 periods," \
		"kept $((($(counter kept_ns) - kept) / 4000000)) ms/s" | tee -a "$RESULTS/quota"
}

kept_more_than() { # NS
	[ "$(counter kept_ns)" -gt "$1" ]
}

set_quota() { # GROUP US|max
	if [ -e "$1/cpu.max" ]; then
		echo "$2 100000" >"$1/cpu.max"
	else
		[ "$2" != max ] || set -- "$1" -1
		echo "$2" >"$1/cpu.cfs_quota_us"
	fi
}

# The status tells, and halts are as in mode off, while there is a quota: of the group itself,
# of one that only the vCPU's thread is in, as libvirt makes them, or of one above that.
has_quota() { # GROUP
	set_quota "$1" 60000
	within 5 "status quota, $1" status_is quota
	sleep 0.5
	kept=$(counter kept_ns) limited=$(counter stock_quota)
	sleep 1
	expect "kept under a quota of $1" "$(counter kept_ns)" "$kept"
	[ "$(counter stock_quota)" -gt "$limited" ] || fail "halts under a quota of $1 are not counted"
	expect "listening under a quota of $1" "$(guest_attribute listening)" 0
	set_quota "$1" max
	within 10 "status ok without the quota of $1" status_is ok
	within 10 "kept without the quota of $1" kept_more_than "$kept"
}

set_mode hint
load_begin
has_quota $group
echo threaded >$group/vcpu0/cgroup.type
echo +cpu >$group/cgroup.subtree_control
grep -l "CPU 0/KVM" /proc/"$(guest-pid main)"/task/*/comm | cut -d/ -f5 >$group/vcpu0/cgroup.threads
has_quota $group/vcpu0
has_quota $group
guest-pid main >$group/cgroup.procs
load_end

for interval in 05 20; do
	round $interval max off
	limit=$((used * 120 / 100 + 2)) off=0 hint=0 always=0
	for n in 1 2 3; do
		for mode in off hint; do
			round $interval $limit $mode
			eval "$mode=\$(($mode + throttled))"
		done
	done
	round $interval $limit always
	always=$throttled
	echo "every $interval ms: throttled in $((off / 3)) of 1000 periods in mode off, $((hint / 3)) in hint," \
		"$always in always" | tee -a "$RESULTS/quota-sums"
	[ $always -gt $((off / 3 + 300)) ] || fail "mode always, which the quota must stop, is not throttled: $always"
	# 50 is two periods of the forty in a round: chance
	[ $((hint / 3)) -le $((off / 3 + 50)) ] || fail "keeping has the VM throttled: $(tail -n 1 "$RESULTS/quota-sums")"
done

# The controller is v1's as soon as v2's groups are gone, which they are a moment after they were removed.
set_mode hint
trap - EXIT
no_groups
echo -cpu >$cgroups/cgroup.subtree_control
mkdir -p $v1
within 20 "cgroup v1 has the controller" mount -t cgroup -o cpu cgroup $v1
mkdir $v1/vm
guest-pid main >$v1/vm/cgroup.procs
trap 'guest-pid main >$v1/cgroup.procs; rmdir $v1/vm; umount $v1' EXIT
load_begin
has_quota $v1/vm
load_end
