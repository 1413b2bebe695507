# SPDX-License-Identifier: GPL-2.0-or-later
# A vCPU that was created after ATTACH and has no slot: its halts are stock's in modes off and
# observe, without polling in those that act, and they are halts that the probe sees. Emulated
# wake-ups take longer than KVM's usual 200 us.
maximum=/sys/module/kvm/parameters/halt_poll_ns
usual=$(cat $maximum)
echo 4000000 >$maximum
stray-test >"$RESULTS/stray" || :
echo "$usual" >$maximum
cat "$RESULTS/stray"
grep -q "^0 failures" "$RESULTS/stray" ||
	fail "$(grep -m 1 FAILED "$RESULTS/stray" || echo "stray-test crashed")"
