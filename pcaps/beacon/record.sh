#!/bin/bash
# Programs that call home, every five seconds: with and without jitter, over HTTP and TLS, on one connection,
# with calls left out. And people and programs that do not: a visitor who reads, a crawler.
. "$(dirname "$0")/../lab.sh"
need python3 openssl wget curl
lab_start
lab_networks 198.51.100.0/24
mkdir "$LAB/www"
make_certificate "$LAB/tls" control.lab.example
server_job python3 "$HERE/control.py" "$LAB/tls.crt" "$LAB/tls.key"
for port in 80 443 4444 8081; do wait_port $port; done
for n in $(seq 40); do
  head -c $((200 + n * 37 % 900)) /dev/zero | tr '\0' 'p' >"$LAB/www/page$n.html"
  echo "<a href=page$((n % 40 + 1)).html>next</a> <a href=page$((n * 7 % 40 + 1)).html>other</a>" >>"$LAB/www/page$n.html"
done
server_job python3 -m http.server -d "$LAB/www" 8000
wait_port 8000

# All at the same time, each a server of its own.
call() { on_client python3 "$HERE/agent.py" "$@" --period 5 & CALLS+=($!); }
CALLS=()
call 198.51.100.7 4444 --calls 30 --jitter 0.4 --seed 1
call 198.51.100.8 80 --calls 30 --jitter 0.1 --seed 2 --speak http
call 198.51.100.9 443 --calls 30 --jitter 0.2 --seed 3 --speak tls
call 198.51.100.10 4444 --calls 30 --jitter 0.1 --seed 4 --keep
call 198.51.100.11 8081 --calls 34 --jitter 0.05 --seed 5 --leave-out 0.15
call 198.51.100.12 80 --calls 26 --reader --seed 6 --speak http
on_client wget -q -r -l 5 -w 2 --random-wait -P "$LAB/got" http://198.51.100.13:8000/page1.html || true
wait "${CALLS[@]}"
lab_save "$LAB/all.pcap"
host=7
for name in jitter http tls one-connection loss reader crawler; do
  tcpdump -r "$LAB/all.pcap" -w "$HERE/$name.pcap" "host 198.51.100.$((host++))" 2>/dev/null
done
