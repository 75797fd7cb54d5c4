#!/bin/bash
# Names of the own link: a host that answers for any, whom a browser then logs in to, one that answers for wpad alone, and one
# that multicast DNS alone asks; and what looks alike: hosts that answer for the names that they announced.
. "$(dirname "$0")/../lab.sh"
need python3 curl samba samba-common-bin avahi-daemon avahi-utils dbus
lab_start
lab_save "$LAB/nothing.pcap"
lab_third
WHAT="udp or tcp"
for side in server client third; do
  dev=wire; [ $side = server ] && dev=switch
  ip -n "lab-$side-$$" route add 224.0.0.0/4 dev $dev
done
poison() { ip netns exec "lab-client-$$" python3 "$HERE/poisoner.py" $CLIENT "$@" >>"$LAB/jobs.log" 2>&1 & POISONER=$! JOBS+=($!); sleep 1; }
stop() { kill "$@"; wait "$@" 2>/dev/null || true; }
ask() { on_third python3 "$HERE/ask.py" $THIRD "$@"; }
nmb() { on_third nmblookup -s "$LAB/third.conf" -B 10.9.0.255 "$1" >/dev/null 2>&1 || true; }
config() { printf '[global]\n%s\ninterfaces = wire\nbind interfaces only = yes\nlock directory = %s\nstate directory = %s\ncache directory = %s\npid directory = %s\nprivate dir = %s\nlog file = %s/log\n' "$1" "$LAB" "$LAB" "$LAB" "$LAB" "$LAB" "$LAB"; }
config 'netbios name = THIRD' >"$LAB/third.conf"

lab_record "$WHAT"
poison llmnr nbns mdns http
ask llmnr fileshrae
nmb FILESHRAE
ask mdns fileshrae.local
ask llmnr prntsrv intranett
nmb PRNTSRV
on_third curl -s -u someone:secret http://$CLIENT/ >/dev/null
ask llmnr oldserver
sleep 1
lab_save "$HERE/names-poisoned.pcap"
stop $POISONER

lab_record "$WHAT"
poison llmnr
ask llmnr wpad
lab_save "$HERE/names-wpad.pcap"
stop $POISONER

lab_record "$WHAT"
poison mdns
ask mdns one.local two.local three.local four.local five.local six.local seven.local
lab_save "$HERE/names-mdns.pcap"
stop $POISONER

# Look-alikes.
config 'netbios name = NAS
netbios aliases = FILES MEDIA BACKUP' >"$LAB/nas.conf"
printf '[server]\nhost-name=nas\nuse-ipv6=no\nallow-interfaces=wire\n[publish]\npublish-workstation=no\n' >"$LAB/avahi.conf"
printf '<busconfig><listen>unix:path=%s/bus</listen><policy context="default"><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/><allow user="*"/></policy></busconfig>' "$LAB" >"$LAB/bus.conf"
lab_record "$WHAT"
client_job nmbd -F --no-process-group -s "$LAB/nas.conf"
export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$LAB/bus
client_job dbus-daemon --nofork --config-file="$LAB/bus.conf"
mkdir -p /run/avahi-daemon
sleep 1
client_job avahi-daemon -f "$LAB/avahi.conf" --no-drop-root --no-chroot --no-rlimits
sleep 2
for name in files media backup photos music; do client_job avahi-publish -a -R $name.local $CLIENT; done
sleep 8
for name in NAS FILES MEDIA BACKUP; do nmb $name; done
ask mdns nas.local files.local media.local backup.local photos.local
lab_save "$HERE/names-announced.pcap"
stop_clients
