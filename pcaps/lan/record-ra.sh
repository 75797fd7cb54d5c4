#!/bin/bash
# Routers of IPv6: one that comes to a LAN where another lives, with a prefix and resolver of its own, and one that is ended in
# its name; and what looks alike: two from the beginning, one in the place of another, and a second of the same network.
. "$(dirname "$0")/../lab.sh"
need radvd python3-scapy
lab_start
lab_save "$LAB/nothing.pcap"
lab_third
WHAT=icmp6
for side in server client; do ip netns exec "lab-$side-$$" sysctl -qw net.ipv6.conf.all.forwarding=1; done
sleep 2
# route SIDE INTERFACE PREFIX RESOLVER PREFERENCE
route() {
  cat >"$LAB/radvd-$1.conf" <<CONF
interface $2 {
  AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4; AdvDefaultPreference $5;
  prefix $3 { };
  RDNSS $4 { };
};
CONF
  ip netns exec "lab-$1-$$" radvd -n -m stderr -C "$LAB/radvd-$1.conf" -p "$LAB/radvd-$1.pid" >>"$LAB/jobs.log" 2>&1 & JOBS+=($!)
  ROUTING=$!
}
OWN="server switch fd00:9::/64 $SERVER6 medium"
stop() { kill "$@"; wait "$@" 2>/dev/null || true; sleep 1; }

lab_record "$WHAT"
route $OWN; FIRST=$ROUTING
sleep 16
route client wire fd00:99::/64 $CLIENT6 high; SECOND=$ROUTING
sleep 10
lab_save "$HERE/ra-rogue.pcap"
stop $FIRST $SECOND

lab_record "$WHAT"
route $OWN; FIRST=$ROUTING
sleep 16
ROUTER=$(ip -n "lab-server-$$" -6 -o address show dev switch scope link | grep -o 'fe80:[0-9a-f:]*')
on_client /usr/bin/python3 -c "
from scapy.all import *
for _ in range(3):
    sendp(Ether(src=get_if_hwaddr('wire'), dst='33:33:00:00:00:01')/IPv6(src='$ROUTER', dst='ff02::1', hlim=255)/ICMPv6ND_RA(routerlifetime=0), iface='wire', verbose=0)
    time.sleep(2)
"
sleep 5
lab_save "$HERE/ra-ended.pcap"
stop $FIRST

# Look-alikes.
lab_record "$WHAT"
route $OWN; FIRST=$ROUTING
route client wire fd00:99::/64 $CLIENT6 medium; SECOND=$ROUTING
sleep 25
lab_save "$HERE/ra-two.pcap"
stop $FIRST $SECOND

lab_record "$WHAT"
route $OWN; FIRST=$ROUTING
sleep 16
stop $FIRST
route client wire fd00:99::/64 $CLIENT6 medium; SECOND=$ROUTING
sleep 10
lab_save "$HERE/ra-replaced.pcap"
stop $SECOND

lab_record "$WHAT"
route $OWN; FIRST=$ROUTING
sleep 16
route client wire fd00:9::/64 $SERVER6 low; SECOND=$ROUTING
sleep 10
lab_save "$HERE/ra-joined.pcap"
stop $FIRST $SECOND
