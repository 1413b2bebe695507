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

corrections() {
	guest_attribute runnable_corrections busy
}
expect "corrections" "$(corrections)" 0

# The host stops listening and starts again while there is load. A task that was ending on a
# vCPU when it started is missed in the first count, and corrected.
guest-run -n busy 'runnable storm 10' &
storm=$!
for mode in off hint off hint; do
	sleep 1.5
	set_mode $mode
done
wait $storm
starts=2 vcpus=2
[ "$(corrections)" -le $((starts * vcpus)) ] || fail "$(corrections) corrections after $starts starts on $vcpus vCPUs"
guest-run -n busy runnable storm 2
