# SPDX-License-Identifier: GPL-2.0-or-later
# A NIC that is the guest's by VFIO: it writes to the guest's RAM by itself.
. "$SUITE/untapped.sh"
more_modules
for device in /sys/bus/pci/devices/*; do
	[ "$(cat "$device/vendor" "$device/device" | xargs)" != "0x15ad 0x07b0" ] || nic=$device
done
echo Y >/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts # none are remapped
echo vfio-pci >"$nic/driver_override"
echo "${nic##*/}" >/sys/bus/pci/drivers_probe
guest-start vfio --device virtio-sched-hint-pci,event=on --guest-append quiet \
	--qemu-args "-device vfio-pci,host=${nic##*/}" >/dev/null
# the table is read in RAM that is pinned for the NIC
channel_works vfio
expect "features in use" "$(guest_attribute features_in_use vfio)" "timer event"
expect "watches" "$(counter watches vfio)" 1
guest-run -n vfio "insmod /lib/scenario/vmxnet3.ko && ip addr add 10.8.2.2/24 dev eth1 && ip link set eth1 up"

# the host's own NIC on that net; its interrupts go where the load is, which stands for another machine
own=$(dirname "$(grep -l 52:54:00:0b:00:01 /sys/class/net/*/address)")
ip addr flush dev "${own##*/}" # left by a first try
ip addr add 10.8.2.1/24 dev "${own##*/}"
ip link set "${own##*/}" up
for irq in "$own"/device/../msi_irqs/*; do
	echo 1 >"/proc/irq/${irq##*/}/smp_affinity_list"
done
# That net is of the emulator, which brings packets when this machine lets it: by up to milliseconds late.
untapped vfio 10.8.2.2 20
