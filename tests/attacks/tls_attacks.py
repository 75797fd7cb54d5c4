"""TLS: handshakes of many small things."""
import struct


def sized(data, bytes_=2): return len(data).to_bytes(bytes_, "big") + data
def extension(kind, data): return struct.pack("!H", kind) + sized(data)
def handshake(kind, body): return bytes([kind]) + sized(body, 3)
SNI = extension(0, sized(b"\0" + sized(b"a.example")))


def records(data, size=16384, kind=22):
    return b"".join(bytes([kind, 3, 3]) + sized(data[at:at + size]) for at in range(0, len(data), size))


def client_hello(extensions=SNI, ciphers=b"\x13\1", size=16384):
    return records(handshake(1, b"\3\3" + b"r" * 32 + b"\0" + sized(ciphers) + b"\1\0" + sized(extensions)), size)


SERVER_HELLO = records(handshake(2, b"\3\3" + b"s" * 32 + b"\0" + b"\xc0\x2f" + b"\0"))


def hellos(capture, flows, hello, answer=b"", **words):
    for _ in range(flows):
        connection = capture.connection(443).request(hello, **words)
        if answer: connection.respond(answer, **words)
        connection.close()


def empty_alpn(capture, n, flows): hellos(capture, flows, client_hello(extension(16, sized(bytes(n)))))
def short_alpn(capture, n, flows): hellos(capture, flows, client_hello(extension(16, sized(b"\1a" * (n // 2)))))
def empty_extensions(capture, n, flows): hellos(capture, flows, client_hello(b"".join(extension(0x1000 + i % 60000, b"") for i in range(n // 4))))
def cipher_suites(capture, n, flows):
    hellos(capture, flows, client_hello(ciphers=b"".join(struct.pack("!H", 50000 + i % 10000) for i in range(n // 2))))
def server_names(capture, n, flows): hellos(capture, flows, client_hello(extension(0, sized((b"\0" + sized(b"a")) * (n // 4)))))
def groups(capture, n, flows):
    lists = extension(10, sized(b"\0\x1d" * (n // 6))) + extension(13, sized(b"\4\3" * (n // 6))) + extension(43, b"\xfe" + b"\3\4" * 127)
    hellos(capture, flows, client_hello(lists))


def one_byte_records(capture, n, flows):
    """A hello of n bytes in records of one: six bytes for each, and a message that grows with each."""
    hellos(capture, flows, client_hello(extension(21, bytes(n)), size=1))


def one_byte_segments(capture, n, flows): hellos(capture, flows, client_hello(extension(21, bytes(n))), size=1, answer_each=True)
def empty_records(capture, n, flows): hellos(capture, flows, client_hello() + b"\x16\3\3\0\0" * n)
def empty_messages(capture, n, flows): hellos(capture, flows, client_hello(), SERVER_HELLO + records(handshake(14, b"") * n))
def alerts(capture, n, flows): hellos(capture, flows, client_hello(), SERVER_HELLO + b"\x15\3\3\0\2\1\0" * n)
def tiny_data(capture, n, flows): hellos(capture, flows, client_hello(), SERVER_HELLO + b"\x17\3\3\0\1x" * n)


def der(tag, *parts):
    body = b"".join(parts)
    if len(body) < 128: return bytes([tag, len(body)]) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 128 | len(size)]) + size + body


def certificate(names=(), subject=b"a", attributes=1):
    """X.509 as far as a sensor reads it; nobody signed it."""
    name = der(0x30, *[der(0x31, der(0x30, der(6, b"\x55\4\3"), der(12, subject)))] * attributes)
    algorithm = der(0x30, der(6, b"\x2a\x86\x48\x86\xf7\x0d\1\1\x0b"), der(5))
    validity = der(0x30, der(0x17, b"240101000000Z"), der(0x17, b"340101000000Z"))
    key = der(0x30, algorithm, der(3, b"\0" + b"k" * 32))
    alternatives = der(0x30, *(der(0x82, name) for name in names))
    extensions = der(0xa3, der(0x30, der(0x30, der(6, b"\x55\x1d\x11"), der(4, alternatives)))) if names else b""
    body = der(0x30, der(0xa0, der(2, b"\2")), der(2, b"\1"), algorithm, name, validity, name, key, extensions)
    return der(0x30, body, algorithm, der(3, b"\0" + b"s" * 32))


def chain(capture, flows, certificates, **words):
    message = handshake(11, sized(b"".join(sized(c, 3) for c in certificates), 3))
    hellos(capture, flows, client_hello(), SERVER_HELLO + records(message), **words)


def alternative_names(capture, n, flows): chain(capture, flows, [certificate([b"a%d.example" % i for i in range(n)])])
def certificate_chain(capture, n, flows): chain(capture, flows, [certificate()] * n)
def empty_certificates(capture, n, flows): chain(capture, flows, [b""] * n)
def long_subject(capture, n, flows): chain(capture, flows, [certificate(attributes=n)])
def nested_certificate(capture, n, flows):
    data = b""
    for _ in range(n): data = der(0x30, data)
    chain(capture, flows, [data])


def certificate_bytewise(capture, n, flows):
    chain(capture, flows, [certificate([b"a%d.example" % i for i in range(n)])], size=1, answer_each=True)
