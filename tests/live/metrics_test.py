#!/usr/bin/env python3
"""Metrics of a live sensor: every counter of `lapwing stats`, and every one that the dashboard names.

  metrics_test.py LAPWING
"""
import json, os, re, signal, subprocess, sys, time, unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import netns

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LAPWING = os.path.abspath(sys.argv.pop(1))
PATIENCE = 60  # seconds: the machine may be busy
LISTEN = "127.0.0.1:9477"  # in a namespace of its own
FETCH = "import sys, urllib.request\nprint(urllib.request.urlopen(sys.argv[1], timeout=30).read().decode(), end='')"
SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\.)*",?)*)\})? (\S+)$')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\.)*)"')


def parse(text):
    """Types by metric and values by (metric, labels) of the text format; refuses what is not in it."""
    types, helps, values = {}, {}, {}
    for line in text.splitlines():
        if line.startswith("# HELP "):
            _, _, name, help = line.split(" ", 3)
            if name in helps or not help: raise ValueError(f"help of {name}: {line}")
            helps[name] = help
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            if name in types or kind not in ("counter", "gauge", "summary"): raise ValueError(line)
            types[name] = kind
        else:
            found = SAMPLE.match(line)
            if not found: raise ValueError(f"no sample: {line}")
            key = found[1], tuple(sorted((name, re.sub(r"\\(.)", r"\1", value)) for name, value in LABEL.findall(found[2] or "")))
            family = key[0] if key[0] in types else re.sub("_(count|sum)$", "", key[0])
            if key in values or family not in types or family not in helps: raise ValueError(f"twice, or nothing said of it: {line}")
            values[key] = float(found[3])
    return types, helps, values


def samples_of(stats, name="lapwing", labels=()):
    """What the object of a stats record is as samples: (metric, labels) and a number, or a text."""
    for key, value in stats.items():
        here = name + "_" + re.sub("[^a-zA-Z0-9]", "_", key)
        if isinstance(value, dict): yield from samples_of(value, here, labels)
        elif isinstance(value, list):
            for i, item in enumerate(value): yield from samples_of(item, here, (*labels, (key[:-1], str(i))))
        elif isinstance(value, str): yield (name + "_info", labels), (key, value)
        else: yield (here, tuple(sorted(labels))), value


