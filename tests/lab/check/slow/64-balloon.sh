# SPDX-License-Identifier: GPL-2.0-or-later
# The guest's memory is taken away and given back around the table.
guest-start slim --guest-memory 384 --qemu-args "-device virtio-balloon-pci" >/dev/null
size() { guest-monitor slim info balloon | sed -n 's/.*actual=\([0-9]*\).*/\1/p'; }
size_is() { [ "$(size)" = "$1" ]; }
channel_works slim
load_begin slim
for round in 1 2; do
	guest-monitor slim balloon 200
	within 30 "the balloon is full" size_is 200
	channel_works slim
	guest-monitor slim balloon 384
	within 30 "the balloon is empty" size_is 384
done
answered
channel_works slim
# a page that is being moved, perhaps, but not the table's absence
absent=$(counter stock_absent slim) halts=$(counter halts slim)
[ $((absent * 20)) -le "$halts" ] || fail "$absent of $halts halts did not find the slot"
