# SPDX-License-Identifier: GPL-2.0-or-later
# A resume at which the driver does not get its queue back, and says so. It does not touch the queue
# that is gone, and works when it is bound anew, or after another suspend.
guest-start nap >/dev/null
channel_works nap

fail_to_resume() {
	guest-run -n nap "insmod /lib/scenario/no_queue.ko"
	suspend nap
	# FEATURES_OK, DRIVER, ACKNOWLEDGE, and FAILED
	expect "virtio's status" "$(guest_attribute status nap)" 0x0000008b
	guest_says 1 "the device did not come back at resume" nap
	not_attached nap
}

fail_to_resume
guest-run -n nap "cd $GUEST_DRIVER && device=\$(echo virtio*) && echo \$device >unbind && ! echo \$device >bind"
# without an answer: it was another device's by then
expect "uses of a deleted queue" "$(timeout 20 guest-run -n nap cat /sys/module/no_queue/parameters/stale)" 0
guest-run -n nap "rmmod virtio_sched_hint no_queue && insmod /lib/scenario/virtio_sched_hint.ko"
channel_works nap

fail_to_resume
guest-run -n nap "rmmod no_queue"
suspend nap
channel_works nap
load_begin nap
sleep 2
answered
