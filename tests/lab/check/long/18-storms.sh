# SPDX-License-Identifier: GPL-2.0-or-later
# The runnable counts after longer storms than 15-runnable's.
guest-start busy --vcpus 2 --device virtio-sched-hint-pci,runnable=on,poll=on,wake-peer=on --guest-append quiet >/dev/null
within 10 "attached" attached busy
within 5 "driver told" guest_listening_is 1 busy
within 30 "at rest" guest_at_rest busy

guest-run -n busy 'runnable storm 5 && runnable counts'
storm_and_hotplug busy 10 4 1
storm_and_modes busy 10 4 1
guest-run -n busy 'runnable storm 2 && runnable counts'
expect "corrections" "$(guest_attribute runnable_corrections busy)" 0
