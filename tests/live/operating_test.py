#!/usr/bin/env python3
"""What whoever runs a sensor asks: would it start, what does it go by, how is it; and Suricata's client does the same.

  operating_test.py LAPWING
"""
import json, os, shutil, signal, socket, subprocess, sys, time, unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import netns

LAPWING = os.path.abspath(sys.argv.pop(1))
PATIENCE = 60  # seconds: the machine may be busy
RULE = 'alert udp any any -> any any (msg:"apple"; content:"apple"; sid:1;)\n'
FRAME = "020000000002020000000001080045000020000000004011000a0a0100010a02000103e807d0000c000061626364"


class Case(netns.Case):
    def setUp(self):
        super().setUp()
        self.eve, self.socket = os.path.join(self.folder, "eve.json"), os.path.join(self.folder, "run/s.sock")
        self.write("a.rules", RULE)

    def path(self, name): return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w") as f: f.write(text)
        return self.path(name)

    def config(self, more="", rules="a.rules", filename=None, interface="lw1"):
        return self.write("c.yaml", f"pcap: [{{interface: {interface}, threads: 1}}]\ndefault-rule-path: {self.folder}\nrule-files: [{rules}]\n"
                          f"control: {{socket: {self.socket}}}\noutputs: [{{eve-log: {{filename: {filename or self.eve}}}}}]\n{more}")

    def log(self):
        with open(self.path("log")) as f: return f.read()

    def until(self, true):
        end = time.monotonic() + PATIENCE
        while not true():
            if time.monotonic() > end: self.fail("it did not happen: " + self.log())
            time.sleep(0.05)

    def start(self, config, *words):
        with open(self.path("log"), "w") as log: sensor = self.space.start(LAPWING, "run", "-c", config, "--checksums", "none", *words, stderr=log)
        self.addCleanup(self.end, sensor)
        self.until(lambda: "watching lw1" in self.log() and os.path.exists(self.socket))
        return sensor

    def end(self, sensor):
        if sensor.poll() is None: sensor.send_signal(signal.SIGTERM)
        try:
            return sensor.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            sensor.kill()
            raise

    def send(self, count):
        self.space.run(sys.executable, "-c", "import socket\ns = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind(('lw0', 0))\n"
                       f"for i in range({count}): s.send(bytes.fromhex('{FRAME}'))")


