"""POP3: commands, replies and messages that cost more than they bring.

Each generator writes to a capture; `n` is the size of the one thing that might be searched anew, `flows` how often it comes.
"""
GREETING = b"+OK POP3 server ready\r\n"


def filled(unit, n): return (unit * (n // len(unit) + 1))[:n]


def session(capture): return capture.connection(110).respond(GREETING)


def fetched(capture, text, **words):
    session(capture).request(b"RETR 1\r\n").respond(b"+OK\r\n" + text + b"\r\n.\r\n", **words).close()


def commands(capture, n, flows):
    """Commands that nobody answers."""
    for _ in range(flows): session(capture).request(filled(b"NOOP\r\n", n)).close()


def pipelined(capture, n, flows):
    """Commands whose answers come together."""
    for _ in range(flows): session(capture).request(b"NOOP\r\n" * n).respond(b"+OK\r\n" * n).close()


def replies(capture, n, flows):
    """Answers that nobody asked for."""
    for _ in range(flows): session(capture).respond(filled(b"+OK\r\n", n)).close()


def junk(capture, n, flows):
    for _ in range(flows): session(capture).respond(filled(b"-ERR\r\n?\r\n", n)).close()


def one_line(capture, n, flows):
    for _ in range(flows): fetched(capture, b"Subject: a\r\n\r\n" + b"x" * n, answer_each=True)


def dots(capture, n, flows):
    for _ in range(flows): fetched(capture, b"Subject: a\r\n\r\n" + filled(b"..\r\n", n), answer_each=True)


def dots_bytewise(capture, n, flows):
    for _ in range(flows): fetched(capture, b"Subject: a\r\n\r\n" + filled(b"..\r\n", n), size=1, answer_each=True)


def messages(capture, n, flows):
    """The smallest messages that there are."""
    for _ in range(flows): session(capture).respond(b"+OK\r\n+OK in\r\n" + b"+OK\r\nTo: a\r\n\r\n.\r\n" * n, answer_each=True).close()


def listing(capture, n, flows):
    for _ in range(flows): session(capture).request(b"LIST\r\n").respond(b"+OK\r\n" + filled(b"1 9\r\n", n) + b".\r\n", answer_each=True).close()
