#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# tests/scenario/run as an operator runs it, on the emulated host: the scenario's own
# guest is stopped, modules are unloaded, and the runner brings up everything itself.
set -e
kill -9 "$(guest-pid main)"
sleep 1
unset SCENARIO_BUNDLE SCENARIO_STATE HOST_MODULE HARNESS_MODULES
results=$RESULTS
unset RESULTS
export SCHED_HINT_CACHE=/sched-hint/cache HOME=/root
export QEMU=/sched-hint/build/qemu/qemu-system-x86_64
cd /sched-hint
run="python3 tests/scenario/run /sched-hint/hello --host=local --timeout 100 --out /tmp/out"

rmmod vhost_net kvm_sched_hint
[ ! -e /sys/module/overlay ]
# not told to load: refuses, names the modules, loads nothing
if $run --kernel "$KERNEL" 2>"$results/refusal"; then
	exit 1
fi
grep 'vhost_net, overlay' "$results/refusal"
[ ! -e /sys/module/vhost_net ]

# what is built for this kernel, as scripts/build-modules running leaves it
$run --kernel "$KERNEL" --yes-load-modules
[ "$(cat /tmp/out/host/hello)" = "from a file laid over" ]
[ "$(cat /tmp/out/guest-main/kernel)" = "$(uname -r)" ]
[ ! -e /usr/bin/laid-over ]
cat /tmp/out/result.json
# what it loaded is gone again, and so are its tap devices
[ ! -e /sys/module/vhost_net ]
[ ! -e /sys/module/overlay ]
[ ! -e /sys/module/kvm_sched_hint ]
! ip link | grep shtap
