#!/bin/bash
# Who looks around in a domain: Samba's controller, asked by rpcclient, net, impacket and OpenLDAP's tools for groups and who is
# in them, for trusts, sessions, services, the registry and endpoints, for all that its directory and its names have; and a dummy
# server (../takeover/dummy.py) for its tasks (../takeover/tasks.py). Then what looks alike: a user who logs in and looks for a
# share, and a name server that fetches the zone that it serves.
. "$(dirname "$0")/../lab.sh"
. "$(dirname "$0")/../domain.sh"
need $DOMAIN_PACKAGES ldap-utils bind9 bind9-dnsutils
domain_names server client
client_conf
lab_start "tcp port 445"
mkdir "$LAB/files"
server_job /usr/bin/python3 "$HERE/../takeover/dummy.py" $SERVER "$LAB/files" admin $PASSWORD
wait_port 445
quietly /usr/bin/python3 "$HERE/../takeover/tasks.py" $SERVER admin $PASSWORD list
lab_save "$HERE/tasks.pcap"
stop_servers

domain_start "server signing = auto" "server smb encrypt = off" "ldap server require strong auth = no"
ann="LAB\\ann%$PASSWORD" administrator="LAB\\Administrator%$PASSWORD"
pipe() { rpc -U "$1" --use-kerberos=off "ncacn_np:$DC" -c "$2"; }
search() { quietly ldapsearch -x -H "ldap://$DC" -D "ann@$REALM" -w $PASSWORD -b DC=lab,DC=example "$@"; }

lab_record "tcp port 445"
pipe "$ann" 'enumdomgroups; querygroupmem 0x200; querygroupmem 0x206; enumalsgroups builtin; queryaliasmem builtin 0x220; enumtrust; dsenumdomtrusts; srvinfo'
lab_save "$HERE/groups.pcap"

lab_record "tcp"
pipe "$administrator" 'netsessenum; netfileenum; netshareenumall'
quietly net rpc service list -s "$LAB/client.conf" -S $DC -U "$administrator" --use-kerberos=off
quietly net rpc registry enumerate 'HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion' -s "$LAB/client.conf" -S $DC -U "$administrator" --use-kerberos=off
example rpcdump -port 135 $SERVER
lab_save "$HERE/server.pcap"

lab_record "tcp port 389"
search '(&(objectCategory=computer)(operatingSystem=*))' dNSHostName
search '(adminCount=1)' sAMAccountName
search '(userAccountControl:1.2.840.113556.1.4.803:=4194304)' sAMAccountName
search '(&(objectCategory=person)(objectClass=user))' sAMAccountName
search '(objectCategory=group)' member
search '(objectClass=trustedDomain)' name
lab_save "$HERE/directory.pcap"

lab_record "tcp"
on_client samba-tool dns query $DC lab.example @ ALL -U "$ann" -s "$LAB/client.conf" --use-kerberos=off >>"$LAB/client.log" 2>&1
lab_save "$HERE/names.pcap"

# Look-alikes.
lab_record "tcp port 445 or port 389"
smb -m SMB3_11 -L $DC -U "$ann" --use-kerberos=off
smb -m SMB3_11 "//$DC/docs" -U "$ann" --use-kerberos=off -c ls
search -s base -b '' defaultNamingContext
search '(sAMAccountName=ann)' memberOf
pipe "$ann" 'lookupnames ann; dsgetdcname lab.example'
lab_save "$HERE/user.pcap"
stop_servers

# A zone, and who serves it beside its owner.
mkdir "$LAB/zone" "$LAB/second"
chmod 777 "$LAB/zone" "$LAB/second"
{
  printf '$TTL 60\n@ SOA ns.lab.example. root.lab.example. 1 60 60 600 60\n@ NS ns\n@ NS ns2\nns A %s\nns2 A %s\n' $SERVER $CLIENT
  for number in $(seq 20); do echo "desk$number A 10.9.0.$((100 + number))"; done
} >"$LAB/zone/lab.example"
# serve ROLE FOLDER LINES: BIND there.
serve() {
  printf 'options { directory "%s"; pid-file none; session-keyfile none; listen-on { %s; }; listen-on-v6 { none; }; recursion no; allow-transfer { any; }; notify no; };\n%s\n' \
    "$LAB/$2" "$3" "$4" >"$LAB/$2.conf"
  "$1" named -f -c "$LAB/$2.conf" -u bind
}
server_job true
serve server_job zone $SERVER 'zone "lab.example" { type primary; file "lab.example"; };'
wait_port 53
lab_record "port 53"
serve client_job second $CLIENT "zone \"lab.example\" { type secondary; primaries { $SERVER; }; file \"lab.example\"; masterfile-format text; };"
sleep 4
on_server dig +short @$CLIENT desk7.lab.example >>"$LAB/client.log"
lab_save "$HERE/secondary.pcap"
