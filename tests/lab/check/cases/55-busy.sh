# SPDX-License-Identifier: GPL-2.0-or-later
# While a VM is attached, the module cannot be unloaded, and says so by EBUSY.
if rmmod kvm_sched_hint 2>"$RESULTS/rmmod.err"; then
	fail "rmmod worked while a VM is attached"
fi
grep -qi "busy\|temporarily unavailable" "$RESULTS/rmmod.err" || fail "rmmod: $(cat "$RESULTS/rmmod.err")"
attached main
