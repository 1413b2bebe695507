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
	[ "$2" = "$3" ] || fail "$1: got '$2', expected '$3'"
}

# Runs the command four times a second until it succeeds.
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

counter() { # KEY [GUEST]: the VM's sum
	sed -n "s/^vm $(vm_of "${2-main}") .*\b$1=\([^ ]*\).*/\1/p" $COUNTERS
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

# The same in the background; the answer to it is for answered.
load_begin() { # SECONDS [GUEST]
	pin-load ping -i 0.03 -c $(($1 * 30)) -w $(($1 + 15)) \
		"$(cat "$SCENARIO_STATE/guests/${2-main}/ip")" >"$SCENARIO_STATE/load" 2>&1 &
	load_pid=$!
}

# Waits for the load's end: no request may have been lost.
answered() {
	wait $load_pid || :
	grep -q ' 0% packet loss' "$SCENARIO_STATE/load" ||
		fail "requests were lost: $(grep loss "$SCENARIO_STATE/load"); without an answer: $(unanswered)"
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

# Who waits in poll and the like is told by a guest of two vCPUs, and until when, against programs that do.
WAIT_TABLE="$GUEST_DRIVER/virtio*/table"
waiters_told() { # GUEST
	within 10 "attached" attached "$1"
	within 5 "driver told" guest_listening_is 1 "$1"
	within 30 "at rest" guest_at_rest "$1"
	for what in "deadlines 6" timers wakes moves "crowd 300 2048"; do
		guest-run -n "$1" "wait-test $WAIT_TABLE $what"
	done
	# int $0x80 was in the above
	entry=$(guest-run -n "$1" "wait-test $WAIT_TABLE entry /usr/bin/wait-32")
	expect "the 32-bit entry" "$(echo "$entry" | sort -u)" "by SYSCALL"
	expect "waits missed" "$(guest_attribute poll_waiters_missed "$1")" 0
	guest-run -n "$1" "wait-test $WAIT_TABLE crowd 2100 2048"
	[ "$(guest_attribute poll_waiters_missed "$1")" -gt 0 ] || fail "a crowd without end fits"
	guest-run -n "$1" "wait-test $WAIT_TABLE rebind"
	within 5 "driver told" guest_listening_is 1 "$1"
	guest-run -n "$1" "wait-test $WAIT_TABLE wakes"
}

# What QEMU's monitor says about a slot: its state and its publishes, "idle 123".
slot() { # ID [GUEST]
	guest-monitor "${2-main}" info sched-hint |
		sed -n "s/^  slot $1 (.*): \([a-z]*\), publish \([0-9]*\).*/\1 \2/p"
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

# Requests to a guest's echo with some rules switched off: how many packets were seen to arrive, for how
# many events and gaps a vCPU was woken early or kept, how many wakes were in time, and what the median
# answer took.
requests() { # GUEST ADDRESS COUNT GAP-MS TEST-WITHOUT
	echo "$5" >$PARAMETERS/test_without
	arrivals=$(counter arrivals "$1") hits=$(counter early_hits "$1") gaps=$(counter keep_gap "$1")
	events=$(($(counter wake_event "$1") + $(counter keep_event "$1")))
	pin-load udp-ping -t "$2" 9 "$3" "$4" >"$SCENARIO_STATE/answers" || fail "not each request is answered"
	arrivals=$(($(counter arrivals "$1") - arrivals)) hits=$(($(counter early_hits "$1") - hits))
	events=$(($(counter wake_event "$1") + $(counter keep_event "$1") - events))
	gaps=$(($(counter keep_gap "$1") - gaps))
	took=$(sort -n "$SCENARIO_STATE/answers" | awk '{ ns[NR] = $1 } END { print int(ns[int((NR + 1) / 2)] / 1000) }')
	did="$3 requests each $4 ms, test_without $5: $arrivals arrivals, $events wakes and keeps for events,"
	did="$did $gaps keeps for gaps, $hits hits, median $took us"
	echo "$did" | tee -a "$RESULTS/$1"
}

# Of these so many hits, and if times count, answers that take at most so much of those by no rule
foreseen() { # HITS NUMERATOR DENOMINATOR
	[ $arrivals -le 4 ] || fail "packets are seen to arrive: $did"
	[ $((events + gaps)) -gt 0 ] && [ $hits -ge "$1" ] || fail "median $plain us by no rule, but $did"
	[ -z "$times" ] || [ "$took" -le $((plain * $2 / $3)) ] || fail "median $plain us by no rule, but $did"
}

# A guest whose packets come without a tap: the host sees none arrive, but those that come at one distance
# meet the vCPU awake by the guest's word alone, and by the predictor alone. What a wake-up of the vCPU
# takes is then saved of each answer. Those that follow soon it is kept for by the plan.
untapped() { # GUEST ADDRESS HITS [times]: so many of 80; whether answers' times say something
	predictor=8 plan=16 word=64 least=$3 times=${4-}
	guest-run -n "$1" "udp-echo 9 >/dev/null 2>&1 </dev/null &"
	within 10 "a first answer" ping -q -c 1 -W 1 "$2"
	requests "$1" "$2" 80 50 $((predictor + plan + word))
	[ $arrivals -le 4 ] || fail "packets are seen to arrive: $did"
	expect "what is foreseen by no rule" $((events + gaps)) 0
	plain=$took
	for without in $((predictor + plan)) $((plan + word)) 0; do
		requests "$1" "$2" 80 50 $without
		foreseen "$least" 2 3
	done
	requests "$1" "$2" 400 3 $((predictor + plan + word))
	plain=$took
	requests "$1" "$2" 400 3 $((predictor + word))
	foreseen $((least * 5 / 2)) 3 4
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

# After a case: the module with its defaults, the first guest up and attached.
restore() {
	[ -d $MODULE ] || load_module
	echo 1 >/proc/sys/kernel/ftrace_enabled
	echo 1 >/sys/kernel/debug/kprobes/enabled
	echo 0 >$NODE/drain
	set_mode hint
	echo 0 >$PARAMETERS/test_blind_period_us
	echo Y >$PARAMETERS/worker_ahead
	echo 0 >$PARAMETERS/test_without
	echo 1 >/sys/kernel/tracing/tracing_on
	exec 3>&1
	for pid in "$SCENARIO_STATE"/guests/*/pid; do
		guest=${pid%/pid}
		guest=${guest##*/}
		[ "$guest" = main ] || kill_guest "$guest"
	done
	if ! timeout 10 guest-run true; then
		kill_guest main
		guest-start main
	fi
	within 10 "the first guest attached" attached main
	within 10 "the first guest's driver told" guest_listening_is 1
}
