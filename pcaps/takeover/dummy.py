"""A file server that takes services and tasks, and runs none: impacket's, with dummies of svcctl (MS-SCMR), ITaskScheduler
(MS-TSCH 3.2.5.4), atsvc (MS-TSCH 3.2.5.2) and winreg (MS-RRP) behind its pipes.

  dummy.py ADDRESS FOLDER USER PASSWORD
"""
import copy, os, struct, sys, threading
from impacket.dcerpc.v5.rpcrt import DCERPCServer
from impacket.ntlm import compute_lmhash, compute_nthash
from impacket.smbserver import SimpleSMBServer

address, folder, user, password = sys.argv[1:]
DONE, NO_SERVICE = struct.pack("<I", 0), struct.pack("<I", 1060)
HANDLE, NONE = b"\0" * 4 + bytes(range(1, 17)), b"\0" * 20
made = {"remoteregistry", "spooler"}


def status(state): return struct.pack("<7I", 0x10, state, 1, 0, 0, 0, 0)


def text_of(stub, at=20):
    """The string that begins there: behind a handle, or behind its own lengths."""
    count = struct.unpack("<I", stub[at:at + 4])[0]
    return stub[at + 12:at + 12 + 2 * count].decode("utf-16le").split("\0")[0]


def name_of(stub): return text_of(stub).lower()


def create(stub):
    made.add(name_of(stub))
    return b"\0" * 4 + HANDLE + DONE


def open_(stub): return HANDLE + DONE if name_of(stub) in made else NONE + NO_SERVICE


def registered(stub):
    path = "\\task\0".encode("utf-16le")
    return struct.pack("<4I", 0x20000, 6, 0, 6) + path + struct.pack("<II", 0, 0)


def names(stub):
    """One name, of a folder or of a task."""
    return struct.pack("<8I", 1, 1, 0x20000, 1, 0x20004, 7, 0, 7) + "upkeep\0".encode("utf-16le") + b"\0\0" + DONE


def save(stub):
    """A hive is a file on the share, with nothing in it."""
    with open(os.path.join(folder, text_of(stub, 28).split("\\")[-1]), "wb") as hive: hive.write(b"regf")
    return DONE


class Pipe(DCERPCServer):
    """psexec has svcctl open twice, which impacket's server would answer one after the other."""

    def run(self):
        self._sock.listen(10)
        while True:
            caller = copy.copy(self)
            caller._clientSock, _ = self._sock.accept()
            threading.Thread(target=caller.talk, daemon=True).start()

    def talk(self):
        try:
            while True:
                answer = self.processRequest(self.recv())
                if answer is not None: self.send(answer)
        except Exception: self._clientSock.close()


def pipe(name, *interfaces):
    server = Pipe()
    server.daemon = True
    for interface, calls in interfaces: server.addCallbacks(interface, f"\\PIPE\\{name}", calls)
    server.start()
    files.registerNamedPipe(name, ("127.0.0.1", server.getListenPort()))


# psexec asks whether it may write to a folder, which impacket's server cannot open so.
open_file = os.open
os.open = lambda path, mode, *rest: open_file(path, os.O_RDONLY if os.path.isdir(path) and path.startswith(folder) else mode, *rest)
files = SimpleSMBServer(listenAddress=address, listenPort=445)
files.setSMB2Support(True)
files.addShare("ADMIN$", folder)
files.addShare("C$", folder)
files.addCredential(user, 0, compute_lmhash(password).hex(), compute_nthash(password).hex())
pipe("svcctl", (("367abb81-9844-35f1-ad32-98f038001003", "2.0"), {
    0: lambda stub: NONE + DONE, 1: lambda stub: status(1) + DONE, 2: lambda stub: DONE, 6: lambda stub: status(1) + DONE,
    12: create, 15: lambda stub: HANDLE + DONE, 16: open_, 19: lambda stub: DONE}))
pipe("atsvc",
     (("86d35949-83c9-4044-b424-db363231fd0c", "1.0"), {0: lambda stub: struct.pack("<II", 0x10002, 0), 1: registered,
                                                       6: names, 7: names, 12: lambda stub: bytes(range(16)) + DONE, 13: lambda stub: DONE}),
     (("1ff70682-0a51-30e8-076d-740be8cee98b", "1.0"), {0: lambda stub: struct.pack("<II", 7, 0), 1: lambda stub: DONE, 2: lambda stub: struct.pack("<5I", 0, 0, 0, 0, 0)}))
pipe("winreg", (("338cd001-2244-31f1-aaaa-900038001003", "1.0"), {
    2: lambda stub: HANDLE + DONE, 5: lambda stub: NONE + DONE, 15: lambda stub: HANDLE + DONE, 20: save}))
files.start()
