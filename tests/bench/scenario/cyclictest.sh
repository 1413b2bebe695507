# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034,SC2154 # variables of the files that it is sourced with
# cyclictest in the guest: how late a timer's task runs. Its histogram comes at its end,
# so that nothing but the timer happens meanwhile.

prepare() {
	:
}

# A configuration that does not hear the guest's word on timers takes them for events. What was learned
# of those is not to be paid for by the next one.
before_load() {
	# a guest that does not answer fails the round itself
	load "$WORK/warm-up" 1 0 || :
}

load() { # LOG SECONDS SEED
	guest-run "cyclictest --default-system -m -q -p 80 -i $INTERVAL_US -l $(($2 * 1000000 / INTERVAL_US)) -h 50000 \
		>/tmp/histogram && cat /tmp/histogram" >"$1" 2>"$WORK/error"
}
