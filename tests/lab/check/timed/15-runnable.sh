# SPDX-License-Identifier: GPL-2.0-or-later
# The runnable counts, against spinners and through whatever moves tasks about. long/18-storms
# has more of the latter.
guest-start busy --vcpus 2 --device virtio-sched-hint-pci,runnable=on,poll=on,wake-peer=on --guest-append quiet >/dev/null
within 10 "attached" attached busy
within 5 "driver told" guest_listening_is 1 busy
within 30 "at rest" guest_at_rest busy
expect "features in use" "$(guest_attribute features_in_use busy)" "timer runnable poll wake_peer"

guest-run -n busy runnable spinners
storm_and_hotplug busy 2 2 0.2
storm_and_modes busy 2 2 0.2
expect "corrections" "$(guest_attribute runnable_corrections busy)" 0
kill_guest busy

# who is overloaded; a third vCPU looks on
guest-start three --vcpus 3 --device virtio-sched-hint-pci,runnable=on --guest-append quiet >/dev/null
within 10 "attached" attached three
within 5 "driver told" guest_listening_is 1 three
within 30 "at rest" guest_at_rest three
guest-run -n three runnable overloaded
