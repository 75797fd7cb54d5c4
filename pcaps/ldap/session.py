"""What OpenLDAP's tools do not do: requests sent together, a search abandoned, logins again and again on one connection, an
operation that is none, a length that no message has.

  session.py SERVER BASE PASSWORD
"""
import socket, sys
import ldap3

server, base, password = sys.argv[1:]


def element(tag, *parts):
    body = b"".join(parts)
    length = bytes([len(body)]) if len(body) < 128 else bytes([0x82, *len(body).to_bytes(2, "big")])
    return bytes([tag]) + length + body


def message(number, *operation): return element(0x30, element(2, bytes([number])), element(*operation))


def bind(number, name, word): return message(number, 0x60, element(2, b"\x03"), element(4, name.encode()), element(0x80, word.encode()))


def search(number, scope=2, of=base):
    return message(number, 0x63, element(4, of.encode()), element(10, bytes([scope])), element(10, b"\0"), element(2, b"\0"), element(2, b"\0"),
                   element(1, b"\0"), element(0x87, b"objectClass"), element(0x30, element(4, b"cn")))


def abandon(number, other): return message(number, 0x50, bytes([other]))


def dialogue(*sent, answers=1):
    with socket.create_connection((server, 389), timeout=3) as link:
        for request in sent: link.sendall(request)
        try:
            while link.recv(65536): pass
        except OSError: pass


ann = f"uid=ann,ou=people,{base}"
# Together in one segment, and the last without an answer.
dialogue(bind(1, ann, password) + search(2) + search(3, 0) + abandon(4, 2) + search(5, 1) + message(6, 0x42))
for word in ("123456", "letmein", password):
    dialogue(bind(1, ann, word), bind(2, ann, "again"), bind(3, "", ""), message(4, 0x42))
dialogue(message(1, 0x7E, b"\0"))
dialogue(bytes.fromhex("30840000000a0201015e0000000000"), b"\x30\x84\xff\xff\xff\xff")
link = ldap3.Connection(ldap3.Server(server, get_info=ldap3.NONE), ann, password, client_strategy=ldap3.ASYNC, auto_bind=True)
asked = [link.search(base, f"(uid=b{number:02})", attributes=["uid", "cn"]) for number in range(8)]
for number in asked: link.get_response(number)
link.abandon(link.search(base, "(objectClass=*)"))
link.extend.standard.who_am_i()
link.unbind()
