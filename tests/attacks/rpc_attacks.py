"""ONC RPC and NFS: calls and handles without end, fragments of a byte, compounds of many operations, lengths that lie."""
import struct

NFS = 100003


def word(value): return struct.pack("!I", value & 0xffffffff)


def text(data): return word(len(data)) + data + b"\0" * (-len(data) % 4)


NOBODY = word(0) * 2


def call(xid, procedure, arguments, version=3): return word(xid) + word(0) + word(2) + word(NFS) + word(version) + word(procedure) + NOBODY * 2 + arguments


def reply(xid, results): return word(xid) + word(1) + word(0) + NOBODY + word(0) + results


def record(message): return word(len(message) | 0x80000000) + message


def lookup(xid): return record(call(xid, 3, text(b"dir") + text(b"name%d" % xid)))


def found(xid): return record(reply(xid, word(0) + text(b"handle%07d" % xid) + word(0) * 2))


def each(request, response=None, together=20):
    """n calls, a packet full at a time, with their answers behind each packet."""
    def make(capture, n, flows):
        for _ in range(flows):
            connection = capture.connection(2049)
            for at in range(0, n, together):
                xids = range(at, min(n, at + together))
                connection.request(b"".join(request(xid) for xid in xids))
                if response: connection.respond(b"".join(response(xid) for xid in xids))
    return make


unanswered = each(lookup)
handles = each(lookup, found, 12)
files = each(lambda xid: record(call(xid, 7, text(b"handle%07d" % xid) + word(0) * 2 + word(4) + word(0) + text(b"abcd"))))
same_number = each(lambda xid: lookup(7))


def fragments(capture, n, flows):
    """Each byte of a call has a record mark of its own."""
    for _ in range(flows):
        message = call(1, 3, text(b"dir") + text(b"name")) + b"\0" * n
        capture.connection(2049).request(b"".join(word(1) + message[at:at + 1] for at in range(len(message))) + word(0x80000000))


def no_fragments(capture, n, flows):
    for _ in range(flows): capture.connection(2049).request(lookup(1) + word(0) * n)


def operations(capture, n, flows):
    for _ in range(flows):
        capture.connection(2049).request(record(call(1, 1, text(b"") + word(1) + word(n) + (word(28) + text(b"a")) * n, 4)))


def listing(capture, n, flows):
    """READDIRPLUS that has no end."""
    entry = word(1) + word(0) * 2 + text(b"a") + word(0) * 2 + word(0) + word(1) + text(b"same")
    for _ in range(flows):
        capture.connection(2049).request(record(call(1, 17, text(b"dir") + word(0) * 6))).respond(
            record(reply(1, word(0) + word(0) + word(0) * 2 + entry * n + word(0) * 2)))


def bytewise(capture, n, flows):
    """A file, a byte a segment."""
    for _ in range(flows):
        connection = capture.connection(2049)
        message = record(call(1, 7, text(b"file") + word(0) * 2 + word(n) + word(0) + text(b"x" * n)))
        for at in range(len(message)): connection.request(message[at:at + 1])


def backwards(capture, n, flows):
    """Pieces of a file from its end on."""
    for _ in range(flows):
        connection = capture.connection(2049)
        for at in range(n, 0, -20):
            connection.request(b"".join(record(call(one, 7, text(b"file") + struct.pack("!Q", one * 8) + word(4) + word(0) + text(b"abcd")))
                                        for one in range(at, max(0, at - 20), -1)))
