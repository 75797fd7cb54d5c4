#!/usr/bin/env python3
"""Lists of indicators from outside: what rows become, and what of old records they name.

  intel_test.py LAPWING
"""
import json, unittest

from cli_test import Case, run


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


if __name__ == "__main__": unittest.main()
