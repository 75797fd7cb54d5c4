#!/bin/bash
# BIND and dig: record types over UDP, TCP, IPv6; EDNS, truncation, NXDOMAIN, a zone transfer, a dynamic update refused.
. "$(dirname "$0")/../lab.sh"
need bind9 bind9-dnsutils
lab_start
mkdir "$LAB/named"
{
  cat <<'Z'
$TTL 300
@ SOA ns1.lab.example. admin.lab.example. 7 3600 600 86400 60
@ NS ns1
@ MX 10 mail
@ TXT "v=spf1 ip4:10.9.0.0/24 -all"
@ CAA 0 issue "ca.lab.example"
ns1 A 10.9.0.1
mail A 10.9.0.1
www A 10.9.0.1
www AAAA fd00:9::1
web CNAME www
_sip._tcp SRV 10 60 5060 www
host HINFO "PC" "Linux"
here LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m
key SSHFP 4 2 123456789abcdef67890123456789abcdef67890123456789abcdef123456789
svc HTTPS 1 . alpn=h2
tel NAPTR 100 10 "u" "sip+E2U" "!^.*$!sip:info@lab.example!" .
_443._tcp.www TLSA 3 1 1 0c72ac70b745ac19998811b131d662c9ac69dbdbe7cb23e5b514b56664c5d3d6
ip URI 10 1 "https://www.lab.example/"
Z
  for i in $(seq 40); do echo "many A 10.9.1.$i"; done
} >"$LAB/named/lab.zone"
printf '$TTL 300\n@ SOA ns1.lab.example. admin.lab.example. 1 3600 600 86400 60\n@ NS ns1.lab.example.\n2 PTR client.lab.example.\n' >"$LAB/named/reverse.zone"
cat >"$LAB/named.conf" <<C
options { directory "$LAB/named"; pid-file none; session-keyfile none; listen-on { any; }; listen-on-v6 { any; };
          recursion no; allow-transfer { any; }; dnssec-validation no; managed-keys-directory "$LAB/named"; minimal-responses no; };
controls {};
zone "lab.example" { type primary; file "lab.zone"; };
zone "0.9.10.in-addr.arpa" { type primary; file "reverse.zone"; };
C
server_job named -g -c "$LAB/named.conf"
wait_port 53
ask() { on_client dig +tries=1 +time=2 "$@" >/dev/null; }
for type in A AAAA; do ask @$SERVER www.lab.example $type; done
for question in "lab.example SOA" "lab.example NS" "lab.example MX" "lab.example TXT" "lab.example CAA" "web.lab.example A" \
  "_sip._tcp.lab.example SRV" "host.lab.example HINFO" "here.lab.example LOC" "key.lab.example SSHFP" "svc.lab.example TYPE65" \
  "tel.lab.example NAPTR" "_443._tcp.www.lab.example TLSA" "ip.lab.example URI" "lab.example ANY"; do
  ask @$SERVER $question
done
ask @$SERVER -x 10.9.0.2
ask @$SERVER nothing.lab.example
ask @$SERVER www.elsewhere.example             # refused: no recursion
ask @$SERVER +noedns www.lab.example
ask @$SERVER +noedns many.lab.example          # truncated, then again over TCP
ask @$SERVER +tcp www.lab.example
ask @$SERVER +subnet=192.0.2.0/24 +nsid +cookie www.lab.example
ask @$SERVER6 WWW.Lab.Example AAAA
ask @$SERVER lab.example AXFR
ask @$SERVER version.bind CH TXT
printf 'server %s\nzone lab.example\nupdate add new.lab.example 60 A 10.9.0.9\nsend\n' $SERVER | on_client nsupdate >/dev/null 2>&1 || true
lab_save
