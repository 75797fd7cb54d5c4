#!/bin/bash
# NFS-Ganesha and rpcbind with libnfs' tools, showmount, rpcinfo and a client of one's own: NFS 3 over TCP and UDP and NFS 4,
# files copied both ways, directories, names changed and taken away, links; what is mounted and exported; records in fragments,
# calls sent together, credentials refused, programs and versions that nobody has. saved.txt has the digests of what clients
# got and gave.
. "$(dirname "$0")/../lab.sh"
. "$(dirname "$0")/../domain.sh"
need nfs-ganesha nfs-ganesha-vfs libnfs-utils rpcbind nfs-common python3
lab_start
mkdir -p "$LAB/export/docs" "$LAB/near"
chmod -R 777 "$LAB/export"
seq 1 2500 >"$LAB/export/docs/numbers.txt"
printf 'Dear all,\nplease find the plans below.\n' >"$LAB/export/docs/letter.txt"
: >"$LAB/export/docs/empty.txt"
cat >"$LAB/ganesha.conf" <<C
NFS_CORE_PARAM {
  Protocols = 3, 4;
  Enable_UDP = true;
  Enable_NLM = false;
  Enable_RQUOTA = false;
  MNT_Port = 20048;
  NFS_Port = 2049;
  mount_path_pseudo = false;
}
NFSv4 {
  Graceless = true;
  RecoveryBackend = fs_ng;
}
EXPORT_DEFAULTS { Access_Type = RW; Squash = No_Root_Squash; SecType = sys, none; Protocols = 3, 4; Transports = TCP, UDP; }
EXPORT { Export_Id = 1; Path = $LAB/export; Pseudo = /export; Tag = export; MaxRead = 8192; MaxWrite = 8192; PrefRead = 8192; PrefWrite = 8192; FSAL { Name = VFS; } }
LOG { Default_Log_Level = EVENT; }
C
# Sockets, states and process numbers of its own.
server_job unshare --mount sh -c "mount -t tmpfs none /run && mkdir -p /run/ganesha /run/rpcbind /run/sendsigs.omit.d && mount -t tmpfs none /var/lib/nfs && { rpcbind -f -w & sleep 1; exec ganesha.nfsd -F -L $LAB/ganesha.log -f $LAB/ganesha.conf -p $LAB/ganesha.pid; }"
wait_port 2049 30
sleep 2
cd "$LAB/near"
printf 'written by a client\n' >note.txt
head -c 30000 /dev/urandom >noise-3.bin
head -c 1000 noise-3.bin >noise-4.bin
printf 'MZ\x90\x00 a stand-in for a tool copied to an export' >tool.exe
: >"$LAB/saved"
got() { on_client timeout 20 "$@" >>"$LAB/client.log" 2>&1 || true; }
# copy VERSION get|put FROM TO: over libnfs.
copy() {
  local version=$1 way=$2 near far
  [ "$way" = get ] && { far=$3 near=$4; } || { far=$4 near=$3; }
  local url="nfs://$SERVER$EXPORT/$far?version=$version&uid=1000&gid=1000"
  if [ "$way" = get ]; then got nfs-cp "$url" "$near"; else got nfs-cp "$near" "$url"; fi
  ! cmp -s "$near" "$LAB/export/$far" || echo "$(sha256sum <"$near" | cut -d' ' -f1) nfs$version $way $far" >>"$LAB/saved"
}
session() { on_client timeout 30 python3 "$HERE/session.py" $SERVER "$LAB/export" "$@" >>"$LAB/client.log" 2>&1 || true; }

for version in 3 4; do
  EXPORT=$LAB/export; [ $version = 3 ] || EXPORT=/export
  [ $version = 3 ] || lab_record
  if [ $version = 3 ]; then
    got rpcinfo -p $SERVER
    got rpcinfo -T udp $SERVER nfs 3
    got rpcinfo -T tcp $SERVER nfs 2
    got showmount -e $SERVER
    got showmount -a $SERVER
  fi
  got nfs-ls -R "nfs://$SERVER$EXPORT?version=$version"
  got nfs-cat "nfs://$SERVER$EXPORT/docs/letter.txt?version=$version"
  echo "$(sha256sum <"$LAB/export/docs/letter.txt" | cut -d' ' -f1) nfs$version get docs/letter.txt" >>"$LAB/saved"
  copy $version get docs/numbers.txt got-$version
  copy $version get docs/empty.txt got-empty-$version
  copy $version put note.txt docs/note-$version.txt
  copy $version put noise-$version.bin docs/noise-$version.bin
  copy $version get docs/noise-3.bin got-noise-$version
  copy $version put tool.exe docs/tool-$version.exe
  got nfs-cat "nfs://$SERVER$EXPORT/docs/nothing.txt?version=$version"
  got nfs-ls "nfs://$SERVER/elsewhere?version=$version"
  if [ $version = 3 ]; then
    session tcp tree
    session tcp odd
    lab_save "$HERE/nfs3.pcap"
    lab_record
    session udp tree
    session udp odd
    lab_save "$HERE/udp.pcap"
  else
    session tcp compounds
    lab_save "$HERE/nfs4.pcap"
  fi
done
cat "$LAB/near/session.saved" "$LAB/saved" >"$HERE/saved.txt"
