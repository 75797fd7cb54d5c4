#!/usr/bin/env python3
"""Incidents of a running sensor: they are listed, told and closed from outside, and the row that is offered against a
false positive prevents the next.

  incidents_test.py LAPWING SENDER
"""
import json, os, subprocess, sys, time, unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import load, netns

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SENDER, LAPWING = os.path.abspath(sys.argv.pop(2)), os.path.abspath(sys.argv.pop(1))
SCAN = os.path.join(ROOT, "pcaps/scan/scan.pcap")
PATIENCE = 60  # seconds: the machine may be busy


class Incidents(netns.Case):
    def start(self, config):
        path = os.path.join(self.folder, "c.yaml")
        with open(path, "w") as f: f.write(f"outputs: [{{eve-log: {{filename: {self.folder}/eve.json}}}}]\n" + config)
        sensor = load.Lapwing(self.space, self.folder, LAPWING, "-c", path, "--workers", "2")
        self.addCleanup(lambda: sensor.process.poll() is None and sensor.end())
        self.socket = sensor.socket
        load.send(self.space, SENDER, SCAN, "--rate", 5000, "--passes", 1).communicate(timeout=PATIENCE)
        return sensor

    def ask(self, *words, status=0):
        done = subprocess.run([LAPWING, *words, "--socket", self.socket], capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stdout + done.stderr

    def until(self, get):
        end = time.monotonic() + PATIENCE
        while not (got := get()):
            if time.monotonic() > end: self.fail("it did not happen")
            time.sleep(0.1)
        return got

    def test_one_is_told_and_closed_and_its_row_prevents_the_next(self):
        sensor = self.start("")
        incident, = self.until(lambda: json.loads(self.ask("incidents", "--json")))
        id, subject = incident["id"], incident["subject"]["ip"]
        self.assertEqual([finding["name"] for finding in incident["findings"]], ["scan"])
        self.assertIn(id, self.ask("incidents"))
        story = self.ask("incident", id)
        for word in (id, subject, "scan"): self.assertIn(word, story)

        self.assertIn("no incident", self.ask("incident", "close", "i-nosuch", "--reason", "handled", status=1))
        self.ask("incident", "close", id, "--reason", "whim", status=2)
        told = self.ask("incident", "close", id[:8], "--reason", "false-positive").splitlines()
        self.assertEqual(told[0], f"closed {id}")
        rows = told[told.index("analytics.allow:"):]
        self.assertIn(f"detector: scan, subject: {subject}", rows[1])
        self.assertEqual(self.ask("incidents"), "no incidents\n")
        self.assertIn("no incident", self.ask("incident", "close", id, "--reason", "handled", status=1))
        sensor.end()
        with open(sensor.eve) as f: records = [json.loads(line) for line in f]
        closed = [r["incident"] for r in records if r["event_type"] == "incident" and r["incident"]["state"] == "closed"]
        self.assertEqual([(one["id"], one["reason"]) for one in closed], [(id, "false-positive")])

        os.truncate(sensor.eve, 0)
        sensor = self.start("\n".join(rows) + "\n")
        self.until(lambda: sensor.stats()["analytics"]["allowed"])
        self.assertEqual(sensor.stats()["analytics"]["allow"], [{"hits": 1}])
        self.assertEqual(self.ask("incidents"), "no incidents\n")
        sensor.end()
        with open(sensor.eve) as f: kinds = {json.loads(line)["event_type"] for line in f}
        self.assertFalse(kinds & {"behaviour", "incident"}, "what is withheld is not told, and makes no incident")


if __name__ == "__main__":
    unittest.main(verbosity=1)
