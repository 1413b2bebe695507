# SPDX-License-Identifier: GPL-2.0-or-later
# The guest's driver loads by itself: udev asks for the device's modalias, and modprobe
# finds the driver by its alias.
guest-run rmmod virtio_sched_hint
within 5 "detached" not_attached main
guest-run '
	set -e
	folder=/lib/modules/$(uname -r)
	mkdir -p $folder
	cp /lib/scenario/virtio_sched_hint.ko $folder/
	depmod
	for device in /sys/bus/virtio/devices/*; do
		[ "$(cat $device/device)" = 0x003f ] && break
	done
	cat $device/modalias
	modprobe "$(cat $device/modalias)"
' >"$RESULTS/modalias"
cat "$RESULTS/modalias"
expect "the device's modalias" "$(cat "$RESULTS/modalias")" virtio:d0000003Fv00001AF4
within 10 "attached by modalias" attached main
within 10 "driver told" guest_listening_is 1
