"""Asks everybody for names, as hosts do that no resolver could help. Usage: ask.py ADDRESS llmnr|mdns NAME..."""
import socket, struct, sys, time

address, service, names = sys.argv[1], sys.argv[2], sys.argv[3:]
group, port = {"llmnr": ("224.0.0.252", 5355), "mdns": ("224.0.0.251", 5353)}[service]
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
sock.bind((address, port if service == "mdns" else 0))
for number, name in enumerate(names, 1):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
    for kind in 1, 28:
        ident = 0 if service == "mdns" else number << 8 | kind
        sock.sendto(struct.pack(">HHHHHH", ident, 0, 1, 0, 0, 0) + labels + struct.pack(">HH", kind, 1), (group, port))
    time.sleep(1)
