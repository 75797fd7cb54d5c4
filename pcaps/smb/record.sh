#!/bin/bash
# Samba, the controller of a domain, with smbclient, rpcclient, smbtorture and impacket: SMB 1 as NT1 with and without SPNEGO,
# with NetBIOS sessions, plain passwords and chains of AndX; SMB 2.02 to 3.11, over IPv6, signed, compounded and encrypted;
# files put, got, renamed and deleted, directories, wrong passwords, nobody's sessions, and named pipes. saved.txt has the
# digests of what clients got and gave, without what they did behind encryption.
. "$(dirname "$0")/../lab.sh"
. "$(dirname "$0")/../domain.sh"
need $DOMAIN_PACKAGES samba-testsuite
lab_start
domain_start "server signing = auto" "ntlm auth = ntlmv1-permitted" "lanman auth = yes" "map to guest = bad user" "smb2 max read = 8192" "smb2 max write = 8192"
client_conf
lab_save "$LAB/nothing.pcap"
mkdir -p "$LAB/near"
cd "$LAB/near"
printf 'Dear all,\nplease find the plans below.\n' >letter.txt
seq 1 400 >numbers.csv
: >empty.txt
printf 'MZ\x90\x00 a stand-in for a tool copied to a share' >tool.exe
head -c 30000 /dev/urandom >noise.bin
cp letter.txt "$LAB/share/on server.txt"
seq 2500 -1 1 >"$LAB/share/countdown.txt"
printf '%%PDF-1.5\n a stand-in for a document\n%%%%EOF\n' >"$LAB/share/Märzbericht.pdf"
: >"$LAB/saved"

# files CAPTURE SHARE COMMANDS OPTIONS...: smbclient, and the digests of what it put and got.
files() {
  local name=$1 share=$2 commands=$3 command folder=
  shift 3
  rm -f got*
  smb "$share" "$@" -c "$commands"
  while read -r command; do
    eval "set -- $command"
    case $1 in
      cd) folder=; [ "$2" = .. ] || folder="$2\\" ;;
      put) echo "$(sha256sum <"$2" | cut -d' ' -f1) $name put $folder$3" ;;
      get) [ ! -e "$3" ] || echo "$(sha256sum <"$3" | cut -d' ' -f1) $name get $folder$2" ;;
    esac
  done < <(printf '%s\n' "$commands" | tr ';' '\n') | tr / '\\' >>"$LAB/saved"
}
ann=(-U "LAB\\ann%$PASSWORD" --use-kerberos=off)
bob=(-U "LAB\\bob%$PASSWORD" --use-kerberos=off)
DOCS=//$DC/docs
MANY='mkdir plans; put letter.txt "plans/letter.txt"; put numbers.csv numbers.csv; put empty.txt empty.txt; get "on server.txt" got1; get countdown.txt got2; ls; cd plans; ls; rename letter.txt old.txt; get old.txt got3; del old.txt; cd ..; rmdir plans; allinfo numbers.csv; setmode numbers.csv +r; setmode numbers.csv -r; rename numbers.csv plans.csv; del plans.csv; del empty.txt; get nothing.txt got4'

lab_record "tcp port 445 or tcp port 139"
files smb1 $DOCS "$MANY" -m NT1 "${ann[@]}"
files smb1 $DOCS 'put noise.bin noise.bin; get noise.bin got5; get "Märzbericht.pdf" got6; volume; du; hardlink noise.bin twin.bin; del twin.bin; del noise.bin' -m NT1 -p 139 "${bob[@]}"
files smb1 $DOCS 'get "on server.txt" got7; ls' -m NT1 "${ann[@]}" --client-protection=sign
files smb1 $DOCS 'put tool.exe psexesvc.exe; del psexesvc.exe' -m NT1 "${ann[@]}" --option="client use spnego=no" --option="client ntlmv2 auth=no"
files smb1 $DOCS 'ls' -m NT1 -U "LAB\\ann%wrong" --use-kerberos=off
files smb1 $DOCS 'ls' -m NT1 -N --use-kerberos=off
smb -m NT1 -L $DC "${bob[@]}"
files smb1 //$DC/nothing 'ls' -m NT1 "${bob[@]}"
quietly /usr/bin/python3 "$HERE/chains.py" $SERVER ann $PASSWORD
cat "$LAB/near/chains.saved" >>"$LAB/saved"
lab_save "$HERE/smb1.pcap"

