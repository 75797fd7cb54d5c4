# Sourced by every record.sh: two network namespaces with one cable between them, and a capture of what crosses it.
# Nothing of it reaches the machine's own network; everything is gone when the script ends.
#
#   client  10.9.0.2  fd00:9::2          server  10.9.0.1  fd00:9::1
#
# Use: need PACKAGE...; lab_start; on_server|on_client COMMAND...; lab_save [FILE; lab_record; ...; lab_save FILE]
# LAB_LOGS=FOLDER: what servers and clients said is kept there.

set -euo pipefail
export LC_ALL=C PATH=$PATH:/usr/sbin:/sbin
SERVER=10.9.0.1 CLIENT=10.9.0.2 THIRD=10.9.0.3 SERVER6=fd00:9::1 CLIENT6=fd00:9::2
HERE=$(cd "$(dirname "${BASH_SOURCE[1]}")" && pwd)
NAME=$(basename "$HERE")
LAB=$(mktemp -d)
chmod 755 "$LAB"
JOBS=()

# need PACKAGE...: installs what is missing, and keeps services from starting outside of the lab.
need() {
  local missing=() package
  for package in tcpdump iproute2 procps ethtool "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} = 0 ] && return
  local guard=0
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d && guard=1
  fi
  apt-get -qq update >/dev/null
  DEBIAN_FRONTEND=noninteractive apt-get -qq install -y -o Dpkg::Use-Pty=0 --no-install-recommends "${missing[@]}" >/dev/null 2>&1
  [ $guard = 0 ] || rm /usr/sbin/policy-rc.d
}

# unpack PACKAGE...: their files in $LAB/PACKAGE, of servers that Debian does not let be installed beside each other.
unpack() {
  local package
  for package; do
    (cd "$LAB" && apt-get -qq download "$package" 2>/dev/null && dpkg-deb -x "$package"_*.deb "$package")
  done
}

