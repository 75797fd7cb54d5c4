"""The mails of the lab.

  mails.py FOLDER...        writes them into the mailbox of each
  mails.py --saved FOLDER   tells the digest of each file within the mails that clients saved there
"""
import email, email.policy, hashlib, os, random, sys
from email.message import EmailMessage

random.seed(17)


def mail(number, subject, text, sender="Carol <carol@lab.example>"):
    out = EmailMessage(policy=email.policy.SMTP)
    out["From"], out["To"], out["Subject"] = sender, "ann@lab.example", subject
    out["Date"] = "Thu, 01 Jan 2026 10:00:00 +0000"
    out["Message-ID"] = f"<{number}@lab.example>"
    out.set_content(text, cte="7bit")
    return out


def mails():
    yield mail(1, "Lunch", "At noon? See http://menu.lab.example/today\n")
    table = mail(2, "A picture, and a table", "Both are attached.\n")
    table.add_attachment(random.randbytes(2_500), maintype="image", subtype="png", filename="picture.png")
    table.add_attachment("a;b\n1;2\n" * 60, subtype="csv", filename="t\u00e4belle.csv", cte="quoted-printable")
    yield table
    forwarded, inner = mail(3, "Fwd: report", "As promised.\n"), mail(4, "report", "The report.\n")
    inner.add_attachment(b"%PDF-1.4 " + random.randbytes(1_500), maintype="application", subtype="pdf", filename="report.pdf")
    forwarded.add_attachment(inner)
    yield forwarded
    order = mail(5, "Your order", "Please open the document and enable its content.\nhttp://pay.malware.lab.example/order\n",
                 sender="Billing <billing@malware.lab.example>")
    # The first bytes of a document with a macro, and nothing that runs.
    macro = b"PK\x03\x04\x14\x00\x00\x00\x08\x00" + bytes(16) + b"\x13\x00\x00\x00word/vbaProject.bin" + random.randbytes(800)
    order.add_attachment(macro, maintype="application", subtype="vnd.ms-word.document.macroEnabled.12", filename="order.docm")
    yield order


def files(message):
    for part in message.walk():
        if not part.get_filename() or part.is_multipart(): continue
        content = part.get_payload(decode=True)
        if part.get_content_maintype() == "text": content = content.replace(b"\r", b"").replace(b"\n", b"\r\n")
        yield part.get_filename(), content


if sys.argv[1] == "--saved":
    for name in sorted(os.listdir(sys.argv[2])):
        path = os.path.join(sys.argv[2], name)
        if name.endswith(".eml"):
            for file, content in files(email.message_from_binary_file(open(path, "rb"))):
                print(hashlib.sha256(content).hexdigest(), f"{name.removesuffix('.eml')}:{file}")
        elif name.endswith(".part"): print(hashlib.sha256(open(path, "rb").read()).hexdigest(), name)
else:
    for folder in sys.argv[1:]:
        for number, message in enumerate(mails(), 1):
            open(f"{folder}/{1767261600 + number}.M{number}P1.lab", "wb").write(bytes(message))
