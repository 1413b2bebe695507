# SPDX-License-Identifier: GPL-2.0-or-later
# One row: a guest that is set up so, and what host, guest and QEMU say. Where the host is to say
# ok the counters must move, too. Shown is what was said last, whether or not it was right.
name=$1 vcpus=$2 device=$3 guest_append=$4 qemu_args=$5 host=$6 guest=$7 qemu=$8

# "ok", or "ok ... more", with exit status 0; or anything else, with 1
says() { # SIDE TEXT COMMAND...
	side=$1 text=${2#ok ... } wanted=1 rc=0
	case $2 in
	ok*) wanted=0 ;;
	esac
	shift 2
	"$@" >"$RESULTS/$name.$side" 2>&1 || rc=$?
	[ $rc = $wanted ] && grep -qF -- "$text" "$RESULTS/$name.$side"
}

says_in_time() { # SIDE TEXT COMMAND...
	tries=60
	until says "$@"; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || fail "$1 does not say '$2', but: $(tail -n 1 "$RESULTS/$name.$1")"
		sleep 0.25
	done
}

# What the project is for; by then the load has run for a while.
gains() {
	kept=$(($(counter grants "$name") - grants))
	woken=$(($(counter early_wakes_sent "$name") + $(counter arrival_wakes "$name") - wakes))
	[ $kept -gt 20 ] && [ $woken -gt 5 ]
}

published_more() {
	[ "$(guest_attribute publishes "$name")" -gt $((publishes + 20)) ]
}

# An option that a kernel does not know, or was not given, does nothing.
ISOLATES='cd /sys/devices/system/cpu && cat nohz_full isolated && [ "$(cat nohz_full)" = 1 ] && [ "$(cat isolated)" = 1 ]'

guest-start "$name" --vcpus "$vcpus" --device "$device" --guest-append "$guest_append" --qemu-args "$qemu_args"
guest-run -n "$name" cat /proc/cmdline
case $name in
host-isolated) isolated=$(sh -c "$ISOLATES") || fail "the host's kernel does not isolate a CPU: $isolated" ;;
guest-isolated) isolated=$(guest-run -n "$name" "$ISOLATES") || fail "the guest's kernel does not isolate a CPU: $isolated" ;;
esac
load_begin "$name"
if [ "$host" = ok ]; then
	within 20 "the host attached it" attached "$name"
	grants=$(counter grants "$name")
	wakes=$(($(counter early_wakes_sent "$name") + $(counter arrival_wakes "$name")))
	publishes=$(guest_attribute publishes "$name")
	within 40 "keeps and early wakes" gains
	within 20 "publishes" published_more
	expect "bad slots" "$(counter stock_bad_slot "$name")" 0
	echo "keeps $kept early wakes $woken" >"$RESULTS/$name.gains"
	if [ "$vcpus" -gt 1 ]; then # each of them, by what sleeps there
		guest-run -n "$name" "for i in \$(seq 0 $((vcpus - 1))); do
			taskset -c \$i sh -c 'for n in 1 2 3 4 5 6 7 8 9; do sleep 0.1; done' & done; wait"
		for id in $(seq 0 $((vcpus - 1))); do
			seq=$(sed -n "s/^vcpu $(vm_of "$name") $id .*publish_seq=\([0-9]*\).*/\1/p" $COUNTERS)
			[ "${seq:-0}" -gt 5 ] || fail "vCPU $id published ${seq:-nothing}"
		done
	fi
fi
says_in_time host "$host" sched-hint status --host
says_in_time guest "$guest" guest-run -n "$name" sched-hint status
if [ -n "$qemu" ]; then
	guest-qmp "$name" x-query-sched-hint >"$RESULTS/$name.qemu"
	grep -qF -- "$qemu" "$RESULTS/$name.qemu" ||
		fail "QEMU does not say '$qemu', but: $(cat "$RESULTS/$name.qemu")"
fi
kill $load_pid