class TestConfig(Case):
    def test(self, *words):
        done = self.space.run(LAPWING, "test-config", *words, "--json", check=False, timeout=PATIENCE)
        told = json.loads(done.stdout)
        self.assertEqual(done.returncode, 0 if told["ok"] else 2, done.stderr)
        self.assertEqual(done.stderr, "")
        return told["ok"], {check["check"]: check for check in told["checks"]}

    def test_what_would_start_is_well_and_nothing_is_begun(self):
        before = sorted(os.listdir(self.folder)) + ["c.yaml"]
        ok, checks = self.test("-c", self.config())
        self.assertTrue(ok, checks)
        self.assertEqual(list(checks), ["configuration", "user", "settings", "rules", "keys", "outputs", "control", "interfaces", "unknown keys", "confinement"])
        self.assertTrue(checks["rules"]["message"].startswith("1 loaded"), checks)
        self.assertEqual(checks["interfaces"]["message"], "lw1")
        self.assertEqual([c["warnings"] for c in checks.values()], [[]] * 10)
        self.assertEqual(sorted(os.listdir(self.folder)), sorted(before))
        said = self.space.run(LAPWING, "test-config", "-c", self.path("c.yaml")).stdout
        self.assertRegex(said, r"(?m)^interfaces +ok: lw1$")

    def test_each_fault_is_told_where_it_is(self):
        keys = "outputs: [{eve-log: {filetype: zmq, endpoints: [\"tcp://127.0.0.1:9999\"], curve: {secret-key-file: " + self.path("none") + "}}}]\n"
        open(self.path("a_file"), "w").close()
        for check, config, line, said in (
                ("configuration", dict(more="stream: 7\n"), 6, "a map of settings is expected"),
                ("settings", dict(more="stream: {memcap: much}\n"), 6, "much"),
                ("settings", dict(more="vars: {address-groups: {HOME_NET: '10.0.0.0/33'}}\n"), 6, "HOME_NET"),
                ("user", dict(more="run-as: {user: nobody-of-that-name}\n"), 6, "there is no user"),
                ("outputs", dict(filename=self.path("nowhere/eve.json")), 5, "No such file or directory"),
                ("outputs", dict(filename=self.folder), 5, "Is a directory"),
                ("outputs", dict(more="outputs: [{eve-log: {filetype: smoke}}]\n"), 6, "smoke"),
                ("outputs", dict(more="outputs: [{eve-log: {filetype: zmq, endpoints: [\"ipc://" + self.path("a.rules") + "\"]}}]\n"), 6, "no socket"),
                ("keys", dict(more=keys), None, "none"),
                ("interfaces", dict(interface="lw7"), 1, "lw7"),
                ("interfaces", dict(more="pcap: [{interface: lw1, bpf-filter: nonsense here}]\n"), 6, "nonsense"),
                ("unknown keys", dict(more="streem: {memcap: 1mb}\n"), 6, "stream"),
                ("control", dict(more=f"control: {{socket: {self.path('a_file/s.sock')}}}\n"), None, "Not a directory"),
                ("control", dict(more="metrics: {enabled: yes, listen: nowhere}\n"), 6, "address:port")):
            ok, checks = self.test("-c", self.config(**config))
            self.assertFalse(ok, (check, config))
            faults = [name for name, found in checks.items() if not found["ok"]]
            self.assertIn(check, faults, checks)
            self.assertIn(said, checks[check]["message"])
            if line: self.assertEqual(checks[check].get("line"), line, checks[check])
            self.assertNotEqual(self.space.run(LAPWING, "run", "-c", self.path("c.yaml"), check=False, timeout=PATIENCE).returncode, 0, "nor does it start")

    def test_all_faults_are_told_at_once_and_rules_as_strictly_as_asked(self):
        self.write("a.rules", RULE + "alert nonsense\n")
        config = self.config(filename=self.path("nowhere/eve.json"), interface="lw7")
        self.assertEqual([name for name, found in self.test("-c", config)[1].items() if not found["ok"]], ["outputs", "interfaces"])
        ok, checks = self.test("-c", self.config(), "--strict")
        self.assertEqual((ok, checks["rules"]["ok"]), (False, False))
        ok, checks = self.test("-c", self.config(rules="a.rules, later.rules"))
        self.assertTrue(ok)
        self.assertIn("later.rules: no such rule file", checks["rules"]["warnings"][0])
        self.assertTrue(any("a.rules:2" in warning for warning in checks["rules"]["warnings"]))

    def test_an_interface_that_is_down_is_a_warning(self):
        self.space.run("ip", "link", "set", "lw1", "down")
        ok, checks = self.test("-c", self.config())
        self.assertTrue(ok)
        self.assertIn("lw1", checks["interfaces"]["warnings"][0])

    def test_it_counts_what_the_users_rights_are(self):
        os.chmod(self.folder, 0o755)
        ok, checks = self.test("-c", self.config("run-as: {user: nobody}\n"), "--set", "detect.sgh-mpm-caching=no")
        self.assertFalse(ok)
        self.assertIn("Permission denied", checks["outputs"]["message"])
        os.makedirs(self.path("out"))
        os.chmod(self.path("out"), 0o777)
        self.socket = self.path("out/s.sock")
        ok, checks = self.test("-c", self.config("run-as: {user: nobody}\n", filename=self.path("out/eve.json")), "--set", "detect.sgh-mpm-caching=no")
        self.assertTrue(ok, checks)
        self.assertEqual(os.listdir(self.path("out")), [])

    def test_a_running_sensor_is_no_fault(self):
        self.start(self.config())
        self.assertTrue(self.test("-c", self.path("c.yaml"))[0])


