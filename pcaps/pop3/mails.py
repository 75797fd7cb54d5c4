"""The mails of the lab.

  mails.py FOLDER FOLDER    writes those of ann and bob
  mails.py --saved FOLDER   tells the digest of each file within the mails that clients saved there
"""
import email, email.policy, hashlib, mailbox, os, random, sys
from email.message import EmailMessage

random.seed(7)


def mail(subject, text, **headers):
    out = EmailMessage(policy=email.policy.SMTP)
    out["From"] = headers.get("sender", "Carol <carol@lab.example>")
    out["To"] = headers.get("to", "ann@lab.example")
    out["Subject"] = subject
    out["Date"] = "Thu, 01 Jan 2026 10:00:00 +0000"
    out["Message-ID"] = f"<{random.getrandbits(64):x}@lab.example>"
    out.set_content(text, cte=headers.get("cte", "7bit"))
    return out


def of_ann():
    yield mail("dots", ".\n..\n.dot at the beginning\nand so on\n")
    picture = mail("A picture, and a table", "Both are attached. See http://files.lab.example/table\n")
    picture.add_attachment(random.randbytes(2_500), maintype="image", subtype="png", filename="picture.png")
    picture.add_attachment("a;b\n1;2\n" * 100, subtype="csv", filename="t\u00e4belle.csv", cte="quoted-printable")
    yield picture
    forwarded = mail("Fwd: report", "As promised.\n")
    inner = mail("report", "The report.\n")
    inner.add_attachment(b"%PDF-1.4 " + random.randbytes(1_500), maintype="application", subtype="pdf", filename="report.pdf")
    forwarded.add_attachment(inner)
    yield forwarded
    yield mail("nothing", "")


def of_bob():
    order = mail("Your order", "Please open the document and enable its content.\nhttp://pay.malware.lab.example/order\n",
                 sender="Billing <billing@malware.lab.example>", to="bob@lab.example")
    # The first bytes of a document with a macro, and nothing that runs.
    macro = b"PK\x03\x04\x14\x00\x00\x00\x08\x00" + bytes(16) + b"\x13\x00\x00\x00word/vbaProject.bin" + random.randbytes(2_000)
    order.add_attachment(macro, maintype="application", subtype="vnd.ms-word.document.macroEnabled.12", filename="order.docm")
    yield order


def files(message):
    for part in message.walk():
        if not part.get_filename() or part.is_multipart(): continue
        content = part.get_payload(decode=True)
        if part.get_content_maintype() == "text": content = content.replace(b"\r", b"").replace(b"\n", b"\r\n")
        yield part.get_filename(), content


def saved(folder):
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if name.endswith(".mbox"): messages = list(mailbox.mbox(path))
        elif name.endswith(".eml"): messages = [email.message_from_binary_file(open(path, "rb"))]
        else: continue
        for message in messages:
            for file, content in files(message):
                print(hashlib.sha256(content).hexdigest(), f"{name.split('.')[0].split('-')[0]}:{file}")


if sys.argv[1] == "--saved":
    saved(sys.argv[2])
else:
    for folder, mails in zip(sys.argv[1:], (of_ann(), of_bob())):
        for number, message in enumerate(mails, 1):
            open(f"{folder}/{1767261600 + number}.M{number}P1.lab", "wb").write(bytes(message))
