#!/usr/bin/env python3
"""A site, and browsers that visit it; both follow from the seed.

  web.py SEED site FOLDER
  web.py SEED visit CONNECTIONS
"""
import http.client, multiprocessing, os, random, socket, ssl, sys

PAGES, STYLES, SCRIPTS, PICTURES, ANSWERS = 300, 30, 80, 600, 40
KINDS = [(b"\xff\xd8\xff\xe0\0\x10JFIF\0", "jpg"), (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "png")]
SITES, PROCESSES = 8, 4
AGENTS = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/118.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/119.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1 Safari/605.1.15",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
]
ACCEPTS = {"html": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "css": "text/css,*/*;q=0.1",
           "jpg": "image/avif,image/webp,*/*", "png": "image/avif,image/webp,*/*"}


def size(rng, median, spread=1.0):
    return int(min(rng.lognormvariate(0, spread) * median, 40 * median)) + 40


def words(rng):
    return ["".join(rng.choices("etaoinshrdlucmfwygpbvk", k=rng.randint(2, 11))) for _ in range(3000)]


def text(rng, known, length, glue):
    """Text that gzip makes a fourth of, as it does of pages."""
    out, n = [], 0
    while n < length:
        piece = rng.choice(known[:200] if rng.random() < 0.6 else known) + rng.choice(glue)
        out.append(piece)
        n += len(piece)
    return "".join(out).encode()


def write(folder, name, content):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file: file.write(content)


def site(seed, folder):
    rng = random.Random(f"{seed} site")
    known = words(rng)
    for i in range(PAGES):
        head = f"<!doctype html><html><head><title>{' '.join(rng.choices(known, k=5))}</title></head><body>".encode()
        write(folder, f"p/{i}.html", head + text(rng, known, size(rng, 20000), [" ", ", ", "</p>\n<p>", "</a> <a href=\"/p/1.html\">"]))
    for i in range(STYLES): write(folder, f"s/{i}.css", text(rng, known, size(rng, 15000), [" { ", ": ", "; }\n.", "; "]))
    for i in range(SCRIPTS): write(folder, f"s/{i}.js", text(rng, known, size(rng, 20000), ["(", ") { ", "; ", " = ", "."]))
    for i in range(ANSWERS): write(folder, f"api/{i}.json", b"{\"items\": [\"" + text(rng, known, size(rng, 2500), ["\", \"", "\", \"id\": \""]) + b"\"]}")
    for i in range(PICTURES):
        magic, kind = KINDS[i % 2]
        write(folder, f"i/{i}.{kind}", magic + rng.randbytes(size(rng, 9000)))


def picture(rng):
    """A few are asked for that are not there."""
    number = rng.randrange(PICTURES)
    return f"/i/{number}.{KINDS[(number + (rng.random() < 0.03)) % 2][1]}"


class Browser:
    """One person: some connections to one site, and what was already fetched from it."""

    def __init__(self, rng, source):
        self.rng, self.source = rng, source
        self.agent = rng.choice(AGENTS)
        self.cookie = f"session={rng.getrandbits(128):032x}; theme={rng.choice(['dark', 'light'])}"
        self.seen = {}

    def connect(self, host, address, secure, old):
        source = (self.source, 0)
        if not secure: return http.client.HTTPConnection(address, 80, timeout=20, source_address=source)
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(["http/1.1"])
        if old: context.maximum_version = ssl.TLSVersion.TLSv1_2
        connection = http.client.HTTPSConnection(address, 443, timeout=20, source_address=source, context=context)
        plain = socket.create_connection((address, 443), 20, source)
        connection.sock = context.wrap_socket(plain, server_hostname=host)
        return connection

    def get(self, connection, host, path, referer, secure):
        headers = {"Host": host, "User-Agent": self.agent, "Accept": ACCEPTS.get(path.rsplit(".")[-1], "*/*"),
                   "Accept-Language": "en-US,en;q=0.5", "Accept-Encoding": "gzip, deflate, br", "Cookie": self.cookie,
                   "Connection": "keep-alive"}
        if referer: headers["Referer"] = f"http{'s' * secure}://{host}{referer}"
        if (host, path) in self.seen: headers["If-Modified-Since"] = self.seen[host, path]
        if path.startswith("/search"):
            body = "q=" + "+".join(f"{self.rng.getrandbits(24):x}" for _ in range(self.rng.randint(1, 30)))
            connection.request("GET" if self.rng.random() < 0.5 else "POST", path, body,
                               headers | {"Content-Type": "application/x-www-form-urlencoded"})
        else:
            connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        if answer.headers.get("Last-Modified"): self.seen[host, path] = answer.headers["Last-Modified"]

    def visit(self):
        """Returns the number of connections that it took."""
        rng = self.rng
        number, secure, old = rng.randrange(SITES), rng.random() < 0.5, rng.random() < 0.3
        host = rng.choice(["www", "static", "cdn", "api", "img", "m"]) + f".site{number}.lab.example"
        address = f"10.9.0.{100 + number * 2 + rng.randrange(2)}"
        page = f"/p/{rng.randrange(PAGES)}.html"
        paths = [f"/s/{rng.randrange(STYLES)}.css" for _ in range(rng.randint(1, 3))]
        paths += [f"/s/{rng.randrange(SCRIPTS)}.js" for _ in range(rng.randint(1, 6))]
        paths += [picture(rng) for _ in range(rng.randint(1, 14))]
        paths += [f"/api/{rng.randrange(ANSWERS)}.json?t={rng.getrandbits(40)}" for _ in range(rng.randint(0, 3))]
        if not secure and rng.random() < 0.2: paths.append("/search")
        connections = [self.connect(host, address, secure, old)]
        self.get(connections[0], host, page, "", secure)
        for _ in range(min(rng.randint(0, 5), len(paths) // 3)): connections.append(self.connect(host, address, secure, old))
        for i, path in enumerate(paths): self.get(connections[i % len(connections)], host, path, page, secure)
        for connection in connections: connection.close()
        return len(connections)


def browse(seed, number, connections):
    rng = random.Random(f"{seed} browser {number}")
    made = 0
    while made < connections:
        browser = Browser(rng, f"10.9.0.{20 + rng.randrange(40)}")
        for _ in range(rng.randint(1, 5)): made += browser.visit()


def visit(seed, connections):
    workers = [multiprocessing.Process(target=browse, args=(seed, i, connections // PROCESSES)) for i in range(PROCESSES)]
    for worker in workers: worker.start()
    for worker in workers: worker.join()
    return max(worker.exitcode for worker in workers)


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[2] not in ("site", "visit"): sys.exit(__doc__)
    if sys.argv[2] == "site": site(sys.argv[1], sys.argv[3])
    else: sys.exit(visit(sys.argv[1], int(sys.argv[3])))
