#!/bin/bash
# Associations of SCTP between hosts with two addresses each: words echoed, many of them bundled over IPv6, and a port
# that answers nobody.
. "$(dirname "$0")/../lab.sh"
need libusrsctp-examples
SCTP=/usr/lib/usrsctp
lab_start "sctp"
server_job $SCTP/echo_server
server_job $SCTP/discard_server
sleep 1
{ printf 'one\ntwo\nthree\n'; sleep 1; } | on_client timeout 5 $SCTP/client $SERVER 7 || true
{ seq 200; sleep 1; } | on_client timeout 5 $SCTP/client $SERVER6 9 || true
on_client timeout 3 $SCTP/client $SERVER 77 </dev/null || true
lab_save
