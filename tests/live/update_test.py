#!/usr/bin/env python3
"""Debian's suricata-update drives Lapwing, by the configuration that is shipped, from a server of the test's own.

  update_test.py LAPWING
"""
import functools, io, json, os, pathlib, shutil, signal, subprocess, sys, tarfile, time, unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import netns

SERVICE = pathlib.Path(__file__).resolve().parent.parent.parent / "scripts/service"
LAPWING = os.path.abspath(sys.argv.pop(1))
PATIENCE = 60  # seconds: the machine may be busy
PORT = 8000    # in a namespace of its own


def rule(sid, word): return f'alert udp any any -> any any (msg:"{word}"; content:"{word}"; sid:{sid}; rev:1;)\n'


@unittest.skipUnless(shutil.which("suricata-update"), "needs Debian's suricata-update")
class Update(netns.Case):
    def setUp(self):
        super().setUp()
        self.space.run("ip", "link", "set", "lo", "up")
        self.path = functools.partial(os.path.join, self.folder)
        for name in ("etc", "lib/rules", "run", "www"): os.makedirs(self.path(name))
        # The shipped files, moved below the test's folder.
        moved = {"/usr/bin/lapwing": LAPWING, "/usr/lib/lapwing/as-suricata": str(SERVICE / "as-suricata"), "/etc/lapwing": self.path("etc"),
                 "/var/lib/lapwing": self.path("lib"), "/run/lapwing": self.path("run"), "/var/log/lapwing": self.path("lib")}
        for name in ("update.yaml", "lapwing.yaml"):
            text = (SERVICE / name).read_text()
            for place, here in moved.items(): text = text.replace(place, here)
            pathlib.Path(self.path("etc", name)).write_text(text.replace("interface: eth0", "interface: lw1"))
        with open(self.path("etc/update.yaml"), "a") as f: f.write(f"sources: [http://127.0.0.1:{PORT}/rules.tar.gz]\n")
        server = self.space.start(sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(PORT), cwd=self.path("www"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(lambda: (server.kill(), server.wait()))

    def serve(self, text):
        with tarfile.open(self.path("www/rules.tar.gz"), "w:gz") as tar:
            info = tarfile.TarInfo("rules/test.rules")
            info.size = len(text.encode())
            tar.addfile(info, io.BytesIO(text.encode()))

    def update(self):
        done = self.space.run("suricata-update", "-c", self.path("etc/update.yaml"), "--force", check=False, timeout=PATIENCE)
        return done.returncode, done.stdout + done.stderr

    def start(self):
        with open(self.path("log"), "w") as log:
            sensor = self.space.start(LAPWING, "run", "-c", self.path("etc/lapwing.yaml"), "--set", f"control.socket={self.path('run/lapwing.sock')}",
                                      "--checksums", "none", "--workers", "1", stderr=log)
        self.addCleanup(self.end, sensor)
        end = time.monotonic() + PATIENCE
        while not ("watching lw1" in self.log() and os.path.exists(self.path("run/lapwing.sock"))):
            if time.monotonic() > end or sensor.poll() is not None: self.fail(self.log())
            time.sleep(0.05)

    def end(self, sensor):
        sensor.send_signal(signal.SIGTERM)
        self.assertEqual(sensor.wait(timeout=PATIENCE), 0, self.log())

    def log(self): return pathlib.Path(self.path("log")).read_text()

    def rules(self):
        done = subprocess.run([LAPWING, "stats", "--json", "--socket", self.path("run/lapwing.sock")], check=True, capture_output=True, timeout=PATIENCE)
        return json.loads(done.stdout)["detect"]["engines"][0]["rules_loaded"]

    def test_rules_come_into_force_and_bad_ones_do_not(self):
        self.start()
        self.assertEqual(self.rules(), 0)
        self.serve(rule(1000001, "apple") + rule(1000002, "pear"))
        code, said = self.update()
        self.assertEqual(code, 0, said)
        self.assertEqual(self.rules(), 2, said)
        pathlib.Path(self.path("etc/disable.conf")).write_text("1000002\n")
        code, said = self.update()
        self.assertEqual((code, self.rules()), (0, 1), said)
        # suricata-update takes for a rule what looks like one; that the words mean nothing is Lapwing's to find.
        self.serve('alert udp any any -> any any (msg:"x"; conten:"x"; sid:1000003; rev:1;)\n')
        code, said = self.update()
        self.assertNotEqual(code, 0, said)
        self.assertIn("apple", pathlib.Path(self.path("lib/rules/suricata.rules")).read_text(), "put back")
        self.assertEqual(self.rules(), 1)
        self.serve(rule(1000001, "apple") + 'alert udp any any -> any any (msg:"x"; conten:"x"; sid:1000003; rev:1;)\n')
        code, said = self.update()
        self.assertEqual((code, self.rules()), (0, 1), "one at fault is left out: " + said)

    def test_it_needs_no_sensor(self):
        self.serve(rule(1000001, "apple"))
        code, said = self.update()
        self.assertEqual(code, 0, said)
        self.assertIn("apple", pathlib.Path(self.path("lib/rules/suricata.rules")).read_text())
        self.start()
        self.assertEqual(self.rules(), 1)


if __name__ == "__main__": unittest.main()
