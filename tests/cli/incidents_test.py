#!/usr/bin/env python3
"""Incidents from outside: at the end of a replay, and told again from its records.

  incidents_test.py LAPWING
"""
import json, os, unittest

from cli_test import WEB, Case, records, run


class Incidents(Case):
    RULE = 'alert http any any -> any any (msg:"page of the lab"; http.uri; content:"/"; priority:1; metadata:mitre_technique_id T1071.001, mitre_tactic_id TA0011; sid:7;)\n'

    def setUp(self):
        super().setUp()
        self.eve = os.path.join(self.folder, "eve.json")
        self.done = run("replay", WEB, "--rules", self.file("a.rules", self.RULE), "--eve", self.eve)
        self.assertEqual(self.done.returncode, 0, self.done.stderr)

    def test_a_replay_ends_with_them_and_a_file_of_records_tells_them_again(self):
        shown = [line for line in self.done.stderr.decode().splitlines() if "TA0011" in line]
        self.assertGreater(len(shown), 0, self.done.stderr)
        listed = run("incidents", "--eve", self.eve)
        self.assertEqual(listed.returncode, 0, listed.stderr)
        self.assertEqual([line for line in listed.stdout.decode().splitlines() if "TA0011" in line], shown)

    def test_one_is_a_story(self):
        incidents = json.loads(run("incidents", "--eve", self.eve, "--json").stdout)
        told = run("incident", incidents[0]["id"][:8], "--eve", self.eve).stdout.decode()
        for word in (incidents[0]["id"], incidents[0]["subject"]["ip"], "1:7", "page of the lab", "T1071.001 (TA0011)"): self.assertIn(word, told)
        self.assertEqual(json.loads(run("incident", incidents[0]["id"], "--eve", self.eve, "--json").stdout), incidents[0])

    def test_what_is_not_there_is_said(self):
        self.assertIn("no incident 'nosuch'", run("incident", "nosuch", "--eve", self.eve).stderr.decode())
        self.assertEqual(run("incident", "nosuch", "--eve", self.eve).returncode, 1)
        self.assertEqual(run("incidents", "--eve", os.path.join(self.folder, "none")).returncode, 1)
        odd = self.file("odd.json", '{"event_type":"incident"}\n{"event_type":"incident","incident":{"id":7}}\nnot json "incident"\n')
        self.assertEqual(run("incidents", "--eve", odd).stdout.decode(), "no incidents\n")

    def test_behaviour_can_be_left_out(self):
        for off in ("analytics.enabled=no", "analytics.incidents.enabled=no"):
            got = records(WEB, "--rules", self.file("a.rules", self.RULE), "--set", off)
            self.assertFalse([line for line in got if '"event_type":"incident"' in line], off)
        self.assertEqual(run("replay", WEB, "--set", "analytics.off=nosuch", "--eve", "-").returncode, 2)
        wrong = run("replay", WEB, "--set", "analytics.internal=10.0.0.0/99", "--eve", "-")
        self.assertEqual(wrong.returncode, 2)
        self.assertIn("10.0.0.0/99", wrong.stderr.decode())


if __name__ == "__main__": unittest.main()
