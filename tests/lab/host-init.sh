#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The emulated host's /init. The kernel's messages go to the first serial port, the
# run's to the second, the results as a tar archive to the disk.

mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null
mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null
chmod 1777 /tmp /dev/shm
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
stty -F /dev/ttyS1 raw -echo
exec >/dev/ttyS1 2>&1 </dev/null

# KVM would not load on PREEMPT_RT
if uname -v | grep -q PREEMPT_RT; then
	insmod /lib/scenario/constant_tsc.ko || echo "lab: cannot load constant_tsc"
fi
while read -r module; do
	insmod "/lib/scenario/$module" || echo "lab: cannot load $module"
done </lib/scenario/boot-modules
ip link set lo up

export HARNESS_MODULES=/lib/scenario HOST_MODULE=/lib/scenario/kvm_sched_hint.ko
if ! grep -q 'sched_hint.host_module=0' /proc/cmdline && [ -e $HOST_MODULE ]; then
	insmod $HOST_MODULE || echo "lab: cannot load kvm_sched_hint"
fi

export SCENARIO_BUNDLE=/scenario SCENARIO_STATE=/run/scenario RESULTS=/results RESULTS_DISK=/dev/vda
mkdir -p $SCENARIO_STATE
sh $SCENARIO_BUNDLE/on-host.sh
mv /results $SCENARIO_STATE/results 2>/dev/null
tar -cf $RESULTS_DISK -C $SCENARIO_STATE .
sync
poweroff -f
