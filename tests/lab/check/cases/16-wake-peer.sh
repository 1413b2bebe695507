# SPDX-License-Identifier: GPL-2.0-or-later
# A vCPU's wake peer follows the affinity of the application and of the interrupt; a packet for
# the application wakes both vCPUs.
ip=$(guest-start pair --vcpus 2 --guest-append quiet)
within 10 "attached" attached pair
within 5 "driver told" guest_listening_is 1 pair

irq=$(guest-run -n pair "sed -n 's/^ *\([0-9]*\):.*virtio[0-9]*-input.0\$/\1/p' /proc/interrupts")
[ -n "$irq" ]
guest-run -n pair 'udp-echo 9 >/dev/null 2>&1 </dev/null & echo $! >/tmp/echo'

interrupts_on() { # CPU
	guest-run -n pair "echo $1 >/proc/irq/$irq/smp_affinity_list"
}

echo_on() { # CPU
	guest-run -n pair "taskset -pc $1 \$(cat /tmp/echo)" >/dev/null
}

requests() { # COUNT: at gaps in which the guest is idle
	udp-ping "$ip" 9 "$1" 20
}

# Read by the monitor: what the guest itself is asked comes in by the same interrupt, and is
# news for the vote. The word means something in an idle slot only.
peer_is() { # CPU WANTED WHEN
	slot_is_idle() {
		line=$(guest-monitor pair info sched-hint | grep "^  slot $1 ")
		case $line in *": idle, "*) ;; *) return 1 ;; esac
	}
	within 2 "$3: slot $1 idle" slot_is_idle "$1"
	got=$(echo "$line" | sed -n 's/.*, wakes slot \([0-9]*\).*/\1/p')
	expect "$3: peer of vCPU $1" "${got:-none}" "$2"
}

interrupts_on 0; echo_on 1; requests 20; peer_is 0 1 "interrupt 0, application 1"
echo_on 0; requests 20; peer_is 0 none "application moved to 0"
echo_on 1; requests 20; peer_is 0 1 "application moved back to 1"
interrupts_on 1; echo_on 0; requests 20; peer_is 1 0 "interrupt 1, application 0"
# the interrupt alone: it finds the application on its own vCPU, and moves back
interrupts_on 0; requests 20; peer_is 0 none "interrupt moved to 0, application 0"
interrupts_on 1; requests 20; peer_is 1 0 "interrupt moved back to 1"

# the host: the peer is woken for the packet, kept, and runs the application then
wakes=$(counter peer_wakes pair)
requests 50
[ "$(counter peer_wakes pair)" -gt "$wakes" ] || fail "the peer is not woken for a packet"
[ "$(counter keep_peer pair)" -gt 0 ] || fail "the peer is not kept for a packet"
[ "$(counter peer_hits pair)" -gt 0 ] || fail "no packet came to the peer that was woken for it"
[ "$(counter peer_way_ns pair)" -gt "$(counter arrival_way_ns pair)" ] ||
	fail "the way to the peer is no longer than the one to the interrupt"

# interrupts that wake nobody: what was known is forgotten
requests 20; peer_is 1 0 "more of the same"
ping -q -i 0.02 -c 120 "$ip" >/dev/null; peer_is 1 none "after pings"
wakes=$(counter peer_wakes pair)
ping -q -i 0.02 -c 20 "$ip" >/dev/null
expect "wakes of a peer that is not known" "$(counter peer_wakes pair)" "$wakes"

# off by its property
guest-start single --vcpus 2 --device virtio-sched-hint-pci,wake-peer=off >/dev/null
within 10 "attached" attached single
within 5 "driver told" guest_listening_is 1 single
expect "features with wake-peer=off" "$(guest_attribute features_in_use single)" timer
