# SPDX-License-Identifier: GPL-2.0-or-later
# The driver lets go of the device and takes it again, under load, and all that it hooks with it.
guest-start loose --vcpus 2 --device $HOOKED >/dev/null
device=$(guest-run -n loose "ls $GUEST_DRIVER" | grep '^virtio[0-9]')
within 20 "attached" attached loose
load_begin loose
for round in 1 2 3; do
	guest-run -n loose "echo $device >$GUEST_DRIVER/unbind"
	within 5 "detached by unbind" not_attached loose
	no_table loose || fail "QEMU still has a table"
	guest-run -n loose "echo $device >$GUEST_DRIVER/bind"
	within 5 "attached by bind" attached loose
done
# while tasks come and go: what is counted then must not be left over
guest-run -n loose "runnable storm 2 0 & storm=\$! && sleep 0.3
	for n in 1 2 3 4 5 6; do
		echo $device >$GUEST_DRIVER/unbind && echo $device >$GUEST_DRIVER/bind || exit 1
	done
	wait \$storm"
answered
channel_works loose
hooks_work loose
