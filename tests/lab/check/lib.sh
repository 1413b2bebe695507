# SPDX-License-Identifier: GPL-2.0-or-later
# What the cases use. fail() explains; every other failing command ends the case, too.

MODULE=/sys/module/kvm_sched_hint
PARAMETERS=$MODULE/parameters
NODE=/sys/class/misc/kvm-sched-hint
COUNTERS=/proc/kvm-sched-hint
GUEST_DRIVER=/sys/bus/virtio/drivers/virtio_sched_hint

fail() {
	echo "$*" >&3
	exit 1
}

expect() { # WHAT GOT WANTED
	[ -n "$3" ] || fail "$1: nothing is known to compare with"
	[ "$2" = "$3" ] || fail "$1: got '$2', expected '$3'"
}

# Runs the command until it succeeds: four times a second, and what it takes itself is not counted.
within() { # SECONDS WHAT COMMAND...
	tries=$(($1 * 4)) what=$2
	shift 2
	until "$@"; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || fail "$what: not in time"
		sleep 0.25
	done
}

vm_of() { # [GUEST]: the name of its VM, as in vms/; empty if not attached
	for vm in "$NODE"/vms/"$(guest-pid "${1-main}")"-*; do
		[ -d "$vm" ] && echo "${vm##*/}"
	done
}

attached() { # [GUEST]
	[ -n "$(vm_of "$@")" ]
}

not_attached() { # [GUEST]
	! attached "$@"
}

counter() { # KEY [GUEST]: the VM's sum; fails where it is not attached
	sed -n "s/^vm $(vm_of "${2-main}") .*\b$1=\([^ ]*\).*/\1/p" $COUNTERS | grep .
}

status() { # [GUEST]: the first word
	sed 's/:.*//' "$NODE/vms/$(vm_of "$@")/status"
}

status_is() { # STATUS [GUEST]
	[ "$(status "${2-main}")" = "$1" ]
}

guest_attribute() { # NAME [GUEST]
	guest-run -n "${2-main}" "cat $GUEST_DRIVER/virtio*/$1"
}

guest_listening_is() { # 0|1 [GUEST]
	[ "$(guest_attribute listening "${2-main}")" = "$1" ]
}

# What sched-hint status has said last is in $RESULTS/status.txt.
says() { # EXIT-STATUS TEXT COMMAND...: its output has TEXT, and it exits so
	wanted=$1 text=$2
	shift 2
	rc=0
	"$@" >"$RESULTS/status.txt" 2>&1 || rc=$?
	cat "$RESULTS/status.txt"
	[ "$rc" = "$wanted" ] && grep -qF -- "$text" "$RESULTS/status.txt"
}

host_says() { # EXIT-STATUS TEXT
	says "$1" "$2" sched-hint status
}

guest_says() { # EXIT-STATUS TEXT [GUEST]
	says "$1" "$2" guest-run -n "${3-main}" sched-hint status
}

# Nothing runs in the guest but who asks. While it boots the kernel tests its ciphers, say, in a
# thread that has a CPU for a second.
guest_at_rest() { # [GUEST]
	guest-run -n "${1-main}" 'for i in 1 2 3 4 5 6 7 8 9 10; do
		while read -r key value; do
			[ "$key" != procs_running ] || [ "$value" -le 1 ] || exit 1
		done </proc/stat
		sleep 0.1
	done'
}

set_mode() { # MODE
	echo "$1" >$PARAMETERS/mode
}

# A CPU of the guest goes and comes back while tasks come and go.
storm_and_hotplug() { # GUEST SECONDS TIMES GAP-S [MS]
	guest-run -n "$1" "runnable storm $2 ${5-} & cpu=/sys/devices/system/cpu/cpu1/online
		for i in \$(seq $3); do
			sleep $4; echo 0 >\$cpu || exit
			sleep $4; echo 1 >\$cpu || exit
		done
		wait \$! && runnable counts ${5-}"
}

# The host stops listening and starts again while tasks come and go. Nothing is told in between.
storm_and_modes() { # GUEST SECONDS TIMES GAP-S [MS]
	guest-run -n "$1" "runnable storm $2 0" &
	storm=$!
	for i in $(seq "$3"); do
		sleep "$4"
		set_mode off
		sleep "$4"
		set_mode hint
	done
	wait $storm
	within 5 "driver told again" guest_listening_is 1 "$1"
	guest-run -n "$1" "runnable counts ${5-}"
}

# Requests at irregular gaps for a while: ICMP echo, from pCPU 0
load() { # SECONDS
	pin-load ping -q -i 0.03 -c $(($1 * 30)) -w $(($1 + 5)) "$GUEST_IP"
}

# The same in the background, for as long as a case may take; load_end, or answered, ends it.
load_begin() { # [GUEST]
	pin-load ping -i 0.03 -w 300 "$(cat "$SCENARIO_STATE/guests/${1-main}/ip")" >"$SCENARIO_STATE/load" 2>&1 &
	load_pid=$!
}

load_end() {
	kill -INT $load_pid || fail "the load has ended by itself: $(tail -n 1 "$SCENARIO_STATE/load")"
	wait $load_pid || :
}

# Ends the load: no request may have been lost but the last ones, of 0.3 s, whose answers are not waited for.
answered() {
	load_end
	grep -q ' packet loss' "$SCENARIO_STATE/load" || fail "the load did not live: $(tail -n 1 "$SCENARIO_STATE/load")"
	lost=$(lost_requests)
	case "$(unanswered)" in
	*\ * | 0-) fail "$lost requests were lost; without an answer: $(unanswered)" ;;
	esac
	[ "$lost" -le 10 ] || fail "the last $lost requests were lost"
}

