#!/usr/bin/env python3
"""Lists of indicators from outside: what rows become, and what of old records they name.

  intel_test.py LAPWING
"""
import json, os, unittest

from cli_test import ROOT, Case, run


class Intel(Case):
    LIST = "bad.example # C2\n198.51.100.7\n8.8.8.8\n???\n"

    def test_rows_at_fault_are_named_by_their_place(self):
        path = self.file("a.txt", self.LIST)
        done = run("intel", "check", path)
        self.assertEqual(done.returncode, 1)
        lines = done.stdout.decode().splitlines()
        self.assertTrue(lines[0].startswith(f"{path}:3: '8.8.8.8' is refused"), lines)
        self.assertTrue(lines[1].startswith(f"{path}:4: '???' is no "), lines)
        self.assertEqual(lines[2:], [f"{path}: 4 rows: 2 indicators, 1 bad, 0 skipped, 1 refused"])
        self.assertIn(f"{path}:1: domain bad.example\n", run("intel", "check", "--all", path).stdout.decode())

    def test_a_good_list_and_one_that_is_none(self):
        self.assertEqual(run("intel", "check", self.file("a.txt", "bad.example\n")).returncode, 0)
        done = run("intel", "check", self.file("b.json", "{}"), self.file("a.txt", "bad.example\n"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("b.json: JSON that is no ", done.stdout.decode())
        self.assertIn("1 indicators, 0 bad", done.stdout.decode())

    def test_old_records_are_hunted(self):
        hit = {"timestamp": "T", "event_type": "dns", "dest_ip": "192.0.2.1", "dns": {"rrname": "a.bad.example"}}
        records = self.file("eve.json", json.dumps(hit) + "\n" + json.dumps({"dest_ip": "192.0.2.2"}) + "\nnot json\n")
        path = self.file("a.txt", self.LIST)
        done = run("intel", "hunt", path, records)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.decode(), f"{records}:1: T dns domain a.bad.example in {path}\n1 hits, 1 lines that are no record\n")
        self.assertEqual(run("intel", "hunt", path, path + ".none").returncode, 1)

    def test_a_capture_is_held_against_lists(self):
        capture = os.path.join(ROOT, "pcaps/dns/dns.pcap")
        path = self.file("a.txt", "lab.example\n8.8.8.8\n")
        feeds = lambda more: self.file("c.yaml", f"analytics:\n  intel:\n    feeds:\n      - {{path: {path}{more}}}\n")
        done = run("replay", capture, "-c", feeds(", name: lab"), "--records", "behaviour,stats", "--eve", "-", "-q")
        self.assertEqual(done.returncode, 0, done.stderr)
        records = [json.loads(line) for line in done.stdout.decode().splitlines()]
        found = [r["behaviour"] for r in records if r["event_type"] == "behaviour" and r["behaviour"]["name"] == "intel"]
        self.assertEqual(found[0]["evidence"]["indicator"], {"type": "domain", "value": "lab.example", "source": path, "feed": "lab"})
        stats = records[-1]["stats"]["analytics"]["intel"]
        self.assertEqual((stats["indicators"]["domain"], stats["refused"], stats["bad"]), (1, 1, 0))
        self.assertIn(f"{path}:2: '8.8.8.8' is refused", done.stderr.decode())

    def test_what_is_wrong_with_a_feed_is_told_before_anything_begins(self):
        capture = os.path.join(ROOT, "pcaps/dns/dns.pcap")
        for member, why in (("path: /none", "c.yaml:4:16: analytics.intel.feeds: /none: No such file"),
                            ("path: /dev/null", "c.yaml:4:16: analytics.intel.feeds: /dev/null: no file"),
                            ("severity: 3", "lacks 'path'"), ("path: x, min-confidence: 200", "'200' is more than 100")):
            config = self.file("c.yaml", f"analytics:\n  intel:\n    feeds:\n      - {{{member}}}\n")
            for command in (("replay", capture, "--eve", "-"), ("test-config", "-i", "lo")):
                done = run(*command, "-c", config)
                self.assertEqual(done.returncode, 2, (command, done.stderr))
                self.assertIn(why, (done.stdout + done.stderr).decode())


if __name__ == "__main__": unittest.main()
