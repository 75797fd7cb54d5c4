"""SMTP and MIME: sessions, texts and parts within each other that cost more than they bring.

Each generator writes to a capture; `n` is the size of the one thing that might be searched anew, `flows` how often it comes.
"""
GREETING, OK, GO = b"220 mx.example ESMTP\r\n", b"250 ok\r\n", b"354 go\r\n"
WINDOW = 60000
ENVELOPE = b"MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\n"


def filled(unit, n): return (unit * (n // len(unit) + 1))[:n]


def say(connection, data):
    """A window at a time, so that all of it is acknowledged."""
    for at in range(0, len(data), WINDOW): connection.request(data[at:at + WINDOW])
    return connection


def session(capture):
    return capture.connection(25).respond(GREETING).request(b"EHLO c.example\r\n").respond(OK)


def mail(capture, text):
    connection = session(capture).request(ENVELOPE).respond(OK * 2).request(b"DATA\r\n").respond(GO)
    say(connection, text + b"\r\n.\r\n").respond(b"250 queued\r\n").close()


def one_line(capture, n, flows):
    for _ in range(flows): mail(capture, b"Subject: x\r\n\r\n" + filled(b"x", n))


def nested(capture, n, flows):
    """`n` multiparts, each within the one before."""
    for _ in range(flows):
        mail(capture, b"".join(b"Content-Type: multipart/mixed; boundary=%05d\r\n\r\n--%05d\r\n" % (i, i) for i in range(n)))


def near_delimiters(capture, n, flows):
    """As many open boundaries as are kept, of which every line has nearly all."""
    boundaries = [b"-" * 250 + b"%03d" % i for i in range(32)]
    head = b"".join(b"Content-Type: multipart/mixed; boundary=" + b + b"\r\n\r\n--" + b + b"\r\n" for b in boundaries)
    for _ in range(flows): mail(capture, head + b"\r\n" + filled(b"-" * 254 + b"\r\n", n))


def parts(capture, n, flows):
    head = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    for _ in range(flows): mail(capture, head + filled(b"--b\r\nContent-Disposition: attachment\r\n\r\nx\r\n", n))


def named_parts(capture, n, flows):
    """The record of each file shows the names of all."""
    head = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    for _ in range(flows):
        mail(capture, head + b"".join(b"--b\r\nContent-Disposition: attachment; filename=%0250d\r\n\r\nx\r\n" % i for i in range(n)))


def messages(capture, n, flows):
    """Messages within messages, with names."""
    for _ in range(flows): mail(capture, filled(b"Content-Type: message/rfc822; name=m\r\n\r\n", n))


def headers(capture, n, flows):
    for _ in range(flows): mail(capture, filled(b"To: =?a?x?\r\n", n))


def folding(capture, n, flows):
    for _ in range(flows): mail(capture, b"To: x\r\n" + filled(b" y\r\n", n))


def sections(capture, n, flows):
    """Names in pieces (RFC 2231)."""
    head = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    name = b"--b\r\nContent-Disposition: attachment" + b"".join(b";filename*%d=x" % i for i in reversed(range(120))) + b"\r\n\r\n"
    for _ in range(flows): mail(capture, head + filled(name, n))


def tiny_lines(capture, n, flows):
    head = b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    for _ in range(flows): mail(capture, head + filled(b"QQ\r\n", n))


def links(capture, n, flows):
    for _ in range(flows): mail(capture, b"\r\n" + filled(b"http://x ::::::: ", n))


def recipients(capture, n, flows):
    """Nobody waits for an answer."""
    for _ in range(flows):
        connection = session(capture).request(b"MAIL FROM:<a@b>\r\n").respond(OK)
        say(connection, filled(b"RCPT TO:<a@b>\r\n", 15 * n)).respond(OK * n).close()


def resets(capture, n, flows):
    for _ in range(flows): say(session(capture), filled(b"MAIL FROM:<a@b>\r\nRSET\r\n", 23 * n)).respond(OK * (2 * n)).close()


def empty_chunks(capture, n, flows):
    for _ in range(flows):
        say(session(capture), ENVELOPE + b"BDAT 0\r\n" * n + b"BDAT 0 LAST\r\n").respond(OK * (n + 3)).close()


def endless_chunk(capture, n, flows):
    for _ in range(flows): say(session(capture), ENVELOPE + b"BDAT 9223372036854775808 LAST\r\n" + filled(b"x\r\n", n)).respond(OK * 2).close()


def pipelined(capture, n, flows):
    """Mails whose every DATA waits for its answer, which all come at once."""
    for _ in range(flows):
        connection = say(session(capture), (ENVELOPE + b"DATA\r\nx\r\n.\r\n") * n)
        connection.respond((OK * 2 + GO + OK) * n).close()


def logins(capture, n, flows):
    for _ in range(flows): say(session(capture), b"AUTH PLAIN AGEAYg==\r\n" * n).respond(b"535 no\r\n" * n).close()
