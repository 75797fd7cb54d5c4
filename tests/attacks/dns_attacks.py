"""DNS: names, pointers, answers and messages that grow in records."""
import struct

from packets import UDP, udp

LONG_NAME = (b"\x3f" + b"\1" * 63) * 3 + b"\x3d" + b"\1" * 61 + b"\0"  # 255 bytes that JSON writes sixfold
A, NS, CNAME, SOA, PTR, TXT, AAAA, NSEC, OPT, SVCB = 1, 2, 5, 6, 12, 16, 28, 47, 41, 64
POINTER = b"\xc0\x0c"  # to the name of the first question


def message(questions=(), answers=(), extra=(), ident=1, flags=0x8180):
    return struct.pack("!HHHHHH", ident, flags, len(questions), len(answers), 0, len(extra)) + b"".join((*questions, *answers, *extra))


def question(name, kind=A): return name + struct.pack("!HH", kind, 1)
def record(name, kind, data): return name + struct.pack("!HHIH", kind, 1, 60, len(data)) + data


def responses(capture, data, flows):
    for _ in range(flows):
        client, server = capture.pair()
        capture.datagram(server, client, 53, 1024 + capture.flows % 60000, data)


def texts(capture, n, flows, name=LONG_NAME):
    """A TXT record of empty strings, n bytes in all: each string would be an answer that repeats the name."""
    head = message([question(name, TXT)], [record(POINTER, TXT, b"")])
    responses(capture, message([question(name, TXT)], [record(POINTER, TXT, bytes(n - len(head)))]), flows)


def texts_in_one_frame(capture, n, flows):
    """As offloading network cards hand them over: no fragments."""
    head = message([question(LONG_NAME, TXT)], [record(POINTER, TXT, b"")])
    data = message([question(LONG_NAME, TXT)], [record(POINTER, TXT, bytes(n - len(head)))])
    for _ in range(flows):
        client, server = capture.pair()
        capture.packet(server, client, UDP, udp(server, client, 53, 40000, data))


def texts_over_tcp(capture, n, flows):
    """After each query; the second half of the answers in single bytes."""
    query = message([question(LONG_NAME, TXT)], flags=0x0100)
    head = message([question(LONG_NAME, TXT)], [record(POINTER, TXT, b"")])
    data = message([question(LONG_NAME, TXT)], [record(POINTER, TXT, bytes(n - len(head)))])
    for flow in range(flows):
        connection = capture.connection(53).request(struct.pack("!H", len(query)) + query)
        bytewise = {"size": 1, "answer_each": True} if flow % 2 else {}
        connection.respond(struct.pack("!H", len(data)) + data, **bytewise)


def filled_with(entry, n, kind, name=LONG_NAME):
    head = message([question(name, kind)])
    return message([question(name, kind)], [entry] * ((n - len(head)) // len(entry)))


def pointed_names(capture, n, flows):
    """Answers of 14 bytes whose name and value are pointers to a name of 255."""
    responses(capture, filled_with(record(POINTER, PTR, POINTER), n, PTR), flows)


def pointer_chains(capture, n, flows):
    """Pointers to the pointer before, in the data of one answer; the other answers' names begin at the last of them."""
    start = 12 + 5 + 11  # behind the header, the question for the root and the answer's own head
    pointers = min(n // 4, (0x4000 - start) // 2)
    chain = b"".join(struct.pack("!H", 0xc000 | max(12, start + 2 * (i - 1))) for i in range(pointers))
    last = struct.pack("!H", 0xc000 | start + 2 * (pointers - 1))
    answers = [record(b"\0", 10, chain)] + [record(last, A, b"\1\2\3\4")] * ((n - 2 * pointers) // 16)
    responses(capture, message([question(b"\0")], answers), flows)


def questions(capture, n, flows):
    """Questions that are pointers to one long name; the server takes the first."""
    responses(capture, message([question(LONG_NAME)] + [question(POINTER)] * ((n - 300) // 6), flags=0x0100), flows)


def short_answers(capture, n, flows): responses(capture, filled_with(record(b"\0", A, b"\1\2\3\4"), n, A, b"\0"), flows)


def service_parameters(capture, n, flows):
    """RFC 9460: parameters of no value."""
    parameters = b"".join(struct.pack("!HH", key, 0) for key in range(7, 7 + n // 8))
    hints = struct.pack("!HH", 1, (n // 2) // 2 * 2) + b"\1h" * (n // 2 // 2)
    for data in (parameters, hints):
        responses(capture, message([question(b"\0", SVCB)], [record(b"\0", SVCB, b"\0\1\0" + data)]), flows)


def type_bitmaps(capture, n, flows):
    """RFC 4034, 4.1.2: windows in which every type is set: 34 bytes name 256 types."""
    windows = b"".join(bytes([window, 32]) + b"\xff" * 32 for window in range(min(256, n // 34)))
    responses(capture, message([question(b"\0", NSEC)], [record(b"\0", NSEC, b"\0" + windows)]), flows)


def edns_options(capture, n, flows):
    responses(capture, message([question(b"\0")], extra=[b"\0" + struct.pack("!HHIH", OPT, 4096, 0, n) + b"\0\3\0\0" * (n // 4)]), flows)


def all_types(capture, n, flows):
    """Answers of every type, their data cut short or pointing into themselves."""
    for kind in range(256):
        entry = record(POINTER, kind, POINTER * 8)
        responses(capture, filled_with(entry, n, kind), flows)


def labels(capture, n, flows):
    """127 labels of one byte, in every answer again."""
    responses(capture, filled_with(record(b"\1a" * 127 + b"\0", A, b"\1\2\3\4"), n, A, b"\0"), flows)


def tcp_queries(capture, n, flows):
    """The smallest queries, one after the other in one stream."""
    query = message([question(b"\0")], flags=0x0100)
    for _ in range(flows): capture.connection(53).request((struct.pack("!H", len(query)) + query) * n)


def tcp_junk(capture, n, flows):
    """After a true query, messages too short to be any."""
    query = message([question(b"\0")], flags=0x0100)
    for _ in range(flows): capture.connection(53).request(struct.pack("!H", len(query)) + query + b"\0\1x" * n)


def queries_unanswered(capture, n, flows):
    """Other transaction ids in one flow, none of them ever answered."""
    for _ in range(flows):
        client, server = capture.pair()
        for ident in range(n): capture.datagram(client, server, 5353 + flows, 53, message([question(b"\1a\0")], ident=ident, flags=0x0100))


def local_names(capture, n, flows):
    """LLMNR (RFC 4795): a host asks for n names, and another has them all."""
    everybody = bytes((224, 0, 0, 252))
    for _ in range(flows):
        client, server = capture.pair()
        for number in range(n):
            asked = question(b"\x0cname%08d\0" % number)
            capture.datagram(client, everybody, 40000, 5355, message([asked], flags=0))
            capture.datagram(server, client, 5355, 40000, message([asked], [record(POINTER, A, server[-4:])], flags=0x8000))


def local_pointers(capture, n, flows):
    """The same, answered by records that point to a name of 255."""
    for _ in range(flows):
        client, server = capture.pair()
        capture.datagram(server, client, 5355, 40000, filled_with(record(POINTER, A, b"\x0a\0\0\1"), n, A))
