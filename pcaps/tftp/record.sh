#!/bin/bash
# tftpd-hpa and atftpd with tftp, atftp and curl: files both ways, with and without options, in windows; a file that
# is not there, one fetched from outside of the server's folder, and names tried one after the other.
. "$(dirname "$0")/../lab.sh"
need tftpd-hpa tftp-hpa atftp curl libwrap0 libpcre3
unpack atftpd
lab_start
mkdir -p "$LAB"/{served,got} && chmod 777 "$LAB/served" "$LAB/got"
seq 1 12000 >"$LAB/served/numbers.txt"
head -c 1024 /dev/zero | tr '\0' 'B' >"$LAB/served/boot.img"
for name in up.txt router-confg; do printf 'hostname lab\nenable secret 5 none\n' >"$LAB/served/$name"; done
chmod 666 "$LAB"/served/*
cd "$LAB/got"
got() { on_client timeout 20 "$@" >/dev/null 2>&1 || true; }
server_job in.tftpd --foreground --secure --create --user nobody --address :69 "$LAB/served"
sleep 0.5
got tftp -m binary $SERVER -c get boot.img boot.img
got tftp -m binary $SERVER -c put "$LAB/served/router-confg" up.txt
got curl -s "tftp://$SERVER/numbers.txt" -o numbers-curl.txt
got curl -s --tftp-blksize 1400 "tftp://$SERVER/numbers.txt" -o numbers-1400.txt
got curl -s --tftp-no-options "tftp://$SERVER/boot.img" -o boot-plain.img
got tftp -m ascii $SERVER -c get router-confg config.txt
for name in startup-config running-config backup.cfg router.cfg switch-confg; do got curl -s "tftp://$SERVER/$name"; done
stop_servers
chmod 777 "$LAB/served"
server_job "$LAB/atftpd/usr/sbin/atftpd" --daemon --no-fork --user nobody --group nogroup --logfile - "$LAB/served"
sleep 0.5
got atftp --option "blksize 1024" --option "windowsize 4" --get -r numbers.txt -l numbers-window.txt $SERVER
got atftp --put -r up.txt -l "$LAB/served/router-confg" $SERVER
lab_save
(sha256sum boot.img boot-plain.img numbers-*.txt && sha256sum "$LAB"/served/{router-confg,router-confg} &&
  sed 's/$/\r/' "$LAB/served/router-confg" | sha256sum | sed "s|-|$LAB/router-confg.netascii|") |
  awk '{ sub(".*/", "", $2); print $1, $2 }' >"$HERE/saved.txt"