class Status(Case):
    def status(self, *words, interval="0.3"):
        done = subprocess.run([LAPWING, "status", "--socket", self.socket, "--interval", interval, *words], capture_output=True, text=True, timeout=PATIENCE)
        return done.returncode, done.stdout

    def test_a_sensor_that_is_well(self):
        self.start(self.config())
        self.send(20)
        code, said = self.status()
        self.assertEqual(code, 0, said)
        for line in (r"^ok: lapwing \d+\.\d+\.\d+, process \d+, up 00:", r"^rules +1 loaded", r"^interface +lw1: ", r"^output +regular " + self.eve, r"^lost +nothing"):
            self.assertRegex(said, "(?m)" + line)
        self.assertLess(len(said.splitlines()), 24)
        code, said = self.status("--json")
        told = json.loads(said)
        self.assertEqual((code, told["status"], told["reasons"], told["rules_loaded"], told["packets"]), (0, "ok", [], 1, 20))

    def test_nobody_there_is_critical(self):
        code, said = self.status()
        self.assertEqual(code, 2)
        self.assertIn("critical: " + self.socket + ": no sensor listens here", said)
        code, said = self.status("--json")
        self.assertEqual((code, json.loads(said)["status"]), (2, "critical"))

    def test_an_interface_that_went_is_critical(self):
        self.start(self.config())
        self.space.run("ip", "link", "set", "lw1", "down")
        self.until(lambda: self.status()[0] == 2)
        self.assertIn("critical: lw1 is down or away", self.status()[1])

    def test_rules_at_fault_and_records_that_are_lost(self):
        self.write("a.rules", RULE + "alert nonsense\n")
        self.start(self.config())
        code, said = self.status()
        self.assertEqual((code, "warning: 1 rules are at fault" in said), (1, True), said)

    def test_an_output_that_loses_is_critical(self):
        self.start(self.config("stats: {interval: 1}\n", filename="/dev/full"))
        code, said = self.status(interval="3")
        self.assertEqual((code, "critical: regular /dev/full loses records" in said), (2, True), said)


