"""GSS-API in SMB's SESSION_SETUP: SPNEGO nested, lengths that lie, NTLMSSP without end and with fields over each other."""
import struct

import smb2_messages as smb
import smb_attacks
from dcerpc_attacks import authenticate


def ber(tag, content):
    size = len(content)
    return bytes([tag]) + (bytes([size]) if size < 0x80 else b"\x84" + struct.pack("!I", size)) + content


def carried(token):
    """n requests with such a token, in one session."""
    def make(capture, n, flows):
        for _ in range(flows):
            connection = smb_attacks.session(capture)
            for number in range(n):
                connection.request(smb.setup(2 + number, token(number), session=9))
                connection.respond(smb.set_up(2 + number, session=9, status=smb.MORE_PROCESSING))
    return make


def spnego(fields): return ber(0x60, b"\6\6\x2b\6\1\5\5\2" + ber(0xa0, ber(0x30, fields)))


def nested(depth):
    """Each the mechToken of the one around it."""
    inner = b"NTLMSSP\0"
    for _ in range(depth):
        around = ber(0xa0, ber(0x30, ber(0xa2, ber(4, inner))))
        if len(around) > 60000: break
        inner = around
    return inner


def tokens(each): return spnego(ber(0xa2, ber(4, each)) * (60000 // (len(each) + 4)))


def challenge(info):
    """MS-NLMP 2.2.1.2, with a list of AV pairs."""
    return b"NTLMSSP\0\2\0\0\0" + struct.pack("<HHII16xHHI8x", 0, 0, 56, 0x00800001, len(info), len(info), 56) + info


def challenges(capture, n, flows):
    """As many AV pairs as fit, all with the server's name."""
    token = challenge((struct.pack("<HH", 1, 2) + b"a\0") * 10000 + bytes(4))
    for _ in range(flows):
        connection = smb_attacks.session(capture)
        for number in range(n):
            connection.request(smb.setup(2 + number, smb_attacks.TOKEN, session=9))
            connection.respond(smb.set_up(2 + number, token, session=9, status=smb.MORE_PROCESSING))


NESTED, TOKENS, MECHANISMS = nested(10000), tokens(b"NTLMSSP\0\1\0\0\0" + bytes(20)), spnego(ber(0xa0, ber(0x30, b"\6\1\x2a" * 20000)))
deep = carried(lambda number: NESTED)
wide = carried(lambda number: TOKENS)
mechanisms = carried(lambda number: MECHANISMS)
lengths = carried(lambda number: b"\x60\x88\x7f" + b"\xff" * 7 + b"\6\6\x2b\6\1\5\5\2" + b"\xa0\x88\x80" + bytes(7))
fields_over = carried(lambda number: authenticate(b"\1\x30" * 20000))
fields_outside = carried(lambda number: b"NTLMSSP\0\3\0\0\0" + struct.pack("<HHI", 0xffff, 0xffff, 0xffffffff - number) * 6 + bytes(4))
authenticates = carried(lambda number: authenticate(b"u\0" * (number % 8)))


def names_repeated(capture, n, flows):
    """A login with long names, and then empty messages of NTLMSSP in its session."""
    for _ in range(flows):
        connection = smb_attacks.session(capture)
        connection.request(smb.setup(2, authenticate(b"\1\x30" * 30000), session=9))
        connection.respond(smb.set_up(2, session=9, status=smb.MORE_PROCESSING))
        for at in range(3, n, 10):
            connection.request(b"".join(smb.setup(at + i, b"\xa1\2\x30\0", session=9) for i in range(10)))
            connection.respond(b"".join(smb.set_up(at + i, session=9, status=smb.MORE_PROCESSING) for i in range(10)))
