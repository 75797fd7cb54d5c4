#!/bin/bash
# OpenSSL's server and client in TLS 1.2: full handshakes with the certificate in the clear, ALPN, one resumption.
. "$(dirname "$0")/../lab.sh"
need openssl
lab_start
make_certificate "$LAB/site" secure.lab.example www.lab.example
server_job openssl s_server -accept 443 -key "$LAB/site.key" -cert "$LAB/site.crt" -tls1_2 -www -alpn http/1.1
wait_port 443
ask() {
  printf 'GET / HTTP/1.0\r\n\r\n' | on_client timeout 5 openssl s_client -quiet -ign_eof -connect $SERVER:443 -tls1_2 "$@" >/dev/null 2>&1 || true
}
ask -servername secure.lab.example -alpn h2,http/1.1
ask -servername www.lab.example -cipher ECDHE-RSA-AES128-GCM-SHA256 -sess_out "$LAB/session"
ask -servername www.lab.example -sess_in "$LAB/session"
ask -noservername -cipher AES256-SHA
lab_save
