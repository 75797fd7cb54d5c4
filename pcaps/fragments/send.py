#!/usr/bin/env python3
"""Packets that hosts take or drop, from the client of the lab to a UDP port of its server.

  send.py SOURCE-MAC SERVER-MAC         sends them on the interface "wire"
  send.py --read SECONDS                the server: prints what it read, a source port a line

Each case has a source port of its own and carries MARK where the server is to find it.
"""
import random, select, socket, struct, sys, time

SERVER, CLIENT, SERVER6, CLIENT6, PORT, MARK = "10.9.0.1", "10.9.0.2", "fd00:9::1", "fd00:9::2", 9999, b"THE-MARK"
INSIDE_MAC = "02:00:00:00:00:0a"
UDP, ROUTING, FRAGMENT, HOP, OPTIONS, GRE = 17, 43, 44, 0, 60, 47
MORE = 1


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16: total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def udp(port, data, version=4, wrong=0, none=False):
    src, dst = ([socket.inet_aton(CLIENT), socket.inet_aton(SERVER)] if version == 4 else
                [socket.inet_pton(socket.AF_INET6, a) for a in (CLIENT6, SERVER6)])
    head = struct.pack("!HHH", port, PORT, 8 + len(data))
    total = checksum(src + dst + struct.pack("!II", 8 + len(data), UDP) + head + b"\0\0" + data) or 0xffff
    return head + struct.pack("!H", 0 if none else total ^ wrong) + data


def ip4(payload, ident=0, more=0, offset=0, options=b"", wrong=0, proto=UDP, src=CLIENT, dst=SERVER):
    size = 20 + len(options)
    head = struct.pack("!BBHHHBBH4s4s", 0x40 | size // 4, 0, size + len(payload), ident, more << 13 | offset // 8, 64, proto, 0,
                       socket.inet_aton(src), socket.inet_aton(dst)) + options
    return head[:10] + struct.pack("!H", checksum(head) ^ wrong) + head[12:] + payload


def ip6(payload, first=UDP):
    return struct.pack("!IHBB", 6 << 28, len(payload), first, 64) + socket.inet_pton(socket.AF_INET6, CLIENT6) + \
        socket.inet_pton(socket.AF_INET6, SERVER6) + payload


