#!/bin/bash
# OpenSSH and Dropbear with clients of OpenSSH, Dropbear and PuTTY: commands and a file copied by key, passwords right,
# wrong and mistyped, older algorithms. saved.txt has of each connection the server's key, how the login ended, and how many
# requests the server answered, by its log.
. "$(dirname "$0")/../lab.sh"
need dropbear-bin expect openssh-client openssh-server openssl putty-tools sshpass
lab_start
ssh-keygen -q -t ed25519 -N '' -f "$LAB/host"
ssh-keygen -q -t rsa -b 2048 -N '' -f "$LAB/rsa"
ssh-keygen -q -t ed25519 -N '' -f "$LAB/me"
dropbearkey -t ecdsa -f "$LAB/dropbear" 2>/dev/null | grep ^ecdsa >"$LAB/dropbear.pub"
cp /etc/passwd /etc/shadow "$LAB"
echo "visitor:x:12345:12345::/tmp:/bin/sh" >>"$LAB/passwd"
echo "visitor:$(openssl passwd -6 -salt lab garden)::0:99999:7:::" >>"$LAB/shadow"
mkdir -p /run/sshd
# Accounts of the servers alone: what they see in place of the machine's own.
server_job unshare -m sh -c "mount --bind $LAB/passwd /etc/passwd; mount --bind $LAB/shadow /etc/shadow
  dropbear -F -E -p 2222 -r $LAB/dropbear -P $LAB/dropbear.pid &
  exec /usr/sbin/sshd -D -e -f /dev/null -h $LAB/host -h $LAB/rsa -o AuthorizedKeysFile=$LAB/me.pub -o StrictModes=no \
    -o PidFile=$LAB/pid -o PermitRootLogin=yes -o UsePAM=no -o Ciphers=+aes128-cbc -o PrintLastLog=no -o LogLevel=DEBUG1"
wait_port 22
wait_port 2222
ANSWERED=0
# saved PUBLIC-KEY OUTCOME [UNLOGGED]: requests that the server does not log. That a key would do is no answer yet.
saved() {
  sleep 0.5
  local asked postponed
  asked=$(grep -cE '^debug1: userauth-request|Bad password attempt|Password auth succeeded' "$LAB/jobs.log")
  postponed=$(grep -c '^Postponed' "$LAB/jobs.log")
  echo "$(ssh-keygen -lf "$1" | cut -d' ' -f2) $2 $((asked - postponed - ANSWERED + ${3:-0}))" >>"$LAB/saved.txt"
  ANSWERED=$((asked - postponed))
}
known=(-o StrictHostKeyChecking=no -o "UserKnownHostsFile=$LAB/known" -o LogLevel=ERROR)
by_key=(-i "$LAB/me" "${known[@]}")
on_client ssh "${by_key[@]}" root@$SERVER 'uname; echo from the lab' >/dev/null
saved "$LAB/host.pub" success
head -c 3000 /dev/urandom >"$LAB/data"
on_client scp -q -O "${by_key[@]}" "$LAB/data" root@$SERVER:"$LAB/copy"
saved "$LAB/host.pub" success
cat >"$LAB/mistype" <<MISTYPE
set timeout 30
spawn ssh ${known[@]} -o PubkeyAuthentication=no visitor@$SERVER uname
foreach password {gardne gadren garden} { expect "assword: "; send "\$password\r" }
expect "Linux"
expect eof
MISTYPE
on_client expect "$LAB/mistype" >"$LAB/mistype.log"
saved "$LAB/host.pub" success
on_client ssh "${by_key[@]}" -o KexAlgorithms=diffie-hellman-group-exchange-sha256 -c aes128-cbc -m hmac-sha1 \
  -o HostKeyAlgorithms=rsa-sha2-512 root@$SERVER uname >/dev/null
saved "$LAB/rsa.pub" success
on_client ssh "${by_key[@]}" -c aes256-gcm@openssh.com -C root@$SERVER uname >/dev/null
saved "$LAB/host.pub" success
echo y | on_client plink -ssh -pw garden visitor@$SERVER uname >/dev/null 2>&1
saved "$LAB/host.pub" success
on_client env DROPBEAR_PASSWORD=garden dbclient -y -p 2222 visitor@$SERVER uname >/dev/null 2>&1 </dev/null
saved "$LAB/dropbear.pub" success 1
on_client sshpass -p garden ssh "${known[@]}" -o PubkeyAuthentication=no -p 2222 visitor@$SERVER uname >/dev/null
saved "$LAB/dropbear.pub" success 1
on_client env DROPBEAR_PASSWORD=wrong dbclient -y -p 2222 visitor@$SERVER uname >/dev/null 2>&1 </dev/null || saved "$LAB/dropbear.pub" failure # hangs up at the tenth
on_client sshpass -p wrong ssh "${known[@]}" -o PubkeyAuthentication=no -o NumberOfPasswordPrompts=1 visitor@$SERVER uname \
  >/dev/null 2>&1 || saved "$LAB/host.pub" failure
lab_save
cp "$LAB/saved.txt" "$HERE/saved.txt"
