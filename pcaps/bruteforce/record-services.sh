#!/bin/bash
# hydra at servers that say whether a login failed: FTP, POP3, IMAP, SMTP, telnet and HTTP, each a capture; one password at
# many accounts; passwords until one is right. And what looks alike: a person who mistypes, and a program that logs in often.
. "$(dirname "$0")/../lab.sh"
need hydra vsftpd dovecot-pop3d dovecot-imapd exim4-daemon-light nginx-light inetutils-telnetd login socat curl openssl python3
lab_start
ended() { lab_save "$HERE/$1.pcap"; lab_record; }
mkdir -p "$LAB"/{home,empty,run,spool,www} "$LAB"/mail/{ann,bob}/{cur,new,tmp}
useradd -M -d "$LAB/home" -s /bin/sh lab-ann 2>/dev/null || true
echo 'lab-ann:Lab-pass1' | chpasswd
trap 'lab_clean; userdel lab-ann 2>/dev/null || true' EXIT
chown -R mail:mail "$LAB/mail"; chown Debian-exim: "$LAB/spool"; chown lab-ann: "$LAB/home"
printf '%s\n' 123456 password letmein dragon qwerty monkey abc123 football welcome login master sunshine secret1 hello >"$LAB/words"
printf '%s\n' ann bob carol dave erin frank grace heidi ivan judy mallory niaj olivia peggy >"$LAB/users"
printf '%s:{PLAIN}Lab-pass1:mail:mail\n' ann bob >"$LAB/mailusers"

cat >"$LAB/vsftpd.conf" <<C
listen=YES
background=NO
local_enable=YES
secure_chroot_dir=$LAB/empty
pam_service_name=ftp
seccomp_sandbox=NO
delay_failed_login=0
C
cat >"$LAB/dovecot.conf" <<C
base_dir = $LAB/run
state_dir = $LAB/run
log_path = $LAB/dovecot.log
protocols = imap pop3
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
mail_location = maildir:$LAB/mail/%u
first_valid_uid = 1
passdb {
  driver = passwd-file
  args = $LAB/mailusers
}
userdb {
  driver = passwd-file
  args = $LAB/mailusers
}
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
C
cat >"$LAB/exim.conf" <<'C'
primary_hostname = mail.lab.example
spool_directory = LAB/spool
log_file_path = LAB/spool/%slog
auth_advertise_hosts = *
host_lookup =
rfc1413_hosts =
tls_advertise_hosts =
begin authenticators
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = <| Username: | Password:
  server_condition = ${if and {{eq{$auth1}{ann}}{eq{$auth2}{Lab-pass1}}}}
  server_set_id = $auth1
C
sed -i "s|LAB|$LAB|" "$LAB/exim.conf"
echo "ann:$(openssl passwd -apr1 Lab-pass1)" >"$LAB/htpasswd"
echo welcome >"$LAB/www/index.html"
cat >"$LAB/nginx.conf" <<C
pid $LAB/nginx.pid; daemon off; worker_processes 1; error_log $LAB/error.log; user root;
events { }
http { access_log off; server { listen 80; root $LAB/www; auth_basic inner; auth_basic_user_file $LAB/htpasswd; } }
C
server_job vsftpd "$LAB/vsftpd.conf"
server_job dovecot -F -c "$LAB/dovecot.conf"
server_job exim4 -C "$LAB/exim.conf" -bdf -q1h -oX 25 -oP "$LAB/spool/pid"
server_job nginx -c "$LAB/nginx.conf"
server_job socat TCP-LISTEN:23,reuseaddr,fork EXEC:/usr/sbin/telnetd,nofork
for port in 21 23 25 80 110 143; do wait_port $port; done
lab_save "$LAB/nothing.pcap" && lab_record

guess() { on_client timeout 240 hydra -I -q -t 2 "$@" >>"$LAB/hydra.log" 2>&1 || true; }
guess -l lab-ann -P "$LAB/words" ftp://$SERVER && ended ftp
guess -l ann -P "$LAB/words" pop3://$SERVER && ended pop3
guess -l ann -P "$LAB/words" imap://$SERVER && ended imap
guess -l ann -P "$LAB/words" smtp://$SERVER/LOGIN && ended smtp
guess -l ann -P "$LAB/words" http-get://$SERVER/ && ended http
guess -l root -P "$LAB/words" telnet://$SERVER && ended telnet
guess -L "$LAB/users" -p Winter2026 imap://$SERVER && ended spray
echo Lab-pass1 >>"$LAB/words"
guess -l ann -P "$LAB/words" pop3://$SERVER && ended found

# Look-alikes.
for password in Lab-pas1 Lab-pass Lab-pass1 Lab-pass1; do
  on_client curl -s -m 5 -u "ann:$password" "imap://$SERVER/INBOX" >/dev/null || true
  sleep 1
done
ended mistyped
for _ in $(seq 25); do on_client curl -s -m 5 -u ann:Lab-pass1 "pop3://$SERVER/" >/dev/null || true; done
lab_save "$HERE/often.pcap"
