#!/bin/bash
# What hosts are worked on with from afar, harmless here: a dummy server of files, services, tasks and a registry
# (../takeover/dummy.py), one of objects that are called (objects.py), and one of WS-Management (shell.py), used by impacket's
# psexec, wmiquery, dcomexec and reg, by pywinrm and smbclient. Then what looks alike: an administrator who fetches a file and asks
# for a service, and hosts that send their events and see whether a shell is there.
. "$(dirname "$0")/../lab.sh"
. "$(dirname "$0")/../domain.sh"
need $DOMAIN_PACKAGES python3-winrm python3-requests-ntlm curl
domain_names server client
client_conf
lab_start "tcp port 445"
mkdir -p "$LAB/admin"
printf 'MZ\x90\x00 a stand-in for a program that runs commands' >"$LAB/stand-in.exe"
printf 'nothing of note\n' >"$LAB/admin/setup.log"
server_job /usr/bin/python3 "$HERE/../takeover/dummy.py" $SERVER "$LAB/admin" admin $PASSWORD
server_job /usr/bin/python3 "$HERE/objects.py" $SERVER "$LAB/admin" $PASSWORD
server_job /usr/bin/python3 "$HERE/shell.py" 5985 $PASSWORD
for port in 445 135 49170 5985; do wait_port $port; done
admin="LAB/admin:$PASSWORD@$SERVER"
export NO_PROXY='*'
# MD4, which NTLM is made of, is of OpenSSL's older algorithms.
printf 'openssl_conf = all\n[all]\nproviders = each\n[each]\ndefault = on\nlegacy = on\n[on]\nactivate = 1\n' >"$LAB/openssl.cnf"
call() { quietly env OPENSSL_CONF="$LAB/openssl.cnf" /usr/bin/python3 "$HERE/calls.py" $SERVER admin $PASSWORD "$@"; }
share() { smb -m SMB2_10 "//$SERVER/$1" -U "LAB\\admin%$PASSWORD" --use-kerberos=off -c "$2"; }

(cd "$LAB" && on_client timeout 8 /usr/bin/python3 /usr/share/doc/python3-impacket/examples/psexec.py -file "$LAB/stand-in.exe" \
  "$admin" whoami >>"$LAB/client.log" 2>&1 </dev/null) || true
lab_save "$HERE/psexec.pcap"

lab_record "tcp"
call method
share ADMIN\$ "get __1796000000.25 $LAB/output; del __1796000000.25"
lab_save "$HERE/wmi.pcap"

lab_record "tcp"
echo 'SELECT Name FROM Win32_OperatingSystem' >"$LAB/query"
example wmiquery -file "$LAB/query" "$admin"
lab_save "$HERE/query.pcap"

lab_record "tcp"
example dcomexec -object MMC20 -nooutput "$admin" whoami
lab_save "$HERE/dcom.pcap"

lab_record "tcp"
call shell
lab_save "$HERE/winrm.pcap"

lab_record "tcp port 445"
for hive in SAM SECURITY; do example reg "$admin" save -keyName "HKLM\\$hive" -o 'C:\Windows\Temp'; done
share ADMIN\$ "get SAM.save $LAB/SAM.save"
lab_save "$HERE/hives.pcap"

# Look-alikes.
lab_record "tcp"
share C\$ "ls; get setup.log $LAB/setup.log"
example services "$admin" status -name spooler
on_client curl -sS -o /dev/null -d '<s:Envelope/>' -H 'Content-Type: application/soap+xml' "http://$SERVER:5985/wsman/SubscriptionManager/WEC"
on_client curl -sS -o /dev/null "http://$SERVER:5985/wsman" -d ''
lab_save "$HERE/administrator.pcap"