# Of the load that has ended
lost_requests() {
	echo $(($(sed -n 's/^\([0-9]*\) packets transmitted, \([0-9]*\) .*/\1 - \2/p' "$SCENARIO_STATE/load")))
}

# The sequence numbers of the load's lost requests, "12-19 30-30 80-".
unanswered() {
	sed -n 's/.* seq=\([0-9]*\) .*/\1/p' "$SCENARIO_STATE/load" | sort -n |
		awk '$1 > next_seq { printf "%d-%d ", next_seq, $1 - 1 } { next_seq = $1 + 1 }
			END { printf "%d-", next_seq }'
}

asleep() { # GUEST
	! timeout 2 guest-run -n "$1" true
}

# To idle, and the power button ends it. While it sleeps it is not attached.
suspend() { # GUEST
	guest-run -n "$1" "echo freeze >/sys/power/state" >"$RESULTS/freeze" 2>&1 &
	within 20 "detached by the suspend" not_attached "$1"
	within 20 "asleep" asleep "$1"
	sleep 1
	not_attached "$1"
	guest-monitor "$1" system_powerdown
	wait $! || fail "suspend failed: $(cat "$RESULTS/freeze")"
}

# A guest in whose kernel all is hooked that can be, on two vCPUs: what a way of life has to undo
# and to do again.
HOOKED=virtio-sched-hint-pci,runnable=on,poll=on,event=on

# All of it is hooked still: the published counts are the kernel's, and none had to be corrected. By
# a clock that runs while a vCPU stands still they may take their time.
hooks_work() { # GUEST
	expect "features in use of $1" "$(guest_attribute features_in_use "$1")" \
		"timer runnable poll wake_peer event"
	guest-run -n "$1" runnable counts 10000 || fail "the counts of $1 are not the kernel's"
	expect "corrections of $1" "$(guest_attribute runnable_corrections "$1")" 0
}

# What QEMU's monitor says about a slot: its state and its publishes, "idle 123".
slot() { # ID [GUEST]
	guest-monitor "${2-main}" info sched-hint |
		sed -n "s/^  slot $1 (.*): \([a-z]*\), publish \([0-9]*\).*/\1 \2/p"
}

no_table() { # GUEST
	guest-monitor "$1" info sched-hint | grep -q ': the guest has set no table'
}

# The guest publishes, the host makes something of it, and both say so.
channel_works() { # [GUEST]
	within 20 "the host attached ${1-main}" attached "${1-main}"
	within 10 "the driver of ${1-main} told" guest_listening_is 1 "${1-main}"
	publishes=$(guest_attribute publishes "${1-main}") halts=$(counter halts "${1-main}")
	sleep 1.5
	[ "$(guest_attribute publishes "${1-main}")" -gt "$((publishes + 5))" ] ||
		fail "guest ${1-main} does not publish"
	[ "$(counter halts "${1-main}")" -gt "$((halts + 5))" ] ||
		fail "the halts of ${1-main} are not seen"
	within 5 "status of ${1-main} ok" status_is ok "${1-main}"
	expect "bad slots of ${1-main}" "$(counter stock_bad_slot "${1-main}")" 0
}

# What is there to be loaded on the host
more_modules() {
	while read -r module; do
		[ -d "/sys/module/$(echo "${module%.ko}" | tr - _)" ] || insmod "$HARNESS_MODULES/$module"
	done <"$HARNESS_MODULES/more-modules"
}

load_module() {
	insmod "$HOST_MODULE"
}

# Returns when it is gone, so that another can have its name and its taps.
kill_guest() { # GUEST
	guest-pid "$1" >/dev/null || return 0
	kill -9 "$(guest-pid "$1")"
	within 10 "the end of guest $1" sh -c "! guest-pid $1 >/dev/null"
}

# It answers, and is attached with the default limits. A case that failed may have left it without its driver.
first_guest_is_well() (
	timeout 10 guest-run true || exit 1
	within 10 "the first guest attached" attached main
	vm=$NODE/vms/$(vm_of main)
	echo default >"$vm/mode"
	echo 20000 >"$vm/max_keep_us"
	echo 25 >"$vm/budget_percent"
	echo 0 >"$vm/vm_budget_percent"
	within 10 "the first guest's driver told" guest_listening_is 1
)

# After a case: the module with its defaults, the first guest up and attached.
restore() {
	[ -d $MODULE ] || load_module
	cat "$SCENARIO_STATE/halt_poll_ns" >/sys/module/kvm/parameters/halt_poll_ns
	echo 1 >/proc/sys/kernel/ftrace_enabled
	echo 1 >/sys/kernel/debug/kprobes/enabled
	echo 0 >$NODE/drain
	set_mode hint
	echo 0 >$PARAMETERS/test_blind_period_us
	echo Y >$PARAMETERS/worker_ahead
	echo 0 >$PARAMETERS/test_without
	echo N >$PARAMETERS/test_shuffled
	echo 1 >/sys/kernel/tracing/tracing_on
	exec 3>&1
	for pid in "$SCENARIO_STATE"/guests/*/pid; do
		guest=${pid%/pid}
		guest=${guest##*/}
		[ "$guest" = main ] || kill_guest "$guest"
	done
	if ! first_guest_is_well; then
		kill_guest main
		guest-start main
		first_guest_is_well || fail "the first guest is not listened to"
	fi
}
