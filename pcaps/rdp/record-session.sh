#!/bin/bash
# A desktop of FreeRDP's server that is worked on for some seconds: a pointer that moves, and a clock.
. "$(dirname "$0")/../lab.sh"
need freerdp2-x11 freerdp2-shadow-x11 xvfb x11-apps xdotool
lab_start "tcp port 3389"
server_job Xvfb :78 -screen 0 200x200x24 -nolisten tcp
client_job Xvfb :77 -screen 0 800x600x16 -nolisten tcp
sleep 1
HOME=$LAB DISPLAY=:78 server_job xclock -update 1 -geometry 60x60+0+0
HOME=$LAB DISPLAY=:78 server_job freerdp-shadow-cli /port:3389 -auth /sec:tls
wait_port 3389
export DISPLAY=:77 HOME=$LAB
client_job xfreerdp "/v:$SERVER" /u:ann /p:Lab-pass1 /sec:tls /cert:ignore /size:200x200 /bpp:16
sleep 3
for place in $(seq 60); do
  on_client xdotool mousemove $((place * 3)) $((20 + place * 2))
  sleep 0.05
done
stop_clients
lab_save "$HERE/session.pcap"
