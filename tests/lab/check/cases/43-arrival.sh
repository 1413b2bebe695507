# SPDX-License-Identifier: GPL-2.0-or-later
# A packet at the tap wakes the vCPU; watches end with the attachment and with the tap.
watches_are() { [ "$(counter watches "$2")" = "$1" ]; }
pings() { pin-load ping -q -i 0.3 -c "$1" "$(cat "$SCENARIO_STATE/guests/${2-main}/ip")"; }

within 10 "the tap is watched" watches_are 1 main
arrivals=$(counter arrivals)
pings 20
[ "$(counter arrivals)" -ge "$((arrivals + 20))" ] || fail "packets are not seen"
[ "$(counter arrival_wakes)" -gt 0 ] || fail "no vCPU was woken for a packet"
[ "$(counter keep_arrival)" -gt 0 ] || fail "no vCPU was kept for a packet"
expect "the mean way is known" "$([ "$(counter arrival_way_ns)" -gt 0 ] && echo yes)" yes

# only in mode hint
set_mode observe
wakes=$(counter arrival_wakes)
arrivals=$(counter arrivals)
pings 5
expect "wakes in mode observe" "$(counter arrival_wakes)" "$wakes"
[ "$(counter arrivals)" -gt "$arrivals" ] || fail "packets are not counted in mode observe"
set_mode hint

# the attachment's end, under traffic
load_begin
for _ in 1 2; do
	echo 1 >$NODE/drain
	within 5 "detached by drain" not_attached main
	echo 0 >$NODE/drain
	within 10 "attached again" attached main
	within 5 "watched again" watches_are 1 main
	guest-qmp main x-sched-hint-set '{"reattach": true}' >/dev/null
	within 5 "watched after attaching anew" watches_are 1 main
done
answered

# two vCPUs: which one takes the interrupts has to be learned; the tap's end, under traffic
guest-start nics --vcpus 2 --qemu-args "-device pcie-root-port,id=port1,chassis=1" >/dev/null
within 10 "attached" attached nics
within 10 "its driver told" guest_listening_is 1 nics
pings 20 nics
[ "$(counter arrival_wakes nics)" -gt 0 ] || fail "of two vCPUs none was woken for a packet"
for _ in 1 2; do
	guest-qmp nics netdev_add '{"type": "tap", "id": "n1", "ifname": "shtapx", "script": "no",
		"downscript": "no", "vhost": true}' >/dev/null
	guest-qmp nics device_add '{"driver": "virtio-net-pci", "id": "nic1", "netdev": "n1",
		"bus": "port1", "romfile": ""}' >/dev/null
	within 5 "a NIC that was plugged is watched" watches_are 2 nics
	guest-monitor nics info sched-hint | grep -q "^  nic1 queue 0 (n1): watched, " ||
		fail "the monitor does not show that it is watched"
	ip addr add 10.8.0.1/24 dev shtapx
	ip link set shtapx up
	(for _ in $(seq 100); do ping -c 1 -W 1 10.8.0.2; done) >/dev/null 2>&1 &
	pinger=$!
	sleep 2
	guest-qmp nics device_del '{"id": "nic1"}' >/dev/null
	within 20 "the NIC is gone" sh -c '! guest-monitor nics info network | grep -q nic1'
	guest-qmp nics netdev_del '{"id": "n1"}' >/dev/null || :
	within 2 "the tap is gone" sh -c '! ip link show shtapx'
	within 5 "its watch is gone" watches_are 1 nics
	kill $pinger || : # it may have ended with the tap
done

# off by its property
guest-start unwatched --device virtio-sched-hint-pci,packet-arrival=off >/dev/null
within 10 "attached" attached unwatched
expect "watches with packet-arrival=off" "$(counter watches unwatched)" 0
guest-monitor unwatched info sched-hint | grep -q "(n0): not watched: packet-arrival=off" ||
	fail "the monitor does not say that it is off"
