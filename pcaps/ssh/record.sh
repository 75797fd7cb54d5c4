#!/bin/bash
# OpenSSH: one session by key that runs a command and copies a file.
. "$(dirname "$0")/../lab.sh"
need openssh-server openssh-client
lab_start
ssh-keygen -q -t ed25519 -N '' -f "$LAB/host"
ssh-keygen -q -t ed25519 -N '' -f "$LAB/me"
mkdir -p /run/sshd
server_job /usr/sbin/sshd -D -e -f /dev/null -h "$LAB/host" -o "AuthorizedKeysFile=$LAB/me.pub" -o StrictModes=no \
  -o "PidFile=$LAB/pid" -o PermitRootLogin=yes -o UsePAM=no
wait_port 22
client=(-i "$LAB/me" -o StrictHostKeyChecking=no -o "UserKnownHostsFile=$LAB/known" -o LogLevel=ERROR)
on_client ssh "${client[@]}" root@$SERVER 'uname; echo from the lab' >/dev/null
head -c 3000 /dev/urandom >"$LAB/data"
on_client scp -q -O "${client[@]}" "$LAB/data" root@$SERVER:"$LAB/copy"
lab_save
