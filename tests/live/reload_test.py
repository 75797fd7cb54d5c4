#!/usr/bin/env python3
"""A running sensor takes new rules: by command and by SIGHUP, and keeps the old where the new are no good.

  reload_test.py LAPWING
"""
import json, os, signal, socket, subprocess, sys, time, unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import netns

LAPWING = os.path.abspath(sys.argv.pop(1))
PATIENCE = 60  # seconds: the machine may be busy
SENDER = """import socket, struct, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind(('lw0', 0))
data = sys.argv[1].encode()
udp = struct.pack('>HHHH', 1000, 2000, 8 + len(data), 0) + data
ip = struct.pack('>BBHHHBBH4s4s', 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0, bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2]))
s.send(bytes(6) + bytes([2, 0, 0, 0, 0, 1]) + b'\\x08\\x00' + ip + udp)
"""

QUESTION = """import socket, struct, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind(('lw0', 0))
name = b''.join(bytes([len(label)]) + label.encode() for label in sys.argv[1].split('.')) + b'\\0'
dns = struct.pack('>HHHHHH', 1, 0x100, 1, 0, 0, 0) + name + struct.pack('>HH', 1, 1)
udp = struct.pack('>HHHH', 40000, 53, 8 + len(dns), 0) + dns
ip = struct.pack('>BBHHHBBH4s4s', 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0, bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2]))
s.send(bytes(6) + bytes([2, 0, 0, 0, 0, 1]) + b'\\x08\\x00' + ip + udp)
"""


def rule(sid, word):
    return f'alert udp any any -> $HOME_NET any (msg:"{word}"; content:"{word}"; sid:{sid};)\n'


