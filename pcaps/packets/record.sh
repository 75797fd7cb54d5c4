#!/bin/bash
# Packets that say something by themselves: pings, unreachable ports, neighbours and a router over
# IPv6, groups joined and left in all versions of IGMP.
. "$(dirname "$0")/../lab.sh"
need python3 iputils-ping
lab_start "icmp or icmp6 or igmp or arp or udp"
on_client ping -q -c 2 -i 0.2 -s 24 -W 1 $SERVER
on_client ping -q -6 -c 2 -i 0.2 -s 24 -W 1 $SERVER6
on_client python3 "$HERE/send.py" ports $SERVER $SERVER6
for version in 1 2 3; do
  on_client sysctl -qw net.ipv4.conf.wire.force_igmp_version=$version
  on_client python3 "$HERE/send.py" groups $CLIENT
done
on_server python3 "$HERE/send.py" routers wire
lab_save
