#!/bin/bash
# Samba, the controller of a domain, and MIT's KDC, with MIT's clients and impacket: tickets over UDP, over TCP and over both, over IPv6; by
# AES and RC4, armoured, renewed, forwarded, for other users; wrong passwords, unknown users, services and clocks, accounts that
# are disabled or need no proof, and passwords changed. saved.txt has the tickets that clients held: whose, for what, and the
# encryption of session key and ticket.
. "$(dirname "$0")/../lab.sh"
. "$(dirname "$0")/../domain.sh"
need $DOMAIN_PACKAGES faketime krb5-kdc krb5-admin-server
lab_start
domain_start
client_conf
lab_save "$LAB/nothing.pcap"
for user in old new; do domain user create $user $PASSWORD; done
domain user disable old
domain user setpassword new --newpassword=$PASSWORD --must-change-at-next-login
domain user setexpiry ann --noexpiry
domain delegation for-any-protocol web on
domain delegation add-service web MSSQLSvc/sql.lab.example:1433

# settings LINE...: of the client, beside those of the domain.
settings() { printf '[libdefaults]\n%s\n' "$*" | cat - "$LAB/krb5.conf" >"$LAB/krb5-now.conf"; }
# tickets USER[=PASSWORD] OPTIONS... [-- SERVICE...]: and what is held afterwards.
tickets() {
  local user=${1%%=*} password=$PASSWORD options=() services=()
  [ "$user" = "$1" ] || password=${1#*=}
  shift
  while [ $# -gt 0 ] && [ "$1" != -- ]; do options+=("$1"); shift; done
  [ $# = 0 ] || { shift; services=("$@"); }
  rm -f "$LAB/tickets"
  printf '%s\n%s\n%s\n' "$password" New-pass1 New-pass1 | on_client timeout 20 env KRB5_CONFIG="$LAB/krb5-now.conf" kinit "${options[@]}" "$user" >>"$LAB/client.log" 2>&1 || true
  local service
  for service in "${services[@]}"; do quietly env KRB5_CONFIG="$LAB/krb5-now.conf" kvno "$service"; done
  held
}
held() {
  on_client klist -e 2>/dev/null | awk -v NAME="$RECORDING" '/^Default principal/ {who = $3} /^[0-9]/ {what = $5} /Etype/ {sub(",", "", $(NF - 1)); print NAME, who, what, $(NF - 1), $NF}' >>"$LAB/saved" || true
}
: >"$LAB/saved"
RECORDING=krb5

lab_record "port 88 or port 464 or ip[6:2] & 0x1fff != 0"
settings
tickets ann -f -- cifs/$DC ldap/$DC HTTP/www.lab.example
quietly env KRB5_CONFIG="$LAB/krb5-now.conf" kinit -R
tickets bob --no-request-pac -- HTTP/www.lab.example MSSQLSvc/sql.lab.example:1433 HTTP/nobody.lab.example
tickets ann -S HTTP/www.lab.example
tickets ann=wrong
tickets nobody7
tickets old
tickets new
settings udp_preference_limit = 1
tickets ann -r 1d -l 1h -- cifs/$DC MSSQLSvc/sql.lab.example:1433
tickets bob=wrong
tickets ann@OTHER.EXAMPLE
settings "udp_preference_limit = 32700
permitted_enctypes = aes128-cts-hmac-sha1-96
default_tgs_enctypes = aes128-cts-hmac-sha1-96
default_tkt_enctypes = aes128-cts-hmac-sha1-96"
tickets ann --no-request-pac -- host/$DC
settings "default_tkt_enctypes = rc4-hmac
default_tgs_enctypes = rc4-hmac
permitted_enctypes = rc4-hmac"
tickets ann -- cifs/$DC HTTP/www.lab.example
tickets bob
settings "udp_preference_limit = 1"
sed -i "s/kdc = .*/kdc = dc6.lab.example/" "$LAB/krb5-now.conf"
tickets ann -- cifs/$DC
settings
tickets ann
cp "$LAB/tickets" "$LAB/armour"
tickets bob -T "$LAB/armour" -- HTTP/www.lab.example
rm -f "$LAB/tickets"
settings kdc_timesync = 0
on_client timeout 20 env KRB5_CONFIG="$LAB/krb5-now.conf" faketime '+3 hours' kinit bob <<<"$PASSWORD" >>"$LAB/client.log" 2>&1 || true
printf '%s\n' $PASSWORD Newer-pass1 Newer-pass1 | on_client timeout 20 kpasswd carol >>"$LAB/client.log" 2>&1 || true
example getTGT -dc-ip $SERVER lab.example/ann:$PASSWORD
example getST -dc-ip $SERVER -spn MSSQLSvc/sql.lab.example:1433 -impersonate ann lab.example/web:$PASSWORD
lab_save

# MIT's own KDC has encryptions that Samba has not, and small answers.
stop_servers
mkdir -p "$LAB/kdc"
printf '[kdcdefaults]\nkdc_ports = 88\nkdc_tcp_ports = 88\n[realms]\nMIT.EXAMPLE = {\ndatabase_name = %s/principal\nkey_stash_file = %s/stash\nacl_file = %s/acl\nsupported_enctypes = aes256-cts-hmac-sha384-192:normal aes128-cts-hmac-sha256-128:normal aes256-cts:normal camellia256-cts:normal camellia128-cts:normal des3-cbc-sha1:normal rc4-hmac:normal\n}\n' "$LAB/kdc" "$LAB/kdc" "$LAB/kdc" >"$LAB/kdc/kdc.conf"
export KRB5_KDC_PROFILE=$LAB/kdc/kdc.conf
printf '[libdefaults]\ndefault_realm = MIT.EXAMPLE\nallow_weak_crypto = true\nallow_des3 = true\nallow_rc4 = true\ndns_lookup_kdc = false\nrdns = false\ndns_canonicalize_hostname = false\n[realms]\nMIT.EXAMPLE = {\nkdc = %s\n}\n' $DC >"$LAB/krb5.conf"
settings
on_server kdb5_util create -s -r MIT.EXAMPLE -P $PASSWORD >>"$LAB/jobs.log" 2>&1
for name in ann bob HTTP/www.lab.example; do on_server kadmin.local -r MIT.EXAMPLE addprinc -pw $PASSWORD "$name" >>"$LAB/jobs.log" 2>&1; done
on_server kadmin.local -r MIT.EXAMPLE modprinc +requires_preauth bob >>"$LAB/jobs.log" 2>&1
server_job krb5kdc -n -r MIT.EXAMPLE
wait_port 88

RECORDING=mit
lab_record "port 88"
tickets ann -- HTTP/www.lab.example
tickets bob -- HTTP/www.lab.example
tickets bob=wrong
tickets nobody7
for encryption in aes128-cts-hmac-sha256-128 camellia256-cts-cmac camellia128-cts-cmac des3-cbc-sha1 rc4-hmac; do
  settings "permitted_enctypes = $encryption
default_tgs_enctypes = $encryption
default_tkt_enctypes = $encryption"
  tickets bob -- HTTP/www.lab.example
done
settings "permitted_enctypes = aes128-cts-hmac-sha1-96"
tickets bob
lab_save "$HERE/mit.pcap"
cp "$LAB/saved" "$HERE/saved.txt"
