#!/bin/bash
# Dovecot with curl, Python's poplib, fetchmail and mpop: logins by USER, APOP, PLAIN and CRAM-MD5, lists, messages with
# files, the tops of them, pipelined, over IPv6 and behind STLS; then what attackers do: passwords tried, a document with
# a macro (a stand-in) fetched, commands put behind STLS. saved.txt has the digests of the files that clients got.
. "$(dirname "$0")/../lab.sh"
need dovecot-pop3d curl fetchmail mpop openssl python3
lab_start
make_certificate "$LAB/mail" mail.lab.example
mkdir -p "$LAB"/{run,got} "$LAB"/mail/{ann,bob}/{cur,new,tmp}
printf '%s:{PLAIN}Lab-pass1:mail:mail\n' ann bob >"$LAB/users"
python3 "$HERE/mails.py" "$LAB/mail/ann/new" "$LAB/mail/bob/new"
chown -R mail:mail "$LAB/mail"
cat >"$LAB/dovecot.conf" <<C
base_dir = $LAB/run
state_dir = $LAB/run
log_path = $LAB/dovecot.log
protocols = pop3
ssl = yes
ssl_cert = <$LAB/mail.crt
ssl_key = <$LAB/mail.key
disable_plaintext_auth = no
auth_mechanisms = plain login cram-md5 apop
auth_failure_delay = 0
mail_location = maildir:$LAB/mail/%u
first_valid_uid = 1
passdb {
  driver = passwd-file
  args = $LAB/users
}
userdb {
  driver = passwd-file
  args = $LAB/users
}
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
C
server_job dovecot -F -c "$LAB/dovecot.conf"
wait_port 110
got() { on_client timeout 20 "$@" >/dev/null 2>&1 || true; }
cd "$LAB/got"
ann=(-s -u ann:Lab-pass1)
got curl "${ann[@]}" "pop3://$SERVER/" -o list
for number in 1 2 3 4; do got curl "${ann[@]}" --login-options AUTH=PLAIN "pop3://$SERVER/$number" -o curl-$number.eml; done
got curl "${ann[@]}" --login-options AUTH=CRAM-MD5 -g "pop3://[$SERVER6]/2" -o curl-6.eml
got curl "${ann[@]}" -X 'TOP 2 3' "pop3://$SERVER/" -o top
got curl "${ann[@]}" --ssl-reqd --insecure "pop3://$SERVER/2" -o secret
on_client timeout 30 python3 "$HERE/session.py" $SERVER poplib
cat >fetchmailrc <<C
poll $SERVER protocol pop3 username "bob" password "Lab-pass1" keep fetchall sslproto "" mda "cat >fetchmail-\$\$.eml"
C
chmod 600 fetchmailrc
got env FETCHMAILHOME="$LAB/got" HOME="$LAB/got" fetchmail --nodetach --nosyslog -f fetchmailrc
cat >mpoprc <<C
account ann
host $SERVER
user ann
password Lab-pass1
auth user
tls off
keep on
only_new off
delivery mbox $LAB/got/mpop.mbox
uidls_file $LAB/got/uidls
C
chmod 600 mpoprc
got mpop -C mpoprc ann
# The attacks, beside the document that fetchmail got.
for password in 123456 admin letmein root qwerty toor; do got curl -s -u "ann:$password" "pop3://$SERVER/"; done
on_client timeout 30 python3 "$HERE/session.py" $SERVER inject
lab_save
python3 "$HERE/mails.py" --saved . >"$HERE/saved.txt"
