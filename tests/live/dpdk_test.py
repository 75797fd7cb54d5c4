#!/usr/bin/env python3
"""DPDK without a NIC and without hugepages: virtual devices give what the file reader and the wire give.

  dpdk_test.py LAPWING
"""
import collections, concurrent.futures, glob, json, os, re, shutil, signal, struct, subprocess, sys, tempfile, time, unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import netns

LAPWING = os.path.abspath(sys.argv.pop(1))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CORPUS = os.path.join(ROOT, "../shared/corpus/ndpi")
NOBODY = 65534
PATIENCE = 60  # seconds: the machine may be busy
EAL = "{no-huge: yes, m: 64, no-pci: yes}"
# Of a run, not of the traffic: hash seeds are drawn live, and a port is no file.
OF_THE_RUN = {"flow_id", "pcap_cnt", "pcap_filename", "in_iface"}
SEND = """import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind((sys.argv[1], 0))
for i in range(int(sys.argv[3])): s.send(bytes.fromhex(sys.argv[2]))
"""


def read(path):
    with open(path) as f: return f.read()


def captures():
    return sorted(p for p in glob.glob(os.path.join(CORPUS, "*.pcap*")) if not p.endswith(".out")) or \
        sorted(glob.glob(os.path.join(ROOT, "pcaps/*/*.pcap")))


def pcapng_unfit(data):
    order, at = "<" if data[8:12] == b"\x4d\x3c\x2b\x1a" else ">", 0
    while at + 12 <= len(data):
        kind, size = struct.unpack_from(order + "II", data, at)
        if kind == 1 and struct.unpack_from(order + "H", data, at + 8)[0] != 1: return "no Ethernet"
        if kind == 6:
            captured, length = struct.unpack_from(order + "II", data, at + 20)
            if captured < length: return "frames cut by the capture"
        at += max(size, 12)
    return ""


