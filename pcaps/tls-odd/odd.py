"""Both ends of tls-odd: `serve STEM` is a server of plain text (993) and one that leaves TLS for it (8443); `ask SERVER` is the client.

Every exchange uses a port of its own; that OpenSSL answered each hello is asserted.
"""
import socket, ssl, struct, sys, threading

PORTS = iter(range(40001, 40100))
HANDSHAKE, DATA, CHANGE = 22, 23, 20


def record(kind, payload, version=0x0301):
    return struct.pack("!BHH", kind, version, len(payload)) + payload


class Client:
    """OpenSSL's client, whose bytes pass through our hands."""

    def __init__(self, server_name):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname=server_name)

    def step(self, received=b""):
        if received: self.incoming.write(received)
        try: self.tls.do_handshake()
        except ssl.SSLWantReadError: pass
        return self.outgoing.read()


def connect(server, port):
    out = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    out.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    out.bind(("", next(PORTS)))
    out.connect((server, port))
    out.settimeout(1)
    return out


def is_hello(received):
    return received[:1] == b"\x16" and received[5:6] == b"\2"


def shapes(hello):
    for version in (0x0300, 0x0305, 0x03FF): yield record(HANDSHAKE, hello, version)
    yield record(HANDSHAKE, b"") * 32 + record(HANDSHAKE, hello)
    yield record(CHANGE, b"") + record(HANDSHAKE, hello)
    yield record(HANDSHAKE, hello[:1]) + record(HANDSHAKE, hello[1:])
    yield b"".join(record(HANDSHAKE, hello[i : i + 1]) for i in range(len(hello)))
    yield b"".join(record(HANDSHAKE, part) + record(HANDSHAKE, b"") for part in (hello[:50], hello[50:100], hello[100:]))


def ask(server):
    for number in range(8):
        hello = Client(f"hidden{number}.lab.example").step()[5:]
        with connect(server, 443) as peer:
            peer.sendall(list(shapes(hello))[number])
            assert is_hello(peer.recv(4096)), number
    # The client sends a share of another group than this server wants, and is asked to retry.
    client = Client("first0.lab.example")
    with connect(server, 853) as peer:
        peer.sendall(client.step())
        second = client.step(peer.recv(4096)).replace(b"first0.lab.example", b"hidden.lab.example")
        assert b"hidden.lab.example" in second
        peer.sendall(second)
        assert is_hello(peer.recv(4096))
    with connect(server, 993) as peer:
        peer.sendall(record(DATA, b"abcd", 0x0303) + b"HIDDEN IN THE CLEAR\r\n")
        assert peer.recv(100)
    client = Client("shop.lab.example")
    with connect(server, 8443) as peer:
        peer.sendall(client.step())
        peer.sendall(client.step(peer.recv(8192)) + record(DATA, b"whatever it is", 0x0303))
        peer.sendall(b"HIDDEN BEHIND A HANDSHAKE\r\n")
        assert peer.recv(100)


def plain(peer, _):
    peer.recv(100)
    peer.sendall(b"TAKEN\r\n")


def leaving(peer, stem):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(stem + ".crt", stem + ".key")
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_side=True)
    incoming.write(peer.recv(4096))
    try: tls.do_handshake()
    except ssl.SSLWantReadError: peer.sendall(outgoing.read())
    received = b""
    while b"HANDSHAKE\r\n" not in received: received += peer.recv(4096)
    peer.sendall(b"TAKEN\r\n")


def serve(stem):
    def listen(port, talk):
        with socket.create_server(("", port)) as listening:
            while True:
                with listening.accept()[0] as peer: talk(peer, stem)

    threading.Thread(target=listen, args=(993, plain)).start()
    listen(8443, leaving)


if __name__ == "__main__":
    serve(sys.argv[2]) if sys.argv[1] == "serve" else ask(sys.argv[2])
