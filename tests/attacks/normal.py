"""What attacks are measured by: people at their browsers, with the names they look up."""
import gzip

import dns_attacks

WORDS = b"the quick brown fox jumps over the lazy dog and writes a page of text about it which nobody reads to its end ".split()


def normal(capture, n, flows):
    """n bytes of it."""
    random, page = capture.random, 0
    while capture.size < n:
        page += 1
        client, server = capture.pair()
        name = b"\3www\x08site%04d\x07example\0" % (page % 1000)
        asked = dns_attacks.question(name)
        capture.datagram(client, b"\x0a\xff\0\1", 1024 + page % 60000, 53, dns_attacks.message([asked], ident=page & 0xffff, flags=0x0100))
        capture.datagram(b"\x0a\xff\0\1", client, 53, 1024 + page % 60000,
                         dns_attacks.message([asked], [dns_attacks.record(dns_attacks.POINTER, 1, server)], ident=page & 0xffff))
        connection = capture.connection(80, client=client, server=server, client_port=1024 + page % 60000)
        request = (b"GET /p/%d HTTP/1.1\r\nHost: www.site%04d.example\r\n" % (page, page % 1000) +
                   b"User-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept: */*\r\n\r\n")
        body = b" ".join(random.choices(WORDS, k=random.randrange(400, 8000)))
        encoding = b""
        if page % 4 == 0: body, encoding = gzip.compress(body, 6, mtime=0), b"Content-Encoding: gzip\r\n"
        connection.request(request)
        headers = b"Server: nginx\r\nContent-Type: text/html\r\n" + encoding + b"Content-Length: %d\r\n" % len(body)
        connection.respond(b"HTTP/1.1 200 OK\r\n" + headers + b"\r\n" + body).close()


def nothing(capture, n, flows):
    """One packet: what the start and the end of a run cost."""
    capture.datagram(*capture.pair(), 40000, 40001, b"x")
