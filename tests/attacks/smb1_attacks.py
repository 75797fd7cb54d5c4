"""SMB 1: chains of commands, transactions in fragments, files and dialects without end."""
import struct

NEGOTIATE, TRANS, TRANS_SECONDARY, TRANS2, TRANS2_SECONDARY = 0x72, 0x25, 0x26, 0x32, 0x33
OPEN_ANDX, WRITE_ANDX, LOGOFF_ANDX, NONE = 0x2d, 0x2f, 0x74, 0xff
RESPONSE, LONG_STATUS, UNICODE = 0x80, 0x4000, 0x8000
LONGEST = 0xffff  # offsets and counts have 16 bits


def packet(message): return struct.pack("!I", len(message)) + message


def header(command, number, flags=0, unicode=0, tree=1, user=1, status=0):
    return struct.pack("<4sBIBH12xHHHH", b"\xffSMB", command, status, flags, LONG_STATUS | unicode, tree, number >> 16 & 0xffff, user, number & 0xffff)


def block(words, data=b""): return bytes([len(words) // 2]) + words + struct.pack("<H", len(data)) + data
def andx(words=b"", following=NONE, at=0): return struct.pack("<BBH", following, 0, at) + words
def message(command, number, words=b"", data=b"", **more): return packet(header(command, number, **more) + block(words, data))
def answer(command, number, words=b"", data=b"", **more): return message(command, number, words, data, flags=RESPONSE, **more)


def open_file(number, name): return message(OPEN_ANDX, number, andx(bytes(26)), name + b"\0")
def opened(number, file): return answer(OPEN_ANDX, number, andx(struct.pack("<H", file) + bytes(24)))
def write(number, file, data): return message(WRITE_ANDX, number, andx(struct.pack("<HIIHHHHH", file, 0, 0, 0, 0, 0, len(data), 32 + 1 + 24 + 2)), data)


def transaction(command, number, setup, parameters, data, total=LONGEST, **more):
    """`total`: bytes of data that it announces, of which these are the first."""
    at = 32 + 1 + 28 + 2 * len(setup) + 2
    words = struct.pack("<HHHHBxHIxxHHHHBx", len(parameters), total, 0, 0, 0, 0, 0, len(parameters), at, len(data), at + len(parameters), len(setup))
    return message(command, number, words + struct.pack(f"<{len(setup)}H", *setup), parameters + data, **more)


def session(capture):
    connection = capture.connection(445)
    return connection.request(message(NEGOTIATE, 0, data=b"\2NT LM 0.12\0")).respond(answer(NEGOTIATE, 0, bytes(34)))


def each(request, response=None, together=20):
    def make(capture, n, flows):
        for _ in range(flows):
            connection = session(capture)
            for at in range(0, n, together):
                lot = range(at, min(n, at + together))
                connection.request(b"".join(map(request, lot)))
                if response: connection.respond(b"".join(map(response, lot)))
    return make


files = each(lambda number: open_file(number, b"f%d" % number), lambda number: opened(number, number & 0xffff))
writes = each(lambda number: write(number, number & 0xffff, b"x"))
PDU = b"\5\0\0\3\x10\0\0\0\0\4\0\0" + bytes(8)  # begins one of DCERPC
fragments = each(lambda number: transaction(TRANS, number, (0x26, number & 0xffff), b"", PDU))
transactions = each(lambda number: transaction(TRANS, number, (0x26, number & 0xffff), b"", PDU, len(PDU)))
fragments2 = each(lambda number: transaction(TRANS2, number, (8,), struct.pack("<HH", number & 0xffff, 0x101), b"\1"))
transactions2 = each(lambda number: transaction(TRANS2, number, (8,), struct.pack("<HH", number & 0xffff, 0x101), b"\1", 1))
far_secondary = each(lambda number: transaction(TRANS, number, (0x26, 1), b"", b"") +
                     message(TRANS_SECONDARY, number, struct.pack("<8H", 0, LONGEST, 0, 0, 0, 1, 51, LONGEST - 1), b"x"))
secondary = each(lambda number: message(TRANS2_SECONDARY, 7, struct.pack("<9H", 0, LONGEST, 0, 0, 0, 1, 52, number & 0xffff, 0), b"x"))
loops = each(lambda number: message(OPEN_ANDX, number, andx(bytes(26), OPEN_ANDX, 32 - number % 33), b"a\0"))


def chained(capture, n, flows, step):
    """Messages of n bytes that are one chain of OPEN_ANDX, whose blocks lie over each other where `step` is short: none
    has a zero, so that the path of each reaches to the end, as its count of bytes, 0xff2d, allows."""
    text = bytearray(header(OPEN_ANDX, 1) + b"a" * (n - 32))
    at = 32
    while at + step + 34 < n:
        following = max(at + step, 0x101)
        if following & 0xff == 0: following += 1
        text[at:at + 5] = struct.pack("<BBBH", 15, OPEN_ANDX, 0xff, following)
        if step > 32: text[at + 31:at + 33] = b"\x2d\xff"
        at = following
    text[at:at + 5] = struct.pack("<BBBH", 15, NONE, 0xff, 0)
    for _ in range(flows): session(capture).request(packet(bytes(text)))


def chains(capture, n, flows): chained(capture, n, flows, 33)
def chains_over(capture, n, flows): chained(capture, n, flows, 5)


def chains_short(capture, n, flows):
    """The shortest commands that a chain may have, LOGOFF_ANDX, n in one message."""
    blocks = b"".join(block(andx(b"", LOGOFF_ANDX if i + 1 < n else NONE, 32 + 7 * (i + 1))) for i in range(n))
    for _ in range(flows): session(capture).request(packet(header(LOGOFF_ANDX, 1) + blocks))


def dialects(capture, n, flows):
    for _ in range(flows): capture.connection(445).request(message(NEGOTIATE, 0, data=(b"\2" + b"d\0") * (n // 3)))


def empty_dialects(capture, n, flows):
    """None has a name: Suricata's negotiate_malformed_dialects."""
    for _ in range(flows): capture.connection(445).request(b"".join(message(NEGOTIATE, i, data=b"\2\0" * 32) for i in range(n)))
