"""Frames of an office's network, and the talks that they make: each is complete, with handshake, lengths and checksums.

Times are seconds, as floats. Nothing is random but by the Random that is handed in.
"""
import bisect, struct
from random import Random

SYN, ACK, PSH, FIN, RST = 2, 16, 8, 1, 4
MSS = 1460
OFFLOADED = 32 * MSS  # what a card that cuts segments itself is handed at once, and captures show


def address(text):
    return bytes(map(int, text.split(".")))


class Host:
    """`mac`: of the next hop. `delay`: seconds to it and back."""

    def __init__(self, ip, mac, delay=0.0005, ttl=64):
        self.text, self.ip, self.mac, self.delay, self.ttl, self.port, self.ids = ip, address(ip), mac, delay, ttl, 49152, 0

    def next_port(self):
        self.port = 49152 + (self.port - 49151) % 16384
        return self.port


def checksum(data):
    """RFC 1071; a number taken modulo 65535 is the sum of its 16-bit words with the carries added."""
    if len(data) % 2: data += b"\0"
    return 0xFFFF - int.from_bytes(data, "big") % 0xFFFF


class Wire:
    """Writes a pcap in order of time. What is said of a later time is kept until `flush` comes there. `cut`: a Random that cuts
    segments of TCP anew, which changes neither what is said nor when."""

    def __init__(self, out, cut=None):
        self.out, self.cut, self.kept, self.frames, self.bytes = out, cut, [], 0, 0
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))

    def frame(self, time, data):
        self.kept.append((int(time * 1e6), len(self.kept), data))

    def flush(self, until=float("inf")):
        self.kept.sort()
        at = len(self.kept)
        if until != float("inf"):
            at = bisect.bisect_left(self.kept, (int(until * 1e6),))
        pieces = []
        for micros, _, data in self.kept[:at]:
            pieces.append(struct.pack("<IIII", micros // 1000000, micros % 1000000, len(data), len(data)))
            pieces.append(data)
            if len(pieces) > 4096:
                self.out.write(b"".join(pieces))
                pieces.clear()
            self.bytes += len(data)
        self.out.write(b"".join(pieces))
        self.frames += at
        del self.kept[:at]
        # Numbers begin anew: later ones must not come before those that are kept.
        self.kept = [(micros, i, data) for i, (micros, _, data) in enumerate(self.kept)]

    def ip(self, time, src, dst, proto, payload):
        src.ids = (src.ids + 1) & 0xFFFF
        head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), src.ids, 0x4000, src.ttl, proto, 0, src.ip, dst.ip)
        head = head[:10] + checksum(head).to_bytes(2, "big") + head[12:]
        data = dst.mac + src.mac + b"\x08\0" + head + payload
        self.frame(time, data if len(data) >= 60 else data.ljust(60, b"\0"))

    def udp(self, time, src, dst, sport, dport, payload):
        length = 8 + len(payload)
        head = struct.pack(">HHH", sport, dport, length)
        sum_ = checksum(src.ip + dst.ip + struct.pack(">HH", 17, length) + head + b"\0\0" + payload) or 0xFFFF
        self.ip(time, src, dst, 17, head + sum_.to_bytes(2, "big") + payload)

    def arp(self, time, src, target, answered_by=None):
        everybody = b"\xff" * 6
        ask = struct.pack(">HHBBH6s4s6s4s", 1, 0x800, 6, 4, 1, src.mac, src.ip, b"\0" * 6, address(target))
        self.frame(time, (everybody + src.mac + b"\x08\x06" + ask).ljust(60, b"\0"))
        if answered_by:
            tell = struct.pack(">HHBBH6s4s6s4s", 1, 0x800, 6, 4, 2, answered_by.mac, answered_by.ip, src.mac, src.ip)
            self.frame(time + 0.0003, (src.mac + answered_by.mac + b"\x08\x06" + tell).ljust(60, b"\0"))

    def ping(self, time, src, dst, number, answered=True):
        for kind, a, b, at in ((8, src, dst, time), (0, dst, src, time + src.delay + dst.delay))[:2 if answered else 1]:
            body = struct.pack(">BBHHH", kind, 0, 0, 0x1234, number & 0xFFFF) + bytes(range(48))
            self.ip(at, a, b, 1, body[:2] + checksum(body).to_bytes(2, "big") + body[4:])

    def syn(self, time, src, dst, port, answer=None, tries=(0, 1, 3)):
        """A connection that comes to nothing: by RST, or by silence."""
        sport, seq = src.next_port(), (src.ids * 7919 + int(time * 1000)) & 0xFFFFFFFF
        if answer == "rst":
            self.tcp(time, src, dst, sport, port, seq, 0, SYN)
            self.tcp(time + src.delay + dst.delay, dst, src, port, sport, 0, seq + 1, RST | ACK)
            return
        for later in tries: self.tcp(time + later, src, dst, sport, port, seq, 0, SYN)

    def tcp(self, time, src, dst, sport, dport, seq, ack, flags, payload=b""):
        options = b"\x02\x04\x05\xb4\x01\x03\x03\x08\x04\x02\0\0" if flags & SYN else b""
        head = struct.pack(">HHIIBBHHH", sport, dport, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, (5 + len(options) // 4) << 4, flags,
                           64240, 0, 0) + options
        length = len(head) + len(payload)
        sum_ = checksum(src.ip + dst.ip + struct.pack(">HH", 6, length) + head + payload)
        self.ip(time, src, dst, 6, head[:16] + sum_.to_bytes(2, "big") + head[18:] + payload)

    def pieces(self, data):
        while self.cut and len(data) > 1 and self.cut.random() < 0.7:
            at = self.cut.randrange(1, len(data))
            yield data[:at]
            data = data[at:]
        yield data

    def connect(self, time, client, server, port):
        return Connection(self, time, client, server, port)


class Connection:
    """Of TCP. What is said moves `time` on; every other segment is acknowledged."""

    def __init__(self, wire, time, client, server, port):
        self.wire, self.ends, self.ports = wire, (client, server), (client.next_port(), port)
        self.trip = client.delay + server.delay
        self.seq = [(int(time * 997) * 65521 + self.ports[0]) & 0x7FFFFFFF, (int(time * 991) * 65537 + port) & 0x7FFFFFFF]
        self.time = time
        self._send(0, SYN)
        self.time += self.trip
        self._send(1, SYN | ACK)
        self.time += 0.0001
        self._send(0, ACK)

    def _send(self, side, flags, payload=b""):
        ack = self.seq[1 - side] if flags & ACK else 0
        self.wire.tcp(self.time, self.ends[side], self.ends[1 - side], self.ports[side], self.ports[1 - side], self.seq[side], ack,
                      flags, payload)
        self.seq[side] += len(payload) + bool(flags & (SYN | FIN))

    def say(self, side, data, piece=MSS, pause=0.0):
        """`pause`: seconds between segments."""
        for i, at in enumerate(range(0, len(data), piece)):
            last = at + piece >= len(data)
            for part in self.wire.pieces(data[at:at + piece]): self._send(side, ACK | (PSH if last else 0), part)
            self.time += 0.00005 + pause
            if i % 2 or last:
                self.time += self.trip / 8
                self._send(1 - side, ACK)
        self.time += self.trip
        return self

    def wait(self, until):
        self.time = max(self.time, until)
        return self

    def close(self, by=0):
        self._send(by, FIN | ACK)
        self.time += self.trip
        self._send(1 - by, FIN | ACK)
        self.time += 0.0001
        self._send(by, ACK)
        return self.time

    def reset(self, by=0):
        self._send(by, RST | ACK)
        return self.time


# DNS (RFC 1035).

A, PTR, TXT, AAAA, SRV, NXDOMAIN = 1, 12, 16, 28, 33, 3


def labels(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label) + b"\0"


def dns(number, name, kind, answers=None, rcode=0, ttl=300):
    """`answers`: None for the question, else the data of the records."""
    flags = 0x0100 if answers is None else 0x8180 | rcode
    out = struct.pack(">HHHHHH", number, flags, 1, len(answers or ()), 0, 0) + labels(name) + struct.pack(">HH", kind, 1)
    for data in answers or (): out += struct.pack(">HHHIH", 0xC00C, kind, 1, ttl, len(data)) + data
    return out


# TLS 1.3 (RFC 8446): hellos in clear text, the rest as records that only their length tells of.

def _extension(kind, body):
    return struct.pack(">HH", kind, len(body)) + body


def _record(kind, body, version=0x0303):
    return struct.pack(">BHH", kind, version, len(body)) + body


def _handshake(kind, body):
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def client_hello(random, name, alpn=(b"h2", b"http/1.1"), suites=b"\x13\x01\x13\x02\x13\x03\xc0\x2b\xc0\x2f\xc0\x2c\xc0\x30"):
    host = name.encode()
    protocols = b"".join(bytes([len(p)]) + p for p in alpn)
    extensions = _extension(0, struct.pack(">HBH", len(host) + 3, 0, len(host)) + host)
    extensions += _extension(10, b"\0\4\0\x1d\0\x17") + _extension(11, b"\1\0")
    extensions += _extension(13, b"\0\x08\4\3\x08\4\4\1\5\1")
    if alpn: extensions += _extension(16, len(protocols).to_bytes(2, "big") + protocols)
    extensions += _extension(43, b"\4\3\4\3\3") + _extension(45, b"\1\1")
    extensions += _extension(51, b"\0\x24\0\x1d\0\x20" + random.randbytes(32))
    if (short := 400 - len(extensions)) > 0: extensions += _extension(21, bytes(short))  # RFC 7685
    body = b"\3\3" + random.randbytes(32) + b"\x20" + random.randbytes(32) + len(suites).to_bytes(2, "big") + suites + b"\1\0"
    return _record(22, _handshake(1, body + len(extensions).to_bytes(2, "big") + extensions), 0x0301)


def server_hello(random):
    extensions = _extension(43, b"\3\4") + _extension(51, b"\0\x1d\0\x20" + random.randbytes(32))
    body = b"\3\3" + random.randbytes(32) + b"\x20" + random.randbytes(32) + b"\x13\1\0" + len(extensions).to_bytes(2, "big") + extensions
    return _record(22, _handshake(2, body)) + _record(20, b"\1")


# The same in every run, and whatever was made before.
_NOISE = Random(0).randbytes(1 << 20)


def sealed(random, length):
    """Application data, of this length in all or a little more."""
    out = []
    while length > 0:
        size = min(max(length - 5, 24), 16384)
        at = random.randrange(len(_NOISE) - size)
        out.append(_record(23, _NOISE[at:at + size]))
        length -= size + 5
    return b"".join(out)


def handshake(connection, random, name, certificate=3100, **hello):
    connection.say(0, client_hello(random, name, **hello))
    connection.say(1, server_hello(random) + sealed(random, certificate))
    connection.say(0, _record(20, b"\1") + sealed(random, 74))
    return connection


def plain(random, length):
    """Bytes that nobody else knows the meaning of."""
    at = random.randrange(len(_NOISE) - min(length, 1 << 19))
    out = _NOISE[at:at + min(length, 1 << 19)]
    return out if len(out) == length else (out * (length // len(out) + 1))[:length]
