#!/bin/bash
# What is done every day and looks like something else: packages fetched, a site copied, a backup, a film watched, a session
# by SSH, clocks asked, hosts watched, the same names looked up again and again.
. "$(dirname "$0")/../lab.sh"
need python3 curl wget rsync openssh-server openssh-client nginx-light dnsmasq-base bind9-dnsutils iputils-ping openssl
lab_start
lab_networks 198.51.100.0/24 10.9.8.0/24
ended() { lab_save "$HERE/$1.pcap"; lab_record; }
mkdir -p "$LAB"/{www/pool,got,home,copy}
for n in $(seq 24); do head -c $((600 + n * 211 % 1500)) /dev/zero | tr '\0' 'd' >"$LAB/www/pool/package_$n.deb"; done
seq 1 2000 >"$LAB/www/film.mp4"
echo well >"$LAB/www/health"
for n in $(seq 30); do seq $n $((n + 100)) >"$LAB/home/file$n.txt"; done
cat >"$LAB/nginx.conf" <<C
pid $LAB/nginx.pid; daemon off; worker_processes 1; error_log $LAB/error.log; user root;
events { }
http { access_log off; server { listen 80; root $LAB/www; } }
C
server_job nginx -c "$LAB/nginx.conf"
printf 'use chroot = no\n[copy]\npath = %s\nread only = no\nuid = root\ngid = root\n' "$LAB/copy" >"$LAB/rsyncd.conf"
server_job rsync --daemon --no-detach --config "$LAB/rsyncd.conf"
ssh-keygen -q -t ed25519 -N '' -f "$LAB/host" && ssh-keygen -q -t ed25519 -N '' -f "$LAB/mine"
cp "$LAB/mine.pub" "$LAB/keys" && chmod 600 "$LAB/keys"
mkdir -p /run/sshd
server_job /usr/sbin/sshd -D -e -f /dev/null -h "$LAB/host" -o "PidFile=$LAB/pid" -o UsePAM=no -o PermitRootLogin=yes -o StrictModes=no \
  -o "AuthorizedKeysFile=$LAB/keys"
server_job dnsmasq -k -C /dev/null -u root --no-resolv --no-hosts --address=/lab.example/10.9.0.5
for port in 22 80 873; do wait_port $port; done
lab_save "$LAB/nothing.pcap" && lab_record

get() { on_client curl -s -m 10 -o /dev/null "$@" || true; }
for n in $(seq 24); do get -A 'Debian APT-HTTP/1.3 (2.6.1)' "http://198.51.100.30/pool/package_$n.deb"; done
ended packages
on_client rsync -q "$LAB/home/"* rsync://$SERVER/copy/
echo changed >>"$LAB/home/file3.txt"
on_client rsync -q "$LAB/home/"* rsync://$SERVER/copy/
ended backup
for n in $(seq 0 7); do get -r $((n * 1100))-$((n * 1100 + 1099)) http://198.51.100.31/film.mp4; sleep 1.2; done
ended film
{ for command in 'ls /' 'uptime' 'df' 'cat /etc/hostname' exit; do sleep 1.5; echo "$command"; done; } |
  on_client ssh -T -i "$LAB/mine" -o StrictHostKeyChecking=no -o "UserKnownHostsFile=$LAB/known" -o LogLevel=ERROR root@198.51.100.32 \
    sh >/dev/null 2>&1 || true
ended session
for _ in $(seq 20); do
  for name in www mail files; do on_client dig +tries=1 +time=1 @$SERVER "$name.lab.example" >/dev/null || true; done
  sleep 0.3
done
ended look-ups
for _ in $(seq 12); do
  for host in 10 11 12 13; do on_client ping -q -c 1 -W 1 "10.9.8.$host" >/dev/null; get "http://10.9.8.$host/health"; done
  sleep 2
done
lab_save "$HERE/watch.pcap"
