"""DCERPC: contexts, calls, fragments and logins without end, by TCP, UDP and pipes of SMB; ports announced and never used."""
import struct

import smb2_messages as smb
import smb_attacks

REQUEST, RESPONSE, FAULT, BIND, BIND_ACK, ALTER, ALTERED, AUTH3 = 0, 2, 3, 11, 12, 14, 15, 16
FIRST, LAST = 1, 2
WHOLE = FIRST | LAST
NDR = bytes.fromhex("045d888aeb1cc9119fe808002b10486002000000")
MAPPER = bytes.fromhex("0883afe11f5dc91191a408002b14a0fa03000000")
ACTIVATOR = bytes.fromhex("a001000000000000c00000000000004600000000")
NTLMSSP = 10


def pdu(kind, call, body, flags=WHOLE, size=None, token=b""):
    """`size`: what it says of its length, where that is not true."""
    if token: body += struct.pack("<BBBxI", NTLMSSP, 2, 0, 1) + token
    return struct.pack("<BBBBIHHI", 5, 0, kind, flags, 0x10, (size or 16 + len(body)) & 0xffff, len(token), call & 0xffffffff) + body


def offers(interfaces): return b"\xd0\x16\xd0\x16\0\0\0\0" + struct.pack("<Bxxx", len(interfaces)) + b"".join(
    struct.pack("<HBx", context, 1) + interface + NDR for context, interface in interfaces)


def bind(call, interfaces, kind=BIND, **words): return pdu(kind, call, offers(interfaces), **words)


def bound(call, count=1, kind=BIND_ACK, **words):
    return pdu(kind, call, b"\xd0\x16\xd0\x16\0\0\0\0" + b"\0\0\0\0" + struct.pack("<Bxxx", count) + (bytes(4) + NDR) * count, **words)


def request(call, stub=b"", operation=3, context=0, **words): return pdu(REQUEST, call, struct.pack("<IHH", len(stub), context, operation) + stub, **words)
def response(call, stub=bytes(4), **words): return pdu(RESPONSE, call, struct.pack("<IHBx", len(stub), 0, 0) + stub, **words)
def many(count, first=0): return [(first + i & 0xffff, struct.pack("<IHH8sI", first + i & 0xffffffff, 1, 2, b"abcdefgh", 1)) for i in range(count)]


def session(capture, interface=MAPPER, port=135):
    return capture.connection(port).request(bind(1, [(0, interface)])).respond(bound(1))


def each(ask, say=None, together=20, interface=MAPPER):
    """n messages, `together` at a time, with their answers behind them."""
    def make(capture, n, flows):
        for _ in range(flows):
            connection = session(capture, interface)
            for at in range(0, n, together):
                lot = range(at + 2, min(n, at + together) + 2)
                connection.request(b"".join(map(ask, lot)))
                if say: connection.respond(b"".join(map(say, lot)))
    return make


def tower(port):
    floors = (b"\x0d" + MAPPER[:18], MAPPER[18:]), (b"\x0d" + NDR[:18], NDR[18:]), (b"\x0b", b"\0\0"), (b"\7", struct.pack("!H", port)), (b"\x09", bytes(4))
    return struct.pack("<H", len(floors)) + b"".join(struct.pack("<H", len(a)) + a + struct.pack("<H", len(b)) + b for a, b in floors)


def mapped(ports):
    """What ept_map returns (C706 O)."""
    towers = b"".join((struct.pack("<II", len(one), len(one)) + one).ljust(len(one) + 8 + -len(one) % 4, b"\0") for one in map(tower, ports))
    return bytes(20) + struct.pack("<IIII", len(ports), len(ports), 0, len(ports)) + struct.pack("<I", 3) * len(ports) + towers + bytes(4)


def binding(port): return ("\7h[%d]\0" % port).encode("utf-16-le")


binds = each(lambda call: bind(call, many(255, call * 255)), lambda call: bound(call, 255), 1)
alters = each(lambda call: bind(call, many(1, call), ALTER), lambda call: bound(call, 1, ALTERED))
unanswered = each(request)
answers_unasked = each(lambda call: b"", response)
unended = each(lambda call: request(call, b"x", flags=FIRST))
tiny_fragments = each(lambda call: request(7, b"x", flags=FIRST if call == 2 else 0))
same_call = each(lambda call: request(7), lambda call: response(7))
short_lengths = each(lambda call: request(call, size=call % 16))
long_lengths = each(lambda call: request(call, size=0xffff), None, 20)
endpoints = each(request, lambda call: response(call, mapped(range(call * 80 % 65000 + 1, call * 80 % 65000 + 81))), 1)
bindings = each(lambda call: request(call, operation=4), lambda call: response(call, b"".join(binding(1 + at % 65000) for at in range(call * 300, call * 300 + 300))), 1,
                ACTIVATOR)
