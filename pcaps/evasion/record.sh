#!/bin/bash
# Packets that a host drops and a sensor may take, around a mark that the host reads: evasion.pcap, and in read.txt what
# the host read of each connection.
. "$(dirname "$0")/../lab.sh"
need python3 tcpdump
lab_start
ATTACKER=10.9.0.66 # no address of the client's kernel, which would answer with resets of its own
mac() { ip -n "lab-$1-$$" -br link show wire | awk '{print $3}'; }
ip -n "lab-server-$$" neigh replace $ATTACKER lladdr "$(mac client)" dev wire nud permanent
server_job python3 "$HERE/victim.py" serve "$LAB/served.txt"
wait_port 80
wait_port 81
wait_port 82
on_client python3 "$HERE/attack.py" request wire "$(mac client)" "$(mac server)" $ATTACKER $SERVER
on_client python3 "$HERE/attack.py" answer wire "$(mac client)" "$(mac server)" $ATTACKER $SERVER &
ATTACK=$!
sleep 0.5
on_server python3 "$HERE/victim.py" fetch $ATTACKER "$(on_client python3 "$HERE/attack.py" count)" >"$LAB/fetched.txt"
wait $ATTACK
sleep 1
{
  echo "# $(uname -sr): case, what the host read"
  cat "$LAB/served.txt" "$LAB/fetched.txt"
} >"$HERE/read.txt"
lab_save
