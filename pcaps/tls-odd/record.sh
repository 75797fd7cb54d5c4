#!/bin/bash
# OpenSSL's server and hellos that it takes although they are odd: versions, empty records, records of one byte, another
# name in the second hello; and plain text behind records, to servers of our own.
. "$(dirname "$0")/../lab.sh"
need openssl python3
lab_start
make_certificate "$LAB/site" shop.lab.example
server_job openssl s_server -accept 443 -cert "$LAB/site.crt" -key "$LAB/site.key" -quiet
server_job openssl s_server -accept 853 -cert "$LAB/site.crt" -key "$LAB/site.key" -groups P-384 -quiet
wait_port 443
wait_port 853
server_job python3 "$HERE/odd.py" serve "$LAB/site"
wait_port 8443
on_client python3 "$HERE/odd.py" ask $SERVER
lab_save
