"""Asks a server which tasks it has: by ITaskScheduler, and the old way.

  tasks.py SERVER USER PASSWORD
"""
import sys
from impacket.dcerpc.v5 import atsvc, transport, tsch
from impacket.dcerpc.v5.dtypes import NULL

server, user, password = sys.argv[1:]


def bound(interface):
    carrier = transport.DCERPCTransportFactory(f"ncacn_np:{server}[\\pipe\\atsvc]")
    carrier.set_credentials(user, password, "LAB")
    dce = carrier.get_dce_rpc()
    dce.connect()
    dce.bind(interface)
    return dce


dce = bound(tsch.MSRPC_UUID_TSCHS)
tsch.hSchRpcEnumFolders(dce, "\\")
tsch.hSchRpcEnumTasks(dce, "\\")
dce.disconnect()
dce = bound(atsvc.MSRPC_UUID_ATSVC)
container = atsvc.AT_ENUM_CONTAINER()
container["Buffer"] = NULL
atsvc.hNetrJobEnum(dce, NULL, container)
dce.disconnect()
