# SPDX-License-Identifier: GPL-2.0-or-later
# The host is short of CPU: another task wants the vCPU's pCPU, or a hypervisor below takes it
# away. Keeping is given up, counted, and taken up again when that is over.

# However it ends: what runs on would be in the way of the next case
clean_up() {
	# shellcheck disable=SC2086 # there may be none
	kill $requests $spinner 2>/dev/null || :
	[ ! -d /sys/module/steal ] || rmmod steal
}
requests='' spinner=''
trap clean_up EXIT

# Requests all the while, so that there is something to keep for; not by their packets' arrival,
# which has a measure of its own
without_arrival=32 without_backoff=128
echo $without_arrival >$PARAMETERS/test_without
(while :; do load 5 >/dev/null; done) &
requests=$!

contended_by() { # HALTS: so many more than $contended
	[ "$(counter stock_contended)" -gt "$((contended + $1))" ]
}

gives_up() { # WHAT
	contended=$(counter stock_contended)
	within 40 "giving up under $1" contended_by 20
}

# A second in which halts are not left to KVM for that, and some are granted time
keeps() {
	contended=$(counter stock_contended) grants=$(counter grants)
	sleep 2
	[ "$(counter stock_contended)" = "$contended" ] && [ "$(counter grants)" -gt "$((grants + 3))" ]
}

# Longer than the pauses that cut-off keeps make: between those some are granted time.
keeps_nothing() {
	contended=$(counter stock_contended) grants=$(counter grants)
	sleep 2.5
	[ "$(counter grants)" = "$grants" ] && contended_by 20
}

within 20 "keeping" keeps
pauses=$(counter pauses)
taskset -c 1 sh -c 'while :; do :; done' &
spinner=$!
gives_up "another task"
within 20 "status under another task" status_is contended
# it comes and goes: once a second a few keeps are tried
within 20 "the guest under another task" guest_says 1 "host not acting: it observes, is short of CPU"
[ "$(counter pauses)" -gt "$pauses" ] || fail "no pause is counted"
echo $((without_arrival + without_backoff)) >$PARAMETERS/test_without
sleep 0.5
contended=$(counter stock_contended)
sleep 3
expect "halts left to KVM without backing off" "$(counter stock_contended)" "$contended"
echo $without_arrival >$PARAMETERS/test_without
kill $spinner
spinner=''
within 20 "keeping after the other task" keeps
within 20 "the guest after the other task" guest_says 0 "the host listens"

insmod "$HARNESS_MODULES/steal.ko" percent=5
sleep 2.5
within 20 "keeping where little is stolen" keeps
rmmod steal
insmod "$HARNESS_MODULES/steal.ko" percent=20
within 6 "no keeping while a fifth is stolen" keeps_nothing
rmmod steal
within 20 "keeping after the steal" keeps
