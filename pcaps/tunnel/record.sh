#!/bin/bash
# iodine: IP over DNS queries and replies, straight to its own server, carrying pings and a small download.
. "$(dirname "$0")/../lab.sh"
need iodine iputils-ping curl python3
[ -c /dev/net/tun ] || { mkdir -p /dev/net && mknod /dev/net/tun c 10 200; }
lab_start
server_job iodined -f -c -P lab-pass -u root 10.99.0.1 t.lab.example
sleep 1
on_client iodine -f -r -P lab-pass -u root -T TXT -m 200 $SERVER t.lab.example >"$LAB/iodine.log" 2>&1 & JOBS+=($!)
for _ in $(seq 100); do on_client ip -4 address show dev dns0 2>/dev/null | grep -q inet && break; sleep 0.2; done
mkdir "$LAB/www" && head -c 1500 /dev/zero | tr '\0' 'C' >"$LAB/www/secret.txt"
server_job python3 -m http.server -d "$LAB/www" 80
wait_port 80
on_client ping -q -c 3 -i 0.5 10.99.0.1 >/dev/null
on_client curl -sS -m 20 -o /dev/null --noproxy '*' http://10.99.0.1/secret.txt
lab_save
