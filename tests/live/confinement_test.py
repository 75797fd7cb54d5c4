#!/usr/bin/env python3
"""The rights of processes that run: of every thread, as the kernel tells them.

  confinement_test.py LAPWING
"""
import json, os, pathlib, shutil, signal, subprocess, sys, tempfile, time, unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import netns

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LAPWING = os.path.abspath(sys.argv.pop(1))
WEB = os.path.join(ROOT, "pcaps/web/web.pcap")
PATIENCE = 60  # seconds: the machine may be busy
NET_RAW = 1 << 13
ANYBODYS_FILES = 1 << 1 | 1 << 2  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
SANITIZED = b"__asan_init" in pathlib.Path(LAPWING).read_bytes() or b"__tsan_init" in pathlib.Path(LAPWING).read_bytes()
LANDLOCK = not subprocess.run([sys.executable, "-c", "import ctypes, sys; sys.exit(ctypes.CDLL(None).syscall(444, None, 0, 1) < 2)"]).returncode


def threads(process):
    """What /proc says of each thread of the process, or of the one it is the wrapper of."""
    out = []
    for task in pathlib.Path(f"/proc/{process.pid}/task").iterdir():
        lines = (line.split(":", 1) for line in (task / "status").read_text().splitlines() if ":" in line)
        out.append({key: value.strip() for key, value in lines})
    return out


class Rights(netns.Case):
    def until(self, true, what):
        end = time.monotonic() + PATIENCE
        while not true():
            if time.monotonic() > end: self.fail(f"{what}: {self.log()}")
            time.sleep(0.05)

    def log(self):
        return pathlib.Path(self.folder, "log").read_text()

    def start(self, *words, **options):
        log = open(os.path.join(self.folder, "log"), "w")
        self.addCleanup(log.close)
        process = self.space.start(LAPWING, *words, stderr=log, **options)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def filtered(self, process):
        return SANITIZED or all(thread["Seccomp"] == "2" for thread in threads(process))

    def check(self, process, capabilities):
        if not SANITIZED: self.until(lambda: self.filtered(process), "not every thread is filtered")
        for thread in threads(process):
            self.assertEqual(int(thread["CapEff"], 16) & ~capabilities, 0, thread["Name"])
            self.assertEqual(int(thread["CapPrm"], 16) & ~capabilities, 0, thread["Name"])
            self.assertEqual(int(thread["CapBnd"], 16), 0, thread["Name"])
            self.assertEqual(thread["NoNewPrivs"], "1", thread["Name"])
        core = [line.split() for line in pathlib.Path(f"/proc/{process.pid}/limits").read_text().splitlines() if line.startswith("Max core")]
        self.assertEqual(core[0][4:6], ["0", "0"])

    def run_sensor(self, *words):
        self.socket = os.path.join(self.folder, "run", "control.sock")
        sensor = self.start("run", "-i", "lw1", "--workers", "2", "--set", f"control.socket={self.socket}", *words)
        self.until(lambda: "watching lw1" in self.log(), "does not start")
        return sensor

    def stats(self):
        done = subprocess.run([LAPWING, "stats", "--json", "--socket", self.socket], check=True, capture_output=True, text=True, timeout=PATIENCE)
        return json.loads(done.stdout)

    def test_root_that_watches_keeps_raw_sockets_only(self):
        eve = os.path.join(self.folder, "eve.json")
        sensor = self.run_sensor("--eve", eve, "--publish", f"ipc://{self.folder}/records", "--set", "metrics.enabled=yes")
        self.assertGreater(len(threads(sensor)), 4, "workers, export, control, ZeroMQ, metrics")
        self.check(sensor, NET_RAW)
        told = self.stats()["confinement"]
        if LANDLOCK: self.assertGreaterEqual(told["landlock"], 2)
        if not SANITIZED: self.assertGreater(told["system_calls"], 100)
        # What logrotate does still works.
        os.rename(eve, eve + ".1")
        sensor.send_signal(signal.SIGHUP)
        self.until(lambda: os.path.exists(eve), "no new file of records")
        sensor.send_signal(signal.SIGTERM)
        self.assertEqual(sensor.wait(timeout=PATIENCE), 0, self.log())

    def test_another_user_is_confined_as_root_is(self):
        os.mkdir(os.path.join(self.folder, "run"))
        for folder in (self.folder, os.path.join(self.folder, "run")): shutil.chown(folder, "nobody")
        sensor = self.run_sensor("--eve", os.path.join(self.folder, "eve.json"), "--set", "run-as.user=nobody")
        self.check(sensor, NET_RAW)
        self.assertTrue(all(thread["Uid"].split()[0] != "0" for thread in threads(sensor)))

    def test_new_rules_come_from_where_rules_were(self):
        if not LANDLOCK: self.skipTest("this kernel has no landlock")
        folder = pathlib.Path(self.folder)
        for name in ("configuration", "rules", "elsewhere", "records"): (folder / name).mkdir()
        for number, name in enumerate(("rules", "elsewhere"), 1):
            (folder / name / "a.rules").write_text(f'alert udp any any -> any any (content:"x"; sid:{number};)\n')
        configuration = folder / "configuration/c.yaml"
        choose = lambda name: configuration.write_text(f"rule-files: [{folder}/{name}/a.rules]\n")
        reload = lambda: subprocess.run([LAPWING, "reload", "--socket", self.socket], capture_output=True, text=True, timeout=PATIENCE)
        choose("rules")
        watch = lambda *words: self.run_sensor("-c", str(configuration), "--eve", f"{folder}/records/eve.json", *words)
        sensor = watch()
        self.assertEqual(reload().returncode, 0)
        choose("elsewhere")
        refused = reload()
        self.assertEqual(refused.returncode, 2)
        self.assertIn("Permission denied", refused.stdout)
        sensor.send_signal(signal.SIGTERM)
        self.assertEqual(sensor.wait(timeout=PATIENCE), 0)
        choose("rules")
        watch("--set", f"security.read-paths={folder}/elsewhere")
        choose("elsewhere")
        taken = reload()
        self.assertEqual(taken.returncode, 0, taken.stdout)

    def test_a_replay_reads_any_capture_and_reaches_nobody(self):
        reader, writer = os.pipe()
        self.addCleanup(os.close, writer)
        replay = self.start("replay", "-", "--eve", os.path.join(self.folder, "eve.json"), "--workers", "2", stdin=reader)
        os.close(reader)
        os.write(writer, pathlib.Path(WEB).read_bytes()[:1000])
        self.until(lambda: len(threads(replay)) > 1 and self.filtered(replay), "not every thread is filtered")
        self.check(replay, ANYBODYS_FILES)

    def test_a_subscriber_keeps_nothing(self):
        subscriber = self.start("subscribe", f"ipc://{self.folder}/records", stdout=subprocess.DEVNULL)
        self.until(lambda: len(threads(subscriber)) > 1 and self.filtered(subscriber), "not every thread is filtered")
        self.check(subscriber, 0)


if __name__ == "__main__":
    unittest.main(verbosity=1)
