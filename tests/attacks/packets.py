"""Packets and captures made byte by byte: attacks are chosen bytes, and a hundred megabytes of them must not take long."""
import random, struct

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
TCP, UDP, GRE, ICMP, SCTP = 6, 17, 47, 1, 132
MSS = 1460
MTU = 1500
WINDOW = 65535
FLIGHT = 512 << 10  # bytes without an acknowledgement: half of the depth to which a stream of no known protocol is read


def checksum(data, start=0):
    """RFC 1071: the sum of 16-bit words with the carry added is the number modulo 65535."""
    if len(data) % 2: data += b"\0"
    return 0xffff - (start + int.from_bytes(data, "big")) % 0xffff


def address(number, network=10):
    return struct.pack("!I", network << 24 | number & 0xffffff)


def ethernet(kind=0x0800): return b"\2\0\0\0\0\2\2\0\0\0\0\1" + struct.pack("!H", kind)


def ip(source, target, protocol, payload, ident=0, offset=0, more=False, ttl=64, options=b""):
    """`offset` in bytes; fragments when `more` or an offset is given."""
    words = 5 + len(options) // 4
    flags = (0x2000 if more else 0) | offset // 8
    head = struct.pack("!BBHHHBBH", 0x40 | words, 0, words * 4 + len(payload), ident & 0xffff, flags, ttl, protocol, 0) + source + target + options
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def ip6(source, target, protocol, payload):
    return struct.pack("!IHBB", 6 << 28, len(payload), protocol, 64) + source.rjust(16, b"\x20") + target.rjust(16, b"\x20") + payload


def udp(source, target, source_port, target_port, payload):
    size = 8 + len(payload)
    head = struct.pack("!HHH", source_port, target_port, size)
    total = checksum(source + target + struct.pack("!HH", UDP, size) + head + payload) or 0xffff
    return head + struct.pack("!H", total) + payload


def tcp(source, target, source_port, target_port, sequence, acknowledged, flags, payload=b"", window=WINDOW, options=b""):
    size = 20 + len(options)
    head = struct.pack("!HHIIBBH", source_port, target_port, sequence & 0xffffffff, acknowledged & 0xffffffff, size << 2, flags, window)
    total = checksum(source + target + struct.pack("!HH", TCP, size + len(payload)) + head + options + payload)
    return head + struct.pack("!HH", total, 0) + options + payload


class Capture:
    """A pcap file of Ethernet frames, 10 us apart unless told."""

    def __init__(self, path):
        self.file = open(path, "wb", buffering=1 << 20)
        self.file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1))
        self.micros, self.packets, self.size = 1_700_000_000_000_000, 0, 24
        self.random = random.Random(1)
        self.flows = 0

    def __enter__(self): return self
    def __exit__(self, *_): self.file.close()

    def frame(self, data, after=10):
        self.micros += after
        seconds, micros = divmod(self.micros, 1_000_000)
        self.file.write(struct.pack("<IIII", seconds, micros, len(data), len(data)) + data)
        self.packets += 1
        self.size += 16 + len(data)

    def wait(self, seconds): self.micros += int(seconds * 1_000_000)

    def packet(self, source, target, protocol, payload, **words): self.frame(ethernet() + ip(source, target, protocol, payload, **words))

    def datagram(self, source, target, source_port, target_port, payload):
        """In fragments where it is larger than a packet."""
        whole = udp(source, target, source_port, target_port, payload)
        if len(whole) <= MTU - 20: return self.packet(source, target, UDP, whole)
        self.fragments(source, target, UDP, whole, MTU - 20)

    def fragments(self, source, target, protocol, whole, size, order=lambda pieces: pieces):
        """`size` a multiple of 8."""
        self.flows += 1
        for at in order(range(0, len(whole), size)):
            self.packet(source, target, protocol, whole[at:at + size], ident=self.flows, offset=at, more=at + size < len(whole))

    def pair(self):
        """A client and a server that no other flow of the capture has."""
        self.flows += 1
        return address(self.flows), address(self.flows, 93)

    def connection(self, port, **words): return Connection(self, port, **words).open()


class Connection:
    """A TCP connection; what a side says is acknowledged by the other one."""

    def __init__(self, capture, port, client=None, server=None, client_port=40000):
        own_client, own_server = capture.pair()
        self.capture, self.ends, self.ports = capture, [client or own_client, server or own_server], [client_port, port]
        self.next = [1000 + capture.packets * 4096, 5000]  # further on where ports are used again

    def segment(self, side, flags, payload=b"", sequence=None, acknowledged=None, options=b""):
        """Of the client (0) or the server (1); moves nothing on."""
        source, target = self.ends[side], self.ends[1 - side]
        sequence = self.next[side] if sequence is None else sequence
        acknowledged = self.next[1 - side] if acknowledged is None else acknowledged
        self.capture.packet(source, target, TCP, tcp(source, target, self.ports[side], self.ports[1 - side], sequence, acknowledged,
                                                     flags, payload, options=options))

    def open(self):
        scale = b"\2\4\5\xb4\1\3\3\7"
        self.segment(0, SYN, acknowledged=0, options=scale)
        self.next[0] += 1
        self.segment(1, SYN | ACK, options=scale)
        self.next[1] += 1
        self.segment(0, ACK)
        return self

    def say(self, side, data, size=MSS, answer_each=False):
        """In segments of `size` bytes; one acknowledgement at the end, or one for each."""
        # The window of a SYN is not scaled (RFC 7323 2.2): without another, what is said beyond it is nobody's.
        if len(data) > WINDOW: self.segment(1 - side, ACK)
        for at in range(0, len(data), size):
            piece = data[at:at + size]
            self.segment(side, PSH | ACK, piece)
            self.next[side] += len(piece)
            if answer_each or at // FLIGHT < (at + size) // FLIGHT: self.segment(1 - side, ACK)
        if not answer_each: self.segment(1 - side, ACK)
        return self

    def request(self, data, **words): return self.say(0, data, **words)
    def respond(self, data, **words): return self.say(1, data, **words)

    def close(self):
        for side in (0, 1):
            self.segment(side, FIN | ACK)
            self.next[side] += 1
        self.segment(0, ACK)
