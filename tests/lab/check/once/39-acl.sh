# SPDX-License-Identifier: GPL-2.0-or-later
# QEMU in a cgroup that may open the devices libvirt lists by default, and those that libvirt opens for
# it: the node is missing, and QEMU says what to do; with the node in the list it works.
devices=/tmp/cgroup-devices
group=$devices/vm
rule() { # NODE: as the group takes it
	stat -c '0x%t 0x%T' "$1" | while read -r major minor; do echo "c $((major)):$((minor)) rw"; done
}
mkdir -p $devices
mount -t cgroup -o devices devices $devices
clean_up() {
	kill_guest confined || :
	rmdir $group || :
	umount $devices
}
trap clean_up EXIT
mkdir $group
echo a >$group/devices.deny
for device in null full zero random urandom ptmx kvm net/tun vhost-net; do
	[ ! -e /dev/$device ] || rule /dev/$device >$group/devices.allow
done

sh -c "echo \$\$ >$group/cgroup.procs; exec guest-start confined" >/dev/null
expect "QEMU's group" "$(sed -n 's/^[0-9]*:devices://p' "/proc/$(guest-pid confined)/cgroup")" /vm
refused() {
	guest-monitor confined info sched-hint | grep -q "(add it to the device ACL of QEMU's cgroup"
}
within 5 "QEMU says what is missing" refused
not_attached confined
expect "the guest without the node" "$(guest_attribute listening confined)" 0
rule /dev/kvm-sched-hint >$group/devices.allow
channel_works confined
