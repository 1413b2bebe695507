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

set_mode() { # MODE
	echo "$1" >$PARAMETERS/mode
}

# Requests at irregular gaps for a while: ICMP echo, from pCPU 0
load() { # SECONDS
	pin-load ping -q -i 0.03 -c $(($1 * 30)) -w $(($1 + 5)) "$GUEST_IP"
}

load_module() {
	insmod "$HOST_MODULE"
}

# After a case: the module with its defaults, the first guest up and attached.
restore() {
	[ -d $MODULE ] || load_module
	echo 1 >/proc/sys/kernel/ftrace_enabled
	echo 1 >/sys/kernel/debug/kprobes/enabled
	echo 0 >$NODE/drain
	set_mode hint
	echo 0 >$PARAMETERS/test_blind_period_us
	echo 1 >/sys/kernel/tracing/tracing_on
	for pid in "$SCENARIO_STATE"/guests/*/pid; do
		guest=${pid%/pid}
		guest=${guest##*/}
		[ "$guest" = main ] || guest-pid "$guest" >/dev/null && [ "$guest" != main ] &&
			kill -9 "$(cat "$pid")"
	done
	if ! timeout 10 guest-run true; then
		guest-pid main >/dev/null && kill -9 "$(guest-pid main)" && sleep 1
		guest-start main
	fi
	exec 3>&1
	within 10 "the first guest attached" attached main
	within 10 "the first guest's driver told" guest_listening_is 1
}
