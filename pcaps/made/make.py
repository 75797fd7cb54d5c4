#!/usr/bin/env python3
"""make.py [FOLDER]: captures of what takes hours or moves much, frame by frame. The same on each run.

Hosts inside are 10.9.0.0/24, those outside 203.0.113.0/24 (RFC 5737). Connections are whole: opened, acknowledged, closed.
"""
import os, random, socket, struct, sys

BEGIN = 1_764_000_000  # seconds
MAC = {True: bytes.fromhex("020000000902"), False: bytes.fromhex("020000000901")}  # of the client's side, of the server's
FIN, SYN, RST, PUSH, ACK = 1, 2, 4, 8, 16


def checksum(data):
    if len(data) % 2: data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16: total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Capture:
    def __init__(self, name):
        self.name, self.frames, self.number = name, [], 0
        self.draw = random.Random(name)

    def frame(self, at, bytes_): self.frames.append((at, len(self.frames), bytes_))

    def packet(self, at, source, target, proto, body, from_client=True):
        self.number += 1
        ends = socket.inet_aton(source) + socket.inet_aton(target)
        if proto in (6, 17):
            place = 16 if proto == 6 else 6
            body = body[:place] + struct.pack("!H", checksum(ends + struct.pack("!HH", proto, len(body)) + body)) + body[place + 2:]
        head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), self.number & 0xFFFF, 0x4000, 64, proto, 0) + ends
        head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
        self.frame(at, MAC[not from_client] + MAC[from_client] + b"\x08\x00" + head + body)

    def datagram(self, at, source, source_port, target, port, data, from_client=True):
        self.packet(at, source, target, 17, struct.pack("!HHHH", source_port, port, 8 + len(data), 0) + data, from_client)

    def save(self, folder):
        with open(os.path.join(folder, self.name + ".pcap"), "wb") as out:
            out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
            for at, _, bytes_ in sorted(self.frames):
                micros = round(at * 1_000_000)
                out.write(struct.pack("<IIII", BEGIN + micros // 1_000_000, micros % 1_000_000, len(bytes_), len(bytes_)) + bytes_)


class Connection:
    """Of TCP. Times in seconds; the way takes ten milliseconds."""
    WAY, SEGMENT = 0.01, 1400

    def __init__(self, capture, at, client, server, port, client_port):
        self.capture, self.ends, self.ports = capture, (client, server), (client_port, port)
        self.sent = [capture.draw.randrange(1 << 31), capture.draw.randrange(1 << 31)]
        self.at = at
        self.segment(0, SYN)
        self.segment(1, SYN | ACK)
        self.segment(0, ACK)

    def segment(self, side, flags, data=b""):
        acknowledged = self.sent[1 - side] if flags & ACK else 0
        body = struct.pack("!HHIIBBHHH", self.ports[side], self.ports[1 - side], self.sent[side], acknowledged, 0x50, flags, 64000, 0, 0)
        self.capture.packet(self.at, self.ends[side], self.ends[1 - side], 6, body + data, side == 0)
        self.sent[side] = (self.sent[side] + len(data) + bool(flags & (SYN | FIN))) & 0xFFFFFFFF
        self.at += self.WAY

    def say(self, side, data, at=None):
        self.at = max(self.at, at or 0)
        for begin in range(0, len(data), self.SEGMENT):
            self.segment(side, PUSH | ACK, data[begin:begin + self.SEGMENT])
            self.at -= self.WAY * 0.9 if begin + self.SEGMENT < len(data) else 0
            if begin // self.SEGMENT % 16 == 15: self.segment(1 - side, ACK)  # before its window is full
        self.segment(1 - side, ACK)

    def close(self):
        self.segment(0, FIN | ACK)
        self.segment(1, FIN | ACK)
        self.segment(0, ACK)


def refused(capture, at, client, server, port, client_port):
    capture.packet(at, client, server, 6, struct.pack("!HHIIBBHHH", client_port, port, 1000, 0, 0x50, SYN, 64000, 0, 0))
    capture.packet(at + 0.01, server, client, 6, struct.pack("!HHIIBBHHH", port, client_port, 0, 1001, 0x50, RST | ACK, 0, 0, 0), False)


AGENT, HOST = "10.9.0.21", "10.9.0.22"


def hour_beacon(c):
    """A minute, a fifth of it at random, for an hour; some answers are long."""
    at = 5.0
    for n in range(62):
        one = Connection(c, at, AGENT, "203.0.113.5", 4433, 40000 + n)
        one.say(0, b"\x11\x22" + bytes(30))
        one.say(1, bytes(120 if n % 13 else 700))
        one.close()
        at += 60 * (1 - 0.2 * c.draw.random())


def unanswered_beacon(c):
    """An agent whose server is gone."""
    for n in range(50): refused(c, 5 + 30 * n + 3 * c.draw.random(), AGENT, "203.0.113.6", 4433, 41000 + n)


def clock(c):
    """NTP (RFC 5905) with four servers, every 64 seconds."""
    for n in range(50):
        for server in range(4):
            at = 64 * n + server * 3.1 + 0.01 * c.draw.random()
            c.datagram(at, HOST, 123, f"203.0.113.{40 + server}", 123, b"\x23\x03\x06\xec" + bytes(44))
            c.datagram(at + 0.02, f"203.0.113.{40 + server}", 123, HOST, 123, b"\x24\x02\x06\xec" + bytes(44), False)


def page_visits(c):
    """A person: pages of some requests, pauses of all lengths."""
    at, port = 3.0, 42000
    for _ in range(28):
        for _ in range(c.draw.choice((1, 2, 4, 6))):
            one = Connection(c, at, HOST, "203.0.113.50", 80, port)
            one.say(0, b"GET /%d HTTP/1.1\r\nHost: news.example\r\n\r\n" % c.draw.randrange(1000))
            body = bytes(c.draw.randrange(50, 400))
            one.say(1, b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            one.close()
            port += 1
            at += 0.4 * c.draw.random()
        at += c.draw.lognormvariate(3.2, 1.2)


def waiting(c, hours, period, port, hello, answer, idle):
    one = Connection(c, 2, AGENT, "203.0.113.9", port, 43000)
    for side, said in ((0, hello), (1, answer)): one.say(side, said)
    at = one.at
    while at < hours * 3600:
        at += period
        one.say(0, idle, at)
        one.say(1, idle, one.at)
    one.close()


def long_unknown(c): waiting(c, 2.2, 90, 443, b"\xee\x01" + bytes(30), b"\xee\x02" + bytes(60), b"\xee\x00" + bytes(14))
def long_remote(c): waiting(c, 26, 290, 5938, b"\x17\x24\x0a\x20\x00\x00\x00\x00\x00\x88\x13\x80\x00\x00\x00\x00\x01\x00\x00\x00\x11",
                            b"\x17\x24\x0a\x20\x00\x00\x00\x00\x00\x88\x13\x80\x00\x00\x00\x00\x01\x00\x00\x00\x22", b"\x17\x24\x1b\x00\x00\x00\x00")
def long_ssh(c): waiting(c, 5, 120, 22, b"SSH-2.0-OpenSSH_9.2\r\n", b"SSH-2.0-OpenSSH_9.2\r\n", b"\x00\x00\x00\x1c\x0a" + bytes(27))


def moved(c, up, down, server, port=4433, hello=b"\xee\x05"):
    one = Connection(c, 2, AGENT, server, port, 44000)
    one.say(0, hello + c.draw.randbytes(up))
    one.say(1, b"\xee\x06" + c.draw.randbytes(down))
    one.close()


def sent_out(c): moved(c, 60_000, 300, "203.0.113.7")
def fetched(c): moved(c, 900, 55_000, "203.0.113.7")
def both_ways(c): moved(c, 56_000, 56_000, "203.0.113.7")


def posted(c):
    one = Connection(c, 2, AGENT, "203.0.113.8", 80, 44100)
    one.say(0, b"POST /drop HTTP/1.1\r\nHost: files.example\r\nContent-Type: application/octet-stream\r\nContent-Length: 60000\r\n\r\n" + c.draw.randbytes(60_000))
    one.say(1, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    one.close()


def copied(c):
    """By SSH, as scp does."""
    one = Connection(c, 2, AGENT, "203.0.113.12", 22, 44150)
    for side in (0, 1): one.say(side, b"SSH-2.0-OpenSSH_9.2\r\n")
    one.say(0, b"\x00\x00\x05\x00\x0a\x5e" + c.draw.randbytes(60_000))
    one.say(1, c.draw.randbytes(300))
    one.close()


def one_size(c):
    """Pictures of a screen, one a minute and a half."""
    for n in range(23):
        one = Connection(c, 2 + 90 * n + 30 * c.draw.random(), AGENT, "203.0.113.11", 4433, 44200 + n)
        one.say(0, b"\xee\x07" + c.draw.randbytes(2200 + c.draw.randrange(200)))
        one.say(1, b"\xee\x08ok")
        one.close()


def slow_scan(c):
    """A host every eleven minutes."""
    for n in range(14): refused(c, 3 + 660 * n, AGENT, f"10.9.7.{20 + 5 * n}", 445, 45000 + n)


def server_gone(c):
    """One server that is gone, asked for all day."""
    for n in range(60): refused(c, 3 + 300 * n, HOST, "10.9.7.9", 445, 46000 + n)


def arp(c, at, operation, sender_mac, sender, target_mac, target):
    to = b"\xff" * 6 if operation == 1 else target_mac
    c.frame(at, to + sender_mac + b"\x08\x06" + struct.pack("!HHBBH", 1, 0x800, 6, 4, operation) + sender_mac + socket.inet_aton(sender)
            + target_mac + socket.inet_aton(target))


def arp_flood(c):
    """Stations that do not exist fill the tables of a switch."""
    for n in range(1600):
        arp(c, 2 + n / 200, 2, bytes((2,)) + c.draw.randbytes(5), f"10.9.{c.draw.randrange(1, 250)}.{c.draw.randrange(1, 250)}",
            MAC[False], "10.9.0.1")


def neighbours(c):
    """A router that asks for the hosts of its network in turn, most of which are there."""
    for n in range(300):
        host = f"10.9.0.{20 + n % 40}"
        at = 2 + 4.0 * n
        arp(c, at, 1, MAC[False], "10.9.0.1", bytes(6), host)
        if n % 10: arp(c, at + 0.001, 2, bytes((2, 0, 0, 0, 9, 20 + n % 40)), host, MAC[False], "10.9.0.1")


def visit(c, at, client, port, agent):
    one = Connection(c, at, client, "203.0.113.50", 80, port)
    one.say(0, b"GET /%d HTTP/1.1\r\nHost: news.example\r\nUser-Agent: %s\r\n\r\n" % (port, agent))
    one.say(1, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    one.close()


def many_hosts(c):
    """Seventy, who all use one browser."""
    for n in range(70): visit(c, 2 + 0.5 * n, f"10.9.0.{30 + n}", 46000 + n, b"Mozilla/5.0 (X11; Linux x86_64)")


def odd_client(c):
    """One of them calls with a program that nobody has, for an hour and a quarter, at no time in particular."""
    many_hosts(c)
    at = 60.0
    for n in range(12):
        visit(c, at, "10.9.0.33", 47000 + n, b"Updater/0.1 (build 7)")
        at += c.draw.uniform(60, 700)
    visit(c, 4600, "10.9.0.33", 47100, b"Updater/0.1 (build 7)")


def extension(kind, body): return struct.pack("!HH", kind, len(body)) + body


def hello(c, name):
    """A client's first record of TLS 1.2 (RFC 5246 section 7.4.1.2, RFC 6066 section 3)."""
    named = extension(0, struct.pack("!HBH", len(name) + 3, 0, len(name)) + name) + extension(10, b"\0\2\0\x17") + extension(11, b"\1\0")
    body = b"\3\3" + c.draw.randbytes(32) + b"\0" + b"\0\4\xc0\x2f\xc0\x30" + b"\1\0" + struct.pack("!H", len(named)) + named
    return b"\x16\3\1" + struct.pack("!H", len(body) + 4) + b"\1" + len(body).to_bytes(3, "big") + body


def doh(c):
    """Names are asked for by HTTPS, of a public resolver (RFC 8484)."""
    one = Connection(c, 2, AGENT, "203.0.113.53", 443, 48000)
    one.say(0, hello(c, b"cloudflare-dns.com"))
    body = b"\3\3" + c.draw.randbytes(32) + b"\0" + b"\xc0\x2f\0"
    one.say(1, b"\x16\3\3" + struct.pack("!H", len(body) + 4) + b"\2" + len(body).to_bytes(3, "big") + body)
    for side in (0, 1): one.say(side, b"\x14\3\3\0\1\1" + b"\x16\3\3\0\x28" + c.draw.randbytes(40))
    for n in range(20):
        one.say(0, b"\x17\3\3\0\x60" + c.draw.randbytes(96), one.at + c.draw.uniform(0.1, 9))
        one.say(1, b"\x17\3\3\0\xa0" + c.draw.randbytes(160))
    one.close()


MADE = {
    "beacon-hour": hour_beacon, "beacon-unanswered": unanswered_beacon, "clock": clock, "page-visits": page_visits,
    "long-unknown": long_unknown, "long-remote": long_remote, "long-ssh": long_ssh,
    "sent-out": sent_out, "fetched": fetched, "both-ways": both_ways, "posted": posted, "copied": copied, "one-size": one_size,
    "slow-scan": slow_scan, "server-gone": server_gone, "arp-flood": arp_flood, "neighbours": neighbours,
    "many-hosts": many_hosts, "odd-client": odd_client, "doh": doh,
}

if __name__ == "__main__":
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
    for name, make in MADE.items():
        capture = Capture(name)
        make(capture)
        capture.save(folder)
