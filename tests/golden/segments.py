"""Rewrites a capture so that its TCP payload arrives otherwise, while every byte of every stream stays the same."""
import collections, struct

MODES = ("bytes", "reordered")
PIECES = 3   # into which "reordered" cuts a segment
KEPT = 4000  # single bytes that may wait for their acknowledgement: of more a receiver would lose some, so a segment stays whole


def checksum(data):
    if len(data) % 2: data += b"\0"
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    while total >> 16: total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def read(path):
    data = open(path, "rb").read()
    order = {b"\xd4\xc3\xb2\xa1": "<", b"\x4d\x3c\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">", b"\xa1\xb2\x3c\x4d": ">"}[data[:4]]
    link, at, records = struct.unpack(order + "I", data[20:24])[0], 24, []
    while at + 16 <= len(data):
        seconds, fraction, size, wire = struct.unpack(order + "IIII", data[at:at + 16])
        records.append((seconds, fraction, wire, data[at + 16:at + 16 + size]))
        at += 16 + size
    return data[:24], order, link, records


def tcp_of(frame, link):
    """(offset of IP, IP header length, TCP header length, payload) of an unfragmented TCP packet, or None."""
    at = 14 if link == 1 else 0
    if link == 1:
        kind = struct.unpack(">H", frame[12:14])[0]
        if kind not in (0x0800, 0x86dd): return None
    if len(frame) < at + 40: return None
    if frame[at] >> 4 == 4:
        header, total = (frame[at] & 15) * 4, struct.unpack(">H", frame[at + 2:at + 4])[0]
        if frame[at + 9] != 6 or struct.unpack(">H", frame[at + 6:at + 8])[0] & 0x3fff: return None
    else:
        header, total = 40, 40 + struct.unpack(">H", frame[at + 4:at + 6])[0]
        if frame[at + 6] != 6: return None
    if at + total > len(frame): return None
    tcp = at + header
    size = (frame[tcp + 12] >> 4) * 4
    payload = frame[tcp + size:at + total]
    return at, header, size, payload


class Unacknowledged:
    """Of each sender, where the bytes end that are yet to be acknowledged and come one by one."""

    def __init__(self): self.ends = collections.defaultdict(collections.deque)

    def splits(self, frame, place):
        """Takes note of the packet, and tells whether its payload may come byte by byte."""
        at, header, size, payload = place
        tcp = at + header
        addresses = frame[at + 12:at + 20] if frame[at] >> 4 == 4 else frame[at + 8:at + 40]
        half, sequence, acknowledged = len(addresses) // 2, *struct.unpack(">II", frame[tcp + 4:tcp + 12])
        mine = self.ends[addresses + frame[tcp:tcp + 4]]
        others = self.ends[addresses[half:] + addresses[:half] + frame[tcp + 2:tcp + 4] + frame[tcp:tcp + 2]]
        while others and (acknowledged - others[0]) & 0xffffffff < 1 << 31: others.popleft()
        fits = len(mine) + len(payload) <= KEPT
        if fits: mine.extend((sequence + i + 1) & 0xffffffff for i in range(len(payload)))
        return fits


def piece(frame, place, start, end, last):
    at, header, size, payload = place
    ip, tcp = bytearray(frame[at:at + header]), bytearray(frame[at + header:at + header + size])
    data = payload[start:end]
    sequence = (struct.unpack(">I", tcp[4:8])[0] + start) & 0xffffffff
    tcp[4:8] = struct.pack(">I", sequence)
    if not last: tcp[13] &= ~0x09  # FIN and PSH belong to the last piece
    tcp[16:18] = b"\0\0"
    if ip[0] >> 4 == 4:
        ip[2:4] = struct.pack(">H", header + size + len(data))
        ip[10:12] = b"\0\0"
        ip[10:12] = struct.pack(">H", checksum(bytes(ip)))
        pseudo = bytes(ip[12:20]) + struct.pack(">HH", 6, size + len(data))
    else:
        ip[4:6] = struct.pack(">H", size + len(data))
        pseudo = bytes(ip[8:40]) + struct.pack(">II", size + len(data), 6)
    tcp[16:18] = struct.pack(">H", checksum(pseudo + bytes(tcp) + data))
    return frame[:at] + bytes(ip) + bytes(tcp) + data


def rewrite(source, target, mode):
    head, order, link, records = read(source)
    waiting = Unacknowledged()
    with open(target, "wb") as out:
        out.write(head)
        for seconds, fraction, wire, frame in records:
            place = tcp_of(frame, link)
            frames = [frame]
            if place and (mode != "bytes" or waiting.splits(frame, place)):
                length = len(place[3])
                syn = frame[place[0] + place[1] + 13] & 2
                step = 1 if mode == "bytes" else max(1, -(-length // PIECES))
                cuts = list(range(0, length, step))
                if not syn and len(cuts) > 1:
                    frames = [piece(frame, place, c, min(c + step, length), c == cuts[-1]) for c in cuts]
                    # The piece that carries FIN stays last: a stream must not end before its bytes.
                    if mode == "reordered": frames = frames[1:-1] + frames[:1] + frames[:1] + frames[-1:]
            for data in frames:
                out.write(struct.pack(order + "IIII", seconds, fraction, len(data), max(len(data), wire if data is frame else 0)) + data)