def header6(following, options):
    """Hop-by-hop or destination options."""
    assert (2 + len(options)) % 8 == 0
    return bytes([following, (2 + len(options)) // 8 - 1]) + options


def fragment6(data, ident, more=0, offset=0, following=UDP):
    return struct.pack("!BBHI", following, 0, offset | more, ident) + data


def pieces(data, size):
    return [(at, data[at:at + size], MORE if at + size < len(data) else 0) for at in range(0, len(data), size)]


def filled(size):
    """Text with the mark near its end, where a first fragment does not reach."""
    return (b"filling-" * (size // 8 + 1))[:size - 16] + MARK + b"-ending-"


def cases():
    """(source port, [packets]); a packet is bytes, or a number of seconds to wait."""
    # -- IPv4, whole --
    yield 1, [ip4(udp(1, filled(64)))]
    yield 2, [ip4(udp(2, filled(64)), wrong=0x5555)]
    yield 3, [ip4(udp(3, filled(64), wrong=0x5555))]
    yield 4, [ip4(udp(4, filled(64), none=True))]
    own = socket.inet_aton(SERVER)
    yield 5, [ip4(udp(5, filled(64)), options=b"\x83\x07\x08" + own + b"\0")]  # loose source route, used up
    yield 6, [ip4(udp(6, filled(64)), options=b"\x89\x07\x08" + own + b"\0")]  # strict
    yield 7, [ip4(udp(7, filled(64)), options=b"\x07\x07\x04\0\0\0\0" * 2 + b"\0\0")]  # record route, twice
    yield 8, [ip4(udp(8, filled(64)), options=b"\x07\x07\x04\0\0\0\0\0")]
    # -- IPv4, in fragments --
    def parts(port, size, step, ident=None):
        return [ip4(data, ident or port, more, at) for at, data, more in pieces(udp(port, filled(size)), step)]
    yield 20, parts(20, 3000, 1480)
    yield 21, parts(21, 3000, 1480)[::-1]
    yield 22, parts(22, 800, 8)
    yield 23, parts(23, 800, 8)[::-1]
    yield 24, random.Random(4).sample(parts(24, 1600, 8), 201)
    whole = udp(25, filled(120))  # 128 bytes with the header, the mark at 112
    assert whole[112:120] == MARK
    first, second, third, end = (ip4(whole[at:at + 32], 25, MORE if at < 96 else 0, at) for at in (0, 32, 64, 96))
    yield 25, [first, second, ip4(b"x" * 32, 25, MORE, 32), third, end]  # the same place again: the first holds
    def again(port, order, *late):
        data = udp(port, filled(120))
        cut = {at: ip4(data[at:at + 32], port, MORE if at < 96 else 0, at) for at in (0, 32, 64, 96)}
        return [cut[at] for at in order] + list(late) + [cut[at] for at in (0, 32, 64, 96) if at not in order]
    yield 26, again(26, [0, 32], ip4(b"x" * 16, 26, MORE, 40))  # within one of them
    yield 27, again(27, [0, 32], ip4(b"x" * 32, 27, MORE, 16))  # across two that came in order
    yield 28, again(28, [32, 0], ip4(b"x" * 32, 28, MORE, 16))  # across two that did not
    yield 29, again(29, [0, 32], ip4(b"x" * 32, 29, MORE, 48))  # beyond the last
    yield 30, again(30, [96], ip4(b"x" * 8, 30, 0, 128))  # two ends
    yield 31, again(31, [0], ip4(b"", 31, MORE, 64))  # an empty one
    yield 32, again(32, [0, 32], ip4(b"x" * 13, 32, MORE, 64))  # its odd bytes are cut off: a repetition comes
    yield 33, again(33, [0], ip4(b"x" * 32, 33, MORE, 64, wrong=0x5555))
    yield 34, again(34, [0], ip4(b"x" * 32, 34, MORE, 64, options=b"\x83\x07\x08" + own + b"\0"))
    yield 35, again(35, [0, 32, 64], ip4(b"x" * 40, 35, MORE, 96))  # longer than the end that comes
    yield 36, parts(36, 30000, 8)
    data = udp(37, filled(120))
    late = [ip4(data[:64], 37, MORE, 0), ip4(data[64:], 37, 0, 64)]
    data = udp(38, filled(120))
    soon = [ip4(data[:64], 38, MORE, 0), ip4(data[64:], 38, 0, 64)]
    # -- IPv6, whole --
    def datagram(port, **how): return udp(port, filled(64), 6, **how)
    pad = lambda size: bytes([1, size - 2]) + b"\0" * (size - 2)
    yield 40, [ip6(datagram(40))]
    yield 41, [ip6(datagram(41, none=True))]
    yield 42, [ip6(datagram(42, wrong=0x5555))]
    route = lambda kind, left: bytes([UDP, 2, kind, left]) + b"\0" * 4 + socket.inet_pton(socket.AF_INET6, SERVER6)
    yield 43, [ip6(route(0, 0) + datagram(43), ROUTING)]
    yield 44, [ip6(route(0, 1) + datagram(44), ROUTING)]
    yield 45, [ip6(route(200, 0) + datagram(45), ROUTING)]
    yield 46, [ip6(route(200, 1) + datagram(46), ROUTING)]
    yield 47, [ip6(header6(UDP, pad(6)) + datagram(47), HOP)]
    yield 48, [ip6(header6(HOP, pad(6)) + header6(UDP, pad(6)) + datagram(48), OPTIONS)]
    for port, kind in ((49, 0x3e), (50, 0x7e), (51, 0xbe), (52, 0xfe), (53, 0xc2)):
        yield port, [ip6(header6(UDP, bytes([kind, 4]) + b"\0" * 4) + datagram(port), OPTIONS)]
    yield 54, [ip6(header6(UDP, pad(14)) + datagram(54), OPTIONS)]
    yield 55, [ip6(header6(UDP, b"\1\4data") + datagram(55), OPTIONS)]
    yield 56, [ip6(header6(UDP, b"\x3e\5\0\0\0\0") + datagram(56), OPTIONS)]  # one byte too long
    yield 57, [ip6(header6(OPTIONS, pad(6)) * 2 + header6(UDP, b"\x7e\4\0\0\0\0") + datagram(57), OPTIONS)]
    yield 58, [ip6(header6(OPTIONS, pad(6)) * 2 + header6(UDP, pad(6)) + datagram(58), OPTIONS)]
    yield 59, [ip6(header6(UDP, b"\x7e\4\0\0\0\0") + datagram(59), HOP)]
    # -- IPv6, in fragments --
    def parts6(port, size, step):
        return [ip6(fragment6(data, port, more, at), FRAGMENT) for at, data, more in pieces(udp(port, filled(size), 6), step)]
    yield 70, parts6(70, 3000, 1400)
    yield 71, parts6(71, 3000, 1400)[::-1]
    yield 72, [ip6(fragment6(datagram(72), 72), FRAGMENT)]  # a fragment that is the whole
    def again6(port, order, *late):
        data = udp(port, filled(120), 6)
        cut = {at: ip6(fragment6(data[at:at + 32], port, MORE if at < 96 else 0, at), FRAGMENT) for at in (0, 32, 64, 96)}
        return [cut[at] for at in order] + list(late) + [cut[at] for at in (0, 32, 64, 96) if at not in order]
    extra = lambda port, at, size=32, more=MORE: ip6(fragment6(b"x" * size, port, more, at), FRAGMENT)
    yield 73, again6(73, [0, 32], extra(73, 32))
    yield 74, again6(74, [0, 32], extra(74, 16))
    yield 75, again6(75, [32, 0], extra(75, 16))
    yield 76, again6(76, [0, 32], extra(76, 48))
    yield 77, again6(77, [96], extra(77, 128, 8, 0))
    yield 78, again6(78, [0], extra(78, 64, 13))  # answered with an error, else ignored
    data = udp(79, filled(120), 6)
    yield 79, [ip6(fragment6(fragment6(part, 79, more, at), 1079, 0, 0, FRAGMENT), FRAGMENT)
               for at, part, more in pieces(data, 64)]  # behind the header of a whole packet, one of fragments
    inner = [fragment6(part, 80, more, at) for at, part, more in pieces(udp(80, filled(120), 6), 64)]
    yield 80, [ip6(fragment6(part, 1080 + i, more, at, FRAGMENT), FRAGMENT)
               for i, one in enumerate(inner) for at, part, more in pieces(one, 40)]  # fragments of fragments
    # -- In a tunnel that the server opens (VXLAN), and the tunnel in fragments --
    def tunnel(port, inside, step=2000):
        frame = bytes.fromhex(INSIDE_MAC.replace(":", "") + "020000000009" "0800") + inside
        outside = struct.pack("!HHHHII", port, 4789, 8 + 8 + len(frame), 0, 0x08000000, 7 << 8) + frame
        ident = random.Random(len(inside) + port).randrange(1, 65536)
        return [ip4(data, ident, more, at) for at, data, more in pieces(outside, step)]
    inside = dict(src="10.10.0.2", dst="10.10.0.1")
    halves = lambda port: [ip4(data, port, more, at, **inside) for at, data, more in pieces(udp(port, filled(120), none=True), 64)]
    yield 90, tunnel(90, ip4(udp(90, filled(64), none=True), **inside))
    yield 91, tunnel(91, ip4(udp(91, filled(64), none=True), **inside), 40)
    yield 92, [packet for half in halves(92) for packet in tunnel(92, half)]
    yield 93, [packet for half in halves(93) for packet in tunnel(93, half, 40)]
    yield 94, [packet for half in halves(94) for packet in tunnel(94, half, 40)][::-1]
    # -- Time: Linux waits for 30 seconds from the first fragment, IPv6 hosts for 60 --
    six = parts6(81, 120, 64)
    yield 37, [late[0], soon[0], six[0], 20, soon[1], 15, late[1], six[1]]


def send(source, server):
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    link.bind(("wire", 0))
    ethernet = bytes.fromhex((server + source).replace(":", ""))
    for port, packets in cases():
        for number, packet in enumerate(packets):
            if not isinstance(packet, bytes):
                time.sleep(packet)
                continue
            link.send(ethernet + (b"\x08\x00" if packet[0] >> 4 == 4 else b"\x86\xdd") + packet)
            if number % 64 == 63: time.sleep(0.001)
        time.sleep(0.02)


def read(seconds):
    sockets = [socket.socket(family, socket.SOCK_DGRAM) for family in (socket.AF_INET, socket.AF_INET6)]
    sockets[1].setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    for one, address in zip(sockets, ("0.0.0.0", "::")): one.bind((address, PORT))
    end, ports = time.time() + seconds, set()
    while (left := end - time.time()) > 0:
        for one in select.select(sockets, [], [], left)[0]:
            data, peer = one.recvfrom(65536)
            if MARK in data: ports.add(peer[1])
    for port in sorted(ports): print(port)


if __name__ == "__main__":
    if sys.argv[1] == "--read": read(float(sys.argv[2]))
    else: send(*sys.argv[1:])
