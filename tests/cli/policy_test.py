#!/usr/bin/env python3
"""Findings that are to be expected, from outside: roles, rows of analytics.allow, and rows tried on records.

  policy_test.py LAPWING
"""
import json, os, unittest

from cli_test import Case, ROOT, records, run

SCAN = os.path.join(ROOT, "pcaps/scan/scan.pcap")  # 10.9.0.2 tries the ports of 10.9.0.1


def kinds(lines): return {json.loads(line)["event_type"] for line in lines} & {"behaviour", "incident"}


class Policy(Case):
    def replay(self, text, workers="1"):
        return records(SCAN, "-c", self.file("c.yaml", text), "--workers", workers)

    def stats(self, text):
        eve = os.path.join(self.folder, "eve.json")
        done = run("replay", SCAN, "-c", self.file("c.yaml", text), "--eve", eve)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(eve) as f: told = [json.loads(line) for line in f]
        return [r for r in told if r["event_type"] == "stats"][-1]["stats"]["analytics"], told

    def test_a_role_or_a_row_withholds_the_finding_and_its_incident_and_counts_it(self):
        self.assertEqual(kinds(self.replay("")), {"behaviour", "incident"})
        for text, counter in (("analytics: {roles: [{role: scanner, hosts: [10.9.0.2]}]}\n", "explained"),
                              ("analytics.roles: [{role: monitor, hosts: 10.9.0.0/24}]\n", "explained"),
                              ("analytics: {allow: [{detector: scan, subject: 10.9.0.2, reason: ours}]}\n", "allowed"),
                              ("analytics: {allow: [{peer: 10.9.0.0/30, reason: ours}]}\n", "allowed")):
            stats, told = self.stats(text)
            self.assertEqual(kinds(map(json.dumps, told)), set(), text)
            self.assertEqual((stats["explained"], stats["allowed"]), (int(counter == "explained"), int(counter == "allowed")), text)
            if counter == "allowed": self.assertEqual(stats["allow"], [{"hits": 1}])

    def test_what_does_not_fit_withholds_nothing(self):
        plain = self.replay("")
        for text in ("analytics: {roles: [{role: scanner, hosts: [10.9.0.1]}, {role: printer, hosts: [10.9.0.2]}]}\n",
                     "analytics: {allow: [{detector: beacon, subject: 10.9.0.2, reason: ours}, {subject: 10.9.0.2, until: 2001-01-01, reason: over}]}\n"):
            self.assertEqual(self.replay(text), plain, text)

    def test_any_number_of_workers_withholds_the_same(self):
        text = "analytics: {allow: [{detector: scan, peer: 10.9.0.1, reason: ours}]}\n"
        one = self.replay(text)
        for workers in ("2", "7"): self.assertEqual(self.replay(text, workers), one, workers)

    def test_what_is_wrong_is_told_where_it_is(self):
        for text, place, said in (("analytics:\n  roles:\n    - {role: postman, hosts: [10.0.0.1]}\n", "3:", "'postman' is no role; there are admin, backup"),
                                  ("analytics:\n  roles:\n    - role: mail\n      hosts: [10.0.0.300]\n", "4:", "'10.0.0.300' is no address or network"),
                                  ("analytics:\n  roles: scanner\n", "2:", "a list of rows is needed"),
                                  ("analytics:\n  allow:\n    - {detector: scam, reason: ours}\n", "3:", "'scam' is no detector; there are"),
                                  ("analytics:\n  allow:\n    - {detector: scan}\n", "3:", "the row lacks 'reason'"),
                                  ("analytics:\n  allow:\n    - {reason: ours}\n", "3:", "would hide all findings"),
                                  ("analytics:\n  allow:\n    - {detector: scan, reason: ours, untill: 2030-01-01}\n", "3:", "'untill' is nothing that a row has")):
            done = run("replay", SCAN, "-c", self.file("c.yaml", text), "--eve", "-")
            self.assertEqual(done.returncode, 2, text)
            self.assertEqual(done.stdout, b"")
            self.assertIn(f"c.yaml:{place}", done.stderr.decode())
            self.assertIn(said, done.stderr.decode())

    def test_rows_are_tried_on_records(self):
        eve = self.file("eve.json", "\n".join(self.replay("")) + "\nno json \"behaviour\"\n" + '{"event_type":"behaviour","behaviour":7}\n')
        rows = self.file("rows.yaml", "analytics:\n  allow:\n    - {detector: scan, subject: 10.9.0.2, reason: ours}\n    - {detector: beacon, reason: never}\n")
        told = json.loads(run("analytics", "allow", "--test", eve, "-c", rows, "--json").stdout)
        self.assertEqual((told["findings"], told["withheld"]), (1, 1))
        self.assertEqual([len(row["findings"]) for row in told["rows"]], [1, 0])
        self.assertIn("rows.yaml:3:", told["rows"][0]["row"])
        shown = run("analytics", "allow", "--test", eve, "-c", rows).stdout.decode()
        self.assertIn("1 of 1 findings would have been withheld", shown)
        self.assertIn(told["rows"][0]["findings"][0], shown)
        self.assertEqual(run("analytics", "allow", "--test", os.path.join(self.folder, "none"), "-c", rows).returncode, 1)
        self.assertEqual(run("analytics", "allow", "-c", rows).returncode, 2)


if __name__ == "__main__": unittest.main()
