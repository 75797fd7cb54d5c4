#!/bin/bash
# Exim and Postfix with swaks, msmtp, curl, Python's smtplib and an Exim that relays: logins, STARTTLS, commands that do
# not wait for answers, texts by DATA and by BDAT, multiparts within each other, attachments in every transfer encoding
# and with names in every form; then what attackers do: passwords tried, a mail with what stands in for a document with
# macros, a second mail smuggled behind a lone LF. saved.txt has the digests of the attachments, as clients had them.
. "$(dirname "$0")/../lab.sh"
need exim4-daemon-light swaks msmtp curl python3 libnet-ssleay-perl openssl libdb5.3 libicu72 libnsl2 libsasl2-2
unpack postfix
lab_start
make_certificate "$LAB/mail" mail.lab.example
mkdir "$LAB/spool" "$LAB/relay" && chown -R Debian-exim: "$LAB/spool" "$LAB/relay" "$LAB"/mail.*
exim_config() { # SPOOL NAME
  cat <<C
primary_hostname = $2
spool_directory = $1
log_file_path = $1/%slog
chunking_advertise_hosts = *
pipelining_advertise_hosts = *
tls_advertise_hosts = *
tls_certificate = $LAB/mail.crt
tls_privatekey = $LAB/mail.key
auth_advertise_hosts = *
acl_smtp_rcpt = rcpt
acl_smtp_data = data
host_lookup =
rfc1413_hosts =
helo_accept_junk_hosts = *
begin acl
rcpt:
  accept domains = lab.example
  accept authenticated = *
  deny message = relaying denied
data:
  accept
C
}
{
  exim_config "$LAB/spool" mail.lab.example
  cat <<'C'
begin routers
hole:
  driver = accept
  transport = hole
begin transports
hole:
  driver = appendfile
  file = /dev/null
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${if and {{eq{$auth2}{ann}}{eq{$auth3}{Lab-pass1}}}}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = <| Username: | Password:
  server_condition = ${if and {{eq{$auth1}{ann}}{eq{$auth2}{Lab-pass1}}}}
  server_set_id = $auth1
C
} >"$LAB/exim.conf"
{
  exim_config "$LAB/relay" client.lab.example
  cat <<C
begin routers
on:
  driver = manualroute
  route_list = * $SERVER
  transport = on
begin transports
on:
  driver = smtp
  hosts_avoid_tls = *
  host_name_extract =
  hosts_pipe_connect =
C
} >"$LAB/relay.conf"
server_job exim4 -C "$LAB/exim.conf" -bdf -q1h -oX 25:587 -oP "$LAB/spool/pid"
wait_port 25
wait_port 587
may() { on_client timeout 30 "$@" >>"$LAB/clients.log" 2>&1 || true; }
mkdir "$LAB/sent"
python3 "$HERE/send.py" make "$LAB/sent"

may swaks --server $SERVER --helo client.lab.example --from ann@lab.example --to bob@lab.example,eve@lab.example --pipeline \
  --header 'Subject: all at once' --body 'See http://www.lab.example/page?a=b and https://safe.lab.example\n' \
  --attach @"$LAB/sent/small.bin" --attach-name small.bin
may swaks --server $SERVER:587 --helo client.lab.example --from ann@lab.example --to someone@elsewhere.example \
  --auth PLAIN --auth-user ann --auth-password Lab-pass1 --header 'Subject: by PLAIN' --body 'in\n'
may swaks --server $SERVER:587 --helo client.lab.example --from ann@lab.example --to someone@elsewhere.example \
  --auth LOGIN --auth-user ann --auth-password Lab-pass1 --header 'Subject: by LOGIN' --body 'in\n'
cat >"$LAB/msmtprc" <<C
defaults
host $SERVER
port 587
from ann@lab.example
domain client.lab.example
tls_certcheck off
account plain
auth plain
user ann
password Lab-pass1
tls off
account tls
auth plain
user ann
password Lab-pass1
tls on
tls_starttls on
account default : plain
C
chmod 600 "$LAB/msmtprc"
may msmtp -C "$LAB/msmtprc" -a tls bob@lab.example <"$LAB/sent/plain.eml"
may msmtp -C "$LAB/msmtprc" -a plain --auth=plain bob@lab.example <"$LAB/sent/plain.eml"
may curl -sS "smtp://$SERVER/client.lab.example" --mail-from ann@lab.example --mail-rcpt bob@lab.example \
  -F '=(;type=multipart/alternative' -F '=plain text;type=text/plain' -F '= <p>text</p>;type=text/html' -F '=)' \
  -F "file=@$LAB/sent/picture.png;type=image/png;encoder=base64" \
  -F "file=@$LAB/sent/notes.txt;type=text/plain;encoder=quoted-printable" -H 'Subject: of curl'
