#!/bin/bash
# slapd, and Samba as the controller of a domain, with OpenLDAP's tools, ldap3 of Python and net: logins simple, by SASL
# (DIGEST-MD5, CRAM-MD5, SCRAM, GSSAPI, GSS-SPNEGO) and none, right and wrong; all operations with their results, searches of
# all kinds, pages, an abandoned search, requests sent together, replication, StartTLS, IPv6, and CLDAP over UDP. saved.txt has
# the entries that clients got in the clear.
. "$(dirname "$0")/../lab.sh"
. "$(dirname "$0")/../domain.sh"
need $DOMAIN_PACKAGES slapd ldap-utils python3-ldap3 libsasl2-modules libsasl2-modules-gssapi-mit openssl
domain_names server client
lab_start "port 389"
client_conf
export LDAPTLS_REQCERT=never
mkdir -p "$LAB/db"
make_certificate "$LAB/ldap" $DC
python3 "$HERE/tree.py" >"$LAB/tree.ldif"
cat >"$LAB/slapd.conf" <<C
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload syncprov
moduleload sssvlv
pidfile $LAB/slapd.pid
TLSCertificateFile $LAB/ldap.crt
TLSCertificateKeyFile $LAB/ldap.key
sasl-auxprops slapd
sasl-host $DC
sasl-secprops none
authz-regexp uid=([^,]*),cn=[^,]*,cn=auth uid=\$1,ou=people,dc=lab,dc=example
allow bind_v2
password-hash {CLEARTEXT}
sizelimit 50
referral ldap://elsewhere.lab.example
database mdb
suffix dc=lab,dc=example
rootdn cn=admin,dc=lab,dc=example
rootpw $PASSWORD
directory $LAB/db
access to attrs=userPassword by self write by anonymous auth by * none
access to dn.subtree=ou=secret,dc=lab,dc=example by dn.exact=cn=admin,dc=lab,dc=example write by * none
access to * by users read by anonymous read
overlay syncprov
overlay sssvlv
C
slapadd -f "$LAB/slapd.conf" -l "$LAB/tree.ldif" 2>>"$LAB/jobs.log"
server_job slapd -d 0 -f "$LAB/slapd.conf" -h "ldap://$SERVER/ ldap://[$SERVER6]/"
wait_port 389
BASE=dc=lab,dc=example
URL=ldap://$DC
admin=(-x -H $URL -D cn=admin,$BASE -w $PASSWORD)
ann=(-x -H $URL -D uid=ann,ou=people,$BASE -w $PASSWORD)
nobody=(-x -H $URL)
: >"$LAB/saved"
# entries ARGUMENTS...: ldapsearch in the clear, and what entries it got.
entries() { on_client timeout ${PATIENCE:-20} ldapsearch -LLL -o ldif-wrap=no "$@" 2>>"$LAB/client.log" | sed -n "s/^dn:/$RECORDING/p" >>"$LAB/saved" || true; }
change() { local tool=$1; shift; on_client timeout 20 "$tool" "$@" >>"$LAB/client.log" 2>&1 || true; }

RECORDING=ldap
entries "${nobody[@]}" -b '' -s base '+'
entries "${ann[@]}" -b "$BASE" -s one
entries "${ann[@]}" -b "ou=people,$BASE" '(&(objectClass=person)(|(sn=A*n)(cn~=bob)(!(mail=*))(uidNumber>=3)(uidNumber<=1)(cn:caseExactMatch:=Carol)))' cn mail
entries "${ann[@]}" -b "ou=people,$BASE" -A -s sub -z 3 -l 5 -a always '(sn=*)'
entries "${ann[@]}" -b "ou=people,$BASE" -E pr=6/noprompt '(objectClass=inetOrgPerson)' uid
entries "${ann[@]}" -b "ou=people,$BASE" -E sss=-uid:caseIgnoreOrderingMatch '(uid=b*)' uid
entries "${ann[@]}" -b "ou=nothing,$BASE"
entries "${ann[@]}" -b "ou=secret,$BASE"
entries "${ann[@]}" -b "dc=other,dc=example"
entries "${ann[@]}" -b "no name" cn
entries "${ann[@]}" -M -b "ou=people,$BASE" -s base ref
entries "${admin[@]}" -b "$BASE" -E sync=ro '(uid=ann)' uid
PATIENCE=2 entries "${admin[@]}" -b "$BASE" -E sync=rp "(uid=bob)" uid
entries -x -H ldap://dc6.lab.example -b "$BASE" '(uid=carol)' jpegPhoto description
entries -x -P 2 -H $URL -D uid=ann,ou=people,$BASE -w $PASSWORD -b "$BASE" '(uid=bob)' uid
entries -x -H $URL -D uid=ann,ou=people,$BASE -w wrong -b "$BASE" '(uid=bob)'
entries -x -H $URL -D uid=nobody7,ou=people,$BASE -w $PASSWORD -b "$BASE" '(uid=bob)'
entries -x -H $URL -D uid=ann,ou=people,$BASE -w '' -b "$BASE" '(uid=bob)'
for mechanism in DIGEST-MD5 CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256 PLAIN; do
  entries -Q -Y $mechanism -O none,maxssf=0 -H $URL -U ann -w $PASSWORD -b "$BASE" '(uid=bob)' uid
