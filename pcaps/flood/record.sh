#!/bin/bash
# Floods by hping3 for some seconds, reflected answers, half-open requests, and a load test that is none.
. "$(dirname "$0")/../lab.sh"
need hping3 python3 apache2-utils nginx-light curl
lab_start
lab_networks 198.51.100.0/24
on_server sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv4.icmp_msgs_per_sec=100000
ended() { lab_save "$HERE/$1.pcap"; lab_record "${2:-}"; }
flood() { on_client timeout -s INT 6 hping3 -q "$@" $SERVER >/dev/null 2>&1 || true; }
mkdir "$LAB/www" && head -c 20 /dev/zero | tr '\0' 'x' >"$LAB/www/index.html"
cat >"$LAB/nginx.conf" <<CONF
pid $LAB/nginx.pid; daemon off; worker_processes 1; error_log $LAB/error.log;
events { worker_connections 1024; }
http { access_log off; server { listen 80; root $LAB/www; } }
CONF
server_job nginx -c "$LAB/nginx.conf"
wait_port 80
lab_save "$LAB/nothing.pcap" && lab_record

# Of forged senders only the requests cross the cable: the server has no way back to them.
flood -S -p 80 --rand-source -i u1500 && ended syn
flood -2 -p 5060 --rand-source -d 10 -i u2000 && ended udp
flood -1 --rand-source -d 8 -i u2000 && ended icmp
on_client python3 "$HERE/reflect.py" $SERVER
ended reflection
on_client python3 "$HERE/slow.py" $SERVER
ended slow
