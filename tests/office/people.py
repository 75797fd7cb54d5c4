"""What people and their programs do in an office, as calls of `wire`. All of it means no harm."""
from wire import A, AAAA, MSS, NXDOMAIN, OFFLOADED, PTR, SRV, TXT, address, dns, handshake, labels, plain, sealed

MINUTE, HOUR, DAY = 60, 3600, 86400
SUFFIX = "corp.example.net"

# Sites that many visit, with those that their pages load from.
SITES = ["www.google.com", "www.bing.com", "en.wikipedia.org", "github.com", "stackoverflow.com", "www.linkedin.com", "www.youtube.com",
         "www.heise.de", "www.spiegel.de", "www.bbc.co.uk", "www.amazon.de", "www.bahn.de", "docs.python.org", "news.ycombinator.com",
         "www.reddit.com", "www.zeit.de", "outlook.office.com", "www.dhl.de", "www.booking.com", "translate.google.com"]
SHARED = ["fonts.googleapis.com", "www.googletagmanager.com", "cdn.jsdelivr.net", "connect.facebook.net", "ajax.googleapis.com",
          "cdnjs.cloudflare.com", "securepubads.g.doubleclick.net", "static.cloudflareinsights.com", "d1qwer2x8kz9ab.cloudfront.net",
          "consent.cookiebot.com", "px.ads.linkedin.com", "dpm.demdex.net"]
WORDS = """garten haus stadt verlag technik mobil reise markt schule praxis werk druck licht wasser holz metall papier musik kultur
sport verein bank recht steuer auto rad bahn hafen berg wald feld see fluss insel nord west sued ost alpha delta nova terra luna""".split()


