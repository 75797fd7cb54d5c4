"""What packets/record.sh has a side do: ports ADDRESS..., groups OWN_ADDRESS or routers INTERFACE."""
import socket, struct, sys, time

SOURCES = "10.9.0.1", "10.9.0.77"


def ports(addresses):
    for address in addresses:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as s: s.sendto(b"anybody there?", (address, 7))
        time.sleep(0.2)


def groups(own):
    """Any source of one group, two sources of another; the kernel reports, and leaves."""
    packed = socket.inet_aton
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, packed("239.9.0.1") + packed(own))
        for source in SOURCES:
            s.setsockopt(socket.IPPROTO_IP, 39, packed("239.9.0.2") + packed(own) + packed(source))  # IP_ADD_SOURCE_MEMBERSHIP
        time.sleep(1.2)
    time.sleep(1.2)


def routers(interface):
    """A router's advertisement with a prefix, an MTU and a DNS server; the kernel sets the checksum."""
    with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as s:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, socket.if_nametoindex(interface))
        packed = lambda address: socket.inet_pton(socket.AF_INET6, address)
        advertisement = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0xC0, 1800, 0, 0)
        prefix = struct.pack("!BBBBIII", 3, 4, 64, 0xC0, 86400, 14400, 0) + packed("fd00:9:1::")
        mtu, servers = struct.pack("!BBHI", 5, 1, 0, 1400), struct.pack("!BBHI", 25, 3, 0, 600) + packed("fd00:9::1")
        s.sendto(advertisement + prefix + mtu + servers, ("ff02::1", 0))


{"ports": ports, "groups": lambda names: groups(*names), "routers": lambda names: routers(*names)}[sys.argv[1]](sys.argv[2:])
