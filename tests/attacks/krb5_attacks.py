"""Kerberos: elements and lists that cost more than they bring.

Each generator writes to a capture; `n` is the size of the one thing that might be searched anew, `flows` how often it comes.
"""
import struct


def element(tag, content):
    size = len(content)
    return bytes([tag]) + (bytes([size]) if size < 128 else b"\x83" + size.to_bytes(3, "big")) + content


def field(number, content): return element(0xa0 | number, content)


def sequence(content): return element(0x30, content)


def marked(message): return struct.pack("!I", len(message)) + message


def request(types, padata=b""):
    body = field(0, element(3, b"\0\0\0\0\0")) + field(2, element(0x1b, b"A")) + field(8, sequence(types))
    head = field(1, b"\2\1\5") + field(2, b"\2\1\x0a") + (field(3, sequence(padata)) if padata else b"")
    return element(0x6a, sequence(head + field(4, sequence(body))))


def error(code): return element(0x7e, sequence(field(0, b"\2\1\5") + field(1, b"\2\1\x1e") + field(6, b"\2\1" + bytes([code]))))


def over_tcp(capture, messages, flows):
    for _ in range(flows): capture.connection(88).request(messages).close()


def types(capture, n, flows):
    """Types of encryption in one request, each with the longest name."""
    over_tcp(capture, marked(request(b"\2\1\x14" * (n // 3))), flows)


def nested(capture, n, flows):
    """Behind a true request, elements within each other, whose ends are marks that do not come."""
    over_tcp(capture, marked(request(b"\2\1\x12")) + marked(element(0x6a, b"\x30\x80" + b"\xa3\x80\x30\x80" * (n // 4))), flows)


def preauthentication(capture, n, flows):
    """The smallest preauthentication data."""
    one = sequence(field(1, b"\2\1\2") + field(2, b"\4\0"))
    over_tcp(capture, marked(request(b"\2\1\x12", one * (n // len(one)))), flows)


def requests(capture, n, flows):
    """Requests without answer, one after the other in one stream."""
    over_tcp(capture, marked(request(b"\2\1\x12")) * n, flows)


def errors(capture, n, flows):
    """Errors that nobody asked for: the smallest messages with a record."""
    for _ in range(flows): capture.connection(88).request(marked(request(b"\2\1\x12"))).respond(marked(error(24)) * n, answer_each=True).close()


def lengths(capture, n, flows):
    """Behind a true request, lengths that nobody takes, and beginnings that are none."""
    over_tcp(capture, marked(request(b"\2\1\x12")) + (b"\x80\0\0\0\0\0\1\0\x6a\x82\1" * (n // 11 + 1))[:n], flows)


def bytewise(capture, n, flows):
    for _ in range(flows): capture.connection(88).request(marked(request(b"\2\1\x12" * (n // 3))), size=1).close()