lab_record "tcp port 445"
files smb2 $DOCS "$MANY" -m SMB2_02 "${ann[@]}"
files smb2 $DOCS 'put noise.bin noise.bin; get noise.bin got5; get "Märzbericht.pdf" got6; put letter.txt letter.txt; hardlink letter.txt twin.txt; stat twin.txt; utimes twin.txt -1 -1 -1 -1; del twin.txt; del letter.txt; del noise.bin' -m SMB2_10 "${bob[@]}"
files smb2 //dc6/docs 'get "on server.txt" got7; put tool.exe psexesvc.exe; del psexesvc.exe; ls' -m SMB3_11 "${ann[@]}"
files smb2 $DOCS 'get "on server.txt" got8; ls' -m SMB3_02 "${ann[@]}" --client-protection=sign
files smb2 $DOCS 'get "on server.txt" got9' -m SMB2_10 -U "ann@$REALM%$PASSWORD" --use-kerberos=required
files smb2 $DOCS 'ls' -m SMB2_02 -U "LAB\\ann%wrong" --use-kerberos=off
files smb2 $DOCS 'ls' -m SMB3_11 -U "LAB\\nobody7%$PASSWORD" --use-kerberos=off
files smb2 //$DC/IPC$ 'ls' -m SMB3_11 -N --use-kerberos=off
files smb2 //$DC/nothing 'ls' -m SMB3_11 "${bob[@]}"
lab_save "$HERE/smb2.pcap"

lab_record "tcp port 445"
for test in related1 related4 unrelated1 invalid1; do quietly smbtorture -s "$LAB/client.conf" $DOCS -U "ann%$PASSWORD" smb2.compound.$test; done
lab_save "$HERE/compound.pcap"

lab_record "tcp port 445"
files smb3 $DOCS 'put letter.txt letter.txt; get countdown.txt got1; ls; del letter.txt' -m SMB3_11 "${ann[@]}" --client-protection=encrypt
files smb3 $DOCS 'get "on server.txt" got2' -m SMB3 -U "bob@$REALM%$PASSWORD" --use-kerberos=required --client-protection=encrypt
files smb3 $DOCS 'get "on server.txt" got3' -m SMB3_00 "${ann[@]}" --client-protection=encrypt
files smb3 $DOCS 'ls' -m SMB3_11 -U "LAB\\ann%wrong" --use-kerberos=off --client-protection=encrypt
lab_save "$HERE/smb3.pcap"

lab_record "tcp port 445"
pipes=(-m NT1 "${ann[@]}" $DC)
rpc "${pipes[@]}" -c 'srvinfo; netshareenum; netremotetod'
rpc "${pipes[@]}" -c 'querydominfo; lsaquery'
pipes=(-m SMB2_10 "${ann[@]}" $DC)
rpc "${pipes[@]}" -c 'srvinfo; netsharegetinfo docs'
rpc "${pipes[@]}" -c 'querydominfo; enumdomusers; enumdomgroups; queryuser ann; lookupnames ann bob; lsaquery; enumtrust; lsaenumsid'
pipes=(-m SMB3_11 -U "LAB\\Administrator%$PASSWORD" --use-kerberos=off $DC)
rpc "${pipes[@]}" -c 'dsroledominfo; getdcname LAB; dsr_getdcname LAB'
rpc "${pipes[@]}" -c 'winreg_enumkey HKLM\\Software; enumprinters; getjob nothing 1'
rpc "${pipes[@]}" -c epmmap
for call in "service list" "registry enumerate HKLM\\Software" "share" "user"; do
  quietly net rpc $call -s "$LAB/client.conf" -S $DC -U "Administrator%$PASSWORD" --use-kerberos=off
done
rpc -m SMB3_11 -U% --use-kerberos=off $DC -c 'srvinfo; enumdomusers; lsaquery'
lab_save "$HERE/pipes.pcap"
grep -v " smb3 " "$LAB/saved" >"$HERE/saved.txt"
