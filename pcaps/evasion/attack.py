"""Raw packets of the attacker, from an address that no kernel answers for.

  attack.py request|answer INTERFACE OWN-MAC MAC ADDRESS VICTIM
  attack.py count

`request`: one connection to the victim for each case of REQUESTS, from port 20000 on. `answer`: one from the victim for
each case of ANSWERS, whose ports are 30000 and up. A mark in the true data says which case it is.
"""
import random, socket, struct, sys, time

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
MD5 = bytes([19, 18]) + b"m" * 16 + b"\1\1"      # RFC 2385
AO = bytes([29, 16, 1, 1]) + b"a" * 12           # RFC 5925
ROUTE = bytes([131, 7, 4, 10, 9, 0, 77, 0])      # loose source route, RFC 791
STRICT = bytes([137, 7, 4, 10, 9, 0, 77, 0])


def checksum(data):
    if len(data) % 2: data += b"\0"
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    while total >> 16: total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


class Wire:
    def __init__(self, interface, own, other, address, victim):
        self.mac = lambda text: bytes.fromhex(text.replace(":", ""))
        self.own, self.other = self.mac(own), self.mac(other)
        self.address, self.victim = socket.inet_aton(address), socket.inet_aton(victim)
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
        self.socket.bind((interface, 0))
        self.socket.settimeout(0.05)
        self.id = 1

    def send_ip(self, payload, options=b"", fragment=0, mac=None, bad=False):
        size = 20 + len(options)
        head = struct.pack(">BBHHHBBH4s4s", 0x40 | size // 4, 0, size + len(payload), self.id, fragment, 64, 6, 0,
                           self.address, self.victim) + options
        total = checksum(head) ^ (0x5555 if bad else 0)
        self.socket.send((mac or self.other) + self.own + b"\x08\0" + head[:10] + struct.pack(">H", total) + head[12:] + payload)

    def receive(self, port):
        """(flags, sequence number, acknowledgement, payload) of the next segment to `port`, or None."""
        end = time.time() + 0.4
        while time.time() < end:
            try:
                frame = self.socket.recv(65536)
            except TimeoutError:
                continue
            ip = frame[14:]
            if ip[9] != 6 or ip[12:16] != self.victim: continue
            tcp = ip[(ip[0] & 15) * 4:struct.unpack(">H", ip[2:4])[0]]
            source, target, seq, ack, size, flags = struct.unpack(">HHIIBB", tcp[:14])
            if port in (source, target): return flags, seq, ack, tcp[(size >> 4) * 4:], source, target
        return None


class Connection:
    """One connection of the attacker; `seq` and `ack` are where both sides are."""

    def __init__(self, wire, own, other):
        self.wire, self.own, self.other = wire, own, other
        self.seq, self.ack = random.getrandbits(32), 0

    def send(self, flags, data=b"", seq=0, ack=0, how=(), options=b"", urgent=0, window=65535):
        """One segment, `seq` and `ack` bytes from where the sides are, made one that hosts drop in the ways of `how`."""
        wire = self.wire
        wire.id += 1
        if "md5" in how: options += MD5
        if "ao" in how: options += AO
        acked = (self.ack + ack + (5000 if "ack-ahead" in how else 0)) & 0xffffffff
        if "no-ack" in how: flags, acked = flags & ~ACK, 0
        if not flags & ACK: acked = 0
        head = struct.pack(">HHIIBBHHH", self.own, self.other, (self.seq + seq) & 0xffffffff, acked, (20 + len(options)) // 4 << 4,
                           flags, window, 0, urgent) + options
        pseudo = wire.address + wire.victim + struct.pack(">HH", 6, len(head) + len(data))
        total = checksum(pseudo + head + data) ^ (0x5555 if "tcp-checksum" in how else 0)
        segment = head[:16] + struct.pack(">H", total) + head[18:] + data
        route = ROUTE if "source-route" in how else STRICT if "strict-route" in how else b""
        mac = bytes.fromhex("020000000077") if "other-mac" in how else None
        if "fragments" in how:
            # The second begins within the first: RFC 5722 and Linux drop all of it.
            wire.send_ip(segment[:16], fragment=0x2000)
            wire.send_ip(segment[8:], fragment=1)
        else:
            wire.send_ip(segment, options=route, mac=mac, bad="ip-checksum" in how)
        time.sleep(0.01)

    def follow(self, wait=1):
        """Acknowledges what comes for a while."""
        end = time.time() + wait
        while time.time() < end:
            got = self.wire.receive(self.own)
            if not got: break
            flags, seq, _, data = got[:4]
            size = len(data) + (1 if flags & FIN else 0)
            if size and seq == self.ack:
                self.ack = (self.ack + size) & 0xffffffff
                self.send(ACK)

    def open(self, options=b"\2\4\5\xb4", before=lambda self: None):
        before(self)
        self.send(SYN, options=options)
        while True:
            got = self.wire.receive(self.own)
            if not got: raise SystemExit(f"no answer to port {self.own}")
            if got[0] & SYN and got[2] == (self.seq + 1) & 0xffffffff: break
        self.seq, self.ack = (self.seq + 1) & 0xffffffff, (got[1] + 1) & 0xffffffff
        self.send(ACK)

    def say(self, data, **rest):
        self.send(PSH | ACK, data, **rest)
        self.seq = (self.seq + len(data)) & 0xffffffff

    def close(self):
        self.send(FIN | ACK)
        self.seq = (self.seq + 1) & 0xffffffff
        self.follow(0.5)


