"""LDAP: requests and answers that cost more than they bring.

Each generator writes to a capture; `n` is the size of the one thing that might be searched anew, `flows` how often it comes.
"""


def ber(tag, content):
    size = len(content)
    length = bytes([size]) if size < 0x80 else b"\x84" + size.to_bytes(4, "big")
    return bytes([tag]) + length + content


def message(number, tag, operation): return ber(0x30, ber(2, number.to_bytes(4, "big")) + ber(tag, operation))


def search(number, filter=ber(0x87, b"a"), base=b"dc=a"):
    return message(number, 0x63, ber(4, base) + b"\x0a\x01\x02\x0a\x01\x00\x02\x01\x00\x02\x01\x00\x01\x01\x00" + filter + b"\x30\x00")


def entry(number, attributes=b""): return message(number, 0x64, ber(4, b"cn=a") + ber(0x30, attributes))


def done(number, tag=0x65): return message(number, tag, b"\x0a\x01\x00\x04\x00\x04\x00")


def attribute(value): return ber(0x30, ber(4, b"a") + ber(0x31, ber(4, value)))


def pending(capture, n, flows):
    """Searches that nobody answers, but for the last, again and again."""
    for _ in range(flows):
        capture.connection(389).request(b"".join(search(i) for i in range(1000))).respond(entry(999) * n).close()


def backwards(capture, n, flows):
    """Answers to the latest first."""
    for _ in range(flows):
        lot = range(1000)
        connection = capture.connection(389)
        for _ in range(n // 1000):
            connection.request(b"".join(search(i) for i in lot)).respond(b"".join(done(i) for i in reversed(lot)))
        connection.close()


def same_id(capture, n, flows):
    for _ in range(flows): capture.connection(389).request(search(1) * n).respond(done(1) * n).close()


def entries(capture, n, flows):
    for _ in range(flows): capture.connection(389).request(search(1)).respond(entry(1, attribute(b"b")) * n + done(1)).close()


def large_entry(capture, n, flows):
    for _ in range(flows):
        capture.connection(389).request(search(1)).respond(entry(1, attribute(b"x" * n)) + done(1), answer_each=True).close()


def deep(capture, n, flows):
    """A filter within n others."""
    inner = ber(0x87, b"a")
    for _ in range(n): inner = ber(0xA2, inner) if len(inner) < 0x80 else b"\xa2\x84" + len(inner).to_bytes(4, "big") + inner
    for _ in range(flows): capture.connection(389).request(search(1, inner)).respond(done(1)).close()


def wide(capture, n, flows):
    """A filter of n others."""
    for _ in range(flows): capture.connection(389).request(search(1, ber(0xA1, ber(0x87, b"a") * n))).respond(done(1)).close()


def layers(capture, n, flows):
    """Buffers of a security layer with a byte of a message each."""
    for _ in range(flows):
        connection = capture.connection(389)
        bind = message(1, 0x60, b"\x02\x01\x03\x04\x00" + ber(0xA3, ber(4, b"GSSAPI")))
        connection.request(bind).respond(done(1, 0x61))
        head = b"\x05\x04\x05\xff\x00\x00\x00\x00" + bytes(8)
        text = search(2, base=b"x" * n)
        connection.request(b"".join(b"\x00\x00\x00\x11" + head + text[i : i + 1] for i in range(len(text)))).respond(done(2)).close()


def junk(capture, n, flows):
    """Beginnings of messages that are none."""
    for _ in range(flows):
        capture.connection(389).request(search(1) + (b"\x30\x84\x00\x00\x00" * (n // 5 + 1))[:n]).close()
