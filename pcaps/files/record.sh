#!/bin/bash
# Samba and smbclient: SMB 3 and SMB 2 sessions that list shares and put, get and delete files; a wrong password.
. "$(dirname "$0")/../lab.sh"
need samba samba-common-bin smbclient
lab_start
mkdir -p "$LAB"/{share,private,state,lock,cache,pid,ncalrpc}
chmod 777 "$LAB/share"
head -c 5000 /dev/zero | tr '\0' 'B' >"$LAB/share/report.txt"
cat >"$LAB/smb.conf" <<C
[global]
  workgroup = LAB
  netbios name = FILES
  interfaces = wire
  bind interfaces only = yes
  private dir = $LAB/private
  state directory = $LAB/state
  lock directory = $LAB/lock
  cache directory = $LAB/cache
  pid directory = $LAB/pid
  ncalrpc dir = $LAB/ncalrpc
  log file = $LAB/smb.log
  smb ports = 445
  disable netbios = yes
  load printers = no
  printcap name = /dev/null
  server min protocol = SMB2_02
[docs]
  path = $LAB/share
  read only = no
  force user = root
C
printf 'Lab-pass1\nLab-pass1\n' | on_server smbpasswd -c "$LAB/smb.conf" -s -a root >/dev/null
server_job smbd --foreground --no-process-group --configfile="$LAB/smb.conf"
wait_port 445
smb() { on_client smbclient -s "$LAB/smb.conf" "$@" >/dev/null 2>&1 || true; }
printf 'from the client\n' >"$LAB/note.txt"
printf 'MZ\x90\x00 a stand-in for a tool copied to a share\n' >"$LAB/tool.exe"
smb -m SMB3 -U root%Lab-pass1 -L $SERVER
smb -m SMB2 -U root%Lab-pass1 //$SERVER/docs -c "put $LAB/note.txt note.txt; put $LAB/tool.exe psexesvc.exe; get report.txt $LAB/got; ls; rename note.txt old.txt; del old.txt"
smb -m SMB3 -U root%Lab-pass1 //$SERVER/docs -c "mkdir plans; get report.txt $LAB/got"
smb -m SMB2 -U root%wrong //$SERVER/docs -c ls
lab_save