may python3 "$HERE/send.py" send $SERVER "$LAB/sent"
cp "$LAB/clients.log" /tmp/clients.log
on_client exim4 -C "$LAB/relay.conf" -oMr smtp -odf -f ann@lab.example bob@lab.example carol@lab.example \
  <"$LAB/sent/relayed.eml" >>"$LAB/clients.log" 2>&1 || true
stop_servers

# Postfix, whose programs find each other by its configuration.
id postfix >/dev/null 2>&1 || { useradd -r -M -s /usr/sbin/nologin postfix && OWN=1; }
getent group postdrop >/dev/null || groupadd -r postdrop
trap 'lab_clean; [ -z "${OWN:-}" ] || { userdel postfix; groupdel postdrop; } 2>/dev/null || true' EXIT
ROOT=$LAB/postfix
mkdir -p "$LAB"/{pf,data,queue/{active,bounce,corrupt,defer,deferred,flush,hold,incoming,maildrop,pid,private,public,saved,trace}}
chown -R postfix "$LAB/data" "$LAB/queue" && chown root "$LAB/queue" "$LAB/queue/pid"
chgrp postdrop "$LAB/queue/maildrop" "$LAB/queue/public"
cat >"$LAB/pf/main.cf" <<C
compatibility_level = 3.6
command_directory = $ROOT/usr/sbin
daemon_directory = $ROOT/usr/lib/postfix/sbin
shlib_directory = $ROOT/usr/lib/postfix
meta_directory = $LAB/pf
queue_directory = $LAB/queue
data_directory = $LAB/data
myhostname = mx.lab.example
mydestination = lab.example
mynetworks = 127.0.0.0/8
inet_interfaces = all
maillog_file = $LAB/postfix.log
maillog_file_prefixes = $LAB
local_recipient_maps =
local_transport = discard:
default_transport = discard:
alias_maps =
smtpd_tls_security_level = may
smtpd_tls_cert_file = $LAB/mail.crt
smtpd_tls_key_file = $LAB/mail.key
smtpd_forbid_bare_newline = no
import_environment = LD_LIBRARY_PATH MAIL_CONFIG PATH TZ
C
cat >"$LAB/pf/master.cf" <<'C'
smtp      inet  n       -       n       -       -       smtpd
pickup    unix  n       -       n       60      1       pickup
cleanup   unix  n       -       n       -       0       cleanup
qmgr      unix  n       -       n       300     1       qmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
discard   unix  -       -       n       -       -       discard
anvil     unix  -       -       n       -       1       anvil
tlsmgr    unix  -       -       n       1000?   1       tlsmgr
postlog   unix-dgram n  -       n       -       1       postlogd
C
: >"$LAB/pf/dynamicmaps.cf"
server_job env LD_LIBRARY_PATH="$ROOT/usr/lib/postfix" MAIL_CONFIG="$LAB/pf" "$ROOT/usr/lib/postfix/sbin/master" -c "$LAB/pf" -d
wait_port 25
may python3 "$HERE/send.py" chunks $SERVER "$LAB/sent"
may swaks --server $SERVER --helo client.lab.example --from ann@lab.example --to bob@lab.example --tls --header 'Subject: secret' --body 'encrypted\n'
may swaks --server $SERVER --helo client.lab.example --from ann@lab.example --to someone@elsewhere.example
# The attacks.
may python3 "$HERE/send.py" attack $SERVER "$LAB/sent"
stop_servers
server_job exim4 -C "$LAB/exim.conf" -bdf -q1h -oX 587 -oP "$LAB/spool/pid"
wait_port 587
for password in 123456 password Welcome1 letmein qwerty ann2024; do
  may swaks --server $SERVER:587 --helo client.lab.example --from ann@lab.example --to bob@lab.example --auth LOGIN --auth-user ann --auth-password $password --quit-after AUTH
done
lab_save
cp "$LAB/sent/saved.txt" "$HERE/saved.txt"