class Reload(netns.Case):
    def setUp(self):
        super().setUp()
        self.eve, self.socket = os.path.join(self.folder, "eve.json"), os.path.join(self.folder, "run/control.sock")
        self.write("a.rules", rule(1, "apple"))
        self.write("c.yaml", self.configuration("10.0.0.0/8"))

    def configuration(self, home, files="a.rules"):
        return (f'vars: {{address-groups: {{HOME_NET: "[{home}]"}}}}\ndefault-rule-path: {self.folder}\nrule-files: [{files}]\n'
                f"control: {{socket: {self.socket}}}\n")

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w") as f: f.write(text)

    def log(self):
        with open(os.path.join(self.folder, "log")) as f: return f.read()

    def start(self):
        with open(os.path.join(self.folder, "log"), "w") as log: sensor = self.launch(log)
        self.addCleanup(self.end, sensor)
        self.until(lambda: "watching lw1" in self.log())
        return sensor

    def launch(self, log):
        return self.space.start(LAPWING, "run", "-i", "lw1", "-c", os.path.join(self.folder, "c.yaml"), "--eve", self.eve,
                                "--checksums", "none", stderr=log)

    def end(self, sensor):
        if sensor.poll() is None: sensor.send_signal(signal.SIGTERM)
        try:
            return sensor.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            sensor.kill()
            raise

    def until(self, true):
        end = time.monotonic() + PATIENCE
        while not true():
            if time.monotonic() > end: self.fail("it did not happen: " + self.log())
            time.sleep(0.05)

    def lapwing(self, *words):
        return subprocess.run([LAPWING, *words, "--socket", self.socket], capture_output=True, text=True, timeout=PATIENCE)

    def ask(self, command, **flags):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(PATIENCE)
            s.connect(self.socket)
            s.sendall(json.dumps({"command": command, **flags}).encode() + b"\n")
            return json.loads(s.makefile().readline())

    def stats(self):
        done = self.lapwing("stats", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def alerts_of(self, word):
        """Sends a packet with the word; the sids that alert until the sensor has counted it."""
        before, packets = len(self.records("alert")), self.stats()["capture"]["packets"]
        self.space.run(sys.executable, "-c", SENDER, word)
        self.until(lambda: self.stats()["capture"]["packets"] > packets)
        self.until(lambda: len(self.records("alert")) == self.stats()["detect"]["alert"])
        return [r["alert"]["signature_id"] for r in self.records("alert")[before:]]

    def records(self, kind):
        if not os.path.exists(self.eve): return []
        with open(self.eve) as f: text = f.read()
        found = [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines()]
        return [r for r in found if r["event_type"] == kind]

    def test_a_reload_changes_what_alerts(self):
        sensor = self.start()
        self.assertEqual(self.alerts_of("apple and pear"), [1])
        self.write("a.rules", rule(2, "pear") + "alert udp any any -> any any (nonsense:1; sid:3;)\n")
        done = self.lapwing("reload")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("1 rules loaded", done.stdout)
        self.assertIn("1 at fault", done.stdout)
        self.assertRegex(done.stdout, r"a\.rules:2:\d+: ")
        self.assertRegex(done.stdout, r"\ngeneration \d+ is in force\n")
        self.assertEqual(self.alerts_of("apple and pear"), [2])

        stats = self.stats()
        engine = stats["detect"]["engines"][0]
        self.assertEqual((engine["rules_loaded"], engine["rules_failed"], engine["rules_skipped"]), (1, 1, 0))
        self.assertRegex(engine["last_reload"], r"^\d{4}-\d\d-\d\dT")
        self.assertEqual(stats["reload"]["taken"], 1)
        self.assertEqual(stats["workers"][0]["adoptions"], 1)
        self.assertGreater(stats["control"]["requests"], 0)
        self.assertRegex(self.lapwing("stats").stdout, r"(?m)^reload\.taken +1$")
        self.until(lambda: self.records("engine"))
        self.assertTrue(self.records("engine")[0]["reload"]["taken"])

        # Address variables are read anew too.
        self.write("c.yaml", self.configuration("172.16.0.0/12"))
        self.assertEqual(self.lapwing("reload").returncode, 0)
        self.assertEqual(self.alerts_of("apple and pear"), [])
        self.assertEqual(self.end(sensor), 0)
        self.assertFalse(os.path.exists(self.socket))

    def test_what_is_no_good_leaves_the_rules_as_they_are(self):
        self.start()
        faults = {
            "no rule was loaded": ("a.rules", "# nothing\n"),
            "no such rule file": ("c.yaml", self.configuration("10.0.0.0/8", "a.rules, gone.rules")),
            "c.yaml:": ("c.yaml", "vars: [\n"),
        }
        for reason, (name, text) in faults.items():
            with open(os.path.join(self.folder, name)) as f: good = f.read()
            self.write(name, text)
            done = self.lapwing("reload")
            self.assertEqual(done.returncode, 2, reason)
            self.assertIn(reason, done.stdout)
            self.assertIn("refused: ", done.stdout)
            self.assertEqual(self.alerts_of("apple"), [1], reason)
            self.write(name, good)
        self.write("a.rules", rule(1, "apple") + "alert udp any any -> any any (nonsense:1; sid:3;)\n")
        self.assertEqual(self.lapwing("reload", "--strict").returncode, 2)
        self.assertEqual(self.lapwing("reload", "--json").returncode, 0)
        stats = self.stats()["reload"]
        self.assertEqual((stats["taken"], stats["refused"]), (1, len(faults) + 1))

    def test_lists_of_indicators_are_read_anew_and_kept_where_one_is_broken(self):
        lists = os.path.join(self.folder, "lists")
        os.mkdir(lists)
        self.write("lists/a.txt", "bad.test\n")
        self.write("c.yaml", self.configuration("10.0.0.0/8") + f"analytics: {{intel: {{feeds: [{{path: {lists}}}]}}}}\n")
        sensor = self.start()

        def findings(name):
            return [r for r in self.records("behaviour") if r["behaviour"]["name"] == "intel" and name in r["behaviour"]["objects"]]

        def asked(name):
            self.space.run(sys.executable, "-c", QUESTION, name)
            self.until(lambda: findings(name))
            return findings(name)[0]["behaviour"]

        intel = lambda: self.stats()["analytics"]["intel"]
        self.assertEqual(asked("www.bad.test")["evidence"]["indicator"]["value"], "bad.test")
        # Another file in the folder, one that is gone, and a broken row.
        self.write("lists/b.txt", "worse.test\nafter.test\nlast.test\n???\n")
        os.remove(os.path.join(lists, "a.txt"))
        done = self.lapwing("reload")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("b.txt:4: '???' is no ", self.log())
        self.assertEqual(asked("www.worse.test")["evidence"]["indicator"]["source"], os.path.join(lists, "b.txt"))
        self.space.run(sys.executable, "-c", QUESTION, "other.bad.test")
        asked("www.after.test")
        self.assertEqual(findings("other.bad.test"), [], "it is listed no more")
        self.until(lambda: intel()["reloads"] == 1)
        self.assertEqual((intel()["indicators"]["domain"], intel()["bad"], intel()["reloads_refused"]), (3, 1, 0))

        self.write("lists/c.json", "{}")
        done = self.lapwing("reload")
        self.assertEqual(done.returncode, 0, "the rules are in force")
        self.assertIn("c.json: JSON that is no ", done.stdout)
        self.assertIn("the indicators stay as they were", done.stdout)
        self.assertEqual(self.lapwing("reload", "--strict").returncode, 2)
        asked("www.last.test")
        self.until(lambda: intel()["reloads_refused"] == 2)
        os.remove(os.path.join(lists, "c.json"))
        os.kill(sensor.pid, signal.SIGUSR2)
        self.until(lambda: intel()["reloads"] == 2)
        self.assertEqual(self.stats()["capture"]["kernel_drops"], 0)

    def test_a_list_that_cannot_be_read_is_no_start(self):
        self.write("c.yaml", self.configuration("10.0.0.0/8") + "analytics:\n  intel:\n    feeds:\n      - {path: /none/list.txt}\n")
        done = self.space.run(LAPWING, "run", "-i", "lw1", "-c", os.path.join(self.folder, "c.yaml"), check=False, timeout=PATIENCE)
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, r"c\.yaml:\d+:16: analytics")
        self.assertIn("/none/list.txt: No such file", done.stderr)

    def test_sighup_reloads(self):
        sensor = self.start()
        self.write("a.rules", rule(2, "pear"))
        os.kill(sensor.pid, signal.SIGHUP)
        self.until(lambda: self.stats()["reload"]["taken"] == 1)
        self.assertEqual(self.alerts_of("apple and pear"), [2])
        self.assertIsNone(sensor.poll())

    def test_signals_reload_reopen_or_are_survived(self):
        sensor = self.start()
        self.write("a.rules", rule(3, "pear"))
        os.kill(sensor.pid, signal.SIGUSR2)
        self.until(lambda: self.stats()["reload"]["taken"] == 1)
        self.assertEqual(self.alerts_of("apple and pear"), [3])
        os.rename(self.eve, self.eve + ".1")
        os.kill(sensor.pid, signal.SIGUSR2)
        self.until(lambda: self.stats()["reload"]["taken"] == 2)
        self.assertFalse(os.path.exists(self.eve), "USR2 opens nothing anew")
        os.kill(sensor.pid, signal.SIGHUP)
        self.until(lambda: self.stats()["reload"]["taken"] == 3 and os.path.exists(self.eve))
        for number in (signal.SIGUSR1, signal.SIGPIPE, signal.SIGXFSZ):
            os.kill(sensor.pid, number)
            self.assertEqual(self.ask("version")["return"], "OK", number)
        self.assertIsNone(sensor.poll())

    def test_every_command_is_answered(self):
        sensor = self.start()
        for _ in range(3):
            version = self.ask("version")
            self.assertEqual(version["return"], "OK")
            message = version["message"]
            self.assertEqual((message["pid"], message["interface"], message["generation"], message["rules_loaded"]), (sensor.pid, "lw1", 1, 1))
            self.assertRegex(message["version"], r"^\d+\.\d+\.\d+$")
        self.assertEqual(self.ask("stats")["message"]["detect"]["engines"][0]["rules_loaded"], 1)
        self.assertTrue(self.ask("reload")["message"]["taken"])
        self.write("a.rules", rule(1, "apple") + "alert nonsense\n")
        refused = self.ask("reload", strict=True)
        self.assertEqual((refused["return"], refused["message"]["taken"]), ("NOK", False))
        taken = self.ask("reload", strict=False)["message"]
        self.assertTrue(taken["taken"])
        self.assertEqual(self.ask("version")["message"]["generation"], taken["generation"])
        unknown = self.ask("no such command")
        self.assertEqual(unknown["return"], "NOK")
        self.assertIn("there are reload, stats, ", unknown["message"])  # operating_test.py has the others

    def test_one_sensor_a_socket_and_garbage_hurts_nobody(self):
        sensor = self.start()
        second = self.space.run(LAPWING, "run", "-i", "lw1", "-c", os.path.join(self.folder, "c.yaml"), "--eve", self.eve, check=False, timeout=PATIENCE)
        self.assertNotEqual(second.returncode, 0)
        self.assertIn("another sensor has it", second.stderr)
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(self.socket)
            s.sendall(os.urandom(3000).replace(b"\n", b" ") + b"\n" + b"{}\n" + bytes(5000))
            while s.recv(4096): pass
        control = self.stats()["control"]
        self.assertEqual((control["bad_requests"], control["line_max"]), (2, 1))
        sensor.kill()
        sensor.wait()
        self.assertTrue(os.path.exists(self.socket), "nobody cleaned up")
        self.start()
        self.assertEqual(self.alerts_of("apple"), [1])

    def test_without_an_output_eve_json_is_written_under_the_hosts_name(self):
        with open(os.path.join(self.folder, "log"), "w") as log:
            sensor = self.space.start(LAPWING, "run", "-i", "lw1", "-c", os.path.join(self.folder, "c.yaml"), "--set",
                                      f"default-log-dir={self.folder}", "--checksums", "none", stderr=log)
        self.addCleanup(self.end, sensor)
        self.until(lambda: "watching lw1" in self.log())
        self.assertIn(f"no output is configured: records go to {self.eve}", self.log())
        self.assertEqual(self.alerts_of("apple"), [1])
        self.assertEqual({r["host"] for r in self.records("alert")}, {socket.gethostname()})

    def test_options_of_outputs_alone_name_none(self):
        for more, said in (("outputs: {eve-log: {enabled: no}}\n", "every output of records is off"),
                           ("outputs: [{file-store: {enabled: no}}]\n", f"records go to {self.eve}")):
            self.write("c.yaml", self.configuration("10.0.0.0/8") + f"default-log-dir: {self.folder}\n" + more)
            with open(os.path.join(self.folder, "log"), "w") as log:
                sensor = self.space.start(LAPWING, "run", "-i", "lw1", "-c", os.path.join(self.folder, "c.yaml"), stderr=log)
            self.until(lambda: "watching lw1" in self.log())
            self.end(sensor)
            self.assertIn(said, self.log())

    def test_a_rule_file_may_come_later(self):
        os.makedirs(os.path.join(self.folder, "later"))
        self.write("c.yaml", self.configuration("10.0.0.0/8", "a.rules, later/b.rules"))
        self.start()
        self.assertIn("later/b.rules: no such rule file", self.log())
        self.write("later/b.rules", rule(2, "pear"))
        self.assertEqual(self.lapwing("reload").returncode, 0)
        self.assertEqual(self.alerts_of("apple and pear"), [1, 2])

    def test_nobody_there_is_told(self):
        for command in ("reload", "stats"):
            done = self.lapwing(command)
            self.assertEqual(done.returncode, 1)
            self.assertIn("no sensor listens here", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=1)
