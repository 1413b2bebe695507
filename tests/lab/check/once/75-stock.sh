# SPDX-License-Identifier: GPL-2.0-or-later
# Stock stays stock: what KVM's adaptive polling does to an attached VM in mode off, and
# to a VM without the device, is the same in distribution. Emulated wake-ups take longer
# than KVM's usual 200 us: with a larger maximum its polling has something to learn.
trace=/sys/kernel/tracing
maximum=/sys/module/kvm/parameters/halt_poll_ns
guest-start plain --device none >/dev/null
set_mode off
echo 4000000 >$maximum
plain_ip=$(cat "$SCENARIO_STATE/guests/plain/ip")

# One round: the values KVM set while the guest answered requests back to back.
round() { # NAME IP FILE
	echo >$trace/trace
	echo 1 >$trace/events/kvm/kvm_halt_poll_ns/enable
	pin-load ping -q -i 0.005 -w 3 "$2" >/dev/null
	pin-load ping -q -i 0.002 -w 2 "$2" >/dev/null
	echo 0 >$trace/events/kvm/kvm_halt_poll_ns/enable
	# the vCPU's thread names its guest
	vcpu=$(grep -l "CPU 0/KVM" /proc/"$(guest-pid "$1")"/task/*/comm | head -n 1 | cut -d/ -f5)
	grep -e "-$vcpu " $trace/trace | sed -n 's/.*halt_poll_ns \([0-9]*\) .*/\1/p' >"$RESULTS/stock-$3"
	[ "$(wc -l <"$RESULTS/stock-$3")" -ge 20 ] || fail "of round $3 KVM tells $(wc -l <"$RESULTS/stock-$3") values only"
}

for n in 1 2 3; do
	round main "$GUEST_IP" off-$n
	round plain "$plain_ip" none-$n
done
wc -l "$RESULTS"/stock-*-[123]

# The Kolmogorov-Smirnov distance of two files' values, in thousandths.
distance() { # FILE FILE
	{ sed 's/^/0 /' "$RESULTS/stock-$1"; sed 's/^/1 /' "$RESULTS/stock-$2"; } | sort -n -k 2 | awk '
		{ n[$1]++; side[NR] = $1; value[NR] = $2 }
		END {
			for (i = 1; i <= NR; i++) {
				seen[side[i]]++
				if (value[i] != value[i + 1]) {
					d = seen[0] / n[0] - seen[1] / n[1]
					if (d < 0) d = -d
					if (d > max) max = d
				}
			}
			printf "%d\n", 1000 * max
		}'
}

between=0 within=0 pairs=0 same=0
for a in 1 2 3; do
	for b in 1 2 3; do
		between=$((between + $(distance off-$a none-$b)))
		pairs=$((pairs + 1))
		[ $a -lt $b ] || continue
		within=$((within + $(distance off-$a off-$b) + $(distance none-$a none-$b)))
		same=$((same + 2))
	done
done
between=$((between / pairs)) within=$((within / same))
echo "mean distance between mode off and no device: $between, among rounds of the same: $within (of 1000)" |
	tee "$RESULTS/stock-distance"
[ $between -le $((within + 100)) ] || fail "halt_poll_ns differs: distance $between, among equals $within (of 1000)"
