#!/bin/bash
# Passwords tried against OpenSSH one connection after the other, all wrong.
. "$(dirname "$0")/../lab.sh"
need openssh-server openssh-client sshpass
lab_start
ssh-keygen -q -t ed25519 -N '' -f "$LAB/host"
mkdir -p /run/sshd
server_job /usr/sbin/sshd -D -e -f /dev/null -h "$LAB/host" -o "PidFile=$LAB/pid" -o UsePAM=no -o MaxStartups=50
wait_port 22
for password in 123456 admin letmein root qwerty toor dragon welcome; do
  on_client sshpass -p "$password" ssh -o StrictHostKeyChecking=no -o "UserKnownHostsFile=$LAB/known" -o PubkeyAuthentication=no \
    -o NumberOfPasswordPrompts=1 -o LogLevel=ERROR admin@$SERVER true >/dev/null 2>&1 || true
done
lab_save
