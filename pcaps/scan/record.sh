#!/bin/bash
# nmap against a host with two open ports: SYN, NULL and XMAS scans of some ports, a UDP probe, a version probe.
. "$(dirname "$0")/../lab.sh"
need nmap python3
lab_start
mkdir "$LAB/www"
server_job python3 -m http.server -d "$LAB/www" 80
server_job python3 -m http.server -d "$LAB/www" 8080
wait_port 80 && wait_port 8080
scan() { on_client nmap -n -Pn --max-retries 0 "$@" $SERVER >/dev/null; }
scan -sS -p 1-100,8000-8100
scan -sN -p 20-30
scan -sX -p 20-30
scan -sU -p 53,69,123,161,1900
scan -sT -sV --version-intensity 1 -p 80
lab_save
