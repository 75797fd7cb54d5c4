"""RDP: openings of many small things, and lengths that claim much."""
import struct

import tls_attacks as tls


def tpkt(tpdu): return b"\3\0" + struct.pack("!H", len(tpdu) + 4) + tpdu
def request(variable=b"Cookie: mstshash=a\r\n"): return tpkt(bytes([6 + len(variable), 0xe0, 0, 0, 0, 0, 0]) + variable)
def data(message): return tpkt(b"\2\xf0\x80" + message)
def ber(tag, content): return bytes([tag, 0x82]) + struct.pack("!H", len(content)) + content
def block(kind, content): return struct.pack("<HH", kind, len(content) + 4) + content


CONFIRM = tpkt(bytes([14, 0xd0, 0, 0, 0x12, 0x34, 0, 2, 0, 8, 0, 1, 0, 0, 0]))


def connect(blocks):
    gcc = b"\0\5\0\x14\x7c\0\1" + b"\x80\0" + b"\0\x08\0\x10\0\1\xc0\0Duca" + struct.pack("!H", 0x8000 | len(blocks)) + blocks
    parts = ber(4, b"\1") * 2 + ber(1, b"\xff") + ber(0x30, b"") * 3 + ber(4, gcc)
    return data(b"\x7f" + ber(0x65, parts))


def openings(capture, flows, bytes_, answer=b"", **words):
    for _ in range(flows):
        connection = capture.connection(3389).request(bytes_, **words)
        if answer: connection.respond(answer, **words)
        connection.close()


def requests(capture, n, flows): openings(capture, flows, request() * n)
def messages(capture, n, flows): openings(capture, flows, request() + data(b"\x64") * n)
def channels(capture, n, flows):
    openings(capture, flows, request() + connect(block(0xc003, struct.pack("<I", 0xffffffff) + b"channel\0\0\0\0\0" * n)))
def one_byte_segments(capture, n, flows):
    openings(capture, flows, request() + connect(block(0xc003, struct.pack("<I", n) + b"channel\0\0\0\0\0" * n)), size=1)
def blocks(capture, n, flows): openings(capture, flows, request() + connect(block(0xc003, struct.pack("<I", 0)) * n))
def records(capture, n, flows): openings(capture, flows, request() + tls.client_hello() + b"\x16\3\3\0\0" * n, CONFIRM)
