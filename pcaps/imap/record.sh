#!/bin/bash
# Dovecot with curl, Python's imaplib, mbsync and fetchmail: logins by LOGIN, PLAIN and CRAM-MD5, mailboxes,
# searches, messages whole, in sections, in parts and in pieces, stored and synchronised, over IPv6 and behind STARTTLS;
# then what attackers do: passwords tried, a mailbox taken with a document with a macro (a stand-in) in it, a command put
# behind STARTTLS. saved.txt has the digests of the files that clients got.
. "$(dirname "$0")/../lab.sh"
need dovecot-imapd curl isync fetchmail openssl python3
lab_start
make_certificate "$LAB/mail" mail.lab.example
mkdir -p "$LAB"/{run,got,sync} "$LAB"/mail/{ann,bob}/{cur,new,tmp}
printf '%s:{PLAIN}Lab-pass1:mail:mail\n' ann bob >"$LAB/users"
python3 "$HERE/mails.py" "$LAB/mail/ann/new" "$LAB/mail/bob/new"
chown -R mail:mail "$LAB/mail"
cat >"$LAB/dovecot.conf" <<C
base_dir = $LAB/run
state_dir = $LAB/run
log_path = $LAB/dovecot.log
protocols = imap
ssl = yes
ssl_cert = <$LAB/mail.crt
ssl_key = <$LAB/mail.key
disable_plaintext_auth = no
auth_mechanisms = plain login cram-md5
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
wait_port 143
got() { on_client timeout 20 "$@" >/dev/null 2>&1 || true; }
session() { on_client timeout 30 python3 "$HERE/session.py" $SERVER "$@"; }
cd "$LAB/got"
ann=(-s -u ann:Lab-pass1)
got curl "${ann[@]}" "imap://$SERVER/" -o list
for number in 1 2 3 4; do got curl "${ann[@]}" --login-options AUTH=PLAIN "imap://$SERVER/INBOX;MAILINDEX=$number" -o curl-$number.eml; done
got curl "${ann[@]}" --login-options AUTH=CRAM-MD5 -g "imap://[$SERVER6]/INBOX;UID=2" -o curl-6.eml
got curl "${ann[@]}" --login-options AUTH=LOGIN "imap://$SERVER/INBOX;UID=1;SECTION=TEXT" -o text
got curl "${ann[@]}" "imap://$SERVER/INBOX?SUBJECT%20order" -o search
got curl "${ann[@]}" --ssl-reqd --insecure "imap://$SERVER/INBOX;UID=2" -o secret
cp curl-2.eml "$LAB/upload.eml"
got curl "${ann[@]}" -T "$LAB/upload.eml" "imap://$SERVER/Sent"
got curl "${ann[@]}" -T "$LAB/upload.eml" "imap://$SERVER/INBOX"
cp "$LAB/upload.eml" upload.eml
session ann
session parts
session idle
cat >mbsyncrc <<C
IMAPStore far
Host $SERVER
User bob
Pass Lab-pass1
AuthMechs LOGIN
SSLType None

MaildirStore near
Path $LAB/sync/
Inbox $LAB/sync/INBOX

Channel all
Far :far:
Near :near:
Create Near
SyncState *
C
got mbsync -c mbsyncrc all
cat >fetchmailrc <<C
poll $SERVER protocol imap username "bob" password "Lab-pass1" keep fetchall sslproto "" mda "cat >fetchmail-\$\$.eml"
C
chmod 600 fetchmailrc
got env FETCHMAILHOME="$LAB/got" HOME="$LAB/got" fetchmail --nodetach --nosyslog -f fetchmailrc
# The attacks.
for password in 123456 password qwerty letmein admin bob; do got curl -s -u "bob:$password" "imap://$SERVER/"; done
session theft
session injection
stop_servers
lab_save
number=0
for file in fetchmail-*.eml; do mv "$file" "fetched$((number += 1)).eml"; done
for file in "$LAB"/sync/INBOX/new/*; do cp "$file" "synced$((number += 1)).eml"; done
python3 "$HERE/mails.py" --saved "$LAB/got" >"$HERE/saved.txt"
