# SPDX-License-Identifier: GPL-2.0-or-later
# Interrupts of a device that come at one distance are expected, others are not.
guest-start rhythm --device virtio-sched-hint-pci,event=on --guest-append quiet >/dev/null
within 10 "attached" attached rhythm
within 5 "driver told" guest_listening_is 1 rhythm
expect "features in use" "$(guest_attribute features_in_use rhythm)" "timer event"

# The vCPU's slot, while it is idle.
idle_slot() {
	guest-monitor rhythm info sched-hint | grep '^  slot 0 .*: idle, '
}

# A request each 50 ms: the next is due within that, give or take a sixteenth.
expects_requests() {
	idle_slot | sed -n 's/.* event in \([0-9]*\) +- \([0-9]*\) ns.*/\1 \2/p' | {
		read -r in_ns deviation_ns || return 1
		[ "$in_ns" -le 53125000 ] && [ "$deviation_ns" -le 3125000 ]
	}
}

expects_nothing() {
	says=$(idle_slot) || return 1
	case $says in
	*" event in "*) return 1 ;;
	esac
}

pin-load ping -q -i 0.05 -w 60 "$(cat "$SCENARIO_STATE/guests/rhythm/ip")" >/dev/null &
ping=$!
within 10 "requests each 50 ms are expected" expects_requests
for _ in 1 2 3 4 5 6 7 8; do
	sleep 0.21
	# just after a request that ended its idleness, it may be running
	expects_requests || { sleep 0.01; expects_requests; } || fail "expected: $(guest-monitor rhythm info sched-hint)"
done
kill $ping
wait $ping || :
within 20 "nothing is expected once they have ended" expects_nothing