class SuricataClient(Case):
    """Talks as suricatasc does: the version without an end of line, then a line each."""

    def ask(self, *requests):
        out = []
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(PATIENCE)
            s.connect(self.socket)
            s.sendall(b'{"version": "0.2"}')
            answers = s.makefile()
            self.assertEqual(json.loads(answers.readline())["return"], "OK")
            for request in requests:
                command, _, argument = request.partition(" ")
                name, _, value = argument.partition("=")
                s.sendall(json.dumps({"command": command, **({"arguments": {name: value}} if name else {})}).encode() + b"\n")
                out.append(json.loads(answers.readline()))
        return out

    def test_every_command_is_answered(self):
        sensor = self.start(self.config("stream: {memcap: 40mb}\n"))
        self.send(20)
        commands = self.ask("command-list")[0]["message"]
        self.assertEqual(commands["count"], len(commands["commands"]))
        asked = {"stats", "reload", "version"}  # reload_test.py

        def tell(request, right="OK"):
            asked.add(request.split()[0])
            answer = self.ask(request)[0]
            self.assertEqual(answer["return"], right, (request, answer))
            return answer["message"]

        self.assertEqual(tell("command-list"), commands)
        self.assertLess(tell("uptime"), 10 * PATIENCE)
        self.assertEqual((tell("running-mode"), tell("capture-mode")), ("workers", "PCAP_DEV"))
        self.assertEqual(tell("iface-list"), {"count": 1, "ifaces": ["lw1"]})
        self.until(lambda: tell("iface-stat iface=lw1")["pkts"] == 20)
        self.assertEqual(tell("iface-stat iface=lw1")["drop"], 0)
        tell("iface-stat iface=lw7", "NOK")
        tell("iface-stat", "NOK")
        self.assertEqual(tell("dump-counters")["capture"]["packets"], 20)
        self.assertIsInstance(tell("incidents"), list)
        self.assertIsInstance(tell("assets"), list)
        tell("incident-close", "NOK")
        self.assertEqual(tell("ruleset-stats"), [{"id": 0, "rules_loaded": 1, "rules_failed": 0, "rules_skipped": 0}])
        self.assertEqual(tell("ruleset-failed-rules"), [])
        since = tell("ruleset-reload-time")[0]["last_reload"]
        self.write("a.rules", RULE + "alert nonsense\n")
        self.assertEqual(tell("ruleset-reload-rules"), "done")
        self.assertGreater(tell("ruleset-reload-time")[0]["last_reload"], since)
        self.assertEqual(tell("ruleset-stats")[0]["rules_failed"], 1)
        fault = tell("ruleset-failed-rules")[0]
        self.assertEqual((fault["filename"], fault["line"]), (self.path("a.rules"), 2))
        self.write("a.rules", "")
        self.assertIn("no rule was loaded", tell("reload-rules", "NOK"))
        self.assertEqual(len(tell("ruleset-failed-rules")), 1, "those in force")
        self.write("a.rules", RULE)
        self.assertEqual(tell("ruleset-reload-nonblocking"), "done")
        self.until(lambda: tell("ruleset-failed-rules") == [])
        self.assertEqual((tell("conf-get variable=stream.memcap"), tell("conf-get variable=defrag.memcap")), ("40mb", "32mb"))
        self.assertEqual(tell("conf-get variable=outputs.0.eve-log.filename"), self.eve)
        tell("conf-get variable=no.such", "NOK")
        tell("conf-get variable=outputs", "NOK")
        self.assertEqual(tell("memcap-show config=stream"), {"value": "40mb"})
        tell("memcap-show config=nothing", "NOK")
        self.assertIn({"name": "stream", "value": "40mb"}, tell("memcap-list"))
        os.rename(self.eve, self.eve + ".1")
        self.assertEqual(tell("reopen-log-files"), "done")
        self.until(lambda: os.path.exists(self.eve))
        tell("shutdown")
        self.assertEqual(sensor.wait(timeout=PATIENCE), 0, self.log())
        self.assertEqual(asked, set(commands["commands"]), "all have a test")

    @unittest.skipUnless(shutil.which("suricatasc"), "needs Debian's suricata")
    def test_suricatasc(self):
        sensor = self.start(self.config("stream: {memcap: 40mb}\n"))

        def ask(command):
            done = subprocess.run(["suricatasc", "-c", command, self.socket], capture_output=True, text=True, timeout=PATIENCE)
            self.assertEqual(done.returncode, 0, (command, done.stdout, done.stderr))
            return json.loads(done.stdout)["message"]

        self.assertGreaterEqual(ask("uptime"), 0)
        self.assertEqual(ask("iface-list")["ifaces"], ["lw1"])
        self.assertEqual(ask("iface-stat lw1")["drop"], 0)
        self.assertEqual(ask("conf-get stream.memcap"), "40mb")
        self.assertEqual(ask("memcap-show stream")["value"], "40mb")
        self.assertEqual(ask("ruleset-reload-rules"), "done")
        self.assertEqual(ask("ruleset-stats")[0]["rules_loaded"], 1)
        self.assertIn("capture", ask("dump-counters"))
        shell = subprocess.run(["suricatasc", self.socket], input="version\nruleset-stats\nquit\n", capture_output=True, text=True, timeout=PATIENCE)
        self.assertIn("Command list: ", shell.stdout)
        self.assertEqual(shell.stdout.count("Success:"), 2, shell.stdout)
        ask("shutdown")
        self.assertEqual(sensor.wait(timeout=PATIENCE), 0)


if __name__ == "__main__": unittest.main()