DROPPED = ("no-ack", "ack-ahead", "ip-checksum", "tcp-checksum", "md5", "ao", "source-route", "strict-route", "other-mac", "fragments")


def forged(flags, ways, lead="", data=None, seq=0):
    """Cases: something that is dropped in each of `ways`, then the true data."""
    def case(how):
        def run(c, true):
            c.send(flags, data(true) if data else b"", seq=seq, how=(how,))
            c.say(true)
        return run
    return {lead + how: case(how) for how in ways}


def masked(true):
    return true.replace(b"EVILMARK", b"HARMLESS").replace(b"BADBODY", b"LOVELYX")


def in_bytes(how):
    """Byte by byte, each after a FIN that is dropped."""
    def run(c, true):
        for i in range(len(true)):
            c.send(FIN | ACK, how=(how,))
            c.say(true[i:i + 1])
    return run


def half(c, true):
    c.say(true[:10])
    c.send(FIN | ACK, how=("md5",))
    c.follow(0.2)
    c.say(true[10:])


def fin_and_data_ahead(c, true):
    """What is dropped reaches one byte less far than the true data: the number of its FIN is that of the last byte."""
    c.send(FIN | PSH | ACK, masked(true)[:-1], how=("md5",))
    c.say(true)


def fin_and_syn(c, true):
    c.send(FIN | ACK, how=("md5",))
    c.send(SYN, seq=100000, how=("md5",), options=b"\2\4\5\xb4")
    c.say(true)


def both_ends_closed(c, true):
    """The FIN that is dropped, and the server's data acknowledged far ahead."""
    c.send(FIN | ACK, how=("md5",))
    c.send(ACK, how=("ack-ahead",))
    c.say(true)


def after_reset(c, true):
    c.send(RST | ACK, how=("ip-checksum",))
    c.send(FIN | ACK, how=("ip-checksum",))
    c.say(true)


def reset_and_data(c, true):
    c.send(PSH | ACK, masked(true), how=("md5",))
    c.send(RST, seq=200000)
    c.say(true)


def data_and_reset(c, true):
    """The reset stands where the sender would be if the data had been taken."""
    c.send(PSH | ACK, masked(true), how=("md5",))
    c.send(RST | ACK, seq=len(true))
    c.say(true)


def data_and_signed_reset(c, true):
    c.send(PSH | ACK, masked(true), how=("md5",))
    c.send(RST | ACK, seq=len(true), how=("md5",))
    c.say(true)


def across_the_edge(c, true):
    """One segment of more than the window that the server grants: Linux takes it as long as nothing waits to be read."""
    c.say(true[:-2] + b"X-Pad: " + b"p" * (1440 - len(true)) + b"\r\n\r\n")


def urgent(beyond):
    def run(c, true):
        # The byte U is cut out by a host that does not read it in line.
        place = true.index(b"EVIL") + 2
        with_byte = true[:place] + b"U" + true[place:]
        if beyond:
            c.send(PSH | ACK | URG, with_byte[:8], urgent=place + 1)
            c.seq += 8
            c.say(with_byte[8:])
        else:
            c.send(PSH | ACK | URG, with_byte, urgent=place + 1)
            c.seq += len(with_byte)
    return run


