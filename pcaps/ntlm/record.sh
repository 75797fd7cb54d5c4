#!/bin/bash
# NTLM and Negotiate where no share is: Apache with mod_auth_gssapi, and Squid and a small server with Samba's ntlm_auth, asked by
# curl; Exim, and Dovecot with ntlm_auth, asked by curl, fetchmail and swaks. Users right
# and wrong, of a domain and of none, over IPv6, files fetched and sent behind the login. saved.txt has what was asked as whom,
# and how it ended; and the digests of the files.
. "$(dirname "$0")/../lab.sh"
. "$(dirname "$0")/../domain.sh"
need $DOMAIN_PACKAGES apache2 libapache2-mod-auth-gssapi squid python3 exim4-daemon-heavy dovecot-imapd dovecot-pop3d curl fetchmail swaks libauthen-ntlm-perl
lab_start
domain_start "ntlm auth = ntlmv1-permitted"
client_conf
lab_save "$LAB/nothing.pcap"
mkdir -p "$LAB"/{web,squid,spool,run-dovecot} "$LAB/mail/ann/new" "$LAB/mail/ann/cur" "$LAB/mail/ann/tmp"
seq 1 300 >"$LAB/web/numbers.txt"
printf 'From: bob@lab.example\nSubject: plans\n\nBelow.\n' >"$LAB/mail/ann/new/1.lab"
chown -R mail:mail "$LAB/mail"
on_server samba-tool domain exportkeytab "$LAB/http.keytab" --principal=HTTP/www.lab.example -s "$DOMAIN/etc/smb.conf" >>"$LAB/jobs.log" 2>&1
chmod 644 "$LAB/http.keytab"
chgrp proxy "$DOMAIN/state/winbindd_privileged" # where Squid's helper asks
printf '#!/bin/sh\nexec /usr/bin/ntlm_auth --configfile=%s "$@"\n' "$DOMAIN/etc/smb.conf" >"$LAB/ntlm_auth"
chmod 755 "$LAB/ntlm_auth"
sed -i "s/dc6.lab.example dc6/dc6.lab.example dc6 www6.lab.example/; s/$DC dc1/$DC dc1 www.lab.example/" /etc/netns/lab-{client,server}-$$/hosts
cat >"$LAB/apache.conf" <<C
ServerRoot /etc/apache2
PidFile $LAB/apache.pid
ErrorLog $LAB/apache.log
ServerName www.lab.example
DefaultRuntimeDir $LAB
Mutex file:$LAB default
Listen 80
User www-data
Group www-data
LoadModule mpm_prefork_module /usr/lib/apache2/modules/mod_mpm_prefork.so
LoadModule authn_core_module /usr/lib/apache2/modules/mod_authn_core.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule authz_user_module /usr/lib/apache2/modules/mod_authz_user.so
LoadModule auth_gssapi_module /usr/lib/apache2/modules/mod_auth_gssapi.so
DocumentRoot $LAB/web
<Directory $LAB/web>
  AuthType GSSAPI
  AuthName lab
  GssapiConnectionBound On
  GssapiAllowedMech krb5
  GssapiCredStore keytab:$LAB/http.keytab
  Require valid-user
</Directory>
C
cat >"$LAB/squid.conf" <<C
http_port 3128
pid_filename $LAB/squid/pid
access_log none
cache_log $LAB/squid/log
cache deny all
coredump_dir $LAB/squid
shutdown_lifetime 0 seconds
auth_param ntlm program $LAB/ntlm_auth --helper-protocol=squid-2.5-ntlmssp
auth_param ntlm children 2
acl known proxy_auth REQUIRED
http_access allow known
http_access deny all
C
cat >"$LAB/dovecot.conf" <<C
base_dir = $LAB/run-dovecot
state_dir = $LAB/run-dovecot
log_path = $LAB/dovecot.log
protocols = imap pop3
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain ntlm gss-spnego
auth_use_winbind = yes
auth_winbind_helper_path = $LAB/ntlm_auth
auth_username_format = %Ln
auth_failure_delay = 0
mail_location = maildir:$LAB/mail/%n
first_valid_uid = 1
passdb {
  driver = static
  args = password=$PASSWORD
}
userdb {
  driver = static
  args = uid=mail gid=mail home=$LAB/mail/%n
}
service auth {
  user = root
}
C
cat >"$LAB/exim.conf" <<C
primary_hostname = mail.lab.example
spool_directory = $LAB/spool
log_file_path = $LAB/spool/%slog
auth_advertise_hosts = *
tls_advertise_hosts =
acl_smtp_rcpt = rcpt
host_lookup =
rfc1413_hosts =
begin acl
rcpt:
  accept authenticated = *
  deny message = relaying denied
begin routers
hole:
  driver = accept
  transport = hole
begin transports
hole:
  driver = appendfile
  file = /dev/null
begin authenticators
ntlm:
  driver = spa
  public_name = NTLM
  server_password = \${if eq{\$auth1}{ann}{$PASSWORD}fail}
  server_set_id = \$auth1
