#!/bin/bash
# A shop whose certificate an authority of the lab has signed, and servers with certificates of their own: with a name
# that nobody would choose and a short key, and one that is long over. TLS 1.2, so that they can be seen.
. "$(dirname "$0")/../lab.sh"
need openssl
lab_start
issue() { # FILE-STEM CN BITS DIGEST [OPTION...]
  local stem=$1 cn=$2 bits=$3 digest=$4
  shift 4
  openssl req -x509 -newkey "rsa:$bits" "-$digest" -nodes -keyout "$stem.key" -out "$stem.crt" -days 365 \
    -subj "/CN=$cn" "$@" 2>/dev/null
  chmod 644 "$stem.key"
}
make_certificate "$LAB/authority" authority.lab.example
openssl req -newkey rsa:2048 -nodes -keyout "$LAB/shop.key" -subj "/O=Lapwing Lab/CN=shop.lab.example" 2>/dev/null |
  openssl x509 -req -CA "$LAB/authority.crt" -CAkey "$LAB/authority.key" -CAcreateserial -days 90 \
    -extfile <(echo subjectAltName=DNS:shop.lab.example) -out "$LAB/shop.crt" 2>/dev/null
issue "$LAB/odd" qxkzvjwpfh.example 1024 sha1
openssl req -newkey rsa:2048 -nodes -keyout "$LAB/old.key" -subj "/CN=old.lab.example" -out "$LAB/old.csr" 2>/dev/null
mkdir "$LAB/ca" && touch "$LAB/ca/index"
printf '[ca]\ndefault_ca=own\n[own]\ndatabase=%s\nnew_certs_dir=%s\nrand_serial=yes\npolicy=any\n[any]\ncommonName=supplied\n' \
  "$LAB/ca/index" "$LAB/ca" >"$LAB/ca/config"
openssl ca -config "$LAB/ca/config" -batch -selfsign -keyfile "$LAB/old.key" -in "$LAB/old.csr" -out "$LAB/old.crt" \
  -md sha256 -startdate 20190101000000Z -enddate 20200101000000Z 2>/dev/null
chmod 644 "$LAB"/*.key
serve() { server_job openssl s_server -accept "$1" -cert "$LAB/$2.crt" -key "$LAB/$2.key" -tls1_2 -www -cipher 'DEFAULT@SECLEVEL=0'; }
serve 443 shop
serve 8443 odd
serve 9443 old
for port in 443 8443 9443; do wait_port $port; done
ask() { # PORT [NAME]
  printf 'GET / HTTP/1.0\r\n\r\n' | on_client timeout 5 openssl s_client -connect "$SERVER:$1" -tls1_2 -ign_eof \
    -cipher 'DEFAULT@SECLEVEL=0' ${2:+-servername "$2"} >/dev/null 2>&1 || true
}
ask 443 shop.lab.example
ask 8443 news.example
ask 9443 old.lab.example
lab_save
