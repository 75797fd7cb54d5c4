"""SMB 2: files, shares and logins without end, answers that never come, compounds, offsets and lengths that lie.

Each generator writes to a capture; `n` is the size of the one thing that might be searched anew, `flows` how often it comes.
"""
import struct

import smb2_messages as smb

FILE = smb.file(1)
SHARE = smb.text("\\\\server\\share")
TOKEN = b"NTLMSSP\0\1\0\0\0\0\0\0\0" + bytes(16)


def session(capture, share=SHARE, kind=1):
    """In which a tree is connected to."""
    connection = capture.connection(445)
    connection.request(smb.negotiate(0)).respond(smb.negotiated(0))
    return connection.request(smb.connect(1, share)).respond(smb.connected(1, 1, kind))


def each(request, response=None, together=20, numbers=lambda n: range(n), share=SHARE):
    """n requests, `together` at a time, with their answers behind them."""
    def make(capture, n, flows):
        for _ in range(flows):
            connection = session(capture, share)
            order = numbers(n)
            for at in range(0, n, together):
                lot = order[at:at + together]
                connection.request(b"".join(request(number + 2) for number in lot))
                if response: connection.respond(b"".join(response(number + 2) for number in lot))
    return make


def create(number): return smb.create(number, smb.text("f%d" % number))
def echo(number, **words): return smb.message(smb.ECHO, number, b"\4\0\0\0", **words)
def echoed(number, **words): return smb.answer(smb.ECHO, number, b"\4\0\0\0", **words)
def notify(number): return smb.message(smb.CHANGE_NOTIFY, number, struct.pack("<HHI", 32, 0, 4096) + FILE + bytes(8))
def pending(command): return lambda number: smb.answer(command, number, status=smb.PENDING)


handles = each(create, lambda number: smb.created(number, smb.file(number)), 7)
unanswered = each(create)
trees = each(lambda number: smb.connect(number, smb.text("\\\\server\\s%d" % number)), lambda number: smb.connected(number, number))
logins = each(lambda number: smb.setup(number, TOKEN), lambda number: smb.set_up(number, session=number, status=smb.MORE_PROCESSING))
delayed = each(notify, pending(smb.CHANGE_NOTIFY))
same_id = each(lambda number: echo(7), lambda number: echoed(7))
same_id_unanswered = each(lambda number: create(7))
backwards = each(echo, echoed, 1000, lambda n: range(n - 1, -1, -1))
cancelled = each(lambda number: smb.message(smb.CANCEL, number, b"\4\0\0\0"))
reads = each(lambda number: smb.read(number, FILE, 4096, number))
reads_delayed = each(lambda number: smb.read(number, FILE, 4096), pending(smb.READ))
files = each(lambda number: smb.write(number, smb.file(number), b"x"))
ioctls = each(lambda number: smb.ioctl(number, 0x140204, FILE))
references = each(lambda number: smb.ioctl(number, number, FILE), lambda number: smb.ioctl_answer(number, number, FILE))
shifted = each(lambda number: echo(number, following=8))
itself = each(lambda number: echo(number, following=64 if number % 2 else 0xffffffff))
encrypted = each(lambda number: smb.packet(struct.pack("<4s16x16xIHHQ", b"\xfdSMB", 1, 0, 1, number) + bytes(16)))
compressed = each(lambda number: smb.packet(b"\xfcSMB" + bytes(16)))
def bomb(number, size=1 << 20):
    """Few bytes that say that one is written a million times (MS-SMB2 2.2.42.2.2)."""
    head = smb.write(number, FILE, b"", number * size)[4:]
    head = head[:68] + struct.pack("<I", size) + head[72:]
    parts = struct.pack("<HHI", 0, 1, len(head)) + head + struct.pack("<HHI", 4, 0, 8) + b"x\0\0\0" + struct.pack("<I", size)
    return smb.packet(b"\xfcSMB" + struct.pack("<I", len(head) + size) + parts)


