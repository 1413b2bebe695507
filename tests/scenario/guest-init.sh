#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The guest's /init: modules, address, guest.sh; then the agent for guest-run.

mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm /run /tmp /results
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null
mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null
chmod 1777 /tmp /dev/shm
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root

parameter() { # NAME
	for word in $(cat /proc/cmdline); do
		case $word in
		"$1"=*) echo "${word#*=}" ;;
		esac
	done
}

while read -r module; do
	insmod "/lib/scenario/$module" || echo "sched-hint-guest: cannot load $module"
done </lib/scenario/boot-modules
hostname "$(parameter sched_hint.name)"
ip link set lo up
ip addr add "$(parameter sched_hint.ip)/24" dev eth0
ip link set eth0 up
ip route add default via "$(parameter sched_hint.ip | sed 's/[0-9]*$/1/')"

driver=/lib/scenario/virtio_sched_hint.ko
if [ "$(parameter sched_hint.guest_module)" != 0 ] && [ -e $driver ]; then
	insmod $driver || echo "sched-hint-guest: cannot load virtio_sched_hint"
fi
if [ -x /guest.sh ]; then
	(
		cd / && RESULTS=/results ./guest.sh </dev/null
		echo $? >/run/guest.sh.rc
	) &
fi
exec /usr/bin/agent serve 513 "sched-hint-guest: ready"
