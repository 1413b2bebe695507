# SPDX-License-Identifier: GPL-2.0-or-later
# The driver lets go of the device and takes it again, under load.
device=$(guest-run "ls $GUEST_DRIVER" | grep '^virtio[0-9]')
load_begin 15
for round in 1 2 3; do
	guest-run "echo $device >$GUEST_DRIVER/unbind"
	within 5 "detached by unbind" not_attached main
	[ "$(slot 0)" = "" ] || fail "QEMU still has a table"
	guest-run "echo $device >$GUEST_DRIVER/bind"
	within 5 "attached by bind" attached main
done
guest-run "for n in 1 2 3 4 5 6; do
	echo $device >$GUEST_DRIVER/unbind && echo $device >$GUEST_DRIVER/bind || exit 1
done"
answered
channel_works
