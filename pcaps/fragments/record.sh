#!/bin/bash
# Packets that a Linux host takes or drops before any application sees them: wrong checksums, source routes, extension
# headers, fragments that overlap or come late, fragments within a tunnel in fragments. read.txt has the source ports of what the server's application read.
. "$(dirname "$0")/../lab.sh"
need python3
lab_start "src host $CLIENT or src host $CLIENT6 and not icmp6"
server_mac=$(on_server cat /sys/class/net/wire/address) client_mac=$(on_client cat /sys/class/net/wire/address)
on_server ip link add inside address 02:00:00:00:00:0a type vxlan id 7 dstport 4789 remote $CLIENT dev wire
on_server ip address add 10.10.0.1/24 dev inside
on_server ip link set inside up
on_server python3 "$HERE/send.py" --read 45 >"$HERE/read.txt" & READER=$!
sleep 0.5
on_client python3 "$HERE/send.py" "$client_mac" "$server_mac"
wait $READER
lab_save
