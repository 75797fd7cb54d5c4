#!/bin/bash
# What is looked up by names that say which thing is meant: digests of files, of which some are listed; domains in a list of them; names that a
# host's search list is appended to.
. "$(dirname "$0")/../lab.sh"
need python3 dnsmasq-base bind9-dnsutils
lab_start "udp port 53"
digest() { echo "file $1" | sha1sum | cut -c 1-40; }
listed=()
for n in $(seq 10 10 120); do listed+=(--address=/"$(digest "$n")".digests.example/127.0.0.4); done
server_job dnsmasq -k -C /dev/null -u root --no-resolv --no-hosts --no-daemon --local=/example/ "${listed[@]}" --address=/test.com.lists.example/127.0.0.2
sleep 1
ask() { on_client dig +tries=1 +time=1 @$SERVER "$1" >/dev/null </dev/null || true; }
for n in $(seq 120); do ask "$(digest "$n").digests.example"; done
ask test.com.lists.example
python3 "$HERE/made_up.py" letters 200 | while read -r name; do ask "$name.lists.example"; done
python3 "$HERE/made_up.py" letters 200 | while read -r name; do ask "$name.office.example"; done
lab_save "$HERE/look-ups.pcap"
