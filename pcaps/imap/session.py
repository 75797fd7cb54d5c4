"""Sessions that no client at hand leads.

  session.py SERVER ann | parts | idle | theft | injection
"""
import base64, imaplib, socket, sys, time

server, what = sys.argv[1:3]
imaplib._MAXLINE = 10 << 20


def login(user="ann"):
    client = imaplib.IMAP4(server)
    client.login(user, "Lab-pass1")
    return client


def save(name, content):
    open(name, "wb").write(content)


class Raw:
    """Lines as they are, with what answers them."""

    def __init__(self):
        self.socket = socket.create_connection((server, 143), 10)
        self.file = self.socket.makefile("rb")
        self.file.readline()

    def say(self, text):
        self.socket.sendall(text.encode())

    def until(self, begin):
        while line := self.file.readline():
            if line.startswith(begin.encode()): return line


def ann():
    client = login()
    client.xatom("ID", '("name" "lapwing-lab" "version" "1")')
    client.namespace()
    client.create("Archive")
    client.status("INBOX", "(MESSAGES RECENT UIDNEXT)")
    client.select("INBOX")
    client.search(None, "ALL")
    client.uid("SEARCH", "SUBJECT", '"picture"')
    client.fetch("1:*", "(FLAGS ENVELOPE BODYSTRUCTURE)")
    client.fetch("1:*", "(UID BODY.PEEK[HEADER.FIELDS (FROM SUBJECT DATE)])")
    save("python-1.eml", client.fetch("2", "(RFC822)")[1][0][1])
    client.append("Archive", "\\Seen", imaplib.Time2Internaldate(1767261600), b"From: ann@lab.example\r\nSubject: a note\r\n\r\nTo be kept.\r\n")
    client.copy("3", "Archive")
    client.store("3", "+FLAGS", "\\Deleted")
    client.expunge()
    client.select("missing")
    client.select("Archive", readonly=True)
    client.close()
    client.delete("Archive")
    client.logout()


def parts():
    client = login()
    client.select("INBOX", readonly=True)
    found = client.fetch("2", "(UID BODY.PEEK[HEADER] BODY.PEEK[TEXT])")[1]
    save("sections.eml", b"".join(item[1] for item in found if isinstance(item, tuple)))
    found = client.fetch("2", "(BODY.PEEK[2.MIME] BODY.PEEK[2])")[1]
    save("mime.eml", b"".join(item[1] for item in found if isinstance(item, tuple)))
    pieces, whole = 1500, b""
    while True:
        found = client.fetch("2", f"(RFC822.SIZE BODY.PEEK[]<{len(whole)}.{pieces}>)")[1]
        whole += found[0][1]
        if len(found[0][1]) < pieces: break
    save("pieces.eml", whole)
    client.fetch("2", "BODY.PEEK[]<100.200>")
    client.fetch("2", "(UID BODYSTRUCTURE)")
    save("structure.part", base64.b64decode(client.fetch("2", "BODY.PEEK[2]")[1][0][1]))
    client.fetch("1", "BODY.PEEK[1]")
    try:
        found = client.fetch("2", "BINARY.PEEK[2]")[1]
        save("binary.part", found[0][1])
    except imaplib.IMAP4.error: pass
    client.logout()


def idle():
    client, other = Raw(), login()
    client.say('a1 LOGIN {3+}\r\nann {9+}\r\nLab-pass1\r\na2 SELECT INBOX\r\na3 NOOP\r\n')
    client.until("a3 ")
    client.say("a4 IDLE\r\n")
    client.until("+")
    other.append("INBOX", None, None, b"From: bob@lab.example\r\nSubject: ping\r\n\r\nnew\r\n")
    client.until("* ")
    client.say("DONE\r\n")
    client.until("a4 ")
    client.say("a6 LOGOUT\r\n")
    client.until("a6 ")
    other.logout()


def theft():
    """Who has guessed a password takes all there is."""
    client = login("bob")
    client.list()
    client.select("INBOX", readonly=True)
    for number, item in enumerate(client.fetch("1:*", "(UID BODY.PEEK[])")[1]):
        if isinstance(item, tuple): save(f"theft-{number}.eml", item[1])
    client.logout()


def injection():
    client = Raw()
    client.say("a1 STARTTLS\r\na2 CREATE injected\r\n")
    client.until("a1 ")
    time.sleep(0.3)


globals()[what]()