class Office:
    """The network and those in it. `random`: all chance comes of it."""

    def __init__(self, wire, random, hosts, external):
        self.wire, self.random, self.external = wire, random, external
        self.cached, self.number = {}, 0
        self.__dict__.update(hosts)

    # Names.

    def resolve(self, time, host, name, kinds=(A, AAAA), exists=True):
        """By the domain controller, which asks a resolver outside for what it does not remember. Returns when it is known."""
        done = time
        for kind in kinds:
            answers = [address(self.external(name).text)] if exists and kind == A else []
            done = max(done, self.ask(time, host, name, kind, answers, 0 if exists else NXDOMAIN))
        return done + 0.0005

    def ask(self, time, host, name, kind, answers, rcode=0, ttl=300):
        inside = name.endswith(SUFFIX) or "." not in name
        known = inside or self.cached.get((name, kind), 0) > time
        if not known:
            self.cached[name, kind] = time + ttl
            asked = self.question(time + 0.0004, self.controller, self.resolver, name, kind, answers, rcode, ttl)
        if host is self.controller: return asked if not known else time
        return self.question(time, host, self.controller, name, kind, answers, rcode, ttl, 0.0002 if known else asked - time)

    def question(self, time, host, server, name, kind, answers, rcode, ttl, takes=0.0):
        self.number = (self.number * 75 + 74) % 65537 & 0xFFFF
        port, done = host.next_port(), time + host.delay + server.delay + takes
        self.wire.udp(time, host, server, port, 53, dns(self.number, name, kind))
        self.wire.udp(done, server, host, 53, port, dns(self.number, name, kind, answers, rcode, ttl))
        return done

    # Talks.

    def tls(self, time, host, name, exchanges, port=443, server=None, close=True, **hello):
        """`exchanges`: (seconds to wait, bytes out, bytes in)."""
        if server is None:
            time = self.resolve(time, host, name)
            server = self.external(name)
        talk = handshake(self.wire.connect(time, host, server, port), self.random, name, **hello)
        for pause, out, back in exchanges:
            talk.time += pause
            if out: talk.say(0, sealed(self.random, out), piece_of(out))
            if back: talk.say(1, sealed(self.random, back), piece_of(back))
        if close: talk.close()
        return talk.time

    def kept(self, time, until, host, name, every, out, back, port=443, jitter=0.0, server=None):
        """A connection that stays, and is kept alive. `every`: seconds."""
        waits, at = [], time
        while at < until:
            wait = every * (1 + self.random.uniform(-jitter, jitter))
            waits.append((wait, out, back))
            at += wait
        return self.tls(time, host, name, waits, port, server)

    def http(self, time, host, server, name, path, length, port=80, agent="Mozilla/5.0 (Windows NT 10.0; Win64; x64)", kind="text/html"):
        talk = self.wire.connect(time, host, server, port)
        talk.say(0, f"GET {path} HTTP/1.1\r\nHost: {name}\r\nUser-Agent: {agent}\r\nAccept: */*\r\n\r\n".encode())
        head = f"HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
        talk.say(1, head.encode() + plain(self.random, length), piece_of(length))
        return talk.close(1)

    def bare(self, time, host, server, port, exchanges):
        """By a protocol that is not looked into."""
        talk = self.wire.connect(time, host, server, port)
        for pause, out, back in exchanges:
            talk.time += pause
            if out: talk.say(0, plain(self.random, out), piece_of(out))
            if back: talk.say(1, plain(self.random, back), piece_of(back))
        return talk.close()

    # People.

    def browse(self, time, host, until):
        """Pages, with the time that it takes to read them."""
        random = self.random
        while time < until:
            site = random.choice(SITES) if random.random() < 0.55 else self.small_site()
            loads = [site, site] + random.sample(SHARED, random.randint(2, 6))
            if random.random() < 0.3: loads.append("static." + site.removeprefix("www."))
            for i, name in enumerate(loads):
                requests = [(random.uniform(0, 0.3), random.randint(200, 900), int(random.lognormvariate(8.3, 1.2)))
                            for _ in range(random.randint(1, 3))]
                self.tls(time + 0.15 * i * random.random(), host, name, requests)
            time += min(random.lognormvariate(3.6, 1.1), 20 * MINUTE)

    def small_site(self):
        first, second = self.random.choice(WORDS), self.random.choice(WORDS)
        return f"www.{first}-{second}.{self.random.choice(('de', 'com', 'net', 'eu'))}"

    def dashboard(self, time, host, until, name, every):
        """A page that stays open and looks for news by itself."""
        while time < until:
            self.tls(time, host, name, [(0, 420, self.random.choice((310, 310, 310, 1900)))])
            time += every + self.random.uniform(0, 0.3)

    def upload(self, time, host, name, length):
        """A form with a file."""
        self.tls(time, host, name, [(0.2, 700, 4000), (1.0, length, 900)])

    def together(self, time, host):
        """A file of all is opened, read and perhaps changed."""
        exchanges = [(0, 1400, 9000), (0.3, 900, int(self.random.lognormvariate(11, 1.5)))]
        if self.random.random() < 0.4: exchanges.append((self.random.uniform(20, 400), self.random.randint(2000, 60_000), 600))
        self.tls(time, host, "contoso.sharepoint.com", exchanges)

    def call(self, time, host, minutes):
        """STUN (RFC 8489), then sound and picture by RTP (RFC 3550)."""
        random, wire = self.random, self.wire
        relay, port = self.external("worldaz.relay.teams.microsoft.com"), host.next_port()
        time = self.resolve(time, host, "worldaz.relay.teams.microsoft.com")
        tid = random.randbytes(12)
        wire.udp(time, host, relay, port, 3478, b"\0\1\0\0\x21\x12\xa4\x42" + tid)
        mapped = b"\0\x20\0\x08\0\1" + (port ^ 0x2112).to_bytes(2, "big") + bytes(x ^ y for x, y in zip(host.ip, b"\x21\x12\xa4\x42"))
        wire.udp(time + 0.03, relay, host, 3478, port, b"\1\1\0\x0c\x21\x12\xa4\x42" + tid + mapped)
        noise = random.randbytes(4096)
        for side, (a, b, sport, dport) in enumerate(((host, relay, port, 3478), (relay, host, 3478, port))):
            for kind, rate, least, most in ((111, 50, 60, 140), (96, 40, 500, 1150)):
                stamp, source = random.getrandbits(31), random.randbytes(4)
                for i in range(int(minutes * 60 * rate)):
                    head = bytes((0x80, kind)) + (i & 0xFFFF).to_bytes(2, "big") + (stamp + i * 960 & 0xFFFFFFFF).to_bytes(4, "big") + source
                    at = (i * 37) % 2900
                    wire.udp(time + 0.2 + i / rate + random.uniform(0, 0.004), a, b, sport, dport, head + noise[at:at + random.randint(least, most)])

    def print(self, time, host):
        printer = self.random.choice(self.printers)
        self.bare(time, host, printer, 9100, [(0, self.random.randint(40_000, 600_000), 0)])

    def share(self, time, host):
        """Files of the server; seen as bytes behind the first message of SMB2 (MS-SMB2 2.2.1)."""
        talk = self.wire.connect(time, host, self.files, 445)
        for _ in range(self.random.randint(3, 12)):
            for side in (0, 1):
                body = b"\xfeSMB" + bytes((64, 0, 0, 0, 0, 0, 0, 0, 14, 0, 1, 0)) + plain(self.random, self.random.randint(60, 4000))
                talk.say(side, b"\0" + len(body).to_bytes(3, "big") + body)
            talk.time += self.random.uniform(0.01, 3)
        talk.close()

    # Programs.

    def boot(self, time, host, name):
        """DHCP (RFC 2131), ARP, the domain, and who looks for neighbours."""
        wire, random = self.wire, self.random
        everybody = type(host)("255.255.255.255", b"\xff" * 6)
        nobody = type(host)("0.0.0.0", host.mac)
        tid = random.randbytes(4)
        def dhcp(op, kind, yours, options=b""):
            return (bytes((op, 1, 6, 0)) + tid + bytes(8) + yours + bytes(8) + host.mac + bytes(10 + 192) + b"\x63\x82\x53\x63\x35\1" +
                    bytes((kind,)) + options + b"\xff").ljust(300, b"\0")
        wire.udp(time, nobody, everybody, 68, 67, dhcp(1, 3, bytes(4), b"\x32\4" + host.ip + b"\x0c" + bytes((len(name),)) + name.encode()))
        wire.udp(time + 0.01, self.controller, host, 67, 68, dhcp(2, 5, host.ip, b"\x36\4" + self.controller.ip + b"\x33\4\0\0\x70\x80"))
        wire.arp(time + 0.05, host, host.text)
        wire.arp(time + 0.1, host, self.gateway.text, self.gateway)
        wire.arp(time + 0.1, host, self.controller.text, self.controller)
        time += 1
        target = b"\0\0\0\x64\x01\x85" + labels("dc1." + SUFFIX)
        for service in ("_ldap._tcp.dc._msdcs.", "_kerberos._tcp.dc._msdcs."):
            time = self.ask(time, host, service + SUFFIX, SRV, [target])
        for short in ("wpad", "isatap"):
            time = self.ask(time, host, f"{short}.{SUFFIX}", A, [], NXDOMAIN)
        for at in (0, 0.4):
            wire.udp(time + at, host, type(host)("224.0.0.252", b"\1\0\x5e\0\0\xfc"), host.next_port(), 5355, b"\x12\x34\0\0\0\1\0\0\0\0\0\0\4wpad\0\0\1\0\1")
        self.domain(time + 0.5, host)
        self.ntp(time + 2, host, self.controller)
        if random.random() < 0.3:
            # Chromium asks for three names that nobody has, to see whether somebody answers for them all the same.
            for _ in range(3):
                made = "".join(random.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(random.randint(7, 15)))
                self.ask(time + 5, host, f"{made}.{SUFFIX}", A, [], NXDOMAIN)

    def domain(self, time, host):
        """Log-on and policies: many connections to one server."""
        for port, least, most in ((88, 200, 1600), (88, 200, 1600), (389, 200, 3000), (135, 100, 300), (49668, 300, 2500), (389, 200, 3000), (445, 300, 6000)):
            self.bare(time, host, self.controller, port, [(0.002, self.random.randint(least, most), self.random.randint(least, most))
                                                          for _ in range(self.random.randint(1, 4))])
            time += self.random.uniform(0.01, 0.4)

    def ntp(self, time, host, server):
        """RFC 5905."""
        self.wire.udp(time, host, server, 123, 123, b"\x23\3\6\xe9" + bytes(36) + self.random.randbytes(8))
        self.wire.udp(time + host.delay + server.delay, server, host, 123, 123, b"\x24\2\6\xe9" + self.random.randbytes(44))

    def updates(self, time, host):
        """Look for them, load them, and hand them on to neighbours."""
        random = self.random
        self.tls(time, host, "slscr.update.microsoft.com", [(0, 4000, 18000)])
        self.tls(time + 3, host, "fe3cr.delivery.mp.microsoft.com", [(0, 6000, 30000)])
        name = "2.dl.delivery.mp.microsoft.com"
        time = self.resolve(time + 5, host, name)
        for i in range(random.randint(1, 4)):
            self.http(time + i * 20, host, self.external(name), name, f"/filestreamingservice/files/{random.getrandbits(64):016x}",
                      random.randint(100_000, 1_500_000), agent="Microsoft-Delivery-Optimization/10.0", kind="application/octet-stream")
        for i, other in enumerate(random.sample(self.workstations, min(6, len(self.workstations)))):
            if other is host: continue
            if not self.is_on(other, time): self.wire.arp(time + 60 + i, host, other.text)
            elif random.random() < 0.6: self.bare(time + 60 + i, host, other, 7680, [(0, 76, 76), (0.1, 100, 30000)])
            else: self.wire.syn(time + 60 + i, host, other, 7680, "rst" if random.random() < 0.5 else None)

    def linux_updates(self, time, host):
        for name, many in (("deb.debian.org", 4), ("security.debian.org", 2)):
            # Its resolver tries the search list first.
            time = self.ask(time, host, f"{name}.{SUFFIX}", A, [], NXDOMAIN)
            time = self.resolve(time, host, name)
            for path in range(many):
                time = self.http(time, host, self.external(name), name, f"/debian/dists/bookworm/{path}/InRelease",
                                 self.random.randint(20_000, 400_000), agent="Debian APT-HTTP/1.3 (2.6.1)", kind="text/plain")

    def imap(self, time, host, name, server=None):
        random = self.random
        exchanges = [(0.01, random.randint(60, 120), random.randint(90, 300)) for _ in range(4)]
        if random.random() < 0.3: exchanges.append((0.02, 80, random.randint(3000, 90000)))
        self.tls(time, host, name, exchanges, 993, server)

    def mail_out(self, time, host):
        """To the own server by submission with STARTTLS (RFC 6409), from which it goes on."""
        random, length = self.random, int(min(self.random.lognormvariate(9.5, 1.5), 8_000_000))
        self.smtp(time, host, self.mail, 587, f"mail.{SUFFIX}", length)
        name = random.choice(("gmail-smtp-in.l.google.com", "mx00.t-online.de", "mx.gmx.net", f"mx.{self.small_site()[4:]}"))
        done = self.ask(time + 5, self.mail, name, A, [address(self.external(name).text)])
        self.smtp(done, self.mail, self.external(name), 25, name, length)

    def mail_in(self, time):
        """Who is it? Lists of senders (RFC 5782), names and policies are looked up before it is taken."""
        random = self.random
        sender = self.external(f"out{random.randint(1, 400)}.mailer.example")
        turned, domain, done = ".".join(reversed(sender.text.split("."))), self.small_site()[4:], time
        self.ask(time, self.mail, f"{turned}.in-addr.arpa", PTR, [labels(f"out.{domain}")])
        for blocked in ("zen.spamhaus.org", "bl.spamcop.net", "b.barracudacentral.org", "ix.dnsbl.manitu.net"):
            listed = random.random() < 0.15
            done = self.ask(time + 0.02, self.mail, f"{turned}.{blocked}", A, [b"\x7f\0\0\2"] if listed else [], 0 if listed else NXDOMAIN)
        policy = b"v=spf1 include:_spf.example.com ~all"
        self.ask(done, self.mail, domain, TXT, [bytes((len(policy),)) + policy])
        key = b"v=DKIM1; k=rsa; p=" + plain(random, 100).hex().encode()[:200]
        self.ask(done, self.mail, f"s{random.randint(1, 9)}._domainkey.{domain}", TXT, [bytes((len(key),)) + key])
        self.ask(done, self.mail, f"_dmarc.{domain}", TXT, [], NXDOMAIN)
        self.smtp(done, sender, self.mail, 25, f"mail.{SUFFIX}", int(min(random.lognormvariate(9.5, 1.5), 4_000_000)))

    def smtp(self, time, host, server, port, name, length):
        talk = self.wire.connect(time, host, server, port)
        for side, line in ((1, f"220 {name} ESMTP\r\n"), (0, "EHLO client.example.net\r\n"), (1, f"250-{name}\r\n250-SIZE 52428800\r\n250 STARTTLS\r\n"),
                           (0, "STARTTLS\r\n"), (1, "220 2.0.0 Ready\r\n")):
            talk.say(side, line.encode())
        handshake(talk, self.random, name, alpn=())
        talk.say(0, sealed(self.random, 90)).say(1, sealed(self.random, 120)).say(0, sealed(self.random, length), piece_of(length))
        talk.say(1, sealed(self.random, 70)).close()

    def antivirus(self, time, host):
        """Sums of files as names, which only its maker's server knows."""
        for i in range(self.random.randint(1, 6)):
            name = f"{plain(self.random, 16).hex()}.{self.random.randint(1, 9)}.avqs.mcafee.com"
            self.ask(time + i * 0.2, host, name, A, [b"\x7f\0\0\x08"])

    def sip(self, time, host, call):
        """A telephone registers (RFC 3261)."""
        provider, name = self.external("sip.provider.example"), host.text.replace(".", "")
        ask = (f"REGISTER sip:provider.example SIP/2.0\r\nVia: SIP/2.0/UDP {host.text}:5060;branch=z9hG4bK{call:08x}\r\nMax-Forwards: 70\r\n"
               f"From: <sip:{name}@provider.example>;tag=1\r\nTo: <sip:{name}@provider.example>\r\nCall-ID: {name}\r\nCSeq: {call} REGISTER\r\n"
               f"Contact: <sip:{name}@{host.text}:5060>\r\nExpires: 120\r\nContent-Length: 0\r\n\r\n")
        self.wire.udp(time, host, provider, 5060, 5060, ask.encode())
        self.wire.udp(time + 0.03, provider, host, 5060, 5060, ask.replace("REGISTER sip:provider.example SIP/2.0", "SIP/2.0 200 OK", 1).encode())

    def ssdp(self, time, host):
        group, port = type(host)("239.255.255.250", b"\1\0\x5e\x7f\xff\xfa"), host.next_port()
        for i in range(4):
            self.wire.udp(time + i, host, group, port, 1900, b'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\n'
                          b"MX: 1\r\nST: urn:dial-multiscreen-org:service:dial:1\r\n\r\n")

    def snmp(self, time, host, printer):
        """Is there paper? (RFC 1157)"""
        def message(kind, value):
            body = b"\x30" + bytes((10 + len(value),)) + b"\x06\x08\x2b\6\1\2\1\1\1\0" + value
            pdu = b"\2\4\0\0\0\1\2\1\0\2\1\0\x30" + bytes((len(body),)) + body
            inner = b"\2\1\0\4\6public" + bytes((kind, len(pdu))) + pdu
            return b"\x30" + bytes((len(inner),)) + inner
        port = host.next_port()
        self.wire.udp(time, host, printer, port, 161, message(0xA0, b"\5\0"))
        self.wire.udp(time + 0.004, printer, host, 161, port, message(0xA2, b"\4\x07printer"))

    def monitor(self, time, minute):
        """One host looks after all: by ping, by a connection, and by a page where there is one."""
        watch, wire = self.watch, self.wire
        for i, host in enumerate(self.everybody):
            at = time + i * 0.5
            if not self.is_on(host, at):
                for again in range(3): wire.arp(at + again, watch, host.text)
                continue
            if (minute + i) % 5 == 0: wire.arp(at - 0.01, watch, host.text, host)
            wire.ping(at, watch, host, minute)
            wire.connect(at + 0.1, watch, host, 445 if host in self.workstations else 80).close()
            if host in self.pages: self.http(at + 0.2, watch, host, host.text, "/status", 600, agent="Monitoring/2.4", kind="text/plain")

    def backup(self, time, host, length):
        """To the server in the house, each night."""
        self.bare(time, host, self.store, 10_006, [(0.1, 300, 200)] + [(0.2, min(length, 4 << 20), 64)] * max(1, length >> 22))

    def cloud_backup(self, time, length):
        name = "office-backup.s3.eu-central-1.amazonaws.com"
        while length > 0:
            time = self.tls(time, self.store, name, [(0.1, 8 << 20, 500)] * 8) + 1
            length -= 64 << 20


def piece_of(length):
    return OFFLOADED if length > 2_000_000 else MSS
