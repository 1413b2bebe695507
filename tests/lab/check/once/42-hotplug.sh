# SPDX-License-Identifier: GPL-2.0-or-later
# The device comes and goes while the guest runs under load, and so does all that is hooked for it.
add() {
	guest-qmp hot device_add '{"driver": "virtio-sched-hint-pci", "id": "hint0", "bus": "port0",
		"runnable": true, "poll": true, "event": true}'
}
del() { guest-qmp hot device_del '{"id": "hint0"}'; }
gone() { guest-monitor hot info sched-hint | grep -q "no virtio-sched-hint device"; }

guest-start hot --vcpus 2 --device none --qemu-args "-device pcie-root-port,id=port0,chassis=1" >/dev/null
gone || fail "there is a device before device_add"
not_attached hot
load_begin hot
for round in 1 2; do
	add
	channel_works hot
	hooks_work hot
	# while tasks come and go, whose hooks go with it
	guest-run -n hot "rm -f /tmp/stormed; (runnable storm 5 0; echo \$? >/tmp/stormed) >/dev/null 2>&1 & sleep 0.3"
	del
	within 20 "detached by device_del" not_attached hot
	within 20 "the device is gone" gone
	[ -z "$(guest-run -n hot "ls $GUEST_DRIVER | grep '^virtio[0-9]' || :")" ] ||
		fail "the driver still has a device"
	within 30 "the storm around device_del" guest-run -n hot "[ \"\$(cat /tmp/stormed)\" = 0 ]"
done
answered
add
channel_works hot
hooks_work hot
