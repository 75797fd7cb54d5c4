#!/usr/bin/env python3
"""Live capture on several workers and interfaces: nothing split, nothing lost uncounted, and no interface that ends it.

  capture_test.py LAPWING
"""
import ipaddress, json, os, signal, struct, subprocess, sys, time, unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import netns

LAPWING = os.path.abspath(sys.argv.pop(1))
with open(LAPWING, "rb") as program: SANITIZED = b"__asan_init" in (code := program.read()) or b"__tsan_init" in code
PATIENCE = 60  # seconds: the machine may be busy
FLOWS = 200
SEND = """import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind((sys.argv[1], 0))
for line in sys.stdin: s.send(bytes.fromhex(line))
"""


def ether(kind, data, tags=()):
    head = bytes([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1])
    for i, tag in enumerate(tags): head += struct.pack(">HH", 0x88a8 if i + 1 < len(tags) else 0x8100, tag)
    return head + struct.pack(">H", kind) + data


def udp(sport, dport, data): return struct.pack(">HHHH", sport, dport, 8 + len(data), 0) + data


def address(text): return ipaddress.ip_address(text).packed


def ip4(src, dst, data, proto=17, number=1, offset=0, more=False):
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(data), number, (0x2000 if more else 0) | offset // 8, 64, proto, 0)
    return ether(0x800, head + address(src) + address(dst) + data)


def ip6(src, dst, data, proto=17):
    return ether(0x86dd, struct.pack(">IHBB", 0x60000000, len(data), proto, 64) + address(src) + address(dst) + data)


def tagged(frame, *tags): return ether(int.from_bytes(frame[12:14], "big"), frame[14:], tags)


def client(i): return f"10.1.{i // 250}.{i % 250 + 1}"