class Metrics(netns.Case):
    def setUp(self):
        super().setUp()
        subprocess.run(["ip", "-n", self.space.name, "link", "set", "lo", "up"], check=True)
        self.log_file, self.socket = os.path.join(self.folder, "log"), os.path.join(self.folder, "control.sock")

    def config(self, **metrics):
        path = os.path.join(self.folder, "c.yaml")
        eve = os.path.join(self.folder, "eve.json")
        with open(path, "w") as f:
            f.write(f"control:\n  socket: {self.socket}\nmetrics:\n" + "".join(f"  {k}: {v}\n" for k, v in metrics.items()))
            f.write(json.dumps({"outputs": [{"eve-log": {"filename": eve, "types": ["flow", "stats"]}},
                                            {"eve-log": {"filetype": "syslog", "destination": self.folder + "/\"log\""}}]})[1:-1] + "\n")
        return path

    def start(self, *words, ready="watching lw1"):
        with open(self.log_file, "w") as log:
            self.sensor = self.space.start(LAPWING, "run", "-i", "lw1", "--workers", "2", "--checksums", "none", *words, stderr=log)
        self.addCleanup(self.end)
        end = time.monotonic() + PATIENCE
        while ready not in self.log():
            if time.monotonic() > end or self.sensor.poll() is not None: self.fail(self.log())
            time.sleep(0.05)

    def end(self):
        if self.sensor.poll() is None: self.sensor.send_signal(signal.SIGTERM)
        self.assertEqual(self.sensor.wait(timeout=PATIENCE), 0, self.log())

    def log(self):
        with open(self.log_file) as f: return f.read()

    def scrape(self):
        return parse(self.space.run(sys.executable, "-c", FETCH, f"http://{LISTEN}/metrics", timeout=PATIENCE).stdout)

    def stats(self):
        done = subprocess.run([LAPWING, "stats", "--json", "--socket", self.socket], capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def send(self, count):
        frame = "020000000002020000000001080045000020000000004011000a0a0100010a02000103e807d0000c000061626364"
        self.space.run(sys.executable, "-c", "import socket\ns = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind(('lw0', 0))\n"
                       f"for i in range({count}): s.send(bytes.fromhex('{frame}'))")
        end = time.monotonic() + PATIENCE
        while (seen := self.stats()["capture"]["packets"]) < count and time.monotonic() < end: time.sleep(0.05)
        self.assertGreaterEqual(seen, count)

    def test_every_counter_is_there_with_its_value_and_kind(self):
        self.start("-c", self.config(enabled="yes", listen=LISTEN))
        self.send(50)
        first = self.scrape()
        for _ in range(10):  # until nothing moved between the two
            types, helps, values = self.scrape()
            stats = self.stats()
            stats.pop("uptime")
            expected, texts = {}, {}
            for key, value in samples_of(stats):
                if isinstance(value, tuple): texts.setdefault(key, []).append(value)
                else: expected[key] = value
            expected |= {(name, tuple(sorted((*labels, *words)))): 1 for (name, labels), words in texts.items()}
            moving = {key for key, value in expected.items() if key[0].startswith(("lapwing_control_", "lapwing_metrics_", "lapwing_workers_"))}
            seen = {key: value for key, value in values.items() if key[0] not in ("lapwing_build_info", "lapwing_start_time_seconds")}
            still = lambda samples: {key: value for key, value in samples.items() if key not in moving}
            if still(seen) == still(expected): break
        self.assertEqual(set(seen), set(expected))
        self.assertEqual(still(seen), still(expected))
        self.assertEqual(values["lapwing_capture_packets", ()], 50)
        self.assertEqual(values["lapwing_capture_interfaces_packets", (("interface", "0"),)], 50)
        self.assertAlmostEqual(values["lapwing_start_time_seconds", ()], time.time(), delta=10 * PATIENCE)
        # What a counter is, of all that can be listed.
        listed = json.loads(subprocess.run([LAPWING, "list", "counters", "--json"], check=True, capture_output=True).stdout)
        for row in listed:
            name = "lapwing_" + re.sub("[^a-zA-Z0-9]", "_", re.sub(r"\.\d+(?=\.)", "", row["path"]))
            if row["path"].endswith((".name", ".type", ".destination", ".last_reload")): continue
            if name not in types: continue  # of a protocol or event that did not happen
            self.assertEqual(helps[name], row["help"])
            now = re.search(r"\bnow\b|\bin memory\b|^rules in force|, at most", row["help"]) or name.endswith("memuse")
            if now: self.assertEqual(types[name], "gauge", row)
        for key, value in first[2].items():
            if types.get(key[0]) == "counter": self.assertGreaterEqual(values[key], value, key)

    def test_the_dashboard_names_what_is_there(self):
        self.start("-c", self.config(enabled="yes", listen=LISTEN))
        types, _, values = self.scrape()
        with open(os.path.join(ROOT, "scripts/grafana/lapwing.json")) as f: board = json.load(f)
        panels = board["panels"]
        self.assertEqual(len({p["id"] for p in panels}), len(panels))
        expressions = [t["expr"] for p in panels for t in p.get("targets", [])]
        self.assertGreater(len(expressions), 20)
        for panel in panels:
            self.assertTrue(panel["type"] == "row" or panel["targets"], panel["title"])
        labels = {name for _, pairs in values for name, _ in pairs} | {"instance", "job"}
        for expression in expressions:
            names = re.findall(r"\blapwing_\w+", expression)
            self.assertTrue(names, expression)
            for name in names: self.assertIn(name, types, expression)
            for rate in re.findall(r"(?:rate|increase)\((lapwing_\w+)", expression): self.assertEqual(types[rate], "counter", expression)
            for used in re.findall(r"\b(?:by|on|group_left) ?\(([^)]*)\)", expression):
                for label in filter(None, re.split(r",\s*", used)): self.assertIn(label, labels, expression)
        for variable in board["templating"]["list"]:
            for name in re.findall(r"\blapwing_\w+", json.dumps(variable)): self.assertIn(name, types)

    def test_listening_that_cannot_be_is_refused_at_its_place(self):
        hold = "import socket, time\ns = socket.socket(); s.bind(('127.0.0.1', 9477)); s.listen(); print('here', flush=True); time.sleep(600)"
        holder = self.space.start(sys.executable, "-c", hold, stdout=subprocess.PIPE, text=True)
        self.addCleanup(lambda: (holder.kill(), holder.communicate()))
        self.assertEqual(holder.stdout.readline(), "here\n")
        for listen, wrong in ((LISTEN, "Address already in use"), ("192.0.2.1:9477", "Cannot assign requested address"), ("localhost", "no address:port")):
            done = self.space.run(LAPWING, "run", "-i", "lw1", "-c", self.config(enabled="yes", listen=listen), check=False, timeout=PATIENCE)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertRegex(done.stderr, rf"c\.yaml:5:\d+: listen: {re.escape(listen)}: {wrong}")
        done = self.space.run(LAPWING, "run", "-i", "lw1", "--eve", os.path.join(self.folder, "eve.json"), "--set", "metrics.enabled=yes", "--set", f"control.socket={self.socket}", check=False, timeout=PATIENCE)
        self.assertEqual(done.returncode, 2)
        self.assertIn("metrics.listen is 127.0.0.1:9477: Address already in use", done.stderr)

    def test_every_method_is_answered_and_counted(self):
        self.start("-c", self.config(enabled="yes", listen=LISTEN))
        program = ("import http.client\n"
                   "for method in ('GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'BREW'):\n"
                   "  for path in ('/', '/metrics', '/index.html'):\n"
                   "    c = http.client.HTTPConnection('127.0.0.1', 9477, timeout=30)\n"
                   "    c.request(method, path, body=b'x' * 10000 if method in ('POST', 'PUT') else None)\n"
                   "    a = c.getresponse(); a.read(); print(method, path, a.status)\n")
        said = self.space.run(sys.executable, "-c", program, timeout=PATIENCE).stdout.split("\n")[:-1]
        self.assertEqual(len(said), 27)
        for line in said:
            method, path, status = line.split()
            self.assertEqual(status, "404" if path != "/metrics" else "200" if method in ("GET", "HEAD") else "405", line)
        counted = self.stats()["metrics"]
        self.assertEqual((counted["requests"], counted["refused"]), (2, 25))

    def test_beyond_loopback_is_warned_of(self):
        self.start("-c", self.config(enabled="yes", listen="0.0.0.0:9477"))
        self.assertIn("metrics.listen: 0.0.0.0:9477: whoever reaches this address", self.log())
        self.assertIn("lapwing_capture_packets", self.scrape()[0])

    def test_nothing_listens_unless_told(self):
        self.start("-c", self.config(enabled="no"))
        with self.assertRaises(subprocess.CalledProcessError): self.scrape()


if __name__ == "__main__": unittest.main()
