# SPDX-License-Identifier: GPL-2.0-or-later
# savevm and loadvm: the table comes back with the memory it lies in, and the guest is told
# who listens now, not who listened then.
guest-start saved --vcpus 2 --device $HOOKED >/dev/null
channel_works saved
disk=$SCENARIO_STATE/saved.qcow2
: >"$disk"
do_job() { # COMMAND ARGUMENTS: a job, to its end
	guest-qmp saved "$1" "{\"job-id\": \"$1\", $2}"
	concluded() { guest-qmp saved query-jobs | grep -q '"status": "concluded"'; }
	within 60 "$1" concluded
	jobs=$(guest-qmp saved query-jobs)
	case $jobs in
	*'"error":'*) fail "$1: $jobs" ;;
	esac
	guest-qmp saved job-dismiss "{\"id\": \"$1\"}"
}
guest-qmp saved blockdev-add "{\"driver\": \"file\", \"node-name\": \"file0\", \"filename\": \"$disk\"}"
do_job blockdev-create '"options": {"driver": "qcow2", "file": "file0", "size": 1048576}'
guest-qmp saved blockdev-add '{"driver": "qcow2", "node-name": "disk0", "file": "file0"}'
save() { do_job snapshot-save "\"tag\": \"$1\", \"vmstate\": \"disk0\", \"devices\": [\"disk0\"]"; }
load_snapshot() {
	do_job snapshot-load "\"tag\": \"$1\", \"vmstate\": \"disk0\", \"devices\": [\"disk0\"]"
	guest-qmp saved query-status | grep -q '"running": true' || guest-qmp saved cont
	within 20 "the guest answers" timeout 3 guest-run -n saved true
}

says_off() { guest-monitor saved info sched-hint | grep -q "virtio-backend: the host's mode is off"; }
says_not_off() { ! says_off; }

publishes=$(guest_attribute publishes saved)
save listening
channel_works saved
set_mode off
within 5 "driver told that nobody listens" guest_listening_is 0 saved
save silent
load_snapshot listening
within 5 "driver told that nobody listens now" guest_listening_is 0 saved
set_mode hint
channel_works saved
load_snapshot silent
channel_works saved
hooks_work saved
# What changes while it is stopped it is told when it goes on, and not before: an interrupt in
# between would be no part of the registers, which QEMU has read already, and so of no snapshot.
set_mode off
within 5 "driver told that nobody listens" guest_listening_is 0 saved
says_off || fail "QEMU does not say that the mode is off"
guest-qmp saved stop
guest-monitor saved info registers >/dev/null
set_mode observe # the host acts as little as before, or that would be told, too
within 5 "QEMU told that the host listens" says_not_off
save stopped
load_snapshot stopped
within 5 "driver told that the host listens" guest_listening_is 1 saved
set_mode hint
channel_works saved
guest-run -n saved "rmmod virtio_sched_hint"
within 5 "detached" not_attached saved
load_snapshot listening
channel_works saved
[ "$(guest_attribute publishes saved)" -gt "$publishes" ] || fail "it is another table"
hooks_work saved