def unfit(path):
    """Why net_pcap cannot bring what is in the capture, or an empty text."""
    with open(path, "rb") as f: data = f.read()
    order = {b"\xd4\xc3\xb2\xa1": "<", b"\x4d\x3c\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">", b"\xa1\xb2\x3c\x4d": ">"}.get(data[:4])
    if order is None: return pcapng_unfit(data)
    if struct.unpack_from(order + "I", data, 20)[0] & 0xffff != 1: return "no Ethernet"
    at = 24
    while at + 16 <= len(data):
        _, _, captured, length = struct.unpack_from(order + "IIII", data, at)
        if captured < length: return "frames cut by the capture"
        at += 16 + captured
    return ""


def canonical(path):
    out, packets = collections.Counter(), None
    with open(path) as f:
        for record in map(json.loads, f):
            if record["event_type"] == "stats": packets = record["stats"]["capture"]["packets"]
            else:
                # Live, flows that are due are ended some at a time, so that the record may be a little later.
                without = OF_THE_RUN | ({"timestamp"} if record["event_type"] == "flow" else set())
                if "tunnel" in record: record["tunnel"].pop("pcap_cnt", None)
                out[json.dumps({k: v for k, v in record.items() if k not in without}, sort_keys=True)] += 1
    return out, packets


def udp_frame(size=100):
    data = bytes(size - 42)
    return bytes([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1]) + struct.pack(">HBBHHHBBH4s4s", 0x800, 0x45, 0, 28 + len(data), 1, 0, 64, 17, 0,
                                                                   b"\x0a\1\0\1", b"\x0a\1\0\2") + struct.pack(">HHHH", 1000, 2000, 8 + len(data), 0) + data


def replayed_and_run(path):
    """Records and packets of the file reader, and of net_pcap, in a folder of its own."""
    case = Dpdk("run_capture")
    case.setUp()
    try:
        wanted, packets = case.replay(path)
        return wanted, packets, *case.run_capture(path, packets)
    finally:
        case.doCleanups()


class Dpdk(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        os.chmod(self.folder, 0o755)
        self.sensors = []
        self.addCleanup(lambda: [s.kill() for s, _ in self.sensors if s.poll() is None])

    def config(self, *ports, eal=EAL, name="dpdk.yaml"):
        path = os.path.join(self.folder, name)
        with open(path, "w") as f:
            f.write(f"dpdk:\n  eal-params: {eal}\n  interfaces:\n" + "".join(f"    - {p}\n" for p in ports))
        os.chmod(path, 0o644)
        return path

    def start(self, config, *words, before=(), folder=None):
        folder = folder or self.folder
        self.eve, self.socket, self.log_file = (os.path.join(folder, n) for n in ("eve.json", "control.sock", "log"))
        if os.path.exists(self.eve): os.unlink(self.eve)  # it would be written on
        with open(self.log_file, "w") as log:
            self.sensor = subprocess.Popen([*before, LAPWING, "run", "-c", config, "--eve", self.eve, "--checksums", "none",
                                            "--set", f"control.socket={self.socket}", *words], stderr=log)
        self.sensors.append((self.sensor, folder))
        self.until(lambda: os.path.exists(self.socket) and "watching" in self.log())

    def log(self): return read(self.log_file)

    def until(self, true):
        end = time.monotonic() + PATIENCE
        while not true():
            if time.monotonic() > end or self.sensor.poll() is not None: self.fail("it did not happen: " + self.log())
            time.sleep(0.02)

    def stats(self):
        done = subprocess.run([LAPWING, "stats", "--json", "--socket", self.socket], capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def end(self):
        self.sensor.send_signal(signal.SIGTERM)
        self.assertEqual(self.sensor.wait(timeout=PATIENCE), 0, self.log())
        return canonical(self.eve)

    def replay(self, path):
        eve = os.path.join(self.folder, "replay.json")
        subprocess.run([LAPWING, "replay", path, "--eve", eve, "--checksums", "none"], capture_output=True, timeout=600)
        return canonical(eve)

    def run_capture(self, path, packets, **how):
        # The EAL splits a device's arguments at commas, and names of captures have them.
        link = os.path.join(self.folder, "capture")
        if os.path.lexists(link): os.unlink(link)
        os.symlink(os.path.abspath(path), link)
        self.start(self.config(f'{{interface: "net_pcap0,rx_pcap={link}", threads: 1}}'), **how)
        self.until(lambda: self.stats()["capture"]["packets"] >= packets)
        return self.end()

    def test_net_pcap_gives_the_records_of_the_file_reader(self):
        fit, passed_over, same, wrong = [], collections.Counter(), 0, []
        for path in captures():
            reason = unfit(path)
            if reason: passed_over[reason] += 1
            else: fit.append(path)
        with concurrent.futures.ThreadPoolExecutor(2 * os.cpu_count()) as pool:
            for path, (wanted, packets, records, got) in zip(fit, pool.map(replayed_and_run, fit)):
                if records == wanted and got == packets: same += 1
                else: wrong.append((os.path.basename(path), got, packets, list((wanted - records).keys())[:1], list((records - wanted).keys())[:1]))
        print(f"net_pcap: {same} captures with equal records, passed over: {dict(passed_over)}")
        self.assertEqual(wrong, [], f"{len(wrong)} captures differ")
        self.assertGreater(same, 0)

    def test_unprivileged_and_beside_another_instance(self):
        if os.geteuid() != 0 or not shutil.which("setpriv"): self.skipTest("needs root and setpriv to become nobody")
        path = os.path.join(self.folder, "web.pcap")
        shutil.copy(os.path.join(ROOT, "pcaps/web/web.pcap"), path)
        os.chmod(path, 0o644)
        wanted, packets = self.replay(path)
        other = os.path.join(self.folder, "other")
        os.mkdir(other)
        self.start(self.config("{interface: net_null0, threads: 1}", name="other.yaml"), "--records", "stats", folder=other)
        first = self.sensor
        os.chmod(self.folder, 0o777)
        nobody = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--bounding-set=-all", "--no-new-privs")
        records, got = self.run_capture(path, packets, before=nobody)
        self.assertEqual((records, got), (wanted, packets))
        first.send_signal(signal.SIGTERM)
        self.assertEqual(first.wait(timeout=PATIENCE), 0)

    def test_net_null_on_one_worker_and_two(self):
        for threads in (1, 2):
            self.start(self.config(f"{{interface: net_null0, threads: {threads}}}"), "--records", "stats")
            self.assertIn(f"watching net_null0 with {threads} worker", self.log())
            before, begin = self.stats()["capture"]["packets"], time.monotonic()
            time.sleep(3)
            capture = self.stats()["capture"]
            rate = (capture["packets"] - before) / (time.monotonic() - begin)
            print(f"net_null: {rate / 1e6:.2f} million frames/s through {threads} worker(s)")
            only = capture["interfaces"][0]
            self.assertGreater(rate, 100e3)
            self.assertEqual((only["name"], only["driver"], only["clock"], only["drops_unknown"]), ("net_null0", "net_null", "software", 1))
            self.assertEqual(only["rss"], "ports" if threads == 2 else "none")
            self.assertEqual(only["rx_nombuf"], 0)
            self.end()

    def test_an_idle_port_leaves_the_core(self):
        self.start(self.config('{interface: "net_null0,no-rx=1", threads: 1, silence-after: 1}'), "--records", "stats")
        used = lambda: sum(int(x) for x in read(f"/proc/{self.sensor.pid}/stat").rsplit(")", 1)[1].split()[11:13])
        before = used()
        time.sleep(3)
        self.assertLess((used() - before) / os.sysconf("SC_CLK_TCK"), 1.0)
        self.assertEqual(self.stats()["capture"]["interfaces"][0]["silences"], 1)
        self.assertIn("silent: nothing came for 1 s", self.log())
        # EAL binds the thread that starts it to one core; workers must not be left there.
        cores = lambda path: read(path).split("Cpus_allowed_list:")[1].split()[0]
        threads = os.listdir(f"/proc/{self.sensor.pid}/task")
        self.assertEqual({cores(f"/proc/{self.sensor.pid}/task/{t}/status") for t in threads}, {cores("/proc/self/status")})
        self.end()

    def space(self):
        if netns.missing(): self.skipTest(netns.missing())
        try:
            space = netns.Space("lapwing-dpdk")
        except OSError as error:
            self.skipTest(str(error))
        self.addCleanup(space.close)
        return space

    def test_net_af_packet_in_a_namespace(self):
        space = self.space()
        config = self.config('{interface: "net_af_packet0,iface=lw1", threads: 1}')
        self.start(config, before=space.command())
        # A frame that the ring of the driver had when it began is none of ours.
        base = self.stats()["capture"]["packets"]
        space.run(sys.executable, "-c", SEND, "lw0", udp_frame().hex(), "500")
        self.until(lambda: self.stats()["capture"]["packets"] - base >= 500)
        only = self.stats()["capture"]["interfaces"][0]
        self.assertEqual((only["packets"] - base, only["driver"], only["drops_unknown"], only["drops"]), (500, "net_af_packet", 0, 0))
        records, _ = self.end()
        flows = [r for r in map(json.loads, records) if r["event_type"] == "flow"]
        self.assertEqual([(r["src_port"], r["flow"]["pkts_toserver"]) for r in flows], [(1000, 500)])

    def test_net_af_packet_tells_what_the_kernel_dropped(self):
        space = self.space()
        self.start(self.config('{interface: "net_af_packet0,iface=lw1,blocksz=4096,framesz=2048,framecnt=8", threads: 1}'), before=space.command())
        os.kill(self.sensor.pid, signal.SIGSTOP)  # nobody empties the ring
        space.run(sys.executable, "-c", SEND, "lw0", udp_frame().hex(), "300")
        os.kill(self.sensor.pid, signal.SIGCONT)
        self.until(lambda: self.stats()["capture"]["kernel_packets"] >= 300)
        capture = self.stats()["capture"]
        self.assertEqual((capture["packets"] + capture["kernel_drops"], capture["drops_unknown"]), (300, 0))
        self.assertGreater(capture["kernel_drops"], 200)
        self.end()

    def test_net_tap_in_a_namespace(self):
        if not os.path.exists("/dev/net/tun"): self.skipTest("needs /dev/net/tun")
        space = self.space()
        space.run("sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1", check=False)
        self.start(self.config('{interface: "net_tap0,iface=dtap0", threads: 1}'), before=space.command())
        space.run(sys.executable, "-c", SEND, "dtap0", udp_frame().hex(), "200")
        self.until(lambda: self.stats()["capture"]["packets"] >= 200)
        space.run("ip", "link", "set", "dtap0", "down")
        self.until(lambda: self.stats()["capture"]["interfaces"][0]["down"] == 1)
        space.run("ip", "link", "set", "dtap0", "up")
        self.until(lambda: self.stats()["capture"]["interfaces"][0]["reopened"] == 1)
        self.assertEqual(self.stats()["capture"]["interfaces"][0]["driver"], "net_tap")
        records, _ = self.end()
        flows = [r for r in map(json.loads, records) if r["event_type"] == "flow" and r.get("src_port") == 1000]
        self.assertEqual([r["flow"]["pkts_toserver"] for r in flows], [200])

    def test_ports_and_interfaces_of_libpcap_together(self):
        space = self.space()
        config = self.config("{interface: net_null0, threads: 1}")
        with open(config, "a") as f: f.write("pcap:\n  - {interface: lw1, threads: 1}\n")
        self.start(config, "--records", "stats", before=space.command())
        names = [i["name"] for i in self.stats()["capture"]["interfaces"]]
        self.assertEqual(names, ["lw1", "net_null0"])
        self.end()
        for chosen in ("lw1", "net_null0"):
            self.start(config, "--records", "stats", "-i", chosen, before=space.command())
            self.assertEqual([i["name"] for i in self.stats()["capture"]["interfaces"]], [chosen])
            self.end()

    def test_refusals(self):
        missing = os.path.join(self.folder, "missing.pcap")
        web = os.path.join(ROOT, "pcaps/web/web.pcap")
        for port, eal, words, wanted in (
                ("{interface: '0000:3b:00.0'}", EAL, (), ":4:7: 0000:3b:00.0: DPDK has no such port; it has none"),
                (f"{{interface: 'net_pcap0,rx_pcap={missing}'}}", EAL, (), ":4:7: net_pcap0: .*cannot be made"),
                (f"{{interface: 'net_pcap0,rx_pcap={web}', threads: 2}}", EAL, (), ":4:7: net_pcap0: net_pcap does not deal flows to queues"),
                ("{interface: net_null0, threads: 1, mempool-size: 4000000}", EAL, (), ":4:7: net_null0: no memory for 4000000 packet buffers"),
                ("{interface: net_null0, threads: 1, mempool-size: 63}", EAL, (), ":4:7: net_null0: mempool-size: at least"),
                ("{interface: net_null0, mtu: 10}", EAL, (), ":4:\\d+: mtu: 68 to 65535, or auto"),
                ("{interface: net_null0, cpus: [4000]}", EAL, (), ":4:\\d+: cpus: '4000' is no core"),
                ("{interface: net_null0, ring: 3}", EAL, (), ":4:\\d+: .*unknown key"),
                ("{interface: net_null0}", "{no-huge: yes, no-such-word: yes}", (), ":2:15: the EAL does not start"),
                ("{interface: net_null0}", "{no-huge: yes, proc-type: secondary}", (), ":2:15: proc-type: only primary"),
                ("{interface: net_null0}", EAL, ("--filter", "udp"), ":4:7: net_null0: DPDK has no BPF filters")):
            with self.subTest(port=port, eal=eal, words=words):
                config = self.config(port, eal=eal)
                done = subprocess.run([LAPWING, "run", "-c", config, *words], cwd=self.folder, capture_output=True, text=True, timeout=PATIENCE)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertRegex(done.stderr, re.escape(config) + wanted)


unittest.main()
