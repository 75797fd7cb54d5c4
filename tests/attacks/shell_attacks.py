"""SSH and telnet: what never ends, exchanges of many names, and messages and logins that are tiny."""
import struct

BANNER = b"SSH-2.0-x\r\n"
KEX_INIT, KEX_REPLY, IGNORE, NEW_KEYS = 20, 31, 2, 21
IAC, NOP, SB, SE, WILL, TERMINAL_TYPE = b"\xff", b"\xf1", b"\xfa", b"\xf0", b"\xfb", b"\x18"


def sized(data): return struct.pack("!I", len(data)) + data
def record(kind, payload=b""): return struct.pack("!IBB", 6 + len(payload), 4, kind) + payload + bytes(4)
def kex_init(names): return record(KEX_INIT, b"c" * 16 + sized(names) * 8 + sized(b"") * 2 + bytes(5))


def ssh(capture, flows, client=b"", server=b"", **words):
    for _ in range(flows):
        connection = capture.connection(22)
        if server: connection.respond(server, **words)
        if client: connection.request(client, **words)
        connection.close()


def endless_banner(capture, n, flows): ssh(capture, flows, BANNER[:-2] + b"x" * n, BANNER, answer_each=True)
def endless_greeting(capture, n, flows):
    for _ in range(flows): capture.connection(22).request(BANNER).respond(b"x" * n, answer_each=True).close()
def endless_record(capture, n, flows): ssh(capture, flows, BANNER, BANNER + struct.pack("!IBB", 1 << 18, 4, KEX_INIT) + b"x" * n)
def names(capture, n, flows):
    """Each of a letter or two, and none in common: both sides' lists are gone through to their ends."""
    lists = [b",".join(b"%c%x" % (first, i) for i in range(n // 40)) for first in b"xy"]
    ssh(capture, flows, BANNER + kex_init(lists[0]), BANNER + kex_init(lists[1]))


def tiny_records(capture, n, flows): ssh(capture, flows, BANNER + record(IGNORE) * n, BANNER)
def no_keys(capture, n, flows): ssh(capture, flows, BANNER, BANNER + record(KEX_REPLY, sized(b"")) * n)


def turns(capture, n, flows):
    """Encrypted bytes, one of each side in turn: none tells how the login ends."""
    for _ in range(flows):
        connection = capture.connection(22)
        for say in (connection.respond, connection.request): say(BANNER + kex_init(b"x") + record(NEW_KEYS))
        for _ in range(n): connection.request(b"x").respond(b"y")
        connection.close()


def telnet(capture, flows, client):
    for _ in range(flows): capture.connection(23).respond(IAC + WILL + b"\1").request(client, answer_each=True).close()


def endless_subnegotiation(capture, n, flows): telnet(capture, flows, IAC + SB + TERMINAL_TYPE + b"x" * n)
def nested_subnegotiations(capture, n, flows): telnet(capture, flows, (IAC + SB + TERMINAL_TYPE) * n)
def environments(capture, n, flows): telnet(capture, flows, (IAC + SB + b"\x27" + bytes(1000) + IAC + SE) * n)
def commands(capture, n, flows): telnet(capture, flows, (IAC + NOP) * n)


def logins(capture, n, flows):
    """Attempts of a few bytes, each with a record that tells of all options and of a terminal that JSON writes at length."""
    for _ in range(flows):
        connection = capture.connection(23)
        connection.request(b"".join(IAC + WILL + bytes([option]) for option in range(255)) + IAC + SB + TERMINAL_TYPE + b"\0" + b"\1" * 256 + IAC + SE)
        for _ in range(n): connection.respond(b"user:").request(b"a\r").respond(b"password:").request(b"\r")
        connection.close()
