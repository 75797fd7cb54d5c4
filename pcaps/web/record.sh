#!/bin/bash
# nginx and curl: plain, gzip and chunked replies, pipelined requests, an upload, redirects, errors, ranges, IPv6.
. "$(dirname "$0")/../lab.sh"
need nginx-light curl openssl
lab_start

mkdir -p "$LAB/www/files" "$LAB/up"
chmod 777 "$LAB/up"
{ echo '<!doctype html><title>Lapwing lab</title>'; for i in $(seq 60); do echo "<p>Paragraph $i of a page that compresses well.</p>"; done; } >"$LAB/www/index.html"
head -c 6000 /dev/zero | tr '\0' 'A' >"$LAB/www/files/a.txt"
printf '\x7fELF\x02\x01\x01' >"$LAB/www/files/tool.bin" && head -c 2000 /dev/urandom >>"$LAB/www/files/tool.bin"
echo '<!--# echo var="DATE_GMT" --><p>A page of unknown length goes out in chunks.</p>' >"$LAB/www/now.shtml"
cat >"$LAB/nginx.conf" <<C
daemon off; master_process off; user root; pid $LAB/nginx.pid; error_log $LAB/error.log;
events {}
http {
  access_log off; default_type application/octet-stream; server_tokens on;
  types { text/html html shtml; text/plain txt; }
  client_body_temp_path $LAB/up; gzip on; gzip_min_length 100; gzip_types text/plain;
  server {
    listen 80; listen [::]:80; root $LAB/www; ssi on;
    location /old { return 301 /index.html; }
    location /upload { client_body_in_file_only on; proxy_pass http://127.0.0.1:81; }
  }
  server { listen 127.0.0.1:81; location / { return 201 "stored\n"; } }
}
C
server_job nginx -c "$LAB/nginx.conf"
wait_port 80

get() { on_client curl -sS -o /dev/null --noproxy '*' "$@"; }
at=http://www.lab.example
name=(--resolve "www.lab.example:80:$SERVER")
get "${name[@]}" $at/
get "${name[@]}" --compressed $at/ $at/files/a.txt -o /dev/null
get "${name[@]}" -A 'lab-client/1.0' -e $at/ -b 'session=4711; theme=dark' "$at/now.shtml?q=lap%20wing&page=2"
get "${name[@]}" -L $at/old
get "${name[@]}" $at/missing.html
get "${name[@]}" -I $at/
get "${name[@]}" -r 100-199 $at/files/a.txt
get "${name[@]}" $at/files/tool.bin
get "${name[@]}" -F 'note=hello' -F "file=@$LAB/www/index.html;filename=report.html" $at/upload
get "${name[@]}" -H 'Transfer-Encoding: chunked' -H 'Content-Type: application/json' -d '{"station":"north","level":7}' $at/upload
get --resolve "www.lab.example:80:[$SERVER6]" $at/
# Three requests in one segment: curl does not pipeline any more.
on_client python3 - "$SERVER" <<'P'
import socket, sys
s = socket.create_connection((sys.argv[1], 80))
ask = "GET /files/a.txt?n=%d HTTP/1.1\r\nHost: www.lab.example\r\nUser-Agent: pipeline\r\n%s\r\n"
s.sendall("".join(ask % (n, "Connection: close\r\n" if n == 3 else "") for n in (1, 2, 3)).encode())
while s.recv(65536): pass
P
lab_save
