# SPDX-License-Identifier: GPL-2.0-or-later
# The guest sleeps in S3, and hibernates: to disk and back in one go, and through another boot,
# whose kernel has set a table of its own when the old kernel's memory takes the place of its.
swap=/tmp/swap
sleeps() { # HOW: in the background, for the network goes, too
	guest-run -n sleeper "(sleep 0.5; $1) >/dev/console 2>&1 &"
}
boot_id() { timeout 5 guest-run -n sleeper cat /proc/sys/kernel/random/boot_id; }
same_boot() { # it is the guest that was put to sleep, and its driver
	expect "boot id" "$(boot_id)" "$boot"
	[ "$(guest_attribute publishes sleeper)" -gt "$publishes" ] || fail "it is another driver"
	expect "the driver's status" "$(guest_attribute hint_status sleeper)" ok
	hooks_work sleeper
}
answers() { timeout 3 guest-run -n sleeper true; }

truncate -s 256M "$swap"
guest-start sleeper --packed --vcpus 2 --device $HOOKED --guest-memory 192 --qemu-args "-global ICH9-LPC.disable_s3=0
	-drive if=virtio,format=raw,file=$swap" >/dev/null
guest-run -n sleeper "mkswap /dev/vda && swapon /dev/vda && echo 0 >/sys/power/image_size"
boot=$(boot_id)
channel_works sleeper
publishes=$(guest_attribute publishes sleeper)

sleeps "echo deep >/sys/power/mem_sleep && echo mem >/sys/power/state"
within 20 "detached by S3" not_attached sleeper
suspended() { guest-qmp sleeper query-status | grep -q '"status": "suspended"'; }
within 10 "asleep in S3" suspended
guest-monitor sleeper system_wakeup
within 30 "awake after S3" answers
channel_works sleeper
same_boot

# The kernel writes its memory to the disk, reads it again and goes on with that. In 6.1 it cannot:
# it wants the disk for itself alone, and has its swap there.
test_resume() {
	vm=$(vm_of sleeper)
	sleeps "echo test_resume >/sys/power/disk && echo disk >/sys/power/state && echo done >/run/resumed"
	resumed() { timeout 3 guest-run -n sleeper "[ -e /run/resumed ]"; }
	within 60 "back from the disk" resumed
	channel_works sleeper
	same_boot
	[ "$(vm_of sleeper)" != "$vm" ] || fail "its table was never taken away"
}
guest-run -n sleeper uname -r | grep -q '^6\.1\.' || test_resume

# through another boot
publishes=$(guest_attribute publishes sleeper)
sleeps "echo reboot >/sys/power/disk && echo disk >/sys/power/state"
guest-wait sleeper 90 2
channel_works sleeper
[ "$(boot_id)" != "$boot" ] || fail "the guest has not booted anew"
vm=$(vm_of sleeper)
sleeps "cat /sys/block/vda/dev >/sys/power/resume"
back() { [ "$(boot_id)" = "$boot" ]; }
within 60 "the kernel that was put to sleep goes on" back
channel_works sleeper
same_boot
[ "$(vm_of sleeper)" != "$vm" ] || fail "the table of the kernel that has gone is still attached"
guest-run -n sleeper "swapoff /dev/vda"
rm $swap
