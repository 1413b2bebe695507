# SPDX-License-Identifier: GPL-2.0-or-later
# The runnable counts, against spinners and through whatever moves tasks about.
guest-start busy --vcpus 2 --device virtio-sched-hint-pci,runnable=on,poll=on,wake-peer=on --guest-append quiet >/dev/null
within 10 "attached" attached busy
within 5 "driver told" guest_listening_is 1 busy
expect "features in use" "$(guest_attribute features_in_use busy)" "timer runnable poll wake_peer"

guest-run -n busy runnable spinners
guest-run -n busy runnable storm 5

# a CPU goes and comes back, under load
guest-run -n busy 'runnable storm 10 & cpu=/sys/devices/system/cpu/cpu1/online
for i in 1 2 3; do sleep 1; echo 0 >$cpu; sleep 1; echo 1 >$cpu; done; wait $!'

# the host stops listening and starts again while there is load
guest-run -n busy 'runnable storm 10' &
storm=$!
for mode in off hint off hint; do
	sleep 1.5
	set_mode $mode
done
wait $storm
guest-run -n busy runnable storm 2
expect "corrections" "$(guest_attribute runnable_corrections busy)" 0
