#!/bin/bash
# nginx and curl over TLS 1.3 (certificate and everything after the hellos encrypted), and a refused TLS 1.1 hello.
. "$(dirname "$0")/../lab.sh"
need nginx-light curl openssl
lab_start
make_certificate "$LAB/site" shop.lab.example
mkdir "$LAB/www" && echo 'over TLS' >"$LAB/www/index.html"
cat >"$LAB/nginx.conf" <<C
daemon off; master_process off; user root; pid $LAB/nginx.pid; error_log $LAB/error.log;
events {}
http {
  access_log off;
  server { listen 443 ssl http2; listen [::]:443 ssl http2; root $LAB/www; ssl_protocols TLSv1.3;
           ssl_certificate $LAB/site.crt; ssl_certificate_key $LAB/site.key; }
}
C
server_job nginx -c "$LAB/nginx.conf"
wait_port 443
get() { on_client curl -sS -k -o /dev/null --noproxy '*' "$@" || true; }
get --resolve "shop.lab.example:443:$SERVER" https://shop.lab.example/
get --http1.1 --resolve "shop.lab.example:443:[$SERVER6]" https://shop.lab.example/
get --resolve "update.malware.lab.example:443:$SERVER" https://update.malware.lab.example/
on_client openssl s_client -connect $SERVER:443 -tls1_1 -cipher DEFAULT@SECLEVEL=0 </dev/null >/dev/null 2>&1 || true
lab_save
