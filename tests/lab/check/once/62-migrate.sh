# SPDX-License-Identifier: GPL-2.0-or-later
# Live migration under load, from one QEMU to the next on this host: with the module, where its
# node is missing until later, where nobody may listen, back, and to a QEMU without the device,
# after device_del.
port="-device pcie-root-port,id=port0,chassis=1"
hint="$port -device $HOOKED,id=hint0,bus=port0"
state=$SCENARIO_STATE/guests
node=/dev/kvm-sched-hint

completed() { guest-qmp "$1" query-migrate | grep -q '"status": "completed"'; }
waits() { guest-qmp "$1" query-status | grep -q '"status": "inmigrate"'; }
running() { guest-qmp "$1" query-status | grep -q '"status": "running"'; }
backend_status() { guest-qmp "$1" qom-get '{"path": "/machine/peripheral/hint0", "property": "backend-status"}'; }

# What comes from a guest, as its tap has counted it: the load's answers, while nothing else is asked.
answers() { cat "/sys/class/net/$1/statistics/rx_packets"; }
answers_more_than() { # TAP N
	[ "$(answers "$1")" -gt "$2" ]
}
# QEMU may let the guest stand still for half a second, and the way to it is moved by hand. The clock of the
# requests, one in 30 ms, is the machine's: 10 to 25 are lost; 60 are 2 s.
lost_few() { # FROM TO
	grep -q ' packet loss' "$SCENARIO_STATE/load" ||
		fail "from $1 to $2 the load did not live: $(tail -n 1 "$SCENARIO_STATE/load")"
	echo "from $1 to $2 $(lost_requests) answers were lost; without an answer: $(unanswered)"
	[ "$(lost_requests)" -le 60 ] || fail "from $1 to $2 $(lost_requests) answers were lost"
}

# The guest keeps its address; the host's end of it moves to the tap device that leads there.
migrate() { # FROM TO QEMU-ARGUMENTS
	ip=$(cat "$state/$1/ip")
	host=${ip%.2}.1
	guest-start "$2" --no-wait --vcpus 2 --device none --qemu-args "$3 -incoming tcp:127.0.0.1:4444" >/dev/null
	within 10 "guest $2 waits" waits "$2"
	to=shtap$(cut -d. -f3 "$state/$2/ip")
	load_begin "$1"
	within 20 "answers before" answers_more_than "$tap" $(($(answers "$tap") + 10))
	guest-qmp "$1" migrate-set-parameters '{"max-bandwidth": 1000000000, "downtime-limit": 500}'
	guest-qmp "$1" migrate '{"uri": "tcp:127.0.0.1:4444"}'
	within 60 "migration from $1 to $2" completed "$1"
	within 10 "guest $2 runs" running "$2"
	# never without a way there: the load would end
	ip addr add "$host/24" dev "$to"
	ip addr del "$host/24" dev "$tap"
	kill -9 "$(guest-pid "$1")"
	tap=$to
	echo "$ip" >"$state/$2/ip"
	within 20 "guest $2 answers" timeout 3 guest-run -n "$2" true
	within 20 "answers after" answers_more_than "$to" $(($(answers "$to") + 10))
	load_end
	lost_few "$1" "$2"
}

guest-start one --vcpus 2 --device none --qemu-args "$hint" >/dev/null
tap=shtap$(cut -d. -f3 "$state/one/ip")
boot=$(guest-run -n one cat /proc/sys/kernel/random/boot_id)
channel_works one
publishes=$(guest_attribute publishes one)
migrate one two "$hint"
channel_works two
[ "$(guest_attribute publishes two)" -gt "$publishes" ] || fail "it is another table"
hooks_work two

# as on a host that has not loaded the module yet
mv $node $node.aside
trap 'mv $node.aside $node' EXIT
migrate two three "$hint"
not_attached three
within 5 "driver told that nobody listens" guest_listening_is 0 three
expect "the driver's status" "$(guest_attribute hint_status three)" "host not listening"
backend_status three | grep -q "$node is missing" || fail "QEMU says: $(backend_status three)"
sleep 2
not_attached three || fail "attached without the node"
mv $node.aside $node
trap - EXIT
channel_works three

migrate three four "${hint},backend=off"
not_attached four
within 5 "driver told that nobody listens" guest_listening_is 0 four
expect "the driver's status" "$(guest_attribute hint_status four)" "host not listening"
migrate four five "$hint"
channel_works five
hooks_work five

guest-qmp five device_del '{"id": "hint0"}'
gone() { guest-monitor five info sched-hint | grep -q "no virtio-sched-hint device"; }
within 20 "the device is gone" gone
migrate five six "$port"
expect "the guest is the one that was started" \
	"$(guest-run -n six cat /proc/sys/kernel/random/boot_id)" "$boot"
guest-qmp six device_add '{"driver": "virtio-sched-hint-pci", "id": "hint0", "bus": "port0",
	"runnable": true, "poll": true, "event": true}'
channel_works six
hooks_work six