class Capture(netns.Case):
    def setUp(self):
        super().setUp()
        # Interfaces to come say nothing of their own either.
        self.space.run("sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1", check=False)
        self.eve, self.socket = os.path.join(self.folder, "eve.json"), os.path.join(self.folder, "control.sock")
        self.log_file = os.path.join(self.folder, "log")

    def ip(self, *words): subprocess.run(["ip", "-n", self.space.name, *words], check=True, capture_output=True)

    def add_pair(self, a, b):
        self.ip("link", "add", a, "type", "veth", "peer", "name", b)
        for name in (a, b): self.ip("link", "set", name, "up")

    def rename(self, name, other):
        self.ip("link", "set", name, "down")
        self.ip("link", "set", name, "name", other)
        self.ip("link", "set", other, "up")

    def file(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as f: f.write(text)
        return path

    def start(self, *words, ready):
        if "--checksums" not in words: words += ("--checksums", "none")
        with open(self.log_file, "w") as log:
            self.sensor = self.space.start(LAPWING, "run", *words, "--eve", self.eve, "--records",
                                           "flow,stats,anomaly,loss", "--set", f"control.socket={self.socket}", stderr=log)
        self.addCleanup(self.end)
        self.until(lambda: all(text in self.log() for text in ready))

    def end(self):
        if self.sensor.poll() is None: self.sensor.send_signal(signal.SIGTERM)
        self.assertEqual(self.sensor.wait(timeout=PATIENCE), 0, self.log())
        for record in self.records("stats"): self.accounted(record["stats"])

    def log(self):
        with open(self.log_file) as f: return f.read()

    def until(self, true):
        end = time.monotonic() + PATIENCE
        while not true():
            if time.monotonic() > end or self.sensor.poll() is not None: self.fail("it did not happen: " + self.log())
            time.sleep(0.05)

    def stats(self):
        done = subprocess.run([LAPWING, "stats", "--json", "--socket", self.socket], capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)
        stats = json.loads(done.stdout)
        self.accounted(stats)
        return stats

    def accounted(self, stats):
        """Every frame the kernel saw is one that was read, dropped, left unread or still waits."""
        capture = stats["capture"]
        for each in capture, *({**i, "kernel_drops": i["drops"]} for i in capture["interfaces"]):
            self.assertEqual(each["kernel_packets"], sum(each[name] for name in ("packets", "kernel_drops", "unread", "waiting")), each)

    def interface(self, index): return self.stats()["capture"]["interfaces"][index]

    def send(self, frames, interface="lw0"):
        self.space.run(sys.executable, "-c", SEND, interface, input="\n".join(f.hex() for f in frames) + "\n")

    def records(self, kind):
        with open(self.eve) as f: return [r for r in map(json.loads, f) if r["event_type"] == kind]

    def flows(self):
        """By client port; each must be there once."""
        flows = self.records("flow")
        out = {(r["src_ip"], r.get("src_port")): r for r in flows}
        self.assertEqual(len(out), len(flows), "no flow is split")
        return out

    def test_two_workers_split_no_flow(self):
        self.start("-i", "lw1", "--workers", "2", ready=["watching lw1 with 2 workers"])
        frames = []
        for i in range(FLOWS):
            c, s, c6, s6 = client(i), "10.2.0.1", f"fd00::{i + 1:x}", "fd01::1"
            data = udp(5000, 53, bytes(64))
            frames += [ip4(c, s, udp(1000, 2000, b"question")), ip4(s, c, udp(2000, 1000, b"answer"))]
            frames += [ip6(c6, s6, udp(1000, 2000, b"question")), ip6(s6, c6, udp(2000, 1000, b"answer"))]
            # In two fragments, the answer in one piece.
            frames += [ip4(c, s, data[:24], number=i, more=True), ip4(c, s, data[24:], number=i, offset=24), ip4(s, c, udp(53, 5000, b"a"))]
            head = lambda offset, more: struct.pack(">BBHI", 17, 0, offset | more, i)
            frames += [ip6(c6, s6, head(0, 1) + data[:24], 44), ip6(c6, s6, head(24, 0) + data[24:], 44), ip6(s6, c6, udp(53, 5000, b"a"))]
            # With tags: the flow's key has them, and the error belongs to the flow it quotes.
            frames += [tagged(ip4(c, s, udp(3000, 2000, b"x")), 7), tagged(ip4(s, c, udp(2000, 3000, b"x")), 7)]
            frames += [tagged(ip6(c6, s6, udp(3000, 2000, b"x")), 5, 6), tagged(ip6(s6, c6, udp(2000, 3000, b"x")), 5, 6)]
            lost = ip4(c, s, udp(4000, 2000, b"lost"))
            frames += [lost, ip4("10.3.0.1", c, b"\x03\x01\0\0\0\0\0\0" + lost[14:], proto=1)]
        self.send(frames)
        self.until(lambda: self.stats()["capture"]["packets"] == len(frames))
        capture = self.stats()["capture"]
        self.assertEqual((capture["kernel_packets"], capture["kernel_drops"], capture["errors"]), (len(frames), 0, 0))
        only = capture["interfaces"]
        self.assertEqual([(i["name"], i["packets"], i["drops"], i["down"]) for i in only], [("lw1", len(frames), 0, 0)])
        self.end()
        flows = self.flows()
        self.assertEqual(len(flows), 7 * FLOWS)
        stats = self.records("stats")[-1]["stats"]
        self.assertEqual((stats["capture"]["packets"], stats["capture"]["unread"]), (len(frames), 0))
        for key in ("ipv4", "ipv6"):
            self.assertEqual(stats["defrag"][key]["reassembled"], FLOWS, key)
        for (_, port), flow in flows.items():
            counts = flow["flow"]["pkts_toserver"], flow["flow"]["pkts_toclient"]
            self.assertEqual(counts, (1, 1), flow)
            self.assertEqual(flow["in_iface"], "lw1")
            tags = [] if port != 3000 else [7] if ":" not in flow["src_ip"] else [5, 6]
            self.assertEqual(flow.get("vlan", []), tags)

    def test_two_interfaces_of_one_file(self):
        self.add_pair("lw2", "lw3.1")
        yaml = self.file("c.yaml", "pcap:\n  - interface: default\n    threads: 2\n    buffer-size: 8mb\n    silence-after: 1\n"
                         "  - interface: lw1\n    bpf-filter: udp dst port 9\n    cpus: [0]\n"
                         "  - interface: lw3.1\n    threads: 1\n    vlan-tracking: no\n")
        self.start("-c", yaml, ready=["watching lw1 with 2 workers", "watching lw3.1 with 1 worker"])
        self.send([ip4(client(i), "10.2.0.1", udp(1, port, b"x")) for i in range(50) for port in (9, 10)])
        self.send([f for i in range(30) for f in (tagged(ip4(client(i), "10.4.0.1", udp(2, 9, b"x")), 3), ip4("10.4.0.1", client(i), udp(9, 2, b"x")))], "lw2")
        self.until(lambda: self.stats()["capture"]["packets"] == 110)
        self.assertEqual([(i["name"], i["packets"], i["kernel_packets"]) for i in self.stats()["capture"]["interfaces"]], [("lw1", 50, 50), ("lw3.1", 60, 60)])
        self.until(lambda: self.stats()["capture"]["silences"] >= 2)
        self.assertIn("lw1: silent: nothing came for 1 s", self.log())
        self.end()
        flows = self.flows().values()
        self.assertEqual(len(flows), 80)
        self.assertEqual({r["in_iface"] for r in flows if r["src_port"] == 1}, {"lw1"})
        self.assertEqual({(r["in_iface"], r["flow"]["pkts_toclient"]) for r in flows if r["src_port"] == 2}, {("lw3.1", 1)}, "tags do not part flows here")

    def test_four_workers_of_one_interface_share_its_frames(self):
        self.start("-i", "lw1", "--workers", "4", ready=["watching lw1 with 4 workers"])
        self.send([ip4(client(i), "10.2.0.1", udp(1, 2, b"x")) for i in range(400)])
        self.until(lambda: self.stats()["capture"]["packets"] == 400)
        shares = [worker["packets"] for worker in self.stats()["workers"]]
        self.assertEqual((len(shares), sum(shares)), (4, 400))
        self.assertTrue(all(60 <= share <= 140 for share in shares), shares)  # 4 standard deviations and more

    def test_each_of_four_interfaces_has_a_worker(self):
        names = ["lw1"] + [f"w{i}" for i in range(3)]
        for name in names[1:]: self.add_pair(f"s{name}", name)
        self.start("-c", self.file("c.yaml", "pcap:\n" + "".join(f"  - interface: {name}\n    threads: 1\n" for name in names)),
                   ready=[f"watching {name} with 1 worker" for name in names])
        for at, sent in enumerate(["lw0"] + [f"s{name}" for name in names[1:]]):
            self.send([ip4(client(i), f"10.{at + 2}.0.1", udp(1, 2, b"x")) for i in range(50 * (at + 1))], sent)
        self.until(lambda: self.stats()["capture"]["packets"] == 500)
        stats = self.stats()
        self.assertEqual([worker["packets"] for worker in stats["workers"]], [50, 100, 150, 200])
        self.assertEqual([(i["name"], i["packets"]) for i in stats["capture"]["interfaces"]], list(zip(names, (50, 100, 150, 200))))

    def test_an_interface_comes_back(self):
        self.add_pair("lw2", "lw3")
        self.start("-i", "lw1", "-i", "lw3", "--workers", "2", ready=["watching lw1", "watching lw3"])
        count = 0

        def passes(interface, index):
            nonlocal count
            count += 1
            before = self.interface(index)["packets"]
            self.send([f for i in range(20) for f in (ip4(client(i), "10.2.0.1", udp(count, 9, b"x")), ip4("10.2.0.1", client(i), udp(9, count, b"x")))], interface)
            self.until(lambda: self.interface(index)["packets"] == before + 40)

        def goes(why):
            errors = self.interface(0)["errors"]
            why()
            self.until(lambda: self.interface(0)["down"] == 1)
            self.assertEqual(self.interface(0)["errors"], errors + 1)
            passes("lw2", 1)

        def comes(how):
            reopened = self.interface(0)["reopened"]
            how()
            self.until(lambda: self.interface(0)["reopened"] == reopened + 1)
            self.assertEqual(self.interface(0)["down"], 0)
            passes("lw0", 0)

        passes("lw0", 0)
        goes(lambda: self.ip("link", "set", "lw1", "down"))
        comes(lambda: self.ip("link", "set", "lw1", "up"))
        goes(lambda: self.rename("lw1", "other"))
        comes(lambda: self.rename("other", "lw1"))
        goes(lambda: self.ip("link", "del", "lw0"))
        comes(lambda: self.add_pair("lw0", "lw1"))
        capture = self.stats()["capture"]
        self.assertEqual((capture["errors"], capture["reopened"], capture["down"], capture["packets"]), (3, 3, 0, 40 * count))
        self.assertEqual(capture["kernel_packets"], 40 * count, "counters go on where they were")
        self.assertEqual(self.log().count("lw1: open again"), 3)
        self.assertNotIn("lw3: open again", self.log())
        self.end()
        self.assertEqual(len(self.flows()), 20 * count)

    def test_rights_are_given_up_and_interfaces_come_back_all_the_same(self):
        os.chmod(self.folder, 0o777)
        self.start("-i", "lw1", "--workers", "2", "--set", "run-as.user=nobody", "--set", "run-as.group=nogroup",
                   ready=["watching lw1"])
        for task in os.listdir(f"/proc/{self.sensor.pid}/task"):
            with open(f"/proc/{self.sensor.pid}/task/{task}/status") as f:
                status = dict(line.rstrip().split(":\t", 1) for line in f if ":\t" in line)
            self.assertEqual(status["Uid"].split(), [status["Uid"].split()[0]] * 4)
            self.assertNotEqual(status["Uid"].split()[0], "0")
            self.assertEqual(int(status["CapEff"], 16), 1 << 13, "CAP_NET_RAW alone")
            self.assertEqual((int(status["CapBnd"], 16), status["NoNewPrivs"]), (0, "1"))
            # Sanitizers trace their own process: there is no filter then.
            self.assertEqual(status["Seccomp"], "0" if SANITIZED else "2")
        self.ip("link", "del", "lw0")
        self.until(lambda: self.interface(0)["down"] == 1)
        self.add_pair("lw0", "lw1")
        self.until(lambda: self.interface(0)["down"] == 0)
        self.send([ip4(client(1), "10.2.0.1", udp(1000, 2000, b"question"))])
        self.until(lambda: self.stats()["capture"]["packets"] == 1)

    def test_flows_end_on_a_silent_interface(self):
        self.start("-i", "lw1", "--workers", "1", "--set", "flow-timeouts.udp.new=1", ready=["watching lw1"])
        self.send([ip4(client(i), "10.2.0.1", udp(1, 9, b"x")) for i in range(1000)])
        self.until(lambda: self.stats()["flow"]["active"] == 0)
        self.assertEqual(self.stats()["capture"]["packets"], 1000, "nothing came in between")
        self.until(lambda: len(self.records("flow")) == 1000)

    def test_verdicts_are_given_up_before_packets(self):
        # How much of the ring the kernel gives, and how full its blocks get before they are closed, is not ours to say:
        # little of a large ring is plenty, and what was dropped all the same is no fault.
        self.start("-i", "lw1", "--workers", "1", "--set", "ndpi.shed-above=1", ready=["watching lw1"])
        self.sensor.send_signal(signal.SIGSTOP)
        self.send([ip4(client(i % 1000), "10.2.0.1", udp(5000 + i // 1000, 9, bytes(300))) for i in range(3000)])
        self.sensor.send_signal(signal.SIGCONT)
        self.until(lambda: self.stats()["capture"]["kernel_packets"] == 3000 and self.stats()["capture"]["waiting"] == 0)
        read = self.stats()["capture"]["packets"]
        self.send([ip4(client(0), "10.2.0.1", udp(9999, 9, bytes(300)))])
        self.until(lambda: self.stats()["capture"]["packets"] == read + 1)
        stats = self.stats()
        shed = stats["ndpi"]["shed_above"]
        self.assertGreater(shed, (read - 1024) / 2, "from the first look at the ring on")
        self.assertEqual(stats["ndpi"]["packets"], read + 1 - shed, "and none once it was read")
        self.end()
        self.assertEqual(len(self.flows()), read + 1)

    def test_what_a_stop_leaves_in_the_ring_is_counted(self):
        self.start("-i", "lw1", "--workers", "2", ready=["watching lw1"])
        self.sensor.send_signal(signal.SIGSTOP)
        self.send([ip4(client(i % 1000), "10.2.0.1", udp(5000, 9, bytes(1000))) for i in range(6000)])
        self.sensor.send_signal(signal.SIGTERM)
        self.sensor.send_signal(signal.SIGCONT)
        self.assertEqual(self.sensor.wait(timeout=PATIENCE), 0, self.log())  # a second signal would end it at once
        self.end()
        capture = self.records("stats")[-1]["stats"]["capture"]
        self.assertEqual((capture["kernel_packets"], capture["waiting"]), (6000, 0))
        self.assertGreater(capture["unread"], 1000, "or the stop came too late to show anything")
        self.assertEqual(self.records("loss")[-1]["loss"]["capture"]["unread"], capture["unread"])

    def test_loopback_is_seen_once_and_nothing_of_it_waits_for_ever(self):
        self.ip("link", "set", "lo", "up")
        self.start("-i", "lo", "--workers", "1", ready=["watching lo"])
        self.space.run(sys.executable, "-c", "import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
                       "for i in range(4000): s.sendto(bytes(1000), ('127.0.0.1', 5000 + i % 500))")
        self.until(lambda: self.stats()["capture"]["packets"] >= 4000)
        self.until(lambda: self.stats()["capture"]["waiting"] == 0)
        self.end()
        stats = self.records("stats")[-1]["stats"]
        capture = stats["capture"]
        self.assertEqual((capture["unread"], capture["kernel_packets"]), (0, capture["packets"] + capture["kernel_drops"]))
        self.assertEqual(stats["ndpi"].get("shed_above", 0), 0)

    def test_offloaded_frames_are_known(self):
        self.start("-i", "lw1", "--workers", "1", ready=["watching lw1"])
        self.ip("link", "set", "lw0", "mtu", "40000")
        self.ip("link", "set", "lw1", "mtu", "40000")
        # Opened with an MTU of 1500.
        self.send([ip4(client(0), "10.2.0.1", udp(1, 9, bytes(30000)))])
        self.until(lambda: self.stats()["capture"]["frames_above_mtu"] == 1)
        self.assertEqual(self.interface(0)["truncated"], 0)
        self.until(lambda: "lw1: frames above the MTU" in self.log())
        self.assertIn("ethtool -K lw1 gro off", self.log())
        self.end()
        self.assertEqual([r["flow"]["bytes_toserver"] for r in self.records("flow")], [30042])
        self.assertEqual(self.records("anomaly"), [])

    def refused(self, *words):
        done = self.space.run(LAPWING, "run", *words, "--eve", self.eve, "--set", "control.enabled=no", check=False, timeout=PATIENCE)
        self.assertEqual(done.returncode, 2, done.stderr)
        return done.stderr

    def test_what_cannot_be_watched_is_refused(self):
        self.assertRegex(self.refused("-i", "nosuch0"), "-i nosuch0: nosuch0: cannot be opened: .*[Nn]o such device")
        yaml = self.file("c.yaml", "pcap:\n  - interface: lw1\n  - interface: nosuch0\n")
        self.assertRegex(self.refused("-c", yaml), r"c\.yaml:3:\d+: nosuch0: cannot be opened")
        self.assertIn("no interface to watch", self.refused())
        self.assertIn("lw1: filter 'udp prot 1'", self.refused("-i", "lw1", "--filter", "udp prot 1"))
        for text, wrong in {"threads: 0": "1 to 256", "cpus: [x]": "'x' is no core", "cpus: [1000]": "core 1000 is not there",
                            "vlan-tracking: maybe": "none of yes, no", "snaplen: many": "not a size", "colour: red": "colour"}.items():
            self.assertRegex(self.refused("-c", self.file("c.yaml", "pcap:\n  - interface: lw1\n    " + text + "\n")), r"c\.yaml:\d+:\d+: .*" + wrong)
        self.assertIn("twice", self.refused("-i", "lw1", "-i", "lw1"))

    def test_checksums_left_to_the_card_are_no_fault(self):
        """A socket's own packets cross a veth pair with nothing but the pseudo header's sum."""
        self.start("-i", "lw1", "--workers", "1", "--checksums", "auto", ready=["watching lw1"])
        self.ip("addr", "add", "10.9.0.1/24", "dev", "lw0")
        self.ip("neigh", "add", "10.9.0.2", "lladdr", "02:00:00:00:00:09", "dev", "lw0")
        self.space.run(sys.executable, "-c", "import socket\nu = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
                       "for i in range(50): u.sendto(b'hello', ('10.9.0.2', 9))\n"
                       "t = socket.socket(); t.settimeout(0.1)\ntry: t.connect(('10.9.0.2', 9))\nexcept OSError: pass")
        self.until(lambda: self.stats()["decoder"]["checksum_offload"] >= 51)
        stats = self.stats()
        self.assertEqual((set(stats["decoder"]["bad_checksum"].values()), stats["tcp"]["invalid_checksum"]), ({0}, 0))

    def test_an_interface_that_is_down_is_waited_for(self):
        self.ip("link", "set", "lw1", "down")
        self.start("-i", "lw1", "--workers", "2", ready=["lw1: cannot be opened", "watching lw1"])
        self.assertEqual(self.interface(0)["down"], 1)
        self.ip("link", "set", "lw1", "up")
        self.until(lambda: self.interface(0)["down"] == 0)
        self.send([ip4(client(0), "10.2.0.1", udp(1, 9, b"x"))])
        self.until(lambda: self.interface(0)["packets"] == 1)


if __name__ == "__main__":
    unittest.main(verbosity=1)
