#!/bin/bash
# Samba, the controller of a domain, with rpcclient, impacket and Samba's own Python: the endpoint mapper, and calls at the
# dynamic ports that it tells, plain, signed, sealed, by NTLM, by SPNEGO, by Kerberos and by a secure channel of netlogon; in
# fragments, in the other byte order, with contexts altered and refused, faults, and logins that fail. saved.txt has what
# impacket called in the clear, and how much it gave and got.
. "$(dirname "$0")/../lab.sh"
. "$(dirname "$0")/../domain.sh"
need $DOMAIN_PACKAGES
lab_start
domain_start "allow dcerpc auth level connect = yes"
client_conf
lab_save "$LAB/nothing.pcap"
ann="LAB\\ann%$PASSWORD"
calls() { (cd "$LAB" && quietly /usr/bin/python3 "$HERE/calls.py" $SERVER ann $PASSWORD "$@"); }

lab_record "tcp portrange 1-65535 and not port 445 and not port 88 and not port 389"
calls plain
example rpcdump -port 135 $SERVER
rpc -U "$ann" --use-kerberos=off "ncacn_ip_tcp:$DC" -c epmmap
rpc -U "$ann" --use-kerberos=off "ncacn_ip_tcp:$DC[sign]" -c 'querydominfo; enumdomusers'
calls contexts
calls fragments
calls order
calls refused
lab_save "$HERE/dcerpc.pcap"
cp "$LAB/calls.saved" "$HERE/saved.txt"

lab_record "tcp portrange 1-65535 and not port 445 and not port 88 and not port 389"
rpc -U "$ann" --use-kerberos=off "ncacn_ip_tcp:$DC[seal]" -c 'enumdomusers; queryuser ann'
rpc -U "$ann" --use-kerberos=off "ncacn_ip_tcp:$DC[ntlm,seal]" -c 'enumdomgroups'
quietly sh -c "echo $PASSWORD | kinit ann"
tickets=(--use-kerberos=required --use-krb5-ccache="$LAB/tickets")
rpc "${tickets[@]}" "ncacn_ip_tcp:$DC[seal]" -c 'enumdomusers'
rpc "${tickets[@]}" "ncacn_ip_tcp:$DC[krb5,sign]" -c 'enumdomgroups'
rpc -U "Administrator%$PASSWORD" --use-kerberos=off "ncacn_ip_tcp:$DC[seal]" -c 'dsgetdcinfo lab.example; dscracknames ann'
rpc -U "LAB\\ann%wrong" --use-kerberos=off "ncacn_ip_tcp:$DC[seal]" -c 'lsaquery'
rpc -U "LAB\\nobody7%$PASSWORD" --use-kerberos=off "ncacn_ip_tcp:$DC[sign]" -c 'lsaquery'
calls machine
lab_save "$HERE/sealed.pcap"