C
chown -R Debian-exim: "$LAB/spool"
chown proxy: "$LAB/squid"
# beside COMMAND...: where the socket of winbindd is, and memory to share of its own.
beside() { server_job unshare --mount sh -c "mount --bind '$LAB/run' /run/samba && mount -t tmpfs none /dev/shm && exec \"\$@\"" sh "$@"; }
# Apache ends its process group.
server_job setsid env -u KRB5CCNAME apache2 -d /etc/apache2 -f "$LAB/apache.conf" -D FOREGROUND
beside /usr/bin/python3 "$HERE/server.py" 8080 "$LAB/web" "$LAB/ntlm_auth"
beside squid -N -f "$LAB/squid.conf"
beside dovecot -F -c "$LAB/dovecot.conf"
server_job exim4 -bdf -C "$LAB/exim.conf" -oX 25
for port in 80 8080 3128 143 110 25; do wait_port $port 90; done
: >"$LAB/saved"

# web CAPTURE-LINE OPTIONS...: and the status that curl saw.
web() {
  local as=$1 status
  shift
  status=$(on_client timeout 20 curl -s -o "$LAB/got" -w '%{http_code}' "$@" 2>>"$LAB/client.log") || true
  echo "$as $status" >>"$LAB/saved"
  [ "$status" != 200 ] || echo "$(sha256sum <"$LAB/got" | cut -d' ' -f1) file" >>"$LAB/saved"
}
mail() {
  local as=$1
  shift
  if on_client timeout 20 "$@" >>"$LAB/client.log" 2>&1 </dev/null; then echo "$as success" >>"$LAB/saved"; else echo "$as failure" >>"$LAB/saved"; fi
}
PAGE=http://www.lab.example:8080/numbers.txt
lab_record "tcp port 80 or tcp port 8080 or tcp port 3128 or port 88"
web 'http LAB\ann' --ntlm -u "LAB\\ann:$PASSWORD" $PAGE
web 'http LAB\ann' --ntlm -u "LAB\\ann:wrong" $PAGE
web 'http LAB\nobody7' --ntlm -u "LAB\\nobody7:$PASSWORD" $PAGE
web 'http LAB\bob' --ntlm -u "LAB\\bob:$PASSWORD" -T "$LAB/web/numbers.txt" http://www.lab.example:8080/up
web 'http LAB\bob' --ntlm -u "LAB\\bob:$PASSWORD" $PAGE
web 'http LAB\ann' --ntlm -u "LAB\\ann:$PASSWORD" http://www6.lab.example:8080/numbers.txt
web 'http -' $PAGE
quietly sh -c "echo $PASSWORD | kinit ann"
web 'http ann@LAB.EXAMPLE' --negotiate -u : http://www.lab.example/numbers.txt
web 'proxy LAB\ann' -x http://$SERVER:3128 --proxy-ntlm --proxy-user "LAB\\ann:$PASSWORD" http://www.lab.example:8080/nothing
web 'proxy LAB\carol' -x http://$SERVER:3128 --proxy-ntlm --proxy-user "LAB\\carol:wrong" $PAGE
web 'proxy LAB\bob' -x http://$SERVER:3128 --proxy-ntlm --proxy-user "LAB\\bob:$PASSWORD" --ntlm -u "LAB\\bob:$PASSWORD" $PAGE
lab_save "$HERE/http.pcap"

lab_record "tcp port 25 or tcp port 110 or tcp port 143"
printf 'From: ann@lab.example\nTo: bob@lab.example\nSubject: hello\n\nText.\n' >"$LAB/letter"
for word in $PASSWORD wrong; do
  mail 'imap ann' curl -s -u "ann:$word" --login-options AUTH=NTLM "imap://$SERVER/INBOX;UID=1"
  mail 'pop3 ann' curl -s -u "ann:$word" --login-options AUTH=NTLM "pop3://$SERVER/"
  mail 'smtp ann' curl -s -u "ann:$word" --login-options AUTH=NTLM --mail-from ann@lab.example --mail-rcpt bob@lab.example -T "$LAB/letter" "smtp://$SERVER/"
  mail 'smtp ann' swaks --server $SERVER --helo client.lab.example --auth NTLM --auth-user ann --auth-password "$word" --from ann@lab.example --to bob@lab.example --body text
done
mail 'smtp nobody7' swaks --server $SERVER --helo client.lab.example --auth NTLM --auth-user nobody7 --auth-password $PASSWORD --from ann@lab.example --to bob@lab.example --body text
printf 'poll %s protocol imap auth ntlm username "ann" password "%s" keep fetchall sslproto "" mda "cat"\n' $SERVER $PASSWORD >"$LAB/fetchmailrc"
chmod 600 "$LAB/fetchmailrc"
mail 'imap ann' env FETCHMAILHOME="$LAB" HOME="$LAB" fetchmail --nodetach --nosyslog -f "$LAB/fetchmailrc"
lab_save "$HERE/mail.pcap"
cp "$LAB/saved" "$HERE/saved.txt"
