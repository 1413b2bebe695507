# SPDX-License-Identifier: GPL-2.0-or-later
# The module is drained and replaced under load: no request is lost, the guests come back.
guest-start second >/dev/null
load_begin
for round in 1 2 3; do
	echo 1 >$NODE/drain
	within 5 "rmmod after drain" rmmod kvm_sched_hint
	load_module
	within 10 "attached again" attached main
	within 10 "the second guest attached again" attached second
	sleep 1
done
answered
channel_works
channel_works second