large_answer = each(lambda call: request(call, operation=4), lambda call: b"".join(
    response(call, b"".join(binding(1 + at % 65000) for at in range(i * 300, i * 300 + 300)), flags=(FIRST if i == 0 else 0) | (LAST if i == 299 else 0))
    for i in range(300)), 1, ACTIVATOR)


def authenticate(user):
    """NTLMSSP's last message (MS-NLMP 2.2.1.3), whose three names are the same bytes."""
    fields = struct.pack("<HHI", 0, 0, 64) * 2 + struct.pack("<HHI", len(user), len(user), 64) * 3 + struct.pack("<HHI", 0, 0, 64) + struct.pack("<I", 1)
    return b"NTLMSSP\0\3\0\0\0" + fields + user


def logins(capture, n, flows):
    """A login with long names, and then tokens without end."""
    for _ in range(flows):
        connection = session(capture)
        connection.request(bind(1, many(1), ALTER, token=authenticate(b"\1\x30" * 30000)))
        for at in range(0, n, 20): connection.request(b"".join(bind(2 + at + i, many(1), ALTER, token=b"NTLMSSP\0") for i in range(20)))


authentications = each(lambda call: pdu(AUTH3, call, bytes(4), token=authenticate(b"u\0" * 40)))


def datagram(activity, sequence=0, kind=REQUEST, flags=0, fragment=0, body=b""):
    return (struct.pack("<BBBBBBBB16x", 4, kind, flags, 0, 0x10, 0, 0, 0) + MAPPER[:16] + struct.pack("<QQ", activity, 7) +
            struct.pack("<IIIHHHHHBB", 0, 3, sequence, 3, 0, 0, len(body), fragment, 0, 0) + body)


def by_udp(make):
    def attack(capture, n, flows):
        for _ in range(flows):
            client, server = capture.pair()
            for i in range(n): capture.datagram(client, server, 40000, 135, make(i))
    return attack


activities = by_udp(datagram)
datagram_fragments = by_udp(lambda i: datagram(1, flags=4, fragment=i & 0xffff, body=b"x"))
datagram_fragments_unended = by_udp(lambda i: datagram(i, flags=4, body=b"x"))


def by_pipe(carry, together=10):
    """Over one pipe, or as many as there are calls."""
    def make(capture, n, flows):
        for _ in range(flows):
            connection = smb_attacks.session(capture, smb.text("\\\\server\\IPC$"), 2)
            for at in range(0, n, together): connection.request(b"".join(map(carry, range(at + 2, min(n, at + together) + 2))))
    return make


PIPE = smb.file(1)
pipe_calls = by_pipe(lambda number: smb.write(number, PIPE, request(number)))
pipe_transacts = by_pipe(lambda number: smb.ioctl(number, smb.TRANSCEIVE, PIPE, request(number)))
pipe_fragments = by_pipe(lambda number: smb.write(number, PIPE, request(7, b"x", flags=FIRST if number == 2 else 0)))
pipe_unended = by_pipe(lambda number: smb.write(number, PIPE, request(number, b"x", flags=FIRST)))
pipe_binds = by_pipe(lambda number: smb.write(number, PIPE, bind(number, many(255, number))), 1)
pipes = by_pipe(lambda number: smb.write(number, smb.file(number), request(number)))
pipe_headers = by_pipe(lambda number: smb.write(number, PIPE, request(number, size=number % 24)))


def pipe_bytewise(capture, n, flows):
    """A call, a byte of it in each request to write."""
    for _ in range(flows):
        connection = smb_attacks.session(capture, smb.text("\\\\server\\IPC$"), 2)
        connection.request(smb.write(2, PIPE, bind(1, many(1))))
        whole = request(2, b"x" * 1000) * (n // 1024 + 1)
        for at in range(0, n, 10): connection.request(b"".join(smb.write(3 + at + i, PIPE, whole[at + i:at + i + 1]) for i in range(10)))
