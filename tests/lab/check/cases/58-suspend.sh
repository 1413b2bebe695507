# SPDX-License-Identifier: GPL-2.0-or-later
# Suspend to idle: the table is away while the guest sleeps, and back when it wakes up.
guest-start nap --vcpus 2 --device $HOOKED >/dev/null
channel_works nap
for round in 1 2; do
	suspend nap
	channel_works nap
done
hooks_work nap
load_begin nap
sleep 2
answered
