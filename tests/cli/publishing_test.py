#!/usr/bin/env python3
"""Publishing from outside: subscribers of every kind, keys, gaps, refusals.

  publishing_test.py LAPWING      NODE_MODULES: a folder with npm's zeromq (else build/node_modules)
"""
import json, os, pty, shutil, signal, socket, subprocess, sys, tempfile, time, unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WEB, DNS = os.path.join(ROOT, "pcaps/web/web.pcap"), os.path.join(ROOT, "pcaps/dns/dns.pcap")
LAPWING = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else os.path.join(ROOT, "build/lapwing")
NODE_MODULES = os.environ.get("NODE_MODULES", os.path.join(ROOT, "build/node_modules"))
EXAMPLES = os.path.join(ROOT, "scripts/examples")
# python3-zmq belongs to Debian's Python, whatever else is called python3.
PYTHON = next((p for p in ("/usr/bin/python3", sys.executable) if os.path.exists(p) and not subprocess.run([p, "-c", "import zmq"], capture_output=True).returncode), None)


def run(*arguments, **more):
    return subprocess.run([LAPWING, *arguments], capture_output=True, timeout=60, **more)


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.endpoint = f"ipc://{self.folder}/lapwing"

    def file(self, name, content, mode=0o644):
        path = os.path.join(self.folder, name)
        with open(path, "w") as f: f.write(content)
        os.chmod(path, mode)
        return path

    def start(self, *command, stdout=subprocess.PIPE):
        process = subprocess.Popen(command, stdout=stdout, stderr=subprocess.PIPE, cwd=self.folder)
        self.addCleanup(lambda: (process.kill(), process.communicate()))
        return process

    def output(self, **options):
        """A configuration of one ZeroMQ output. A reader that has enough may leave at the end, and is waited for."""
        whole = {"filetype": "zmq", "endpoints": [self.endpoint], "wait-send": 20_000, "linger": 1000} | options
        return self.file("c.yaml", json.dumps({"outputs": [{"eve-log": whole}]}))

    def replay(self, *arguments):
        """Replays to whoever subscribed; returns the records that a file got."""
        eve = os.path.join(self.folder, "eve.json")
        done = run("replay", WEB, DNS, "--eve", eve, "-q", *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(eve) as f: return f.read().splitlines()


class Subscribe(Case):
    def shown(self, *arguments, config=None):
        reader = self.start(LAPWING, "subscribe", self.endpoint, "--idle", "5", *arguments)
        done = run("replay", WEB, DNS, "-q", "-c", config or self.output())
        self.assertEqual(done.returncode, 0, done.stderr)
        out, err = reader.communicate(timeout=30)
        self.assertEqual(reader.returncode, 0, err)
        return out.decode(), err.decode()

    def test_topics_that_no_record_has_are_told(self):
        done = run("subscribe", self.endpoint, "--idle", "1", "--topics", "nosuch", "--topics", "alert")
        self.assertEqual(done.stderr.count(b"no record type"), 1, done.stderr)
        self.assertIn(b"--topics nosuch: no record type of this version begins with it", done.stderr)

    def test_a_replay_that_publishes_loses_nothing(self):
        reader = self.start(LAPWING, "subscribe", self.endpoint, "--idle", "10", "--fail-on-gap")
        written = self.replay("--publish", self.endpoint)
        received, _ = reader.communicate(timeout=30)
        self.assertEqual(reader.returncode, 0)
        self.assertEqual(sorted(received.decode().splitlines()), sorted(written))

    def test_topics_and_count(self):
        out, _ = self.shown("--topics", "dns,http")
        self.assertEqual({json.loads(line)["event_type"] for line in out.splitlines()}, {"dns", "http"})
        out, _ = self.shown("--count", "3")
        self.assertEqual(len(out.splitlines()), 3)

    def test_filter(self):
        out, err = self.shown("--filter", "event_type=flow", "--filter", "proto=UDP", "--filter", "flow.pkts_toserver>=1", "--filter", "!http")
        records = [json.loads(line) for line in out.splitlines()]
        self.assertGreater(len(records), 0)
        self.assertTrue(all(r["event_type"] == "flow" and r["proto"] == "UDP" for r in records))
        self.assertIn(f"{len(records)} matched", err)

    def test_pretty_is_json_in_order(self):
        out, _ = self.shown("--pretty", "--count", "1")
        self.assertGreater(len(out.splitlines()), 5)
        self.assertEqual(list(json.loads(out))[0], "timestamp")

    def test_pull_gets_every_record(self):
        config = self.output(filetype="zmq-push")
        whole, _ = self.shown("--pull", "--fail-on-gap", config=config)
        self.assertEqual(json.loads(whole.splitlines()[-1])["event_type"], "stats")
        self.assertEqual(json.loads(whole.splitlines()[-1])["stats"]["outputs"][0]["type"], "zmq-push")
        written = self.replay()
        self.assertEqual(len(whole.splitlines()), len(written))

    def test_several_sensors(self):
        reader = self.start(LAPWING, "subscribe", self.endpoint, self.endpoint + "2", "--idle", "5", "--fail-on-gap")
        second = self.file("d.yaml", json.dumps({"sensor-name": "b", "outputs": [{"eve-log": {"filetype": "zmq", "endpoints": [self.endpoint + "2"]}}]}))
        for config in (self.output(), second): self.assertEqual(run("replay", DNS, "-q", "-c", config).returncode, 0)
        out, err = reader.communicate(timeout=30)
        self.assertEqual(reader.returncode, 0, err)
        self.assertEqual({json.loads(line).get("host") for line in out.decode().splitlines()}, {None, "b"})

    def test_wrong_usage_is_status_2(self):
        for arguments in (["--filter", "a="], ["--filter", ".a=1"], ["--filter", "!a=1"], ["--pull", "--topics", "dns"], ["--server-key", "x"],
                          ["--key", "/nowhere/key", "--server-key", "x"], ["--key", "/nowhere/key", "--bind"]):
            self.assertEqual(run("subscribe", self.endpoint, *arguments).returncode, 2, arguments)

    @unittest.skipUnless(PYTHON, "needs python3-zmq")
    def test_gaps_and_restarts_are_told_and_fail_on_gap_exits_3(self):
        sensor = self.file("sensor.py", f"""import json, zmq, time
s = zmq.Context().socket(zmq.XPUB); s.bind({self.endpoint!r}); s.recv()
def send(epoch, seq, *records): s.send_multipart([b"flow", json.dumps(dict(sensor="s", epoch=epoch, seq=seq, count=len(records))).encode(), "\\n".join(records).encode()])
send(1, 5, "{{}}"); send(1, 10, "{{}}", "{{}}"); send(2, 3, "{{}}"); s.send_multipart([b"flow", b"nonsense", b""]); time.sleep(1)
""")
        self.start(PYTHON, sensor)
        done = run("subscribe", self.endpoint, "--idle", "5", "--fail-on-gap")
        self.assertEqual(done.returncode, 3, done.stderr)
        err = done.stderr.decode()
        for text in ("s flow: 4 records lost before number 10", "s flow: 3 records lost before number 3", "epoch 2", "4 records received, 7 lost", "1 malformed"):
            self.assertIn(text, err)

    def test_reads_on_when_the_sensor_is_back(self):
        shown = os.path.join(self.folder, "shown")  # a full pipe would keep it from subscribing again
        with open(shown, "w") as out: reader = self.start(LAPWING, "subscribe", self.endpoint, "--idle", "15", stdout=out)
        for _ in range(2):
            done = run("replay", DNS, "-q", "-c", self.output(**{"wait-subscriber": 30_000}))
            self.assertEqual((done.returncode, done.stderr), (0, b""))
        _, err = reader.communicate(timeout=60)
        with open(shown) as f: self.assertEqual(sum(json.loads(line)["event_type"] == "stats" for line in f), 2, err)
        self.assertIn("began anew", err.decode())


class Keys(Case):
    def setUp(self):
        super().setUp()
        for name in ("sensor", "reader"): self.assertEqual(run("keygen", self.path(name)).returncode, 0)
        shutil.copy(self.path("reader.pub"), self.path("allowed"))
        self.curve = {"secret-key-file": self.path("sensor"), "allowed-clients-file": self.path("allowed")}

    def path(self, name): return os.path.join(self.folder, name)

    def test_keygen_keeps_the_secret_and_overwrites_nothing(self):
        self.assertEqual(os.stat(self.path("sensor")).st_mode & 0o777, 0o600)
        before = open(self.path("sensor")).read()
        done = run("keygen", self.path("sensor"))
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"File exists", done.stderr)
        self.assertEqual(open(self.path("sensor")).read(), before)

    def test_listed_readers_get_all_and_others_nothing(self):
        reader = self.start(LAPWING, "subscribe", self.endpoint, "--key", self.path("reader"), "--server-key", self.path("sensor.pub"), "--idle", "5", "--fail-on-gap")
        plain = self.start(LAPWING, "subscribe", self.endpoint, "--idle", "5")
        done = run("replay", DNS, "-q", "-c", self.output(curve=self.curve))
        self.assertEqual(done.returncode, 0, done.stderr)
        out, err = reader.communicate(timeout=30)
        self.assertEqual(reader.returncode, 0, err)
        self.assertGreater(len(out.splitlines()), 5)
        self.assertEqual(plain.communicate(timeout=30)[0], b"")

    def refused(self, text, **options):
        done = run("replay", DNS, "-q", "-c", self.output(**options))
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn(text, done.stderr.decode())

    def test_files_that_are_not_right_are_refused_at_start(self):
        self.refused("No such file", curve={"secret-key-file": "/nowhere/key"})
        os.chmod(self.path("sensor"), 0o644)
        self.refused("chmod 600", curve=self.curve)
        os.chmod(self.path("sensor"), 0o600)
        self.file("allowed", "what is this\n")
        self.refused("allowed:1:1: not a key", curve=self.curve)
        self.refused("c.yaml:1", curve={"allowed-clients-file": self.path("allowed")})

    def test_tcp_without_keys_is_refused_unless_insecure_is_written(self):
        for endpoint in ("tcp://0.0.0.0:*", "tcp://127.0.0.1:*", "ipc://@lapwing-test"):
            self.refused("insecure: yes", endpoints=[endpoint])
            self.refused("c.yaml:1:", endpoints=[endpoint], insecure=False)
            done = run("replay", DNS, "-q", "-c", self.output(endpoints=[endpoint], insecure=True, **{"wait-subscriber": 0}))
            self.assertEqual(done.returncode, 1, done.stderr)  # nobody reads
            self.assertIn(b"unencrypted", done.stderr)
        plain = run("replay", DNS, "-q", "--publish", "tcp://127.0.0.1:*")
        self.assertEqual(plain.returncode, 2)
        self.assertIn(b"--insecure", plain.stderr)
        done = run("replay", DNS, "-q", "-c", self.output(endpoints=["tcp://0.0.0.0:*"], curve=self.curve, **{"wait-subscriber": 0}))
        self.assertNotIn(b"unencrypted", done.stderr)

    def test_a_port_in_use_is_status_2(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            for kind in ("zmq", "zmq-push"):
                self.refused("Address already in use", filetype=kind, insecure=True, endpoints=[f"tcp://127.0.0.1:{taken.getsockname()[1]}"])


class Terminal(Case):
    NASTY = 'a\x1b]0;owned\x07b\u202ec\x9bd'

    @unittest.skipUnless(PYTHON, "needs python3-zmq")
    def test_records_do_not_steer_a_terminal_and_reach_a_pipe_as_they_are(self):
        sensor = self.file("sensor.py", f"""import json, sys, zmq, time
s = zmq.Context().socket(zmq.XPUB); s.bind(sys.argv[1]); s.recv()
s.send_multipart([b"flow", json.dumps(dict(sensor={self.NASTY!r}, epoch=1, seq=0, count=1)).encode(), {self.NASTY!r}.encode() + b"\\xff"])
s.send_multipart([b"flow", json.dumps(dict(sensor={self.NASTY!r}, epoch=1, seq=2, count=1)).encode(), b"{{}}"])
time.sleep(3)
""")
        for terminal in (True, False):
            ours, theirs = pty.openpty() if terminal else os.pipe()
            endpoint = f"{self.endpoint}-{terminal}"
            self.start(PYTHON, sensor, endpoint)
            reader = self.start(LAPWING, "subscribe", endpoint, "--count", "2", stdout=theirs)
            _, err = reader.communicate(timeout=30)
            os.close(theirs)
            out = os.read(ours, 4096)
            os.close(ours)
            self.assertNotIn(b"\x1b", err)
            if terminal:
                self.assertIn(rb"a\u001b]0;owned\u0007b\u202ec\u009bd\u00ff", out)
                self.assertNotIn(b"\x1b", out)
            else:
                self.assertIn(self.NASTY.encode() + b"\xff\n", out)

    def test_show_records_escapes(self):
        record = {"timestamp": "2026-01-01T00:00:00", "event_type": "alert", "alert": {"signature_id": 1, "severity": 1, "signature": self.NASTY}}
        done = subprocess.run([sys.executable, os.path.join(ROOT, "scripts/show_records")], input=json.dumps(record).encode(), capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertFalse({0x1b, 0x07} & set(done.stdout), done.stdout)
        self.assertNotIn("\u202e", done.stdout.decode())


class Examples(Case):
    def check(self, *command):
        """The example gets what a file got, and tells the gap of a sensor that lost two records."""
        shown = os.path.join(self.folder, "shown")  # not a pipe, which nobody would empty
        with open(shown, "w") as out: reader = self.start(*command, self.endpoint, stdout=out)
        written = self.replay_with_publish()
        time.sleep(1)
        reader.send_signal(signal.SIGTERM)
        _, err = reader.communicate(timeout=20)
        with open(shown) as f: got = [json.loads(line.partition(" ")[2]) for line in f]
        self.assertEqual(sorted(map(str, got)), sorted(str(json.loads(line)) for line in written), err)
        self.assertEqual(err, b"")
        self.endpoint += "-gap"
        reader = self.start(*command, self.endpoint, "flow")
        sensor = self.file("sensor.py", f"""import json, zmq, time
s = zmq.Context().socket(zmq.XPUB); s.bind({self.endpoint!r}); s.recv()
for seq in (0, 3): s.send_multipart([b"flow", json.dumps(dict(sensor="s", epoch=1, seq=seq, count=1)).encode(), b"{{}}"])
time.sleep(2)
""")
        self.assertEqual(subprocess.run([PYTHON, sensor], timeout=30).returncode, 0)
        reader.send_signal(signal.SIGTERM)
        self.assertIn(b"flow: 2 records lost", reader.communicate(timeout=20)[1])

    def replay_with_publish(self):
        eve = os.path.join(self.folder, "eve.json")
        done = run("replay", WEB, DNS, "--eve", eve, "--publish", self.endpoint, "-q")
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(eve) as f: return f.read().splitlines()

    @unittest.skipUnless(PYTHON, "needs python3-zmq")
    def test_python(self): self.check(PYTHON, os.path.join(EXAMPLES, "subscriber.py"))

    @unittest.skipUnless(PYTHON and shutil.which("node") and os.path.isdir(os.path.join(NODE_MODULES, "zeromq")), "needs node, npm's zeromq (scripts/dev examples) and python3-zmq")
    def test_node(self):
        os.symlink(NODE_MODULES, os.path.join(self.folder, "node_modules"))
        shutil.copy(os.path.join(EXAMPLES, "subscriber.mjs"), self.folder)
        self.check("node", os.path.join(self.folder, "subscriber.mjs"))

    def test_both_have_some_twenty_lines(self):
        for name in ("subscriber.py", "subscriber.mjs"):
            with open(os.path.join(EXAMPLES, name)) as f: self.assertLess(len(f.readlines()), 26, name)


if __name__ == "__main__":
    unittest.main(verbosity=1)
