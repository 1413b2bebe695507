# SPDX-License-Identifier: GPL-2.0-or-later
# The guest's kernel starts another one: the first one's table is forgotten, for its
# memory is somebody else's from then on; the second one's driver sets its own.
guest-start jump --vcpus 2 --device $HOOKED >/dev/null
ip=$(cat "$SCENARIO_STATE/guests/jump/ip")
host=${ip%.2}.1
httpd -p "$host:8080" -h "$SCENARIO_BUNDLE/guest"
guest-run -n jump "cd /tmp && wget -q http://$host:8080/vmlinuz && wget -q http://$host:8080/initramfs"

again() { # BOOTS ARGUMENTS...
	boots=$1
	shift
	# in the background: nothing would end the connection
	guest-run -n jump "cmdline=\$(sed 's/sched_hint.guest_module=[^ ]*//' /proc/cmdline)
		(sleep 0.5; kexec-now /tmp/vmlinuz /tmp/initramfs \"\$cmdline $*\") >/dev/console 2>&1 &"
	guest-wait jump 60 "$boots"
}

channel_works jump
again 2 sched_hint.guest_module=0
not_attached jump || fail "the table of the kernel before is still attached"
no_table jump || fail "QEMU still has the table of the kernel before"
guest-run -n jump "insmod /lib/scenario/virtio_sched_hint.ko"
channel_works jump
hooks_work jump
guest-run -n jump "cd /tmp && wget -q http://$host:8080/vmlinuz && wget -q http://$host:8080/initramfs"
vm=$(vm_of jump)
again 3
[ "$(vm_of jump)" != "$vm" ] || fail "the attachment of the kernel before is still there"
channel_works jump
hooks_work jump
