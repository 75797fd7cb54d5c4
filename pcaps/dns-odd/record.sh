#!/bin/bash
# BIND and what it takes although it is odd: a forged answer before the query, junk before and between messages over
# TCP, more questions than one; and answers made to grow in a record, from a server of our own.
. "$(dirname "$0")/../lab.sh"
need bind9 python3
lab_start
mkdir "$LAB/named"
printf '$TTL 300\n@ SOA ns1 admin 7 3600 600 86400 60\n@ NS ns1\nns1 A 10.9.0.1\nhidden A 10.9.0.1\n' >"$LAB/named/lab.zone"
cat >"$LAB/named.conf" <<C
options { directory "$LAB/named"; pid-file none; session-keyfile none; listen-on { any; }; listen-on-v6 { none; };
          recursion no; dnssec-validation no; managed-keys-directory "$LAB/named"; };
controls {};
zone "lab.example" { type primary; file "lab.zone"; };
C
server_job named -g -c "$LAB/named.conf"
wait_port 53
server_job python3 "$HERE/odd.py" serve 5300
sleep 0.5
on_client python3 "$HERE/odd.py" ask $SERVER
lab_save
