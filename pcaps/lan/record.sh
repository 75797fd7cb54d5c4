#!/bin/bash
# What stations of a network say of themselves: one that claims the addresses of two others by arpspoof and one that tells
# one of them alone; and what looks alike: a machine replaced by another, leases renewed, an address that moves by design.
. "$(dirname "$0")/../lab.sh"
need dsniff iputils-ping iputils-arping dnsmasq-base udhcpc
lab_start
lab_save "$LAB/nothing.pcap"
lab_third
WHAT="arp or icmp or port 67 or port 68"
ended() { lab_save "$HERE/$1.pcap"; lab_record "$WHAT"; }
forget() { for side in server client third; do ip -n "lab-$side-$$" neighbour flush all; done; }
pings() { on_third ping -q -c "$1" -i 0.5 $SERVER >/dev/null || true; }
lab_record "$WHAT"

pings 4
on_client timeout -s INT 16 arpspoof -i wire -t $THIRD -r $SERVER >/dev/null 2>&1 & JOBS+=($!)
pings 28
sleep 9
ended both-ways
forget
pings 4
on_client timeout -s KILL 24 arpspoof -i wire -t $THIRD $SERVER >/dev/null 2>&1 & JOBS+=($!)
pings 44
sleep 3
ended one-way

# Look-alikes.
forget
pings 6
ip -n "lab-third-$$" link set wire down
ip -n "lab-third-$$" link set wire address 02:00:00:00:03:33
ip -n "lab-third-$$" link set wire up
sleep 3
on_third arping -q -U -c 3 -I wire $THIRD || true
pings 6
ended replaced
ip netns exec "lab-server-$$" dnsmasq -k -C /dev/null -u root --port=0 --interface=switch --dhcp-range=10.9.0.50,10.9.0.60,2m --dhcp-leasefile="$LAB/leases" >/dev/null 2>&1 & LEASER=$!
sleep 1
on_third udhcpc -q -n -f -i wire -s /bin/true >/dev/null 2>&1 || true
ip netns exec "lab-third-$$" udhcpc -f -i wire -s /bin/true >/dev/null 2>&1 & LEASE=$!
sleep 4
for _ in $(seq 12); do kill -USR1 $LEASE; sleep 1; done
kill $LEASE $LEASER
ended leases
for owner in third client third client third client; do
  ip -n "lab-$owner-$$" link add link wire name shared address 00:00:5e:00:01:07 type macvlan
  ip -n "lab-$owner-$$" address add 10.9.0.7/24 dev shared
  ip -n "lab-$owner-$$" link set shared up
  sleep 0.5
  ip netns exec "lab-$owner-$$" arping -q -A -c 2 -I shared 10.9.0.7 || true
  on_server ping -q -c 1 -W 1 10.9.0.7 >/dev/null || true
  ip -n "lab-$owner-$$" link del shared
done
lab_save "$HERE/shared-address.pcap"