done
entries -Q -Y DIGEST-MD5 -O none,maxssf=0 -H $URL -U ann -w wrong -b "$BASE" '(uid=bob)' uid
change ldapwhoami "${ann[@]}"
change ldapadd "${admin[@]}" <<L
dn: uid=eve,ou=people,$BASE
objectClass: inetOrgPerson
uid: eve
cn: Eve Müller
sn: Müller
mail: eve@lab.example
mail: e.mueller@lab.example
userPassword: $PASSWORD

dn: uid=frank,ou=people,$BASE
objectClass: inetOrgPerson
uid: frank
cn: Frank
sn: Fox
L
change ldapadd "${ann[@]}" <<<"dn: uid=george,ou=people,$BASE
objectClass: inetOrgPerson
uid: george
cn: George
sn: Green"
change ldapmodify "${admin[@]}" <<L
dn: uid=eve,ou=people,$BASE
changetype: modify
add: description
description: first line
description: second line
-
delete: mail
mail: e.mueller@lab.example
-
replace: sn
sn: Miller

dn: uid=carol,ou=people,$BASE
changetype: modify
increment: uidNumber
uidNumber: 5

dn: uid=frank,ou=people,$BASE
changetype: modify
add: nothing
nothing: 1
L
change ldapmodrdn "${admin[@]}" -r "uid=frank,ou=people,$BASE" uid=francis
change ldapmodrdn "${admin[@]}" -s "ou=left,$BASE" "uid=francis,ou=people,$BASE" uid=francis
change ldapcompare "${ann[@]}" "uid=eve,ou=people,$BASE" sn:miller
change ldapcompare "${ann[@]}" "uid=eve,ou=people,$BASE" sn:Smith
change ldapcompare "${ann[@]}" "uid=eve,ou=people,$BASE" jpegPhoto::AAEC
change ldappasswd "${ann[@]}" -s New-pass1 -a $PASSWORD
change ldappasswd -x -H $URL -D "uid=ann,ou=people,$BASE" -w New-pass1 -s $PASSWORD
change ldapdelete "${admin[@]}" "uid=eve,ou=people,$BASE" "uid=francis,ou=left,$BASE" "uid=eve,ou=people,$BASE"
change ldapdelete "${admin[@]}" "ou=people,$BASE"
change ldapexop "${ann[@]}" 1.2.3.4::aGVsbG8=
change ldapsearch -ZZ "${admin[@]}" -b "$BASE" '(uid=ann)'
quietly /usr/bin/python3 "$HERE/session.py" $SERVER "$BASE" $PASSWORD
lab_save
stop_servers

# The controller of a domain.
domain_start "ldap server require strong auth = no"
RECORDING=ad
lab_record "port 389 or port 3268"
ann=(-x -H $URL -D "ann@$REALM" -w $PASSWORD)
quietly net ads lookup -S $DC -s "$LAB/client.conf"
quietly samba-tool domain info $SERVER -s "$LAB/client.conf"
entries -x -H $URL -b '' -s base
entries "${ann[@]}" -b "$BASE" '(sAMAccountName=a*)' cn sAMAccountName objectSid userAccountControl
entries "${ann[@]}" -b "CN=Users,$BASE" -E pr=5/noprompt '(objectClass=user)' cn
entries -x -H ldap://$DC:3268 -D "LAB\\bob" -w $PASSWORD -b "$BASE" '(servicePrincipalName=*)' servicePrincipalName
entries "${ann[@]}" -b "$BASE" '(userAccountControl:1.2.840.113556.1.4.803:=4194304)' cn
entries -x -H $URL -D "ann@$REALM" -w wrong -b "$BASE" '(cn=ann)' cn
entries -x -H $URL -D "nobody7@$REALM" -w $PASSWORD -b "$BASE" '(cn=ann)' cn
entries -x -H $URL -b "$BASE" '(cn=ann)' cn
change ldapmodify -x -H $URL -D "Administrator@$REALM" -w $PASSWORD <<L
dn: CN=ann,CN=Users,$BASE
changetype: modify
replace: description
description: modified over LDAP

dn: CN=Domain Admins,CN=Users,$BASE
changetype: modify
add: member
member: CN=bob,CN=Users,$BASE
L
quietly sh -c "echo $PASSWORD | kinit ann"
entries -Q -Y GSS-SPNEGO -O maxssf=0 -H $URL -b "$BASE" '(cn=bob)' cn
entries -Q -Y GSSAPI -O maxssf=0 -H $URL -b "$BASE" '(cn=bob)' cn
change ldapsearch -Q -Y GSSAPI -H $URL -b "$BASE" '(cn=bob)' cn
change ldapsearch -Q -Y GSS-SPNEGO -H $URL -b "$BASE" '(cn=bob)' cn
change ldapsearch -ZZ "${ann[@]}" -b "$BASE" '(cn=bob)' cn
quietly samba-tool user list -H $URL -s "$LAB/client.conf" -U "Administrator%$PASSWORD" --use-kerberos=off
quietly samba-tool user list -H $URL -s "$LAB/client.conf" -U "Administrator%wrong" --use-kerberos=off
lab_save "$HERE/ad.pcap"
cp "$LAB/saved" "$HERE/saved.txt"
