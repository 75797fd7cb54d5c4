"""Objects that are called from afar (MS-DCOM), sealed by NTLM (MS-RPCE 2.2.2.11, MS-NLMP 3.4): those of WMI (MS-WMI) and
IDispatch (MS-OAUT). They run nothing; a method that is called leaves a file on a share, as a command's output would be.

  objects.py ADDRESS FOLDER PASSWORD
"""
import os, socketserver, struct, sys, threading
from impacket.dcerpc.v5 import dcomrt
from impacket.dcerpc.v5.dcom import oaut, wmi
from impacket.dcerpc.v5.dtypes import NULL
from impacket.uuid import uuidtup_to_bin
from ntlm_login import Login

address, folder, password = sys.argv[1:]
PORT, HEADER, TRAILER, SIGNATURE, NDR = 49170, 24, 8, 16, uuidtup_to_bin(("8a885d04-1ceb-11c9-9fe8-08002b104860", "2.0"))
OXID, THAT, OK = b"lab oxid", bytes(8), bytes(4)
number = 0


def reference(iid):
    """An OBJREF_STANDARD (MS-DCOM 2.2.18.4)."""
    global number
    number += 1
    standard = struct.pack("<II", 0, 5) + OXID + struct.pack("<Q", number) + os.urandom(16)
    return b"MEOW" + struct.pack("<I", 1) + iid[:16] + standard + struct.pack("<HH", 0, 0)


def pointer(data): return struct.pack("<III", 0x20000, len(data), len(data)) + data + bytes(-len(data) % 4)


def create(stub):
    """What RemoteCreateInstance answers: where the object lives, and a reference to it (MS-DCOM 3.1.2.5.2.3.3)."""
    iid = next(iid for iid in (wmi.IID_IWbemLevel1Login, oaut.IID_IDispatch) if iid[:16] in stub)
    out, wanted = dcomrt.PropsOutInfo(), dcomrt.IID()
    out["cIfs"], wanted["Data"] = 1, iid[:16]
    out["piid"].append(wanted)
    result, where = dcomrt.HRESULT(), dcomrt.PMInterfacePointer()
    result["Data"] = 0
    out["phresults"].append(result)
    made = reference(iid)
    where["ulCntData"], where["abData"] = len(made), list(made)
    out["ppIntfData"].append(where)
    reply, bound = dcomrt.ScmReplyInfoData(), f"{address}[{PORT}]\0".encode("utf-16le")
    bindings = struct.pack("<H", 7) + bound + bytes(2) + struct.pack("<HHH", 10, 0xFFFF, 0) + bytes(2)
    remote = reply["remoteReply"]
    reply["pdwReserved"], remote["Oxid"], remote["ipidRemUnknown"], remote["authnHint"] = 0, OXID, os.urandom(16), 6
    remote["serverVersion"]["MajorVersion"], remote["serverVersion"]["MinorVersion"] = 5, 7
    remote["pdsaOxidBindings"]["wNumEntries"], remote["pdsaOxidBindings"]["wSecurityOffset"] = len(bindings) // 2, 2 + len(bound) // 2
    remote["pdsaOxidBindings"]["aStringArray"] = list(struct.unpack(f"<{len(bindings) // 2}H", bindings))
    blob, properties = dcomrt.ACTIVATION_BLOB(), b""
    blob["CustomHeader"]["destCtx"], blob["CustomHeader"]["pdwReserved"] = 2, NULL
    for kind, part in ((dcomrt.CLSID_PropsOutInfo, out), (dcomrt.CLSID_ScmReplyInfo, reply)):
        data, clsid, size = part.getData() + part.getDataReferents(), dcomrt.CLSID(), dcomrt.DWORD()
        data += bytes(-len(data) % 8)
        clsid["Data"], size["Data"] = kind, len(data)
        blob["CustomHeader"]["pclsid"].append(clsid)
        blob["CustomHeader"]["pSizes"].append(size)
        properties += data
    blob["Property"] = properties
    custom = dcomrt.OBJREF_CUSTOM()
    custom["iid"], custom["clsid"], custom["pObjectData"] = dcomrt.IID_IActivationPropertiesOut[:-4], dcomrt.CLSID_ActivationPropertiesOut, blob.getData()
    custom["ObjectReferenceSize"] = len(custom["pObjectData"]) + 8
    return THAT + pointer(custom.getData()) + OK


def method(_):
    with open(os.path.join(folder, "__1796000000.25"), "w") as output: output.write("lab\\admin\n")
    return THAT + bytes(8) + OK