bombs = each(bomb)
far_writes = each(lambda number: smb.write(number, FILE, b"x", (1 << 63) + number * 3))
wrapping_writes = each(lambda number: smb.write(number, FILE, b"xyz", (1 << 64) - 1 - number % 5))
far_writes_files = each(lambda number: smb.write(number, smb.file(number), b"x", 1 << 63))
writes_backwards = each(lambda number: smb.write(number, FILE, b"abcd", number * 4), None, 20, lambda n: range(n - 1, -1, -1))
writes_apart = each(lambda number: smb.write(number, FILE, b"a", number * 2))
writes_again = each(lambda number: smb.write(number, FILE, b"abcdefgh", number))
writes_over = each(lambda number: smb.write(number, FILE, bytes([number % 251, number % 241]), number % 997))
CONTENT = 'alert smb any any -> any any (file.data; content:"EVILMARK"; sid:1;)'
renames = each(lambda number: smb.rename(number, FILE, smb.text("b%d" % number)))
dispositions = each(lambda number: smb.set_info(number, FILE, 13, b"\1"))


def compound(capture, n, flows):
    """n commands in one packet."""
    for _ in range(flows):
        whole = b"".join(echo(2 + number, following=72, **({"flags": smb.RELATED} if number else {}))[4:] + bytes(4) for number in range(n))
        session(capture).request(smb.packet(whole))


def compound_files(capture, n, flows):
    """Each of the commands writes to what the one before it opened."""
    for _ in range(flows):
        opened = smb.create(2, smb.text("file"), following=128)[4:].ljust(128, b"\0")
        one = smb.write(3, b"\xff" * 16, b"12345678", following=120, flags=smb.RELATED)[4:]
        session(capture).request(smb.packet(opened + one * n))


def read_bytewise(capture, n, flows, **words):
    """A file of n bytes in segments of one: more than may wait for an acknowledgement."""
    for _ in range(flows):
        session(capture).request(smb.read(2, FILE, n)).respond(smb.read_answer(2, b"x" * n), size=1, **words)


def read_bytewise_acknowledged(capture, n, flows): read_bytewise(capture, n, flows, answer_each=True)


def names(capture, n, flows):
    """Names as long as a length of 16 bits allows, three bytes of UTF-8 for each unit."""
    for _ in range(flows):
        connection = session(capture)
        for number in range(n): connection.request(smb.create(2 + number, b"\x01\x30" * 32767))


def long_name_repeated(make):
    """Short requests about a file whose name is long."""
    def attack(capture, n, flows):
        for _ in range(flows):
            connection = session(capture)
            connection.request(smb.create(2, b"\x01\x30" * 32767)).respond(smb.created(2, FILE))
            for at in range(0, n, 10): connection.request(b"".join(make(3 + number) for number in range(at, min(n, at + 10))))
    return attack


long_renames = long_name_repeated(lambda number: smb.rename(number, FILE, b"\0\x30"))
long_dispositions = long_name_repeated(lambda number: smb.set_info(number, FILE, 13, b"\1"))
long_writes = long_name_repeated(lambda number: smb.write(number, FILE, b"x") + smb.close(number, FILE))
long_share = each(echo, echoed, share=b"\x01\x30" * 32767)
long_share_ioctls = each(lambda number: smb.ioctl(number, 0x140204, FILE), share=b"\x01\x30" * 32767)


def endless_packets(capture, n, flows):
    """NetBIOS announces 16 MB, of which n bytes come."""
    for _ in range(flows):
        whole = smb.header(smb.CREATE, 2) + b"\x39\0" + b"x" * n
        session(capture).request(b"\0\xff\xff\xff" + whole)


def dialects(capture, n, flows):
    for _ in range(flows): capture.connection(445).request(smb.negotiate(0, [0x0202] * n)).respond(smb.negotiated(0))


def junk(capture, n, flows):
    """Beginnings of messages that are none, and a message now and then."""
    for _ in range(flows):
        connection = session(capture)
        for number in range(n): connection.request(b"\0\0\0\x48\xfeSMB\x41" + bytes(3) + echo(number))
