# SPDX-License-Identifier: GPL-2.0-or-later
# Packet arrival at NICs of each kind, and what the monitor says of them.
line() { # NIC QUEUE
	guest-monitor nics info sched-hint | sed -n "s/^  $1 queue $2 (n[0-9]*): //p"
}
packets() { # NIC QUEUE
	line "$1" "$2" | sed -n 's/^watched, \([0-9]*\) packets.*/\1/p'
}
slot_of() { # NIC QUEUE: the vCPU that takes its interrupts
	line "$1" "$2" | sed -n 's/.*, for slot \([0-9]*\)$/\1/p'
}
# the vCPU that took most of its interrupts, by the guest's count
interrupted() { # N
	guest-run -n nics "eth=\$(basename \$(dirname \$(grep -l $(mac "$1") /sys/class/net/*/address)))
		device=\$(basename \$(readlink -f /sys/class/net/\$eth/device))
		awk -v virtio=\$device-input.0 -v other=\$eth-rxtx-0 \\
			'\$NF == virtio || \$NF == other { print (\$3 > \$2) + 0 }' /proc/interrupts"
}
learned() { [ -n "$(slot_of "$1" "$2")" ]; }
mac() { echo "52:54:00:0a:00:0$1"; }
# the guest's end of net N: an address per argument
guest_net() { # N HOST-PARTS...
	n=$1
	shift
	guest-run -n nics "eth=\$(basename \$(dirname \$(grep -l $(mac "$n") /sys/class/net/*/address)))
		ip link set \$eth up
		for host in $*; do ip addr add 10.8.$n.\$host/24 dev \$eth; done"
}
host_net() { # N DEVICE
	ip addr add "10.8.$1.1/24" dev "$2"
	ip link set "$2" up
}

# Packets at one NIC wake a vCPU, and the right one.
nic() { # NIC N DEVICE
	host_net "$2" "$3"
	guest_net "$2" 2
	before=$(packets "$1" 0)
	wakes=$(counter arrival_wakes nics) hits=$(counter arrival_hits nics)
	misses=$(counter arrival_misses nics)
	# KVM keeps no vCPU where another task waits, and what sends has one of the two pCPUs: there
	# most wakes are in vain, and have it rest for a second at a time.
	for _ in 1 2 3 4; do
		pin-load ping -q -i 0.2 -c 25 "10.8.$2.2" >/dev/null
		told=$(($(counter arrival_hits nics) - hits))
		[ $told -lt 4 ] || break
	done
	[ "$(packets "$1" 0)" -ge $((before + 25)) ] ||
		fail "$1: $before and then $(packets "$1" 0) packets were seen"
	told="$(($(counter arrival_wakes nics) - wakes)) wakes, $told in time,"
	told="$told $(($(counter arrival_misses nics) - misses)) in vain"
	echo "$1: $told"
	learned "$1" 0 || fail "$1: which vCPU takes its interrupts was not found out: $told"
	expect "$1: which vCPU takes its interrupts" "$(slot_of "$1" 0)" "$(interrupted "$2")"
	[ "$(counter arrival_hits nics)" -ge $((hits + 4)) ] || fail "$1: $told"
}

more_modules
ip link del shveth 2>/dev/null || : # left by a first try
# what is sent to veth0 arrives at shveth, and so at the macvtap
ip link add shveth type veth
ip link add link shveth name shmacvtap address "$(mac 4)" type macvtap
ip link set shveth up
ip link set shmacvtap up
exec 7<>"/dev/tap$(cat /sys/class/net/shmacvtap/ifindex)"
tap="script=no,downscript=no"
guest-start nics --vcpus 2 --qemu-args "
	-netdev tap,id=n1,ifname=shmq,$tap,vhost=on,queues=2
	-device virtio-net-pci,id=mq,netdev=n1,mq=on,vectors=6,romfile=,mac=$(mac 1)
	-netdev tap,id=n2,ifname=shplain,$tap
	-device virtio-net-pci,id=plain,netdev=n2,romfile=,mac=$(mac 2)
	-netdev tap,id=n3,ifname=shemulated,$tap
	-device vmxnet3,id=emulated,netdev=n3,romfile=,mac=$(mac 3)
	-netdev tap,id=n4,fd=7,vhost=on
	-device virtio-net-pci,id=macvtap,netdev=n4,romfile=,mac=$(mac 4)
	-netdev hubport,id=n5,hubid=0 -device virtio-net-pci,id=hub,netdev=n5,romfile=
	-netdev dgram,id=n6,local.type=inet,local.host=127.0.0.1,local.port=9000,remote.type=inet,remote.host=127.0.0.1,remote.port=9001
	-device virtio-net-pci,id=dgram,netdev=n6,romfile=" >/dev/null
exec 7<&-
within 10 "attached" attached nics
within 10 "its driver told" guest_listening_is 1 nics
expect "watches" "$(counter watches nics)" 6
expect "a hub" "$(line hub 0)" "not watched: hubport is no tap"
expect "another QEMU" "$(line dgram 0)" "not watched: dgram is no tap"
guest-qmp nics x-query-sched-hint | grep -q '"reason": "hubport is no tap"' ||
	fail "QMP does not say why the hub is not watched"

# without vhost, of a device model, and a macvtap
nic plain 2 shplain
guest-run -n nics insmod /lib/scenario/vmxnet3.ko
nic emulated 3 shemulated
nic macvtap 4 veth0

# of two queues each has its vCPU; addresses are spread over them by chance
host_net 1 shmq
hosts="2 3 4 5 6 7 8 9 10 11 12 13"
guest_net 1 $hosts
both() {
	for host in $hosts; do
		pin-load ping -q -i 0.1 -c 3 "10.8.1.$host" >/dev/null
	done
	learned mq 0 && learned mq 1
}
within 3 "a vCPU for each queue" both
[ "$(slot_of mq 0)" != "$(slot_of mq 1)" ] || fail "both queues are for vCPU $(slot_of mq 0)"
[ "$(packets mq 0)" -gt 0 ] && [ "$(packets mq 1)" -gt 0 ] ||
	fail "packets: $(packets mq 0) and $(packets mq 1)"

# why not, where not
echo 1 >$NODE/drain
within 5 "detached by drain" not_attached nics
expect "while drained" "$(line plain 0)" "not watched: the VM is not attached"
echo 0 >$NODE/drain
within 10 "attached again" attached nics
expect "attached again: watches" "$(counter watches nics)" 6
guest-monitor nics info sched-hint >"$RESULTS/nics.info"
