"""HTTP: bodies, encodings, framing, headers and transactions that cost more than they bring.

Each generator writes to a capture; `n` is the size of the one thing that might be searched anew, `flows` how often it comes.
"""
import gzip, zlib

HOST = b"Host: a.example\r\n"
GET = b"GET / HTTP/1.1\r\n" + HOST + b"\r\n"
EMPTY = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def filled(unit, n): return (unit * (n // len(unit) + 1))[:n]


def post(capture, body, headers=b""):
    connection = capture.connection(80)
    connection.request(b"POST /u HTTP/1.1\r\n" + HOST + headers + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    connection.respond(EMPTY).close()


def page(capture, body, headers=b"", request=GET, **words):
    connection = capture.connection(80)
    connection.request(request)
    connection.respond(b"HTTP/1.1 200 OK\r\n" + headers + b"Content-Length: %d\r\n\r\n" % len(body) + body, **words).close()


def upload(capture, body, boundary=b"b", headers=b""):
    post(capture, body, b"Content-Type: multipart/form-data; boundary=" + boundary + b"\r\n" + headers)


def delimiters(capture, n, flows):
    for _ in range(flows): upload(capture, filled(b"--b\r\r\r\r\n", n))


def delimiters_in_gzip(capture, n, flows):
    body = gzip.compress(filled(b"--b\r\n", n), mtime=0)
    for _ in range(flows): upload(capture, body, headers=b"Content-Encoding: gzip\r\n")


def delimiters_bytewise(capture, n, flows):
    for _ in range(flows):
        connection = capture.connection(80)
        connection.request(b"POST /u HTTP/1.1\r\n" + HOST + b"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: %d\r\n\r\n" % n)
        connection.request(filled(b"--b\r\nA: b\r\n", n), size=1, answer_each=True).respond(EMPTY).close()


def near_delimiters(capture, n, flows):
    """A boundary that the body nearly repeats at every byte."""
    boundary = b"-" * 69 + b"b"
    for _ in range(flows): upload(capture, b"--" + boundary + b"\r\n\r\n" + b"-" * n, boundary)


def parts(capture, n, flows):
    unit = b'--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\nx\r\n'
    for _ in range(flows): upload(capture, filled(unit, n))


def part_headers(capture, n, flows):
    """One part whose headers never end."""
    for _ in range(flows): upload(capture, b"--b\r\n" + filled(b"A: b\r\n", n))


def bomb(n, layers=1):
    """`n` zeros, whole MiB, under layers of gzip; the outer ones by the fastest method, so that something of their size is left."""
    packer, block = zlib.compressobj(9, zlib.DEFLATED, 31), bytes(1 << 20)
    data = b"".join(packer.compress(block) for _ in range(n >> 20)) + packer.flush()
    for _ in range(layers - 1):
        packer = zlib.compressobj(1, zlib.DEFLATED, 31, 1, zlib.Z_HUFFMAN_ONLY)
        data = packer.compress(data) + packer.flush()
    return data


def gzip_bomb(capture, n, flows, layers=1):
    data = bomb(n, layers)
    encoding = b"Content-Encoding: " + b", ".join([b"gzip"] * layers) + b"\r\n"
    for _ in range(flows): page(capture, data, encoding)


def gzip_bomb_in_gzip(capture, n, flows): gzip_bomb(capture, n, flows, 2)


def gzip_bomb_in_post(capture, n, flows):
    data = bomb(n)
    for _ in range(flows): post(capture, data, b"Content-Encoding: gzip\r\n")


def small_gzip_bombs(capture, n, flows):
    """As much as one flow of a few packets can inflate."""
    data = zlib.compressobj(9, zlib.DEFLATED, 31)
    body = data.compress(bytes(n)) + data.flush()
    for _ in range(flows): page(capture, body, b"Content-Encoding: gzip\r\n")


def gzip_members(capture, n, flows):
    """Empty gzip files one after the other: nothing comes out, a stream begins anew each 20 bytes."""
    for _ in range(flows): page(capture, filled(gzip.compress(b"", mtime=0), n), b"Content-Encoding: gzip\r\n")


def empty_deflate_blocks(capture, n, flows):
    """RFC 1951, 3.2.4: stored blocks of nothing."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = packer.compress(b"a") + packer.flush(zlib.Z_FULL_FLUSH)
    for _ in range(flows): page(capture, block + filled(b"\0\0\0\xff\xff", n), b"Content-Encoding: gzip\r\n")


def encodings(capture, n, flows):
    """More encodings than anybody undoes."""
    for _ in range(flows): page(capture, gzip.compress(b"x" * 100, mtime=0), b"Content-Encoding: " + b"gzip, " * (n // 6) + b"gzip\r\n")


def junk_lines(capture, n, flows):
    """What no status line begins, byte by byte: whoever looks at all held lines for each byte is lost."""
    junk = filled(b"x\n", n)
    for _ in range(flows):
        connection = capture.connection(80).request(GET)
        connection.respond(junk, size=1, answer_each=True).close()


def folded_response(capture, n, flows):
    """One header that goes on from line to line, byte by byte."""
    for _ in range(flows):
        connection = capture.connection(80).request(GET).respond(b"HTTP/1.1 200 OK\r\nA: b\r\n")
        connection.respond(filled(b" b\r\n", n), size=1, answer_each=True).close()


def folded_request(capture, n, flows):
    for _ in range(flows):
        connection = capture.connection(80).request(b"GET / HTTP/1.1\r\n" + HOST + b"A: b\r\n" + filled(b" b\r\n", n) + b"\r\n")
        connection.respond(EMPTY).close()


def slow_request_line(capture, n, flows):
    for _ in range(flows):
        connection = capture.connection(80).request(b"GET /" + filled(b"a", n), size=1, answer_each=True)
        connection.request(b" HTTP/1.1\r\n\r\n").respond(EMPTY).close()


def blank_lines(capture, n, flows):
    for _ in range(flows): capture.connection(80).request(GET + filled(b"\r\n", n) + GET).respond(EMPTY).close()


def open_transactions(capture, n, flows):
    """Requests that nobody answers, as many as a flow may hold open."""
    for _ in range(flows): capture.connection(80).request(b"GET / HTTP\r\n\r\n" * n)


def pipelined(capture, n, flows):
    for _ in range(flows): capture.connection(80).request(GET * n).respond(EMPTY * n).close()


def kept_alive(capture, n, flows):
    """Each request when the one before has its answer, thousands in one connection."""
    for _ in range(flows):
        connection = capture.connection(80)
        for _ in range(n): connection.request(GET).respond(EMPTY)
        connection.close()


def answers_without_question(capture, n, flows):
    for _ in range(flows): capture.connection(80).request(GET).respond(EMPTY * n).close()


def interim_responses(capture, n, flows):
    for _ in range(flows): capture.connection(80).request(GET).respond(b"HTTP/1.1 100 Continue\r\n\r\n" * n + EMPTY).close()


def many_headers(capture, n, flows):
    lines = b"".join(b"h%d: x\r\n" % i for i in range(n))
    for _ in range(flows):
        connection = capture.connection(80).request(b"GET / HTTP/1.1\r\n" + HOST + lines + b"\r\n")
        connection.respond(b"HTTP/1.1 200 OK\r\n" + lines + b"Content-Length: 0\r\n\r\n").close()


def headers_bytewise(capture, n, flows):
    for _ in range(flows):
        connection = capture.connection(80).request(b"GET / HTTP/1.1\r\n" + HOST)
        connection.request(filled(b"A: b\r\n", n) + b"\r\n", size=1, answer_each=True).respond(EMPTY).close()


def repeated_headers(capture, n, flows):
    """One name again and again: values that are joined grow."""
    for _ in range(flows):
        connection = capture.connection(80).request(b"GET / HTTP/1.1\r\n" + HOST + b"A: b\r\n" * n + b"\r\n")
        connection.respond(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * n + b"Content-Length: 0\r\n\r\n").close()


def cookies(capture, n, flows):
    for _ in range(flows):
        connection = capture.connection(80).request(b"GET / HTTP/1.1\r\n" + HOST + b"Cookie: " + filled(b"a=b; ", n) + b"\r\n\r\n")
        connection.respond(EMPTY).close()


def encoded_path(capture, n, flows):
    """Every byte of the path must be undone, then the path shortened from its end."""
    path = filled(b"%2e%2e/%2e/a/", n)
    for _ in range(flows): page(capture, b"x", request=b"GET /" + path + b" HTTP/1.1\r\n" + HOST + b"\r\n")


def tiny_chunks(capture, n, flows):
    for _ in range(flows):
        connection = capture.connection(80).request(GET)
        connection.respond(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * n + b"0\r\n\r\n").close()


def tiny_chunks_of_gzip(capture, n, flows):
    data = zlib.compressobj(9, zlib.DEFLATED, 31)
    body = data.compress(capture.random.randbytes(n)) + data.flush()
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body)
    for _ in range(flows):
        connection = capture.connection(80).request(GET)
        connection.respond(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n").close()


def chunk_extensions(capture, n, flows):
    for _ in range(flows):
        connection = capture.connection(80).request(GET)
        connection.respond(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1;" + b"a" * n + b"\r\nx\r\n0\r\n\r\n", size=8).close()


def small_files(capture, n, flows):
    """A file a response: each is opened, hashed, recorded."""
    response = b'HTTP/1.1 200 OK\r\nContent-Disposition: attachment; filename="a"\r\nContent-Length: 1\r\n\r\nx'
    for _ in range(flows): capture.connection(80).request(GET * n).respond(response * n).close()


def ranges(capture, n, flows):
    response = b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-0/100000\r\nContent-Length: 1\r\n\r\nx"
    for _ in range(flows): capture.connection(80).request(GET * n).respond(response * n).close()
