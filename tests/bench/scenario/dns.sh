# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034,SC2154 # variables of the files that it is sourced with
# A query over UDP, always the same, to Debian's dnsmasq, which knows the answer.

. ./udp.sh

PORT=53
NAME=server.bench ADDRESS=192.0.2.1
# the header: a number, recursion desired, one question; which is NAME's A
REQUEST=000001000001000000000000067365727665720562656e63680000010001

prepare() {
	guest_background "exec dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --user=root \
		--group=root --pid-file= --cache-size=0 --host-record=$NAME,$ADDRESS"
	tries=0
	# a refusal would be as quick, and no answer
	until nslookup $NAME "$GUEST_IP" 2>"$WORK/error" | grep -q "Address.*$ADDRESS"; do
		tries=$((tries + 1))
		[ $tries -lt 10 ] || die "dnsmasq in the guest does not know $NAME: $(tail -n 1 "$WORK/error")"
		sleep 0.5
	done
}
