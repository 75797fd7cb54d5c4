"""IMAP: literals, responses and messages that cost more than they bring.

Each generator writes to a capture; `n` is the size of the one thing that might be searched anew, `flows` how often it comes.
"""
GREETING = b"* OK ready\r\n"


def filled(unit, n): return unit * (n // len(unit) + 1)


def session(capture, command=b"a FETCH 1:* BODY[]\r\n", answer=b""):
    connection = capture.connection(143)
    connection.respond(GREETING)
    connection.request(command)
    if answer: connection.respond(answer)
    connection.close()


def tiny_literals(capture, n, flows):
    """A command of literals without bytes."""
    for _ in range(flows): session(capture, b"a SEARCH " + filled(b"{0+}\r\n", n))


def tiny_sections(capture, n, flows):
    """A response of parts of a byte."""
    for _ in range(flows): session(capture, answer=b"* 1 FETCH (" + filled(b" BODY[1] {1}\r\nx", n))


def tiny_messages(capture, n, flows):
    for _ in range(flows): session(capture, answer=filled(b"* 1 FETCH (BODY[] {3}\r\n\r\nx)\r\n", n))


def structures(capture, n, flows):
    """Structures nested as deep as a line goes, and asked for in each part."""
    unit = b"* 1 FETCH (BODYSTRUCTURE " + b"(" * 4000 + b" BODY[1] {1}\r\nx)\r\n"
    for _ in range(flows): session(capture, answer=filled(unit, n))


def unanswered(capture, n, flows):
    for _ in range(flows): session(capture, b"".join(b"%d NOOP\r\n" % i for i in range(n)))


def one_line(capture, n, flows):
    for _ in range(flows): session(capture, answer=b"* 1 FETCH (ENVELOPE (" + b"{1" * (n // 2))