def dispatch(_):
    """A VARIANT with an IDispatch, and no exception (MS-OAUT 2.2.29, 2.2.34)."""
    data = pointer(reference(oaut.IID_IDispatch))
    variant = struct.pack("<IIHHHHI", (20 + len(data)) // 8 + 1, 0, oaut.VARENUM.VT_DISPATCH, 0, 0, 0, oaut.VARENUM.VT_DISPATCH) + data
    return THAT + struct.pack("<II", 0x20000, 0) + variant + bytes(32) + bytes(4) + OK


CALLS = {iid[:16]: calls for iid, calls in {
    dcomrt.IID_IRemoteSCMActivator: {4: create},
    dcomrt.IID_IRemUnknown: {5: lambda _: THAT + OK},
    wmi.IID_IWbemLevel1Login: {6: lambda _: THAT + pointer(reference(wmi.IID_IWbemServices)) + OK},
    wmi.IID_IWbemServices: {20: lambda _: THAT + pointer(reference(wmi.IID_IEnumWbemClassObject)) + OK, 24: method},
    # None is left: WBEM_S_FALSE.
    wmi.IID_IEnumWbemClassObject: {4: lambda _: THAT + struct.pack("<IIIII", 0, 0, 0, 0, 1)},
    oaut.IID_IDispatch: {5: lambda _: THAT + struct.pack("<II", 1, 7) + OK, 6: dispatch},
}.items()}


class Caller(socketserver.BaseRequestHandler):
    def exact(self, size):
        data = b""
        while len(data) < size:
            part = self.request.recv(size - len(data))
            if not part: raise ConnectionError
            data += part
        return data

    def handle(self):
        self.contexts, self.logins = {}, {}
        try:
            while True:
                header = self.exact(16)
                self.pdu(header[2], header + self.exact(struct.unpack("<H", header[8:10])[0] - 16))
        except (ConnectionError, PermissionError): pass

    def pdu(self, kind, data):
        secret = struct.unpack("<H", data[10:12])[0]
        trailer = data[len(data) - secret - TRAILER:len(data) - secret] if secret else b""
        login = self.logins.get(trailer[4:])
        if kind in (11, 14): self.bind(kind, data, trailer, data[len(data) - secret:] if secret else b"")  # bind, alter_context
        elif kind == 16: login.prove(data[len(data) - secret:], password)
        elif kind == 0: self.call(data, trailer, login)

    def send(self, kind, data, body, trailer=b"", token=b""):
        self.request.sendall(struct.pack("<BBBBIHH", 5, 0, kind, 3, 0x10, 16 + len(body) + len(trailer) + len(token), len(token)) + data[12:16] + body + trailer + token)

    def bind(self, kind, data, trailer, token):
        results = b""
        for place in range(data[24]):
            item = data[28 + place * 44:][:44]
            known = item[24:] == NDR and item[4:20] in CALLS
            self.contexts[item[:2]] = item[4:20]
            results += struct.pack("<HH", 0 if known else 2, 0 if known else 1) + (NDR if known else bytes(20))
        port = f"{self.server.server_address[1]}\0".encode() if kind == 11 else b""
        body = struct.pack("<HHIH", 4280, 4280, 0x1234, len(port)) + port
        body += bytes(-len(body) % 4) + struct.pack("<I", data[24]) + results
        self.logins[trailer[4:]] = Login(token)
        self.send(kind + 1, data, body, trailer[:2] + bytes(2) + trailer[4:], self.logins[trailer[4:]].challenge.getData())

    def call(self, data, trailer, login):
        begin = HEADER + (16 if data[3] & 0x80 else 0)
        stub, _ = login.pass_through("Client", data[:-SIGNATURE], data[begin:-SIGNATURE - TRAILER])
        context, opnum = data[20:22], struct.unpack("<H", data[22:24])[0]
        answer = CALLS[self.contexts[context]].get(opnum)
        if not answer: return self.send(3, data, struct.pack("<I", 0) + context + bytes(2) + struct.pack("<II", 0x1C010002, 0))  # nca_s_op_rng_error
        done = answer(stub)
        pad = -len(done) % 16
        done += bytes(pad)
        body, ending = struct.pack("<I", len(done) - pad) + context + bytes(2), trailer[:2] + bytes((pad, 0)) + trailer[4:]
        head = struct.pack("<BBBBIHH", 5, 0, 2, 3, 0x10, HEADER + len(done) + TRAILER + SIGNATURE, SIGNATURE) + data[12:16]
        sealed, signature = login.pass_through("Server", head + body + done + ending, done)
        self.request.sendall(head + body + sealed + ending + signature)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


threading.Thread(target=Server((address, 135), Caller).serve_forever).start()
Server((address, PORT), Caller).serve_forever()
