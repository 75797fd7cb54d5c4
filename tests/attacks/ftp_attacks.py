"""FTP and TFTP: data connections announced and never made, lines without end, names that records repeat, requests."""
import struct

GREETING = b"220 FTP server ready\r\n"


def session(capture): return capture.connection(21).respond(GREETING)


def said(commands, replies=None):
    """n times, all at once or with the replies behind each packet full of commands."""
    def make(capture, n, flows):
        for _ in range(flows):
            connection = session(capture)
            if replies is None:
                connection.request(commands * n)
                continue
            each = max(1, 1400 // len(commands))
            for at in range(0, n, each):
                count = min(each, n - at)
                connection.request(commands * count).respond(replies * count)
    return make


def announced(announce, take, reply):
    """Each command with a port of its own: a flow that may come for half a minute."""
    def make(capture, n, flows):
        for _ in range(flows):
            connection = session(capture)
            for at in range(0, n, 40):
                ports = [at + i & 0xffff for i in range(min(40, n - at))]
                connection.request(b"".join(announce(port) + take for port in ports))
                connection.respond(b"".join(reply(port) + b"425 nobody came\r\n" for port in ports))
    return make


def numbers(port): return b"10,0,0,1,%d,%d" % (port >> 8, port & 255)


active = announced(lambda port: b"PORT " + numbers(port) + b"\r\n", b"RETR a\r\n", lambda port: b"200 ok\r\n")
passive = announced(lambda port: b"PASV\r\n", b"STOR a\r\n", lambda port: b"227 go (" + numbers(port) + b")\r\n")
unanswered = said(b"NOOP\r\n")
answered = said(b"NOOP\r\n", b"200 ok\r\n")
users = said(b"USER " + b"u" * 200 + b"\r\n", b"331 go on\r\n")


def endless_command(capture, n, flows):
    for _ in range(flows): session(capture).request(b"STOR " + b"x" * n)


def endless_reply(capture, n, flows):
    for _ in range(flows): session(capture).request(b"FEAT\r\n").respond(b"211-" + b"y\n" * (n // 2))


def interim(capture, n, flows):
    """RFC 959 4.2: replies after which there is another."""
    for _ in range(flows): session(capture).request(b"LIST\r\n").respond(b"150 a\r\n" * n)


def repeated_names(capture, n, flows):
    """A user and a directory of control characters, which each later record has to write six bytes long."""
    for _ in range(flows):
        connection = session(capture).request(b"USER " + b"\1" * 256 + b"\r\nPWD\r\n")
        connection.respond(b'331 go on\r\n257 "/' + b"\1" * 1000 + b'"\r\n')
        for at in range(0, n, 200): connection.request(b"NOOP\r\n" * min(200, n - at)).respond(b"200 ok\r\n" * min(200, n - at))


def requests(capture, n, flows):
    """TFTP: of other names, all from one port."""
    for _ in range(flows):
        client, server = capture.pair()
        for i in range(n): capture.datagram(client, server, 1069, 69, b"\0\1%d\0octet\0" % i)


def blocks(capture, n, flows):
    """TFTP: a file of n blocks, of which every second comes first."""
    for _ in range(flows):
        client, server = capture.pair()
        capture.datagram(client, server, 1069, 69, b"\0\1a\0octet\0blksize\0" + b"8\0")
        capture.datagram(server, client, 2069, 1069, b"\0\6blksize\0" + b"8\0")
        for i in range(0, n - 1, 2):
            for number in (i + 2, i + 1): capture.datagram(server, client, 2069, 1069, struct.pack("!HH", 3, number & 0xffff) + b"01234567")
