"""Both ends of dns-odd: `serve PORT` answers each query with the odd answer it names, `ask SERVER` asks BIND and that server.

Every exchange uses a port of its own, so that each is one flow; what BIND answered is asserted.
"""
import socket, struct, sys

PORTS = iter(range(40001, 40100))


def name(text):
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".")) + b"\0"


def question(text, kind=1):
    return name(text) + struct.pack("!HH", kind, 1)


def message(ident, flags, questions, answers=(), additionals=()):
    counts = struct.pack("!HHHHHH", ident, flags, len(questions), len(answers), 0, len(additionals))
    return counts + b"".join(questions) + b"".join(answers) + b"".join(additionals)


def record(owner, kind, data):
    return owner + struct.pack("!HHIH", kind, 1, 60, len(data)) + data


POINTER = b"\xc0\x0c"
LONG = b"".join(b"\x3c" + b"\1" * 60 for _ in range(4)) + b"\0"
ODD = {
    "empty-strings.lab.example": lambda q: ([q], [record(POINTER, 16, b"\0" * 1300)]),
    "strings.lab.example": lambda q: ([q], [record(POINTER, 16, b"\0\1x" * 430)]),
    "long-owner.lab.example": lambda q: ([LONG + b"\0\x10\0\1"], [record(POINTER, 16, b"\0\1x" * 300)]),
    "pointers.lab.example": lambda q: ([LONG + b"\0\1\0\1"], [record(POINTER, 1, bytes([10, 9, i >> 8, i & 255])) for i in range(70)]),
    "same.lab.example": lambda q: ([q], [record(POINTER, 1, b"\x0a\x09\0\1")] * 70),
}


def serve(port):
    listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listening.bind(("", port))
    while True:
        query, peer = listening.recvfrom(65535)
        for asked, make in ODD.items():
            if name(asked) in query:
                listening.sendto(message(query[0] << 8 | query[1], 0x8180, *make(query[12:])), peer)


def datagrams(server, port, messages):
    """What came back, by message; None where nothing did."""
    asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    asking.bind(("", next(PORTS)))
    asking.connect((server, port))
    asking.settimeout(0.5)
    out = []
    for text in messages:
        asking.send(text)
        try: out.append(asking.recv(65535))
        except TimeoutError: out.append(None)
    return out


def stream(server, messages):
    asking = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    asking.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    asking.bind(("", next(PORTS)))
    asking.connect((server, 53))
    asking.settimeout(0.5)
    for text in messages: asking.sendall(struct.pack("!H", len(text)) + text)
    out = b""
    try:
        while more := asking.recv(65535): out += more
    except TimeoutError: pass
    return out


def ask(server):
    hidden = message(2, 0x0100, [question("hidden.lab.example")])
    answered = name("hidden.lab.example") + struct.pack("!HH", 1, 1)
    assert answered in datagrams(server, 53, [message(1, 0x8180, [question("x.lab.example")]), hidden])[1]
    junk = b"J" * 20
    assert answered in datagrams(server, 53, [junk] * 20 + [hidden])[-1]
    assert answered in stream(server, [junk, hidden])
    assert answered in stream(server, [message(1, 0x0100, [question("ns1.lab.example")]), junk, hidden])
    assert datagrams(server, 53, [message(3, 0x0100, [question(f"q{i}.lab.example") for i in range(60)])])[0]
    stream(server, [message(4, 0x0100, [question(f"q{i}.lab.example") for i in range(400)])])
    for asked in ODD:
        assert datagrams(server, 5300, [message(5, 0x0100, [question(asked, 16)])])[0], asked


if __name__ == "__main__":
    serve(int(sys.argv[2])) if sys.argv[1] == "serve" else ask(sys.argv[2])