def in_line(c, true):
    c.send(PSH | ACK | URG, true, urgent=true.index(b"EVIL") + 3)
    c.seq += len(true)


def close_wait(c, true):
    """After a true FIN: the acknowledgement ahead would make the answer old."""
    c.say(true)
    c.send(FIN | ACK)
    c.seq += 1
    c.send(ACK, how=("ack-ahead",))


REQUESTS = {
    "plain": lambda c, true: c.say(true),
    **forged(FIN | ACK, DROPPED, "fin-"),
    **forged(FIN | ACK, ("md5", "source-route", "other-mac", "ip-checksum"), "fin-far-", seq=500),
    **forged(FIN | PSH | ACK, DROPPED, "fin-data-", data=masked),
    **forged(PSH | ACK, DROPPED, "data-", data=masked),
    **forged(RST | ACK, ("ip-checksum", "tcp-checksum", "md5", "source-route", "other-mac", "fragments"), "rst-"),
    **forged(RST, ("none",), "rst-far-", seq=200000),
    "fin-bytes-md5": in_bytes("md5"), "fin-bytes-ack-ahead": in_bytes("ack-ahead"), "fin-half": half,
    "fin-data-shorter": fin_and_data_ahead, "fin-syn": fin_and_syn, "fin-ack-ahead-both": both_ends_closed,
    "rst-fin": after_reset, "rst-data": reset_and_data,
    "data-rst": data_and_reset, "data-rst-md5": data_and_signed_reset,
    "syns": lambda c, true: c.say(true), "syns-after": lambda c, true: c.say(true),
    "urgent": urgent(False), "urgent-beyond": urgent(True), "urgent-in-line": in_line, "close-wait": close_wait,
    "edge": across_the_edge,
}
ANSWERS = {
    "plain": lambda c, true: c.say(true),
    **forged(FIN | ACK, DROPPED, "fin-"),
    **forged(FIN | PSH | ACK, DROPPED, "fin-data-", data=masked),
    **forged(PSH | ACK, DROPPED, "data-", data=masked),
    **forged(RST | ACK, ("ip-checksum", "tcp-checksum", "md5", "source-route", "other-mac", "fragments"), "rst-"),
    "fin-bytes-md5": in_bytes("md5"), "fin-half": half, "fin-data-shorter": fin_and_data_ahead, "fin-syn": fin_and_syn,
}


def many_syns(c):
    true = c.seq
    for i in range(12):
        c.seq = (true + 70000 * (i + 1)) & 0xffffffff
        c.send(SYN, options=b"\2\4\5\xb4", how=("md5",))
    c.seq = true


def request(wire):
    for i, (name, run) in enumerate(REQUESTS.items()):
        c = Connection(wire, 20000 + i, {"urgent-in-line": 81, "edge": 82}.get(name, 80))
        if name == "syns-after":
            true = c.seq
            c.send(SYN, options=b"\2\4\5\xb4")
            many_syns(c)
            c.seq = true
        c.open(before=many_syns if name == "syns" else lambda c: None)
        run(c, b"GET /EVILMARK-%s HTTP/1.1\r\nHost: h\r\n\r\n" % name.encode())
        c.follow()
        c.close()


def answer(wire):
    for i, (name, run) in enumerate(ANSWERS.items()):
        port = 30000 + i
        c = Connection(wire, 80, port)
        while True:
            got = wire.receive(port)
            if got and got[0] & SYN: break
        c.ack = (got[1] + 1) & 0xffffffff
        c.send(SYN | ACK, options=b"\2\4\5\xb4")
        c.seq = (c.seq + 1) & 0xffffffff
        while True:
            got = wire.receive(port)
            if got and got[3]: break
        c.ack = (c.ack + len(got[3])) & 0xffffffff
        c.send(ACK)
        body = b"BADBODY-" + name.encode()
        run(c, b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        wire.receive(port)
        c.send(FIN | ACK)
        c.seq = (c.seq + 1) & 0xffffffff
        end = time.time() + 1
        while time.time() < end:
            got = wire.receive(port)
            if not got: break
            if got[0] & FIN:
                c.ack = (got[1] + len(got[3]) + 1) & 0xffffffff
                c.send(ACK)
                break


if sys.argv[1] == "count":
    print(len(ANSWERS))
else:
    {"request": request, "answer": answer}[sys.argv[1]](Wire(*sys.argv[2:]))
