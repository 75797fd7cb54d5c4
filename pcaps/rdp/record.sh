#!/bin/bash
# xrdp and FreeRDP's own server with FreeRDP and rdesktop: what is asked for, chosen and refused (TLS, RDP's own security, network level authentication),
# cookies and tokens of a balancer, channels, screens and keyboards, over IPv6, on other ports, and one who asks with many names.
. "$(dirname "$0")/../lab.sh"
. "$(dirname "$0")/../domain.sh"
domain_names server client
need xrdp freerdp2-x11 freerdp2-shadow-x11 winpr-utils rdesktop xvfb openssl
lab_start
make_certificate "$LAB/rdp" desk.lab.example
mkdir -p /run/xrdp
# serve PORT SECURITY LEVEL
serve() {
  cat >"$LAB/xrdp-$1.ini" <<C
[Globals]
ini_version=1
fork=true
port=$1
security_layer=$2
crypt_level=$3
certificate=$LAB/rdp.crt
key_file=$LAB/rdp.key
ssl_protocols=TLSv1.2, TLSv1.3
allow_channels=true
max_bpp=16
ls_width=100
ls_height=100
ls_logo_filename=none
[Logging]
LogFile=$LAB/xrdp-$1.log
LogLevel=INFO
EnableSyslog=false
[Channels]
rdpsnd=true
cliprdr=true
[Only]
name=Only
lib=libvnc.so
username=ask
password=ask
ip=127.0.0.1
port=5999
C
  server_job unshare --mount sh -c "mkdir -p $LAB/run-$1 && mount --bind $LAB/run-$1 /run/xrdp && exec xrdp --nodaemon -c $LAB/xrdp-$1.ini"
  wait_port "$1"
}
serve 3389 negotiate high
serve 3390 rdp high
serve 3391 tls high
serve 3392 rdp low
# FreeRDP's server, which refuses what it does not want, and knows network level authentication.
server_job Xvfb :78 -screen 0 200x200x24 -nolisten tcp
client_job Xvfb :77 -screen 0 800x600x16 -nolisten tcp
sleep 1
echo "ann:::$(winpr-hash -u ann -p Lab-pass1):::" >"$LAB/sam"
HOME=$LAB DISPLAY=:78 server_job freerdp-shadow-cli /port:3393 +auth /sec:nla "/sam-file:$LAB/sam"
wait_port 3393
export DISPLAY=:77 HOME=$LAB
# free PORT OPTIONS...; old PORT OPTIONS...: FreeRDP and rdesktop, for as long as they need to log in.
free() { local port=$1; shift; on_client timeout "${FOR:-2}" xfreerdp "/v:${TO:-$SERVER}:$port" /cert:ignore /size:200x200 /bpp:16 "$@" >>"$LAB/client.log" 2>&1 </dev/null || true; }
old() { local port=$1; shift; on_client timeout 2 rdesktop -g 200x200 -a 15 -n OLD-DESK "$@" "$SERVER:$port" >>"$LAB/client.log" 2>&1 <<<yes || true; }
FOR=0.8 free 3389 /u:ann /p:Lab-pass1 /sec:tls
FOR=0.8 free 3389 /u:bob /p:Lab-pass1 /d:LAB
free 3389 /u:ann /p:Lab-pass1 /sec:nla
free 3389 /u:ann /p:Lab-pass1 /sec:rdp /kbd:0x0407 /client-hostname:a-very-long-name-of-a-host
free 3390 /u:carol /p:Lab-pass1 /sec:rdp +clipboard /sound /echo /drive:home,/tmp
free 3390 /u:carol /p:Lab-pass1 /sec:tls
free 3391 /u:carol /p:Lab-pass1 /sec:rdp
FOR=0.8 free 3391 /u:carol /p:Lab-pass1 /sec:tls /load-balance-info:tsv://MS_Terminal_Services_Plugin.1.Desks
free 3392 /u:ann /p:Lab-pass1 /sec:rdp
TO=dc6.lab.example FOR=0.8 free 3389 /u:ann /p:Lab-pass1 /sec:tls
old 3390 -u ann -p Lab-pass1 -k de
old 3389 -u bob -5 -z -x m -B
free 3393 /u:ann /p:Lab-pass1 /sec:tls
free 3393 /u:ann /p:Lab-pass1 /sec:rdp
FOR=0.8 free 3393 /u:ann /p:Lab-pass1 /sec:nla
FOR=0.8 free 3393 /u:ann /p:wrong /sec:nla
for name in admin administrator root guest test scan backup support; do free 3389 "/u:$name" /p:123456 /sec:nla; done
lab_save
