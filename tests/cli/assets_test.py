#!/usr/bin/env python3
"""Assets from outside: in the records of a replay, and told again from them.

  assets_test.py LAPWING
"""
import json, os, unittest

from cli_test import WEB, Case, records, run


class Assets(Case):
    def setUp(self):
        super().setUp()
        self.eve = os.path.join(self.folder, "eve.json")
        done = run("replay", WEB, "--eve", self.eve, "--set", "analytics.internal=0.0.0.0/0")
        self.assertEqual(done.returncode, 0, done.stderr)

    def asset(self, id, address, first, last, **more):
        return json.dumps({"timestamp": last, "event_type": "asset", "asset": {
            "id": id, "state": "known", "ip": address, "first": first, "last": last,
            "addresses": [{"ip": address, "first": first, "last": last}], **more}}) + "\n"

    def test_what_served_the_web_is_listed(self):
        listed = json.loads(run("assets", "--eve", self.eve, "--json").stdout)
        served = [asset for asset in listed if any(s.get("app_proto") == "http" for s in asset.get("services", []))]
        self.assertTrue(served, listed)
        shown = run("assets", "--eve", self.eve).stdout.decode()
        for asset in listed: self.assertIn(asset["ip"], shown)

    def test_records_do_not_depend_on_workers(self):
        one, three = (sorted(line for line in records(WEB, "--workers", n) if '"event_type":"asset"' in line) for n in ("1", "3"))
        self.assertEqual(one, three)

    def test_who_had_an_address_at_a_time(self):
        both = self.file("both.json", self.asset("a1", "10.0.0.5", "2026-05-01T08:00:00.000000+0000", "2026-05-01T09:00:00.000000+0000", mac="02:00:00:00:00:01",
                                                 users=[{"user": "alice", "first": "2026-05-01T08:30:00.000000+0000", "last": "2026-05-01T08:30:00.000000+0000"}])
                         + self.asset("a2", "10.0.0.5", "2026-05-01T10:00:00.000000+0000", "2026-05-01T11:00:00.000000+0000", mac="02:00:00:00:00:02"))
        at = lambda time: json.loads(run("who", "10.0.0.5", "--at", time, "--eve", both, "--json").stdout)
        self.assertEqual((at("2026-05-01T09:30:00")["host"], at("2026-05-01 09:30:00")["user"]), ("a1", "alice"))
        self.assertNotIn("user", at("2026-05-01T08:10:00Z"))
        self.assertEqual(at("2026-05-01T10:00:00.5")["mac"], "02:00:00:00:00:02")
        self.assertEqual(at("1777630000")["host"], "a2")
        self.assertIn("02:00:00:00:00:02", run("who", "10.0.0.5", "--eve", both).stdout.decode())
        early = run("who", "10.0.0.5", "--at", "2026-04-30T00:00:00", "--eve", both)
        self.assertEqual(early.returncode, 1)
        self.assertIn("nobody is known", early.stderr.decode())

    def test_a_role_selects_and_incidents_give_the_risk(self):
        time = "2026-05-01T08:00:00.000000+0000"
        both = self.file("roles.json", self.asset("a1", "10.0.0.5", time, time, roles=[{"role": "resolver", "evidence": "53/udp for 3 clients"}])
                         + self.asset("a2", "10.0.0.6", time, time)
                         + json.dumps({"event_type": "incident", "incident": {"id": "i1", "state": "open", "score": 71, "subject": {"ip": "10.0.0.5"}}}) + "\n")
        listed = json.loads(run("assets", "--role", "resolver", "--eve", both, "--json").stdout)
        self.assertEqual([(asset["id"], asset["risk"]) for asset in listed], [("a1", 71)])
        self.assertNotEqual(run("assets", "--role", "nosuch", "--eve", both).returncode, 0)

    def test_what_is_not_there_is_said(self):
        self.assertEqual(run("assets", "--eve", os.path.join(self.folder, "none")).returncode, 1)
        odd = self.file("odd.json", '{"event_type":"asset"}\n{"event_type":"asset","asset":{"id":7}}\n{"event_type":"asset","asset":{"id":"a","addresses":7,"roles":[1]}}\nnot json "asset"\n')
        self.assertEqual(run("assets", "--eve", odd).returncode, 0)
        for word in ("10.0.0", "nosuch"): self.assertIn(f"'{word}' is no address", run("who", word, "--eve", odd).stderr.decode())
        for time in ("yesterday", "2026-05-01", "2026-05-01T10:00:00+0200"): self.assertIn("is no time", run("who", "10.0.0.1", "--at", time, "--eve", odd).stderr.decode())

    def test_it_can_be_left_out(self):
        self.assertFalse([line for line in records(WEB, "--set", "analytics.inventory.enabled=no") if '"event_type":"asset"' in line])
        wrong = self.file("wrong.yaml", "analytics:\n  inventory:\n    criticality:\n      - {level: grave, hosts: 10.0.0.0/8}\n")
        done = run("test-config", "-c", wrong)
        self.assertEqual(done.returncode, 2)
        self.assertIn("'grave' is none of low, normal, high", done.stdout.decode())


if __name__ == "__main__": unittest.main()
