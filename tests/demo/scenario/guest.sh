#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The SIP server, in the guest; it runs until the guest ends.
. /etc/demo/conf

ip=$(ip -4 -o addr show dev eth0 | sed 's/.* inet \([0-9.]*\).*/\1/')
[ -n "$ip" ] || { echo "demo: eth0 has no address" >&2; exit 1; }
# names for user 0, which the servers look up
[ -e /etc/passwd ] || echo "root:x:0:0:root:/root:/bin/sh" >/etc/passwd
[ -e /etc/group ] || echo "root:x:0:" >/etc/group
mkdir -p /run /tmp /var/tmp
ulimit -n 4096

case $SERVER in
kamailio)
	exec kamailio -f /etc/demo/kamailio.cfg -l "udp:$ip:5060" -DD -E -m 96 -M 8 -Y /tmp
	;;
asterisk)
	# else it asks DNS for its own address, in every call
	echo "$ip $(hostname)" >>/etc/hosts
	mkdir -p /var/log/asterisk /var/lib/asterisk /var/spool/asterisk /var/run/asterisk
	exec asterisk -f -C /etc/demo/asterisk/asterisk.conf
	;;
*)
	echo "demo: unknown server '$SERVER'" >&2
	exit 1
	;;
esac