lab_clean() {
  local job
  for job in "${JOBS[@]}" ${CLIENT_JOBS[@]+"${CLIENT_JOBS[@]}"}; do kill "$job" 2>/dev/null || true; done
  for side in server client third; do
    ip netns pids "lab-$side-$$" 2>/dev/null | xargs -r kill 2>/dev/null || true
    ip netns del "lab-$side-$$" 2>/dev/null || true
    rm -rf "/etc/netns/lab-$side-$$"
  done
  [ -z "${LAB_LOGS:-}" ] || cp "$LAB"/*.log "$LAB_LOGS"
  rm -rf "$LAB"
}

on_server() { ip netns exec "lab-server-$$" "$@"; }
on_client() { ip netns exec "lab-client-$$" "$@"; }

# server_job COMMAND...: keeps running until the lab ends.
server_job() { on_server "$@" >>"$LAB/jobs.log" 2>&1 & JOBS+=($!); }

# client_job COMMAND...: keeps running on the client's side until stop_clients.
CLIENT_JOBS=()
client_job() { ip netns exec "lab-client-$$" "$@" >>"$LAB/client.log" 2>&1 & CLIENT_JOBS+=($!); }
stop_clients() {
  kill "${CLIENT_JOBS[@]}" 2>/dev/null || true
  CLIENT_JOBS=()
}

# stop_servers: all that runs on the server's side.
stop_servers() {
  ip netns pids "lab-server-$$" | xargs -r kill || true
  sleep 0.5
}

# lab_start [TCPDUMP FILTER]: offloads are off, so that frames and checksums are those of a real wire.
lab_start() {
  trap lab_clean EXIT
  trap 'exit 1' INT TERM
  ip netns add "lab-server-$$"
  ip netns add "lab-client-$$"
  ip link add wire netns "lab-server-$$" mtu 1500 type veth peer name wire netns "lab-client-$$"
  local side
  for side in server client; do
    ip -n "lab-$side-$$" link set lo up
    ip netns exec "lab-$side-$$" ethtool -K wire tx off rx off tso off gso off gro off >/dev/null 2>&1
    ip netns exec "lab-$side-$$" sysctl -qw net.ipv6.conf.wire.accept_dad=0 net.ipv6.conf.wire.router_solicitations=0
  done
  ip -n "lab-server-$$" address add $SERVER/24 dev wire
  ip -n "lab-client-$$" address add $CLIENT/24 dev wire
  ip -n "lab-server-$$" address add $SERVER6/64 dev wire
  ip -n "lab-client-$$" address add $CLIENT6/64 dev wire
  for side in server client; do ip -n "lab-$side-$$" link set wire up; done
  sleep 1 # for the multicast of two fresh interfaces, which is no part of the recording
  lab_record "${1:-}"
}

# lab_record [TCPDUMP FILTER]: records from now on. lab_start does; a script may again after lab_save FILE.
# LAB_SIDE, LAB_INTERFACE: where.
lab_record() {
  ip netns exec "lab-${LAB_SIDE:-client}-$$" tcpdump -i "${LAB_INTERFACE:-wire}" -U -B 8192 -s 0 -w "$LAB/capture.pcap" \
    "${1:-ip or ip6 and not icmp6 and not igmp}" 2>"$LAB/tcpdump.log" & JOBS+=($!) TCPDUMP=$!
  until grep -q listening "$LAB/tcpdump.log"; do sleep 0.1; done
}

# lab_networks NETWORK...: the server answers for all of each, as whoever is asked; 198.51.100.0/24 (RFC 5737) is outside.
lab_networks() {
  local network
  for network; do
    ip -n "lab-server-$$" route add local "$network" dev lo
    ip -n "lab-client-$$" route add "$network" via $SERVER
  done
}

# lab_third: a third host, 10.9.0.3, behind a switch at the server's; recordings are made there from the next on.
lab_third() {
  ip netns add "lab-third-$$"
  ip -n "lab-server-$$" link add switch type bridge
  ip link add wire netns "lab-third-$$" type veth peer name third netns "lab-server-$$"
  ip netns exec "lab-third-$$" ethtool -K wire tx off rx off tso off gso off gro off >/dev/null 2>&1
  ip -n "lab-server-$$" address del $SERVER/24 dev wire
  local port
  for port in wire third; do ip -n "lab-server-$$" link set "$port" master switch up; done
  ip -n "lab-server-$$" link set switch up
  ip -n "lab-server-$$" address add $SERVER/24 dev switch
  ip -n "lab-third-$$" address add $THIRD/24 dev wire
  ip -n "lab-third-$$" link set wire up
  LAB_SIDE=server LAB_INTERFACE=switch
  sleep 1
}
on_third() { ip netns exec "lab-third-$$" "$@"; }

# wait_port PORT [SECONDS]: until something listens for TCP there.
wait_port() {
  local tries=$((${2:-10} * 10))
  until on_server ss -Hltn "sport = :$1" | grep -q .; do
    ((tries-- > 0)) || { echo "$NAME: nothing listens on port $1" >&2; cat "$LAB/jobs.log" >&2; exit 1; }
    sleep 0.1
  done
}

# lab_save [FILE]: ends the capture and puts it there, or beside the script. One that misses packets is none.
lab_save() {
  local file=${1:-$HERE/$NAME.pcap}
  sleep 1
  kill -INT "$TCPDUMP"
  wait "$TCPDUMP" || true
  grep -q '^0 packets dropped by kernel' "$LAB/tcpdump.log" || { cat "$LAB/tcpdump.log" >&2; exit 1; }
  cp "$LAB/capture.pcap" "$file"
  echo "$file: $(stat -c %s "$file") bytes, $(tcpdump -nr "$file" 2>/dev/null | wc -l) packets"
}

# make_certificate FILE-STEM CN [SAN...]: a self-signed key and certificate.
make_certificate() {
  local stem=$1 cn=$2 san="DNS:$2" name
  shift 2
  for name in "$@"; do san+=",DNS:$name"; done
  openssl req -x509 -newkey rsa:2048 -nodes -keyout "$stem.key" -out "$stem.crt" -days 365 \
    -subj "/C=XX/O=Lapwing Lab/CN=$cn" -addext "subjectAltName=$san" 2>/dev/null
  chmod 644 "$stem.key"
}
