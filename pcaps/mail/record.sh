#!/bin/bash
# Exim and swaks: a plain message, one with an attachment, several recipients, STARTTLS, a refused relay.
. "$(dirname "$0")/../lab.sh"
need exim4-daemon-light swaks libnet-ssleay-perl openssl
lab_start
make_certificate "$LAB/mail" mail.lab.example
mkdir "$LAB/spool" && chown -R Debian-exim: "$LAB/spool" "$LAB"/mail.*
cat >"$LAB/exim.conf" <<C
primary_hostname = mail.lab.example
spool_directory = $LAB/spool
log_file_path = $LAB/spool/%slog
tls_advertise_hosts = *
tls_certificate = $LAB/mail.crt
tls_privatekey = $LAB/mail.key
acl_smtp_rcpt = rcpt
acl_smtp_data = data
host_lookup =
rfc1413_hosts =
begin acl
rcpt:
  accept domains = lab.example
  deny message = relaying denied
data:
  accept
begin routers
hole:
  driver = accept
  transport = hole
begin transports
hole:
  driver = appendfile
  file = /dev/null
C
server_job exim4 -C "$LAB/exim.conf" -bdf -q1h -oX 25 -oP "$LAB/spool/pid"
wait_port 25
send() { on_client timeout 20 swaks --server $SERVER --helo client.lab.example --from ann@lab.example --hide-all "$@"; }
send --to bob@lab.example --header 'Subject: Lapwing lab' --body 'A plain message.\n'
printf 'MZ\x90\x00\x03\x00\x00\x00 not a program, only its first bytes' >"$LAB/invoice.exe"
send --to bob@lab.example,eve@lab.example --header 'Subject: Invoice' --body 'See http://pay.malware.lab.example/invoice' --attach @"$LAB/invoice.exe" --attach-type application/octet-stream
send --to bob@lab.example --tls --header 'Subject: secret' --body 'encrypted\n'
send --to someone@elsewhere.example || [ $? = 24 ] # refused: no recipient was accepted
lab_save
