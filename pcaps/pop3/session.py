"""What no client of the command line does: a session of poplib with APOP, and one that says all at once; or commands
behind STLS.

  session.py SERVER poplib|inject
"""
import poplib, socket, ssl, sys

SERVER, WHAT = sys.argv[1:]


def talk(sock, reader, said, replies):
    sock.sendall(said)
    for _ in range(replies): reader.readline()


if WHAT == "poplib":
    box = poplib.POP3(SERVER)
    box.apop("ann", "Lab-pass1")
    box.capa(), box.stat(), box.list(), box.uidl(), box.uidl(2), box.top(2, 0), box.noop()
    open("poplib-2.eml", "wb").write(b"\r\n".join(box.retr(2)[1]))
    box.dele(4), box.rset()
    for command in ("RETR 9", "LAST", "XTND XMIT"):
        try: box._shortcmd(command)
        except poplib.error_proto: pass
    box.quit()
    with socket.create_connection((SERVER, 110)) as sock:
        sock.sendall(b"CAPA\r\nUSER ann\r\nPASS Lab-pass1\r\nSTAT\r\nLIST\r\nRETR 1\r\nRETR 3\r\nNOOP\r\nQUIT\r\n")
        data = b"".join(iter(lambda: sock.recv(65536), b""))
        for text in data.split(b"\r\n.\r\n"):
            if b"Fwd: report" in text: open("pipelined-3.eml", "wb").write(text.split(b"\r\n", 1)[1])
else:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((SERVER, 110)) as sock, sock.makefile("rb", buffering=0) as reader:
        talk(sock, reader, b"", 1)
        talk(sock, reader, b"STLS\r\nUSER eve\r\n", 1)
        try: context.wrap_socket(sock)
        except OSError: pass  # the server wants nothing more of who does that
