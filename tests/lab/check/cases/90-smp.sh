# SPDX-License-Identifier: GPL-2.0-or-later
# Two vCPUs: both are seen, both publish.
guest-start pair --vcpus 2 >/dev/null
within 10 "attached" attached pair
guest-run -n pair "for i in 0 1; do taskset -c \$i sh -c 'for n in 1 2 3 4 5 6 7 8 9; do sleep 0.1; done' & done; wait"
vm=$(vm_of pair)
for id in 0 1; do
	seq=$(sed -n "s/^vcpu $vm $id .*publish_seq=\([0-9]*\).*/\1/p" $COUNTERS)
	[ "${seq:-0}" -gt 5 ] || fail "vCPU $id published ${seq:-nothing}"
done
