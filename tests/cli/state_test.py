#!/usr/bin/env python3
"""What detectors learned, from one run to the next.

  state_test.py LAPWING
"""
import json, os, unittest

from cli_test import ROOT, Case, run

LEARNED = os.path.join(ROOT, "pcaps/dns/dns.pcap")
JUDGED = os.path.join(ROOT, "pcaps/bruteforce/bruteforce.pcap")


class State(Case):
    def setUp(self):
        super().setUp()
        self.state = os.path.join(self.folder, "lapwing.state")

    def replay(self, capture, *more, learn="0.00001"):
        done = run("replay", capture, "--set", f"analytics.learn={learn}", "--eve", "-", *more)
        self.assertEqual(done.returncode, 0, done.stderr)
        records = [json.loads(line) for line in done.stdout.splitlines()]
        kinds = sorted(r["behaviour"]["evidence"]["kind"] for r in records
                       if r["event_type"] == "behaviour" and r["behaviour"]["name"] == "novelty" and r["behaviour"]["state"] == "open")
        stats = [r["stats"]["analytics"] for r in records if r["event_type"] == "stats"][-1]
        return kinds, stats, done.stderr.decode()

    def test_what_was_learned_outlives_the_run(self):
        self.assertEqual(self.replay(LEARNED, "--state", self.state, learn="7")[0], [])
        self.assertEqual(os.stat(self.state).st_mode & 0o777, 0o600)
        kinds, stats, _ = self.replay(JUDGED, "--state", self.state)
        self.assertEqual(kinds, ["edge", "service"])
        self.assertEqual((stats["learning"], stats["state"]["saved"], stats["state"]["bytes"]), (0, 1, os.path.getsize(self.state)))
        self.assertEqual(self.replay(JUDGED, "--state", self.state)[0], [])  # known by now

    def test_without_it_a_replay_learns_first(self):
        kinds, stats, _ = self.replay(JUDGED, learn="7")
        self.assertEqual(kinds, [])
        self.assertTrue(604790 < stats["learning"] <= 604800, stats["learning"])
        self.assertFalse(os.path.exists(self.state))

    def test_what_does_not_fit_is_refused_as_a_whole(self):
        self.replay(LEARNED, "--state", self.state)
        with open(self.state, "rb") as file: whole = bytearray(file.read())
        broken = bytearray(whole)
        broken[len(broken) // 2] ^= 1
        for content, more, why in ((broken, (), "checksum"), (whole[:-9], (), "checksum"), (whole[:9], (), "cut off"),
                                   (whole, ("--set", "analytics.internal=10.0.0.0/9"), "analytics.internal"),
                                   (whole, ("--set", "analytics.off=exfiltration"), "exfiltration"),
                                   (whole[:8] + b"\x63" + whole[9:], (), "version is 99")):
            with open(self.state, "wb") as file: file.write(content)
            kinds, stats, said = self.replay(JUDGED, "--state", self.state, *more, learn="1")
            self.assertEqual(kinds, [])
            self.assertEqual(stats["state"]["refused"], 1, why)
            self.assertIn(why, said)
            with open(self.state + ".refused", "rb") as file: self.assertEqual(file.read(), content)

    def test_no_other_file_is_written_over(self):
        for path in (self.file("notes.txt", "not a state\n"), LEARNED):
            with open(path, "rb") as file: before = file.read()
            done = run("replay", JUDGED, "--eve", "-", "--state", path)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn("no state of Lapwing", done.stderr.decode())
            with open(path, "rb") as file: self.assertEqual(file.read(), before)
        self.assertEqual(run("replay", JUDGED, "--eve", "-", "--state", JUDGED).returncode, 2)
        self.assertEqual(run("replay", JUDGED, "--eve", "-", "--state", os.path.join(self.folder, "none", "state")).returncode, 2)

    def test_days_are_bounded(self):
        done = run("replay", JUDGED, "--set", "analytics.learn=-1", "--eve", "-")
        self.assertEqual(done.returncode, 2)
        self.assertIn("0 to 365 days", done.stderr.decode())


if __name__ == "__main__": unittest.main()
