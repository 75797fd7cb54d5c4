#!/bin/bash
# record.sh FILE [CONNECTIONS [SEED]]: browsing as a mirror port shows it, for measurements. nginx serves a site of pages
# with their styles, scripts and pictures, and browsers without windows visit it: some 60 packets of 1,000 bytes a
# connection, half of the connections TLS. What is asked for follows from the seed; when, from the machine.
. "$(dirname "$0")/../../pcaps/lab.sh"
[ $# -ge 1 ] || { sed -n '2,4s/^# //p' "$0" >&2; exit 2; }
FILE=$(realpath "$1") CONNECTIONS=${2:-8000} SEED=${3:-1}
need nginx-light openssl python3
lab_start tcp

for i in $(seq 20 59); do ip -n "lab-client-$$" address add "10.9.0.$i/24" dev wire; done
for i in $(seq 100 115); do ip -n "lab-server-$$" address add "10.9.0.$i/24" dev wire; done
python3 "$HERE/web.py" "$SEED" site "$LAB/www"
HOSTS=
for i in $(seq 0 7); do
  make_certificate "$LAB/$i" "site$i.lab.example" "*.site$i.lab.example"
  HOSTS+="server { listen 443 ssl; server_name site$i.lab.example *.site$i.lab.example;
    ssl_certificate $LAB/$i.crt; ssl_certificate_key $LAB/$i.key; root $LAB/www; }"
done
cat >"$LAB/nginx.conf" <<C
daemon off; worker_processes 1; user root; pid $LAB/nginx.pid; error_log $LAB/error.log;
events { worker_connections 4096; }
http {
  access_log off; default_type application/octet-stream; keepalive_requests 1000;
  types { text/html html; text/css css; application/javascript js; application/json json; image/jpeg jpg; image/png png; }
  gzip on; gzip_min_length 500; gzip_types text/css application/javascript application/json;
  ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache shared:tls:4m;
  server { listen 80; root $LAB/www; location /search { try_files /api/0.json =404; } }
  $HOSTS
}
C
server_job nginx -c "$LAB/nginx.conf"
wait_port 80
on_client python3 "$HERE/web.py" "$SEED" visit "$CONNECTIONS"
lab_save "$FILE"
