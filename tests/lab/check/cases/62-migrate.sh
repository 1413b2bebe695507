# SPDX-License-Identifier: GPL-2.0-or-later
# Live migration under load, from one QEMU to the next on this host: with the module, where
# nobody listens, back, and to a QEMU without the device, after device_del. And a snapshot.
port="-device pcie-root-port,id=port0,chassis=1"
hint="$port -device virtio-sched-hint-pci,id=hint0,bus=port0"
state=$SCENARIO_STATE/guests

completed() { guest-qmp "$1" query-migrate | grep -q '"status": "completed"'; }
waits() { guest-qmp "$1" query-status | grep -q '"status": "inmigrate"'; }
running() { guest-qmp "$1" query-status | grep -q '"status": "running"'; }

# The guest keeps its address; the host's end of it moves to the tap device that leads there.
migrate() { # FROM TO QEMU-ARGUMENTS
	ip=$(cat "$state/$1/ip")
	host=${ip%.2}.1
	guest-start "$2" --no-wait --device none --qemu-args "$3 -incoming tcp:127.0.0.1:4444" >/dev/null
	within 10 "guest $2 waits" waits "$2"
	to=shtap$(cut -d. -f3 "$state/$2/ip")
	pin-load ping -q -i 0.03 -w 60 "$ip" >/dev/null 2>&1 &
	ping=$!
	guest-qmp "$1" migrate-set-parameters '{"max-bandwidth": 1000000000, "downtime-limit": 500}'
	guest-qmp "$1" migrate '{"uri": "tcp:127.0.0.1:4444"}'
	within 60 "migration from $1 to $2" completed "$1"
	within 10 "guest $2 runs" running "$2"
	kill $ping || :
	kill -9 "$(guest-pid "$1")"
	ip addr del "$host/24" dev "$tap" 2>/dev/null || :
	ip addr add "$host/24" dev "$to"
	tap=$to
	echo "$ip" >"$state/$2/ip"
	within 20 "guest $2 answers" timeout 3 guest-run -n "$2" true
}

guest-start one --device none --qemu-args "$hint" >/dev/null
tap=shtap$(cut -d. -f3 "$state/one/ip")
boot=$(guest-run -n one cat /proc/sys/kernel/random/boot_id)
channel_works one
publishes=$(guest_attribute publishes one)
migrate one two "$hint"
channel_works two
[ "$(guest_attribute publishes two)" -gt "$publishes" ] || fail "it is another table"

migrate two three "${hint},backend=off"
not_attached three
within 5 "driver told that nobody listens" guest_listening_is 0 three
expect "the driver's status" "$(guest_attribute hint_status three)" "host not listening"
migrate three four "$hint"
channel_works four

guest-qmp four device_del '{"id": "hint0"}'
gone() { guest-monitor four info sched-hint | grep -q "no virtio-sched-hint device"; }
within 20 "the device is gone" gone
migrate four five "$port"
expect "the guest is the one that was started" \
	"$(guest-run -n five cat /proc/sys/kernel/random/boot_id)" "$boot"
guest-qmp five device_add '{"driver": "virtio-sched-hint-pci", "id": "hint0", "bus": "port0"}'
channel_works five
