"""What libnfs' tools do not do, over TCP or UDP: all procedures of NFS 3 on a tree of one's own, compounds of NFS 4 (minor
version 0), records in fragments, calls sent together, and calls that are refused. Adds to session.saved, as saved.txt.

  session.py SERVER EXPORT tcp|udp tree|odd|compounds
"""
import hashlib, itertools, socket, struct, sys

server, export, carrier, what = sys.argv[1:]
MOUNT, NFS, PORTMAP = 100005, 100003, 100000
numbers = itertools.count(0x1A2B0001 + 0x1000 * ("tcp", "udp").index(carrier) + 0x4000 * ("tree", "odd", "compounds").index(what))
saved = open("session.saved", "a")


def word(*values): return struct.pack(f">{len(values)}I", *values)
def long(*values): return struct.pack(f">{len(values)}Q", *values)
def text(value):
    value = value.encode() if isinstance(value, str) else value
    return word(len(value)) + value + b"\0" * (-len(value) % 4)


def unix(name="client", user=1000): return word(1) + text(word(7) + text(name) + word(user, 1000, 2, 1000, 27))


NOBODY = word(0, 0)


class Link:
    def __init__(self, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM if carrier == "tcp" else socket.SOCK_DGRAM)
        self.socket.settimeout(3)
        self.socket.connect((server, port))

    def send(self, program, version, procedure, arguments=b"", login=None, pieces=None, rpc=2):
        number = next(numbers)
        call = word(number, 0, rpc, program, version, procedure) + (unix() if login is None else login) + NOBODY + arguments
        if carrier == "udp": self.socket.send(call)
        else: self.socket.sendall(b"".join(self.marks(call, pieces or len(call))))
        return number

    def marks(self, call, size):
        for at in range(0, len(call), size):
            last = at + size >= len(call)
            piece = call[at:at + size]
            yield word(len(piece) | (0x80000000 if last else 0)) + piece

    def take(self, count):
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more: raise EOFError
            data += more
        return data

    def receive(self):
        """The results, after an accepted head."""
        if carrier == "udp": return self.socket.recv(65536)[24:]
        answer, last = b"", False
        while not last:
            mark = struct.unpack(">I", self.take(4))[0]
            last = mark >> 31
            answer += self.take(mark & 0x7FFFFFFF)
        return answer[24:]

    def call(self, *arguments, **options):
        self.send(*arguments, **options)
        return self.receive()


def handle_of(results):
    """After a status: what CREATE, MKDIR and SYMLINK of NFS 3 tell."""
    length = struct.unpack(">I", results[8:12])[0]
    return results[12:12 + length]


def mounted():
    link = Link(20048)
    link.call(MOUNT, 3, 0, login=NOBODY)
    link.call(MOUNT, 3, 5, login=NOBODY)
    root = link.call(MOUNT, 3, 1, text(export))
    link.call(MOUNT, 3, 1, text("/nothing"))
    link.call(MOUNT, 3, 2)
    length = struct.unpack(">I", root[4:8])[0]
    return root[8:8 + length]


def keep(way, name, data): print(hashlib.sha256(data).hexdigest(), "udp" if carrier == "udp" else "nfs3", way, name, file=saved)


def lookup(nfs, folder, name):
    results = nfs.call(NFS, 3, 3, text(folder) + text(name))
    return results[8:8 + struct.unpack(">I", results[4:8])[0]]


ATTRIBUTES = word(1, 0o644, 0, 0, 0, 0, 0)  # the mode alone


