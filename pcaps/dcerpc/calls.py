"""Calls over TCP as no client of Samba's makes them. Adds to calls.saved, of each call in the clear: client port, interface,
opnum, bytes of the stub asked, and of the answer, or "fault".

  calls.py SERVER USER PASSWORD plain|contexts|fragments|order|refused|machine
"""
import sys
from impacket.dcerpc.v5 import epm, mgmt, nrpc, samr, scmr, transport, wkst
from impacket.dcerpc.v5.dtypes import NULL
from impacket.dcerpc.v5.rpcrt import DCERPCException, RPC_C_AUTHN_LEVEL_CONNECT, RPC_C_AUTHN_LEVEL_PKT_INTEGRITY, RPC_C_AUTHN_WINNT
from impacket.uuid import bin_to_uuidtup, uuidtup_to_bin

server, user, password, what = sys.argv[1:]
saved = open("calls.saved", "a")
NOBODY = uuidtup_to_bin(("deadbeef-1234-5678-9abc-def012345678", "3.1"))


def connect(interface, level=None, name=user, word=password, mapper=False):
    where = f"ncacn_ip_tcp:{server}[135]" if mapper else epm.hept_map(server, interface, protocol="ncacn_ip_tcp")
    carrier = transport.DCERPCTransportFactory(where)
    carrier.set_credentials(name, word, "LAB")
    dce = carrier.get_dce_rpc()
    if level is not None:
        dce.set_auth_type(RPC_C_AUTHN_WINNT)
        dce.set_auth_level(level)
    dce.connect()
    dce.bind(interface)
    return dce


def call(dce, interface, request):
    """Answers are kept as they are, faults too."""
    port = dce.get_rpc_transport().get_socket().getsockname()[1]
    asked = len(request.getData())
    dce.call(request.opnum, request, None)
    uuid = bin_to_uuidtup(interface)[0].lower()
    try:
        answer = dce.recv()
        print(port, uuid, request.opnum, asked, len(answer), file=saved)
        return answer
    except DCERPCException as fault:
        print(port, uuid, request.opnum, asked, "fault", file=saved)
        return b""


def filled(kind, **fields):
    request = kind()
    for field, value in fields.items(): request[field] = value
    return request


def station(level=100, name="\\\\dc1"):
    return filled(wkst.NetrWkstaGetInfo, ServerName=name + "\x00", Level=level)


def domains(): return filled(samr.SamrConnect2, ServerName="\\\\dc1\x00", DesiredAccess=0x31)


def plain():
    dce = connect(mgmt.MSRPC_UUID_MGMT, mapper=True)
    call(dce, mgmt.MSRPC_UUID_MGMT, mgmt.inq_if_ids())
    dce.disconnect()
    for level in (None, RPC_C_AUTHN_LEVEL_CONNECT):
        dce = connect(wkst.MSRPC_UUID_WKST, level)
        for information in (100, 101, 102, 999): call(dce, wkst.MSRPC_UUID_WKST, station(information))
        dce.disconnect()
    # At this level Samba denies.
    dce = connect(samr.MSRPC_UUID_SAMR, RPC_C_AUTHN_LEVEL_CONNECT)
    call(dce, samr.MSRPC_UUID_SAMR, domains())
    dce.disconnect()
    # Signed: in the clear, with a trailer.
    dce = connect(samr.MSRPC_UUID_SAMR, RPC_C_AUTHN_LEVEL_PKT_INTEGRITY)
    handle = call(dce, samr.MSRPC_UUID_SAMR, domains())[:20]
    call(dce, samr.MSRPC_UUID_SAMR, filled(samr.SamrEnumerateDomainsInSamServer, ServerHandle=handle, EnumerationContext=0, PreferedMaximumLength=4096))
    dce.disconnect()


def contexts():
    """A context altered on the same connection, one whose interface nobody has, and interfaces of others' ports."""
    dce = connect(wkst.MSRPC_UUID_WKST)
    call(dce, wkst.MSRPC_UUID_WKST, station())
    other = dce.alter_ctx(samr.MSRPC_UUID_SAMR)
    call(other, samr.MSRPC_UUID_SAMR, domains())
    call(dce, wkst.MSRPC_UUID_WKST, station(101))
    try: dce.alter_ctx(NOBODY)
    except DCERPCException as over: print(over)
    dce.disconnect()
    for interface in (scmr.MSRPC_UUID_SCMR, NOBODY):
        try: connect(interface, mapper=True)
        except Exception as over: print(over)


def fragments():
    """Requests in fragments of 64 bytes, plain and signed; then of both sides, as large as Samba makes them."""
    for level in (None, RPC_C_AUTHN_LEVEL_PKT_INTEGRITY):
        dce = connect(wkst.MSRPC_UUID_WKST, level)
        dce.set_max_fragment_size(64)
        call(dce, wkst.MSRPC_UUID_WKST, station(name="\\\\" + "a-long-name." * 30))
        dce.disconnect()
    from samba.dcerpc import unixinfo
    link = of_samba(unixinfo.unixinfo, "connect")
    link.GetPWUid(list(range(1000)))


def of_samba(interface, flags):
    from samba import credentials, param
    settings, login = param.LoadParm(), credentials.Credentials()
    settings.load("client.conf")
    login.guess(settings)
    login.set_username(user), login.set_password(password), login.set_domain("LAB")
    login.set_kerberos_state(credentials.DONT_USE_KERBEROS)
    return interface(f"ncacn_ip_tcp:{server}[{flags}]", settings, login)


def order():
    """The other byte order."""
    from samba.dcerpc import samr as accounts, wkssvc
    link = of_samba(wkssvc.wkssvc, "bigendian,connect")
    link.NetWkstaGetInfo(None, 100)
    link.NetWkstaGetInfo(None, 101)
    link = of_samba(accounts.samr, "bigendian,sign")
    handle = link.Connect2(None, 0x31)
    link.EnumDomains(handle, 0, 1000)
    link.Close(handle)


def refused():
    """An operation that is none, a stub that is none, wrong passwords."""
    dce = connect(wkst.MSRPC_UUID_WKST)
    for opnum, stub in ((999, b"\0" * 8), (0, b"\xff" * 12), (0, b"")):
        odd = station()
        odd.opnum = opnum
        odd.getData = lambda stub=stub: stub
        try: call(dce, wkst.MSRPC_UUID_WKST, odd)
        except Exception as over: print(over)
    for name, word in ((user, "wrong"), ("nobody7", "Lab-pass1")):
        try: call(connect(samr.MSRPC_UUID_SAMR, RPC_C_AUTHN_LEVEL_PKT_INTEGRITY, name, word), samr.MSRPC_UUID_SAMR, domains())
        except Exception as over: print(over)


def machine():
    """What a member of the domain does: a challenge of netlogon's, and a secure channel that a wrong secret does not open."""
    dce = connect(nrpc.MSRPC_UUID_NRPC)
    nrpc.hNetrServerReqChallenge(dce, NULL, "CLIENT\x00", b"12345678")
    try: nrpc.hNetrServerAuthenticate3(dce, NULL, "CLIENT$\x00", nrpc.NETLOGON_SECURE_CHANNEL_TYPE.WorkstationSecureChannel, "CLIENT\x00", b"\x01" * 8, 0x600FFFFF)
    except DCERPCException as over: print(over)
    dce.disconnect()


globals()[what]()
