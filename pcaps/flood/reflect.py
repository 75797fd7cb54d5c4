#!/usr/bin/env python3
"""reflect.py TARGET: answers of NTP and DNS servers that TARGET never asked, 300 a second for four seconds."""
import socket, struct, sys, time

def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16: total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF

target = socket.inet_aton(sys.argv[1])
with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as out:
    begin = time.monotonic()
    for i in range(1300):
        source = bytes((198, 51, 100, 1 + i % 40))
        body = b"\xd7\x00\x03\x2a\x00\x01\x00\x1c" + bytes(28)  # mode 7, MON_GETLIST_1
        udp = struct.pack("!HHHH", 123, 20000 + i, 8 + len(body), 0) + body
        head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), i, 0, 60, 17, 0) + source + target
        head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
        out.sendto(head + udp, (sys.argv[1], 0))
        time.sleep(max(0.0, begin + i / 300 - time.monotonic()))
