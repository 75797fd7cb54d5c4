#!/bin/bash
# The ways in which nmap, masscan and hping3 look for hosts and services, each a capture: <kind>.pcap. And what looks alike.
. "$(dirname "$0")/../lab.sh"
need nmap masscan hping3 python3 curl iputils-ping nftables
lab_start
lab_networks 10.9.8.0/24 198.51.100.0/24
on_server sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv4.icmp_msgs_per_sec=10000
mkdir "$LAB/www" && echo well >"$LAB/www/health"
for port in 80 8080; do server_job python3 -m http.server -d "$LAB/www" $port; wait_port $port; done
scan() { on_client nmap -n -Pn --max-retries 0 "$@" >/dev/null; }
ended() { lab_save "$HERE/$1.pcap"; lab_record "${2:-}"; }
silent() { on_server nft -f - <<<"table ip lab { chain in { type filter hook input priority 0; ip daddr 10.9.8.0/24 drop; }; }"; }
lab_save "$LAB/nothing.pcap" && lab_record

scan -sF -p 1-40 $SERVER && ended fin
scan -sN -p 1-40 $SERVER && ended null
scan -sX -p 1-40 $SERVER && ended xmas
scan -sA -p 1-40 $SERVER && ended ack
scan -sW -p 1-40 $SERVER && ended window
scan -sT -p 1-40,8080 $SERVER && ended connect
scan -sU -p 60-99 $SERVER && ended udp
scan -sO -p 1-5,7-16,18-57,59-70 $SERVER && ended protocol
scan -sS -p 445 10.9.8.0/27 && ended horizontal
scan -sS -p 22,445,3389,5985 10.9.8.0/28 10.9.0.1 && ended block
scan -sS -p 80 10.9.8.0/27 && ended open-everywhere
on_client nmap -n -sn -PE --disable-arp-ping 10.9.8.0/27 >/dev/null && ended echo-sweep "arp"
on_client nmap -n -sn -PR 10.9.0.0/26 >/dev/null && ended arp-sweep
MAC=$(on_server cat /sys/class/net/wire/address)
on_client timeout 20 masscan --adapter wire --adapter-ip $CLIENT --router-mac "$MAC" --rate 200 --wait 1 -p 1-60 198.51.100.7 >/dev/null 2>&1 || true
ended outward
on_client hping3 -q -S -i u50000 -c 40 -p ++20 $SERVER >/dev/null 2>&1 || true
ended hping
on_server nmap -n -Pn --max-retries 0 -sS -S 198.51.100.66 -e wire -p 1-40 $CLIENT >/dev/null && ended inward
silent
scan -sS -p 445 10.9.8.0/27 && ended filtered
scan -sU -p 1434 10.9.8.0/26 && ended udp-sweep
on_server nft flush ruleset

# Look-alikes: one who asks after a service that is down, one who watches hosts, and one who visits many.
for _ in $(seq 40); do on_client curl -s -m 1 http://$SERVER:9999/ || true; sleep 0.05; done
ended down
for _ in 1 2 3; do
  for host in $(seq 10 29); do on_client curl -s -m 2 -o /dev/null "http://10.9.8.$host/health"; done
done
ended monitor
for host in $(seq 10 21); do on_client ping -q -c 2 -i 0.2 "10.9.8.$host" >/dev/null; done
lab_save "$HERE/pings.pcap"
