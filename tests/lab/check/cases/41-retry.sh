# SPDX-License-Identifier: GPL-2.0-or-later
# An ioctl that fails once does not keep QEMU from attaching a second later, and a mode that it does
# not know does not end it.
mock() { # REQUEST VALUE: see mock-ioctl.c
	rm -f "$RESULTS/mock.out"
	mock-ioctl "$(guest-pid)" "$@" >"$RESULTS/mock.out" &
	mock=$!
	within 5 "QEMU is looked at" grep -q ready "$RESULTS/mock.out"
}

mock attach 12 # ENOMEM
echo 1 >$NODE/drain
within 5 "detached by drain" not_attached main
echo 0 >$NODE/drain
wait $mock || fail "ATTACH did not fail"
within 10 "attached again" attached main

# after the answer to it is lost
vm=$(vm_of main)
mock status 5 # EIO
set_mode observe
wait $mock || fail "GET_STATUS did not fail"
another() { [ -n "$(vm_of main)" ] && [ "$(vm_of main)" != "$vm" ]; }
within 10 "attached again, after the status" another
set_mode hint

mock limits 99
guest-qmp main x-query-sched-hint >"$RESULTS/limits.out"
wait $mock || fail "GET_LIMITS did not say so"
grep -q '"mode": "default"' "$RESULTS/limits.out" || fail "mode: $(cat "$RESULTS/limits.out")"
channel_works
