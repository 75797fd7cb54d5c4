"""Packets, fragments, segments, tunnels and flows: what costs before any protocol is known."""
import ctypes, ctypes.util, struct

from packets import ACK, GRE, ICMP, PSH, RST, SCTP, SYN, TCP, UDP, URG, address, ethernet, ip, ip6, tcp, udp
import dns_attacks, http_attacks, tls_attacks

PATTERN = b"abcdefghijklmnopqrstuvwxyz012345"


def backwards(capture, n, flows):
    """Single bytes, the last one first."""
    for _ in range(flows):
        connection = capture.connection(9999)
        for at in reversed(range(n)): connection.segment(0, ACK, PATTERN[at % 32:at % 32 + 1], sequence=connection.next[0] + at)
        connection.segment(1, ACK, acknowledged=connection.next[0] + n)


def every_second_byte(capture, n, flows):
    """As many gaps as bytes, then the bytes between."""
    for _ in range(flows):
        connection = capture.connection(9999)
        for at in (*range(1, n, 2), *range(0, n, 2)): connection.segment(0, ACK, b"x", sequence=connection.next[0] + at)
        connection.segment(1, ACK, acknowledged=connection.next[0] + n)


def shuffled(capture, n, flows):
    for _ in range(flows):
        connection = capture.connection(9999)
        for at in capture.random.sample(range(n), n): connection.segment(0, ACK, b"x", sequence=connection.next[0] + at)
        connection.segment(1, ACK, acknowledged=connection.next[0] + n)


def overlaps(capture, n, flows):
    """Each segment covers those before and differs from them."""
    for _ in range(flows):
        connection = capture.connection(9999)
        for i in range(n): connection.segment(0, ACK, bytes([97 + i % 26]) * (1460 - i % 1400), sequence=connection.next[0] + i)
        connection.segment(1, ACK, acknowledged=connection.next[0] + n)


def repeated(capture, n, flows):
    """One segment again and again, never acknowledged."""
    for _ in range(flows):
        connection = capture.connection(80)
        for _ in range(n): connection.segment(0, ACK, b"GET /")


def far_apart(capture, n, flows):
    """One byte in each of many places of a large window."""
    for _ in range(flows):
        connection = capture.connection(9999)
        for i in range(n): connection.segment(0, ACK, b"x", sequence=connection.next[0] + 2 + i * 4096 % (1 << 22))


def urgent(capture, n, flows):
    for _ in range(flows):
        connection = capture.connection(9999)
        for _ in range(n):
            connection.segment(0, ACK | URG, b"x")
            connection.next[0] += 1
        connection.segment(1, ACK)


