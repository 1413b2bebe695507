# SPDX-License-Identifier: GPL-2.0-or-later
# A reset clears the table; the guest's next boot sets a new one.
boots=$(grep -c "sched-hint-guest: ready" "$SCENARIO_STATE/guests/main/console.log")
guest-monitor main system_reset
within 5 "detached by the reset" not_attached main
guest-wait main 60 $((boots + 1))
within 10 "attached after the reset" attached main
within 10 "driver told" guest_listening_is 1
load 2
within 5 "status ok" status_is ok
