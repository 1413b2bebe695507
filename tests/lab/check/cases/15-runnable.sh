# SPDX-License-Identifier: GPL-2.0-or-later
# The runnable counts, against spinners and through whatever moves tasks about.
guest-start busy --vcpus 2 >/dev/null
within 10 "attached" attached busy
within 5 "driver told" guest_listening_is 1 busy
expect "features in use" "$(guest_attribute features_in_use busy)" "timer runnable poll wake_peer"

guest-run -n busy runnable spinners
guest-run -n busy runnable storm 5

# a CPU goes and comes back, under load
guest-run -n busy 'runnable storm 12 & cpu=/sys/devices/system/cpu/cpu1/online
for i in 1 2 3 4 5; do sleep 0.7; echo 0 >$cpu; sleep 0.7; echo 1 >$cpu; done; wait $!'
guest-run -n busy runnable spinners

expect "corrections" "$(guest_attribute runnable_corrections busy)" 0
