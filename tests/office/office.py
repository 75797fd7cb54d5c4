#!/usr/bin/env python3
"""The capture of an office that means no harm, made from a seed.

  office.py [--hosts 50] [--days 3 | --hours N] [--seed 1] [--plant beacon,scan,brute-force] FILE

People read pages, mail, print and talk, programs look for updates and for each other, one host watches all, and at night all
is saved, in the house and outside. FILE may be a pipe. What --plant names is done besides by one workstation each: its address
is printed, with what it does. The last line counts frames and bytes.
"""
import argparse, hashlib, os, random, sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from people import DAY, HOUR, MINUTE, Office
from wire import Host, Wire, plain

MONDAY = 1_789_948_800  # 2026-09-21, midnight


def mac(number):
    return b"\x02\x1a\x2b\0" + number.to_bytes(2, "big")


class World:
    """Who is there, who is on when, and what is to happen when."""

    def __init__(self, wire, hosts, length, seed):
        self.wire, self.random, self.end = wire, random.Random(seed), MONDAY + length
        self.tasks, self.outside = [], {}
        self.gateway = Host("10.20.0.1", mac(1))
        names = ["controller", "files", "mail", "watch", "intranet", "store"]
        servers = {name: Host(f"10.20.0.{10 + i}", mac(10 + i)) for i, name in enumerate(names)}
        things = 1 + (hosts >= 20)
        self.printers = [Host(f"10.20.0.{20 + i}", mac(20 + i)) for i in range(things)]
        self.phones = [Host(f"10.20.0.{30 + i}", mac(30 + i)) for i in range(3 * (hosts >= 20))]
        self.thing = Host("10.20.0.40", mac(40))
        rest = max(2, hosts - len(servers) - len(self.printers) - len(self.phones) - 1)
        self.workstations = [Host(f"10.20.0.{100 + i}", mac(100 + i), ttl=64 if i % 8 == 7 else 128) for i in range(rest)]
        # Those that are never switched off, and when the others are: (from, to) by day.
        self.always = set(self.workstations[::3])
        self.hours = {}
        for host in self.workstations:
            self.hours[host] = [(MONDAY + day * DAY + self.random.gauss(8.5, 0.6) * HOUR, MONDAY + day * DAY + self.random.gauss(17.5, 0.8) * HOUR)
                                for day in range((length + DAY - 1) // DAY)]
        self.everybody = [*servers.values(), *self.printers, *self.phones, self.thing, *self.workstations]
        self.office = Office(wire, self.random, servers | {
            "gateway": self.gateway, "printers": self.printers, "workstations": self.workstations, "everybody": self.everybody,
            "pages": {servers["intranet"], servers["files"], servers["mail"], *self.printers}, "is_on": self.is_on,
            "resolver": Host("9.9.9.9", mac(1), 0.012, 57)}, self.external)

    def external(self, name):
        """A host outside, behind the gateway, of a large network of its own choice."""
        if name not in self.outside:
            drawn = hashlib.sha256(name.encode()).digest()
            first = (23, 52, 80, 104, 142, 151, 185, 213)[drawn[0] % 8]
            self.outside[name] = Host(f"{first}.{1 + drawn[1] % 250}.{drawn[2]}.{1 + drawn[3] % 250}", mac(1), 0.01 + drawn[4] / 6000, 52)
        return self.outside[name]

    def is_on(self, host, time):
        return host not in self.hours or host in self.always or any(a <= time < b for a, b in self.hours[host])

    def at(self, time, what, *arguments):
        self.tasks.append((time, len(self.tasks), what, arguments))

    def every(self, begin, end, seconds, jitter, what, *arguments):
        time = begin + self.random.uniform(0, seconds)
        while time < min(end, self.end):
            self.at(time, what, time, *arguments)
            time += seconds * (1 + self.random.uniform(-jitter, jitter))

    def run(self):
        """All tasks in their order, and what comes of them."""
        self.tasks.sort(key=lambda task: task[:2])
        due = MONDAY
        for time, _, what, arguments in self.tasks:
            if time >= self.end: break
            if time >= due + 600:
                due = time // 600 * 600
                self.wire.flush(due)
            what(*arguments)
        self.wire.flush(self.end)

    # Who does what.

    def plan(self):
        for i, host in enumerate(self.workstations): self.plan_workstation(i, host)
        self.plan_servers()

    def plan_workstation(self, i, host):
        office, random = self.office, self.random
        for begin, end in self.hours[host]:
            on, off = (begin // DAY * DAY, begin // DAY * DAY + DAY) if host in self.always else (begin, end)
            on, stay = max(on, MONDAY), min(off, self.end)
            if begin >= self.end: continue
            self.at(begin, office.boot, begin, host, f"PC{i:02}")
            # The person: some pages, lunch, some pages; files, mail, paper.
            for _ in range(random.randint(4, 9)):
                at = random.uniform(begin, end - 30 * MINUTE)
                self.at(at, office.browse, at, host, at + random.uniform(3, 25) * MINUTE)
            for _ in range(random.randint(3, 10)):
                at = random.uniform(begin, end)
                self.at(at, office.share, at, host)
            for _ in range(random.randint(1, 8)):
                at = random.uniform(begin, end)
                self.at(at, office.mail_out, at, host)
            # Half of them work together on files outside, of which a program fetches what is new at log-on.
            for n in range(random.randint(3, 15) if i % 2 else 0):
                at = random.uniform(begin, end) if n else begin + 40
                self.at(at, office.together, at, host)
            if random.random() < 0.4:
                at = random.uniform(begin, end)
                self.at(at, office.print, at, host)
            if random.random() < 0.08:
                at = random.uniform(begin, end - 20 * MINUTE)
                self.at(at, office.call, at, host, random.uniform(4, 9))
            if random.random() < 0.06:
                at = random.uniform(begin, end)
                self.at(at, office.upload, at, host, office.small_site(), random.randint(1_000_000, 12_000_000))
            if i % 2 and random.random() < 0.2:
                at = random.uniform(begin, end)
                self.at(at, office.upload, at, host, "contoso.sharepoint.com", random.randint(1_000_000, 40_000_000))
            # The programs.
            self.every(begin, end, 5 * MINUTE, 0.02, lambda t, h=host: office.imap(t, h, f"mail.corp.example.net", office.mail))
            if i % 4 == 1: self.every(begin, end, 10 * MINUTE, 0.01, office.imap, host, "imap.gmail.com")
            self.every(on, stay, 22 * MINUTE, 0.4, lambda t, h=host: office.tls(t, h, "v10.events.data.microsoft.com", [(0, random.randint(1500, 9000), 450)]))
            self.every(on, stay, 4 * HOUR, 0.3, office.updates, host)
            self.every(on, stay, 17 * MINUTE, 0.02, office.ntp, host, office.controller)
            self.every(on, stay, 95 * MINUTE, 0.1, office.domain, host)
            self.at(on + 60, office.kept, on + 60, stay, host, "client.wns.windows.com", 15 * MINUTE, 40, 60)
            self.at(begin + 90, office.kept, begin + 90, end, host, "mtalk.google.com", 28 * MINUTE, 30, 30, 5228)
            if i % 2: self.at(begin + 200, office.kept, begin + 200, end, host, "teams.microsoft.com", 30, 60, 80, 443, 0.05)
            if i % 5 == 2: self.at(begin + 300, office.kept, begin + 300, end, host, "wss-primary.slack.com", 10, 40, 40)
            if i % 5 == 3: self.every(begin, end, 60, 0.01, lambda t, h=host: office.tls(t, h, "bolt.dropbox.com", [(0, 500, 300)]))
            if i % 3 == 0: self.every(on, stay, 40 * MINUTE, 0.5, office.antivirus, host)
            self.every(begin, end, 2 * MINUTE, 0.01, office.ssdp, host)
            if i % 6 == 4: self.every(begin, end, 15 * MINUTE, 0.01, office.snmp, host, self.printers[0])
            if i % 8 == 7: self.every(on, stay, 12 * HOUR, 0.2, office.linux_updates, host)
            # What is peculiar to one or two.
            if i in (3, 21):
                at = begin + HOUR
                self.at(at, office.dashboard, at, host, min(end, at + 5 * HOUR), "app.projektboard.eu", 30)
            if i == 5: self.every(begin, end, HOUR, 0.02, lambda t, h=host: office.tls(t, h, "license.cadvendor.com", [(0, 700, 900)]))
            if i == 9: self.every(begin, end, 5 * MINUTE, 0.01, self.wire.arp, host, "10.20.0.99")  # a server that is no more
            if i == 11: self.every(begin, end, 10 * MINUTE, 0.05, self.wire.syn, host, self.external("old.vendor.example"), 8443)
            if i == 13: self.at(begin + 100, self.tunnel, begin + 100, end, host)

    def tunnel(self, time, end, host):
        """WireGuard keeps its way through the firewall open."""
        peer, port = self.external("vpn.home.example"), host.next_port()
        self.wire.udp(time, host, peer, port, 51820, b"\1\0\0\0abcd" + plain(self.random, 140))
        self.wire.udp(time + 0.03, peer, host, 51820, port, b"\2\0\0\0efghabcd" + plain(self.random, 80))
        count = 0
        while (time := time + 25) < min(end, self.end):
            head = b"\4\0\0\0" + b"efgh" + count.to_bytes(8, "little")
            self.wire.udp(time, host, peer, port, 51820, head + plain(self.random, 16))
            if count % 5 == 0: self.wire.udp(time + 0.03, peer, host, 51820, port, head + plain(self.random, 16))
            count += 1

    def plan_servers(self):
        office, random, all_of_it = self.office, self.random, (MONDAY, self.end)
        minute = 0
        while MONDAY + minute * 60 < self.end:
            self.at(MONDAY + minute * 60, office.monitor, MONDAY + minute * 60, minute)
            minute += 1
        self.every(*all_of_it, 17 * MINUTE, 0.02, office.ntp, office.controller, self.external("0.pool.ntp.example"))
        self.every(*all_of_it, 4 * MINUTE, 0.9, office.mail_in)
        for server in (office.mail, office.watch, office.intranet, office.store): self.every(*all_of_it, 12 * HOUR, 0.2, office.linux_updates, server)
        for phone in self.phones:
            call = random.getrandbits(16)
            self.every(*all_of_it, 60, 0.02, lambda t, p=phone, c=call: office.sip(t, p, c))
        self.at(MONDAY + 5, office.kept, MONDAY + 5, self.end, self.thing, "mqtt.heating.example", 60, 60, 30, 8883, 0.01)
        for day in range((self.end - MONDAY + DAY - 1) // DAY):
            night = MONDAY + day * DAY + HOUR
            for i, host in enumerate([office.controller, office.files, office.mail, *sorted(self.always, key=lambda h: h.text)]):
                at = night + i * 3 * MINUTE + random.uniform(0, 20)
                self.at(at, office.backup, at, host, random.randint(2, 25) << 20)
            self.at(night + 2 * HOUR, office.cloud_backup, night + 2 * HOUR, 260 << 20)

    # What is no office's.

    def plant(self, name):
        """Returns who did it."""
        host, begin, office = self.workstations[-1 - ["beacon", "scan", "brute-force"].index(name)], MONDAY + 9 * HOUR, self.office
        self.always.add(host)
        begin = min(begin, self.end - 3 * HOUR)
        if name == "beacon":
            self.every(begin, begin + 3 * HOUR, 60, 0.2, lambda t: office.tls(t, host, "cdn-update-sync.com", [(0, 300, 220)]))
        elif name == "scan":
            for i in range(254): self.at(begin + 60 + i / 10, self.probe, begin + 60 + i / 10, host, i + 1)
        else:
            self.every(begin, begin + 20 * MINUTE, 4, 0.3, self.guess, host)
        return host.text

    def probe(self, time, host, last):
        there = next((h for h in self.everybody if h.text == f"10.20.0.{last}" and self.is_on(h, time)), None)
        self.wire.arp(time, host, f"10.20.0.{last}", there)
        if there: self.wire.syn(time + 0.01, host, there, 3389, "rst")

    def guess(self, time, host):
        talk = self.wire.connect(time, host, self.office.files, 21)
        for side, line in ((1, "220 files\r\n"), (0, "USER admin\r\n"), (1, "331 Password\r\n"), (0, f"PASS {self.random.getrandbits(40):x}\r\n"),
                           (1, "530 Login incorrect.\r\n"), (0, "QUIT\r\n"), (1, "221 Goodbye.\r\n")):
            talk.say(side, line.encode())
        talk.close(1)


def make(out, hosts, length, seed, planted=(), cut=None):
    """Returns the wire that was written to, and who did what was planted. `cut`: the seed by which segments are cut anew."""
    world = World(Wire(out, random.Random(cut) if cut else None), hosts, length, seed)
    world.plan()
    done = {name: world.plant(name) for name in planted}
    world.run()
    return world.wire, done


def arguments(parser):
    parser.add_argument("--hosts", type=int, default=50)
    parser.add_argument("--days", type=int, default=3)
    parser.add_argument("--hours", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plant", default="", help="beacon, scan, brute-force, with commas between")


def main():
    parser = argparse.ArgumentParser()
    arguments(parser)
    parser.add_argument("file")
    told = parser.parse_args()
    with open(told.file, "wb") as out:
        wire, done = make(out, told.hosts, told.hours * HOUR if told.hours else told.days * DAY, told.seed, [p for p in told.plant.split(",") if p])
    for name, host in done.items(): print(f"{name} by {host}")
    print(f"{wire.frames} frames, {wire.bytes} bytes")


if __name__ == "__main__":
    main()