def tree():
    root, nfs = mounted(), Link(2049)
    names = [f"{carrier}-{name}" for name in ("plans", "draft.txt", "link", "twin.txt", "old.txt", "sock")]
    plans, draft, link, twin, old, sock = names
    nfs.call(NFS, 3, 0, login=NOBODY)
    nfs.call(NFS, 3, 19, text(root))
    nfs.call(NFS, 3, 18, text(root))
    nfs.call(NFS, 3, 20, text(root))
    docs = lookup(nfs, root, "docs")
    folder = handle_of(nfs.call(NFS, 3, 9, text(docs) + text(plans) + word(1, 0o755, 0, 0, 0, 0, 0)))
    file = handle_of(nfs.call(NFS, 3, 8, text(folder) + text(draft) + word(0) + ATTRIBUTES))
    data = bytes(range(256)) * 20
    # Written in pieces, the last first; then read the same way.
    for at in (4096, 0, 2048): nfs.call(NFS, 3, 7, text(file) + long(at) + word(len(data[at:at + 2048]), 0) + text(data[at:at + 2048]))
    nfs.call(NFS, 3, 21, text(file) + long(0) + word(0))
    keep("put", draft, data)
    asked = [0, 2048, 4096]
    for at in asked: nfs.send(NFS, 3, 6, text(file) + long(at) + word(2048))
    for at in asked: nfs.receive()
    keep("get", draft, data)
    nfs.call(NFS, 3, 1, text(file))
    nfs.call(NFS, 3, 2, text(file) + word(1, 0o600, 0, 0, 0, 0, 0) + word(0))
    nfs.call(NFS, 3, 4, text(file) + word(0x3F))
    nfs.call(NFS, 3, 10, text(folder) + text(link) + ATTRIBUTES + text("../docs/letter.txt"))
    nfs.call(NFS, 3, 5, text(lookup(nfs, folder, link)))
    nfs.call(NFS, 3, 11, text(folder) + text(sock) + word(6) + ATTRIBUTES)
    nfs.call(NFS, 3, 15, text(file) + text(folder) + text(twin))
    nfs.call(NFS, 3, 14, text(folder) + text(twin) + text(docs) + text(old))
    nfs.call(NFS, 3, 16, text(folder) + long(0, 0) + word(4096))
    nfs.call(NFS, 3, 17, text(folder) + long(0, 0) + word(1024, 4096))
    for name in (draft, link, sock, "nothing"): nfs.call(NFS, 3, 12, text(folder) + text(name))
    nfs.call(NFS, 3, 12, text(docs) + text(old))
    nfs.call(NFS, 3, 13, text(docs) + text(plans))
    nfs.call(NFS, 3, 1, text(file))
    link = Link(20048)
    link.call(MOUNT, 3, 3, text(export))


def odd():
    root = mounted()
    nfs = Link(2049)
    if carrier == "tcp":
        docs = lookup(nfs, root, "docs")
        nfs.call(NFS, 3, 1, text(docs), pieces=20)
        nfs.call(NFS, 3, 3, text(docs) + text("letter.txt"), pieces=40)
        for name in ("letter.txt", "numbers.txt", "nothing.txt"): nfs.send(NFS, 3, 3, text(docs) + text(name))
        for _ in range(3): nfs.receive()
    for program, version, procedure, login in ((NFS, 3, 99, None), (NFS, 9, 0, NOBODY), (123456, 1, 0, NOBODY), (NFS, 3, 1, NOBODY), (NFS, 3, 1, word(6) + text(b"\0" * 20)),
                                               (NFS, 3, 1, unix("a-long-name-of-a-machine", 0))):
        try: Link(2049).call(program, version, procedure, text(root) if procedure == 1 else b"", login=login)
        except OSError as over: print(over)
        except EOFError: print("closed")
    for rpc, arguments in ((3, b""), (2, text(b"\xff" * 200)), (2, b"\xff" * 9)):
        try: Link(2049).call(NFS, 3, 1, arguments, rpc=rpc)
        except OSError as over: print(over)
        except EOFError: print("closed")
    for procedure, arguments in ((3, word(NFS, 3, 6 if carrier == "tcp" else 17, 0)), (3, word(123456, 1, 6, 0)), (4, b"")):
        Link(111).call(PORTMAP, 2, procedure, arguments, login=NOBODY)


def compounds():
    """Operations by their numbers (RFC 7530 15.2); a stateless few, named, tagged and refused."""
    nfs = Link(2049)

    def compound(*operations, tag="lab", minor=0): return nfs.call(NFS, 4, 1, text(tag) + word(minor, len(operations)) + b"".join(operations))
    def at(*names): return [word(24)] + [word(15) + text(name) for name in names]
    attributes, none = word(9, 2, 0x0010011A, 0x00B0A23A), word(0, 0)
    nfs.call(NFS, 4, 0, login=NOBODY)
    compound(*at("export"), word(10), attributes)
    compound(*at("export", "docs"), word(6, 2) + text("v4-plans") + none, word(10))
    compound(*at("export", "docs"), word(6, 5) + text("../docs/letter.txt") + text("v4-link") + none)
    compound(*at("export", "docs", "v4-link"), word(27))
    compound(*at("export", "docs"), word(26) + long(0, 0) + word(1024, 4096) + word(1, 0x18))
    compound(*at("export", "docs"), word(32), *at("export", "docs"), word(29) + text("v4-plans") + text("v4-old"))
    compound(*at("export", "docs"), word(28) + text("v4-old"))
    compound(*at("export", "docs"), word(28) + text("v4-link"))
    compound(*at("export", "docs"), word(28) + text("v4-nothing"), tag="")
    compound(*at("nowhere"), word(10))
    compound(*at("export"), word(9999))
    compound(*at("export"), minor=7)
    compound(*at("export", "docs", "letter.txt"), word(10), word(3, 0x3F), attributes, word(25) + word(0) + b"\0" * 12 + long(0) + word(8192))
    letter = open(f"{export}/docs/letter.txt", "rb").read()
    print(hashlib.sha256(letter).hexdigest(), "nfs4", "get", "docs/letter.txt", file=saved)


globals()[what]()