def sizes_in_phases(capture, n, flows):
    """n bytes that wait behind holes, in pieces of another size from phase to phase: memory freed for one size is wanted for the next."""
    for size in (1460, 4000, 16000, 64000, 256000):
        connections = [capture.connection(9999) for _ in range(n // size)]
        for connection in connections:
            for at in range(0, size, 1460): connection.segment(0, ACK, b"x" * min(1460, size - at), sequence=connection.next[0] + 1 + at)
        for connection in connections: connection.segment(0, RST)
        capture.wait(120)


def syn_flood(capture, n, flows):
    for _ in range(n):
        client, _ = capture.pair()
        capture.packet(client, address(1, 93), TCP, tcp(client, address(1, 93), 1024 + capture.flows % 60000, 80, 1, 0, SYN))


def syns_with_data(capture, n, flows):
    for _ in range(n):
        client, _ = capture.pair()
        capture.packet(client, address(1, 93), TCP, tcp(client, address(1, 93), 1024 + capture.flows % 60000, 80, 1, 0, SYN, b"GET / HTTP/1.1\r\n"))


def syns_of_one_connection(capture, n, flows):
    """Other sequence numbers for one pair of ports, and answers to each."""
    client, server = capture.pair()
    for i in range(n):
        capture.packet(client, server, TCP, tcp(client, server, 40000, 80, i * 7919, 0, SYN))
        capture.packet(server, client, TCP, tcp(server, client, 80, 40000, i * 104729, i * 7919 + 1, SYN | ACK))


def reused_ports(capture, n, flows):
    """Whole connections of one tuple."""
    client, server = capture.pair()
    for _ in range(n): capture.connection(80, client=client, server=server).close()


def resets(capture, n, flows):
    connection = capture.connection(80)
    for i in range(n): connection.segment(i % 2, RST, sequence=i * 7919)


def options(capture, n, flows):
    """Forty bytes of TCP options and of IP options in every packet."""
    connection = capture.connection(80)
    for i in range(n):
        segment = tcp(*connection.ends, *connection.ports, connection.next[0], connection.next[1], ACK, options=b"\5\x22" + bytes(32) + b"\1" * 6)
        capture.packet(*connection.ends, TCP, segment, options=b"\1" * 39 + b"\0")


def flow_a_packet(capture, n, flows):
    for _ in range(n): capture.datagram(*capture.pair(), 40000, 40001, b"x")


def every_port(capture, n, flows):
    """A datagram each that is no message of the port's protocol."""
    for i in range(n): capture.datagram(*capture.pair(), 40000, 1 + i % 65535, PATTERN)


def every_tcp_port(capture, n, flows):
    for i in range(n): capture.connection(1 + i % 65535).request(PATTERN).close()


def pings(capture, n, flows):
    for i in range(n): capture.packet(*capture.pair(), ICMP, struct.pack("!BBHHH", 8, 0, 0xf7ff - i % 60000, i % 60000, 0))


def unreachable(capture, n, flows):
    """Errors that quote packets of no flow."""
    for _ in range(n):
        client, server = capture.pair()
        quoted = ip(client, server, UDP, udp(client, server, 1, 2, b"x"))
        capture.packet(server, client, ICMP, struct.pack("!BBHI", 3, 3, 0, 0) + quoted)


def chunks(capture, n, flows):
    """SCTP packets of chunks of four bytes."""
    for _ in range(flows): capture.packet(*capture.pair(), SCTP, struct.pack("!HHII", 1, 2, 3, 0) + b"\x0e\0\0\4" * (n // 4))


def broken_headers(capture, n, flows):
    """Random bytes behind an IP header, of every protocol number."""
    for i in range(n): capture.packet(*capture.pair(), i % 256, capture.random.randbytes(40))


def flows_in_tunnels(capture, n, flows):
    """Four levels of GRE, a new flow at each."""
    for i in range(n):
        ends = capture.pair()
        inner = ip(*ends, UDP, udp(*ends, 40000, 40001, b"x"))
        for level in range(4): inner = ip(*ends, GRE, struct.pack("!HH", 0, 0x0800) + inner)
        capture.frame(ethernet() + inner)


def deep_tunnels(capture, n, flows):
    """IP in IP as often as a packet holds."""
    for _ in range(n):
        inner = b""
        for _ in range(70): inner = ip(*((address(1), address(2))), 4, inner)
        capture.frame(ethernet() + inner)


def datagrams_in_tunnels(capture, n, flows):
    """VXLAN in GENEVE in GTP-U in Teredo, by turns."""
    vxlan = lambda inner: (4789, b"\x08\0\0\0\0\0\1\0" + ethernet() + inner)
    geneve = lambda inner: (6081, b"\0\0\x65\x58\0\0\1\0" + ethernet() + inner)
    gtp = lambda inner: (2152, struct.pack("!BBHI", 0x30, 255, len(inner), 1) + inner)
    for i in range(n):
        ends = capture.pair()
        inner = ip(*ends, UDP, udp(*ends, 40000, 53, b"x"))
        for wrap in (vxlan, geneve, gtp, vxlan):
            port, payload = wrap(inner)
            inner = ip(*ends, UDP, udp(*ends, 40000, port, payload))
        capture.frame(ethernet() + inner)


def extension_headers(capture, n, flows):
    """IPv6: chains of empty headers, 180 of them in a packet."""
    for _ in range(n):
        source, target = capture.pair()
        kinds = (0, 60, 43, 60) * 45
        payload = udp(source, target, 40000, 53, b"x")
        for kind, following in reversed(list(zip(kinds, (*kinds[1:], UDP)))): payload = bytes([following, 0, 1, 4, 0, 0, 0, 0]) + payload
        capture.frame(ethernet(0x86dd) + ip6(source, target, kinds[0], payload))


def tags(capture, n, flows):
    """VLAN tags and MPLS labels as many as a frame holds."""
    vlan = ethernet(0x8100) + (b"\0\1\x81\0" * 370)
    mpls = ethernet(0x8847) + b"\0\0\x10\x40" * 370
    for i in range(n): capture.frame((vlan, mpls)[i % 2])


def short_frames(capture, n, flows):
    """Frames that end within each header."""
    inner = ip(address(1), address(2), UDP, bytes(8))
    whole = ethernet(0x8100) + b"\0\1\x08\0" + ip(address(1), address(2), GRE, struct.pack("!HH", 0, 0x0800) + inner)
    for i in range(n): capture.frame(whole[:i % len(whole)])


def time_jumps(capture, n, flows):
    """Flows whose packets come years apart, forward and back."""
    for i in range(n):
        capture.micros = (i % 7) * 600_000_000_000_000
        capture.datagram(*capture.pair(), 40000, 40001, b"x")
    capture.micros = 4_200_000_000_000_000


def tiny_fragments(capture, n, flows):
    """Datagrams in fragments of 8 bytes, the last one first."""
    for _ in range(flows):
        ends = capture.pair()
        capture.fragments(*ends, UDP, udp(*ends, 40000, 53, bytes(n)), 8, reversed)


def fragments_shuffled(capture, n, flows):
    for _ in range(flows):
        ends = capture.pair()
        capture.fragments(*ends, UDP, udp(*ends, 40000, 53, bytes(n)), 8, lambda pieces: capture.random.sample(pieces, len(pieces)))


def fragments_overlapping(capture, n, flows):
    """Each fragment covers the rest of the datagram."""
    for _ in range(flows):
        ends = capture.pair()
        whole = udp(*ends, 40000, 53, bytes(n))
        for at in range(0, len(whole) - 8, 8): capture.packet(*ends, UDP, whole[at:at + 1480], ident=capture.flows, offset=at, more=True)


def fragmented_query(capture, number):
    """For aNUMBER.example, which a sensor that still puts fragments together records."""
    ends = address(number, 11), address(1, 93)
    query = dns_attacks.message([dns_attacks.question(b"\x09asked%04d\x07example\0" % number)], flags=0x0100)
    capture.fragments(*ends, UDP, udp(*ends, 40000, 53, query), 16)


def lone_fragments(capture, n, flows):
    """First fragments of nothing from many sources, and queries in fragments 10, 20 and 30 s later."""
    for i in range(n):
        ends = capture.pair()
        capture.packet(*ends, UDP, udp(*ends, 40000, 53, bytes(16)), ident=i, more=True)
    for number in range(3):
        capture.wait(10)
        fragmented_query(capture, number)


def lone_fragments6(capture, n, flows):
    for i in range(n):
        source, target = capture.pair()
        capture.frame(ethernet(0x86dd) + ip6(source, target, 44, struct.pack("!BBHI", UDP, 0, 1, i) + bytes(16)))
    fragmented_query(capture, 0)


def lone_fragments_of_one(capture, n, flows):
    for i in range(n): capture.packet(address(1), address(2, 93), UDP, bytes(16), ident=i % 65536, more=True, offset=8 * (i // 65536))
    fragmented_query(capture, 0)


def single_bytes(capture, n, flows):
    """The beginnings of all protocols, byte by byte."""
    starts = (http_attacks.GET, b"POST /u HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n", tls_attacks.client_hello(),
              b"\0\x1d" + dns_attacks.message(flags=0x0100),
              b"SSH-2.0-x\r\n", b"EHLO a\r\n", b"\0", b"x", b"\x17\3\3\x40\0", b"\n")
    for _ in range(flows):
        for port, start in zip((80, 80, 443, 53, 22, 25, 445, 9999, 443, 80), starts):
            connection = capture.connection(port)
            data = (start + PATTERN * (n // 32 + 1))[:n]
            for byte in range(n): connection.segment(0, PSH | ACK, data[byte:byte + 1], sequence=connection.next[0] + byte)
            connection.next[0] += n
            connection.segment(1, ACK)


REPLAY_SEED = 0x6c617077696e6721  # that replays once had, whatever they have now


def colliding_flows(capture, n, flows):
    """Flows whose keys fall into a hundredth of a table whose hash is known."""
    library = ctypes.CDLL(ctypes.util.find_library("xxhash") or "libxxhash.so.0")
    xxh3 = library.XXH3_64bits_withSeed
    xxh3.restype, xxh3.argtypes = ctypes.c_uint64, (ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint64)
    client, server = address(1), address(1, 93)
    head, tail = client + bytes(12) + server + bytes(12), bytes(4) + b"\x11\4\0\0"
    limit, found, low = (1 << 32) // 100, 0, 0
    while found < n:
        low += 1
        host = address(1 + (low >> 16))
        key = host + head[4:] + struct.pack("<HH", low & 0xffff, 40000) + tail
        if xxh3(key, 44, REPLAY_SEED) & 0xffffffff >= limit: continue
        capture.datagram(host, server, low & 0xffff, 40000, b"x")
        found += 1
