# SPDX-License-Identifier: GPL-2.0-or-later
# The machine is reset, and the guest reboots: the table is cleared, and the next boot sets a new one.
works_again() {
	[ "$(vm_of again)" != "$vm" ] || fail "the attachment of the boot before is still there"
	channel_works again
	hooks_work again
	vm=$(vm_of again)
}

guest-start again --vcpus 2 --device $HOOKED >/dev/null
channel_works again
vm=$(vm_of again)
guest-monitor again system_reset
within 5 "detached by the reset" not_attached again
guest-wait again 60 2
within 10 "attached after the reset" attached again
works_again

# in the background: nothing would end the connection
guest-run -n again "(sleep 0.5; reboot -f) >/dev/console 2>&1 &"
detached() { [ "$(vm_of again)" != "$vm" ]; }
within 20 "detached by the reboot" detached
guest-wait again 60 3
within 10 "attached after the reboot" attached again
works_again
load_begin again
sleep 2
answered
