"""Tasks of a server, without a login of the calls themselves: by ITaskScheduler, and the old way.

  tasks.py SERVER USER PASSWORD set|list
"""
import sys
from impacket.dcerpc.v5 import atsvc, transport, tsch
from impacket.dcerpc.v5.dtypes import NULL

server, user, password, deed = sys.argv[1:]
TASK = """<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <Actions><Exec><Command>cmd.exe</Command><Arguments>/C whoami</Arguments></Exec></Actions>
</Task>
"""


def bound(interface):
    carrier = transport.DCERPCTransportFactory(f"ncacn_np:{server}[\\pipe\\atsvc]")
    carrier.set_credentials(user, password, "LAB")
    dce = carrier.get_dce_rpc()
    dce.connect()
    dce.bind(interface)
    return dce


def set_tasks(dce):
    tsch.hSchRpcHighestVersion(dce)
    tsch.hSchRpcRegisterTask(dce, "\\task", TASK, tsch.TASK_CREATE, NULL, tsch.TASK_LOGON_NONE)
    tsch.hSchRpcRun(dce, "\\task")
    tsch.hSchRpcDelete(dce, "\\task")


def list_tasks(dce):
    tsch.hSchRpcEnumFolders(dce, "\\")
    tsch.hSchRpcEnumTasks(dce, "\\")


def set_jobs(dce):
    job = atsvc.AT_INFO()
    job["JobTime"], job["DaysOfMonth"], job["DaysOfWeek"], job["Flags"], job["Command"] = 0, 0, 0, 0, "cmd.exe /C whoami\0"
    number = atsvc.hNetrJobAdd(dce, NULL, job)["pJobId"]
    atsvc.hNetrJobDel(dce, NULL, number, number)


def list_jobs(dce):
    container = atsvc.AT_ENUM_CONTAINER()
    container["Buffer"] = NULL
    atsvc.hNetrJobEnum(dce, NULL, container)


DEEDS = {"set": (set_tasks, set_jobs), "list": (list_tasks, list_jobs)}
for interface, do in zip((tsch.MSRPC_UUID_TSCHS, atsvc.MSRPC_UUID_ATSVC), DEEDS[deed]):
    dce = bound(interface)
    do(dce)
    dce.disconnect()
