"""Messages of SMB 2 (MS-SMB2 2.2), well formed unless told otherwise."""
import struct

NEGOTIATE, SESSION_SETUP, LOGOFF, TREE_CONNECT, TREE_DISCONNECT, CREATE, CLOSE, FLUSH, READ, WRITE = range(10)
LOCK, IOCTL, CANCEL, ECHO, QUERY_DIRECTORY, CHANGE_NOTIFY, QUERY_INFO, SET_INFO, OPLOCK_BREAK = range(10, 19)
RESPONSE, ASYNC, RELATED = 1, 2, 4
PENDING, MORE_PROCESSING = 0x103, 0xc0000016
TRANSCEIVE = 0x11c017


def packet(message): return struct.pack("!I", len(message)) + message


def header(command, number, flags=0, status=0, following=0, tree=1, session=1):
    return struct.pack("<4sHHIHHIIQIIQ16x", b"\xfeSMB", 64, 0, status, command, 1, flags, following, number, 0xfeff, tree, session)


def message(command, number, body, **words): return packet(header(command, number, **words) + body)
def answer(command, number, body=b"\x09\0\0\0\0\0\0\0\0", **words): return message(command, number, body, flags=RESPONSE, **words)
def file(number): return struct.pack("<QQ", number, 7)
def text(name): return name.encode("utf-16-le")


def negotiate(number, dialects=(0x0202, 0x0210, 0x0300)):
    body = struct.pack("<HHHHI16x8x", 36, len(dialects), 1, 0, 0) + struct.pack(f"<{len(dialects)}H", *dialects)
    return message(NEGOTIATE, number, body, tree=0, session=0)


def negotiated(number):
    sizes = struct.pack("<IIII16xHHI", 1, 16 << 20, 16 << 20, 16 << 20, 128, 0, 0)
    return answer(NEGOTIATE, number, struct.pack("<HHHH16x", 65, 1, 0x0300, 0) + sizes, tree=0, session=0)


def setup(number, token, session=0):
    return message(SESSION_SETUP, number, struct.pack("<HBBIIHHQ", 25, 0, 1, 0, 0, 88, len(token), 0) + token, tree=0, session=session)


def set_up(number, token=b"", session=1, status=0):
    return answer(SESSION_SETUP, number, struct.pack("<HHHH", 9, 0, 72, len(token)) + token, tree=0, session=session, status=status)


def connect(number, path): return message(TREE_CONNECT, number, struct.pack("<HHHH", 9, 0, 72, len(path)) + path, tree=0)
def connected(number, tree, kind=1): return answer(TREE_CONNECT, number, struct.pack("<HBxIII", 16, kind, 0, 0, 0), tree=tree)


def create(number, name, **words):
    body = struct.pack("<HBBI16xIIIIIHHII", 57, 0, 0, 2, 0x12019f, 0, 7, 1, 0, 120, len(name), 0, 0) + name
    return message(CREATE, number, body, **words)


def created(number, opened, **words):
    return answer(CREATE, number, struct.pack("<HBBI32xQQI4x", 89, 0, 0, 1, 0, 0, 0) + opened + bytes(8), **words)


def close(number, opened): return message(CLOSE, number, struct.pack("<HHI", 24, 0, 0) + opened)


def read(number, opened, size, at=0):
    return message(READ, number, struct.pack("<HBBIQ", 49, 0, 0, size, at) + opened + bytes(17))


def read_answer(number, data): return answer(READ, number, struct.pack("<HBxIII", 17, 80, len(data), 0, 0) + data)


def write(number, opened, data, at=0, **words):
    return message(WRITE, number, struct.pack("<HHIQ", 49, 112, len(data), at) + opened + bytes(16) + data, **words)


def ioctl(number, function, opened, data=b""):
    sizes = struct.pack("<IIIIIIII", 120, len(data), 0, 0, 0, 4096, 1, 0)
    return message(IOCTL, number, struct.pack("<HHI", 57, 0, function) + opened + sizes + data)


def ioctl_answer(number, function, opened, data=b"", **words):
    sizes = struct.pack("<IIIIII", 112, 0, 112, len(data), 0, 0)
    return answer(IOCTL, number, struct.pack("<HHI", 49, 0, function) + opened + sizes + data, **words)


def set_info(number, opened, level, data):
    return message(SET_INFO, number, struct.pack("<HBBIHHI", 33, 1, level, len(data), 96, 0, 0) + opened + data)


def rename(number, opened, name): return set_info(number, opened, 10, struct.pack("<B15xI", 0, len(name)) + name)
