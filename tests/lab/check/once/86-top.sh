# SPDX-License-Identifier: GPL-2.0-or-later
# sched-hint top: without a terminal, its figures against the counters, its errors.
vm=$(vm_of main)
out=$RESULTS/top

# A number out of top's JSON: the VM's rate comes before its vCPUs'.
rate() { # KEY
	sed "s/.*\"name\": \"$vm\"//; s/.*\"rates\": {\(.*\)}, \"vcpus\".*/\1/; s/.*\"$1\": \([0-9]*\).*/\1/" "$out.json"
}

load 12 >/dev/null &
sleep 1
halts=$(counter halts)
sched-hint top --json --interval 4 --count 1 >"$out.json"
grown=$(($(counter halts) - halts))
cat "$out.json"
[ "$(rate halts)" -gt 5 ] || fail "top shows $(rate halts) halts/s under load"
# the looks fall between the two readings above
[ $((4 * $(rate halts))) -le $((grown + 4)) ] || fail "top shows $(rate halts) halts/s, $grown were in all 4 s"
[ $((4 * $(rate halts))) -ge $((grown / 2)) ] || fail "top shows $(rate halts) halts/s, $grown were in all 4 s"

sched-hint top --interval 0.5 --count 3 >"$out.txt"
cat "$out.txt"
expect "looks" "$(grep -c "^$vm main  *hint " "$out.txt")" 3
expect "vCPUs" "$(grep -c "^  vcpu 0 " "$out.txt")" 3
sched-hint top --interval 0.2 --count 1 --vm main | grep -q "^$vm main" || fail "--vm by QEMU's name"
set_mode off
sleep 0.2
sched-hint top --interval 1 --count 1 >"$out.off"
grep -q "^  status off: mode is off" "$out.off" || fail "mode off: $(cat "$out.off")"
grep "^$vm" "$out.off" | grep -q " off [0-9]*[1-9][0-9.]*$" || fail "no halts for the reason off: $(grep "^$vm" "$out.off")"
set_mode hint
wait $!

refused() { # TEXT COMMAND...
	text=$1
	shift
	if "$@" >"$out.err" 2>&1; then
		fail "$* works"
	fi
	grep -q "$text" "$out.err" || fail "$*: $(cat "$out.err")"
}

echo 'somebody:x:1000:1000::/:/bin/sh' >/etc/passwd
refused "no permission to read .*: run it as root" su somebody -c "sched-hint top --count 1"
refused "no VM 'nobody' is attached" sched-hint top --vm nobody --count 1
refused "this is a guest" guest-run sched-hint top --count 1
guest-run rmmod virtio_sched_hint
within 5 "detached" not_attached main
refused "no VM is attached: start QEMU with -device" sched-hint top --count 1
# QEMU has the node open, table or not
echo 1 >$NODE/drain
within 5 "unloaded" rmmod kvm_sched_hint
refused "not loaded: modprobe kvm_sched_hint" sched-hint top --count 1
load_module
guest-run insmod /lib/scenario/virtio_sched_hint.ko
within 10 "attached again" attached main
