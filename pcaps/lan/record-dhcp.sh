#!/bin/bash
# Servers of DHCP: one that comes to a LAN where another serves, and names itself as router and resolver; and what looks alike:
# two that share the work, one that takes the place of another, and one that comes and tells the same.
. "$(dirname "$0")/../lab.sh"
need dnsmasq-base udhcpc
lab_start
lab_save "$LAB/nothing.pcap"
lab_third
WHAT="port 67 or port 68"
# serve SIDE INTERFACE ADDRESSES ROUTER RESOLVER
serve() {
  rm -f "$LAB/leases-$1"
  ip netns exec "lab-$1-$$" dnsmasq -k -C /dev/null -u root --port=0 --no-ping --dhcp-authoritative --interface="$2" \
    --dhcp-range="$3,2m" --dhcp-option="3,$4" --dhcp-option="6,$5" --dhcp-leasefile="$LAB/leases-$1" >/dev/null 2>&1 & JOBS+=($!)
  SERVING=$!
  sleep 1
}
# ask TIMES: hosts that come to the LAN, two seconds apart; each has a MAC address of its own.
HOST=10
ask() {
  local i
  for ((i = 0; i < $1; i++)); do
    HOST=$((HOST + 1))
    ip -n "lab-third-$$" link add link wire name guest address "$(printf '02:00:00:00:04:%02x' $HOST)" type macvlan
    ip -n "lab-third-$$" link set guest up
    sleep 1
    on_third udhcpc -q -n -t 2 -T 1 -f -i guest -s /bin/true >/dev/null 2>&1 || true
    sleep 1
    ip -n "lab-third-$$" link del guest
  done
}
OWN="server switch 10.9.0.50,10.9.0.90 $SERVER $SERVER"

lab_record "$WHAT"
serve $OWN; FIRST=$SERVING
ask 12
serve client wire 10.9.0.150,10.9.0.190 $CLIENT $CLIENT; SECOND=$SERVING
ask 4
lab_save "$HERE/dhcp-rogue.pcap"
kill $FIRST $SECOND

# Look-alikes.
lab_record "$WHAT"
serve $OWN; FIRST=$SERVING
serve client wire 10.9.0.150,10.9.0.190 $SERVER $CLIENT; SECOND=$SERVING
ask 16
lab_save "$HERE/dhcp-two.pcap"
kill $FIRST $SECOND

lab_record "$WHAT"
serve $OWN; FIRST=$SERVING
ask 12
kill $FIRST
serve client wire 10.9.0.150,10.9.0.190 $CLIENT $CLIENT; SECOND=$SERVING
ask 4
lab_save "$HERE/dhcp-replaced.pcap"
kill $SECOND

lab_record "$WHAT"
serve $OWN
ask 12
serve client wire 10.9.0.150,10.9.0.190 $SERVER $SERVER
ask 4
lab_save "$HERE/dhcp-joined.pcap"
