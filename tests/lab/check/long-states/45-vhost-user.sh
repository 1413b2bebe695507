# SPDX-License-Identifier: GPL-2.0-or-later
# A vhost-user NIC: the guest's RAM is shared with another process, which brings the packets.
. "$SUITE/untapped.sh"
ip link del shuser 2>/dev/null || : # left by a first try
taskset -c 0 vhost-user-tap /run/vhost-user.socket shuser &
within 5 "its backend" [ -S /run/vhost-user.socket ]
guest-start user --guest-memory 256 --device virtio-sched-hint-pci,event=on --guest-append quiet --qemu-args "
	-object memory-backend-memfd,id=ram,size=256M,share=on -machine memory-backend=ram
	-chardev socket,id=c1,path=/run/vhost-user.socket -netdev vhost-user,id=n1,chardev=c1
	-device virtio-net-pci,id=user,netdev=n1,romfile=" >/dev/null
# the table is read in RAM that is a shared memfd
channel_works user
expect "features in use" "$(guest_attribute features_in_use user)" "timer event"
guest-monitor user info sched-hint >"$RESULTS/vhost-user.info"
grep -q "^  user queue 0 (n1): not watched: vhost-user is no tap" "$RESULTS/vhost-user.info" ||
	fail "the monitor does not say why it is not watched: $(grep n1 "$RESULTS/vhost-user.info")"
expect "watches" "$(counter watches user)" 1
ip addr add 10.8.1.1/24 dev shuser
ip link set shuser up
guest-run -n user "ip addr add 10.8.1.2/24 dev eth1 && ip link set eth1 up"
untapped user 10.8.1.2 40 times
