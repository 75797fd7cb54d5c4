#!/usr/bin/env python3
"""`lapwing verify` from outside: exit statuses, what it says, its files against their schemas.

  verify_test.py LAPWING
"""
import json, os, shutil, subprocess, sys, tempfile, unittest
import jsonschema
from xml.etree import ElementTree

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
LAPWING = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else os.path.join(ROOT, "build/lapwing")
CASES = os.path.join(HERE, "cases")
SCAN = f"capture: {ROOT}/pcaps/scan/scan.pcap\nrules: {ROOT}/pcaps/starter.rules\nrecut: no\n"


class Verify(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name): return os.path.join(self.folder, name)

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w") as f: f.write(text)
        return self.path(name)

    def verify(self, *arguments, status=0):
        done = subprocess.run([LAPWING, "verify", *arguments], capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout

    def reports(self, *arguments, status=0):
        """Results, JUnit's root and the layer, each of its schema."""
        files = [self.path(name) for name in ("r.json", "r.xml", "l.json")]
        self.verify(*arguments, "--json", files[0], "--junit", files[1], "--navigator", files[2], status=status)
        if shutil.which("xmllint"):
            subprocess.run(["xmllint", "--noout", "--schema", os.path.join(HERE, "junit.xsd"), files[1]], check=True, capture_output=True)
        with open(files[0]) as f: results = json.load(f)
        with open(files[2]) as f: layer = json.load(f)
        with open(os.path.join(HERE, "layer.json")) as f: jsonschema.validate(layer, json.load(f))
        return results, ElementTree.parse(files[1]).getroot(), layer

    def test_the_files_fit_their_schemas_and_each_other(self):
        results, junit, layer = self.reports(CASES, "--filter", "starter-rules", "--quick")
        totals = results["totals"]
        self.assertEqual(totals["failed"] + totals["faults"] + totals["skipped"], 0)
        self.assertEqual(len(junit), totals["passed"])
        self.assertEqual(int(junit.get("tests")), totals["expectations"])
        self.assertEqual(len(junit.findall(".//testcase")), totals["expectations"])
        self.assertEqual(int(junit.get("failures")), 0)
        scores = {one["techniqueID"]: one["score"] for one in layer["techniques"]}
        self.assertEqual(scores["T1046"], 70)  # made for it, by nmap

    def test_a_wrong_expectation_fails_and_names_the_key(self):
        path = self.write("t.yaml", "name: wrong\nattack: T1046\n" + SCAN + "expect:\n  - alert: 9000001\n  - alert: 9000077\n  - none: {alert: 9000003}\n")
        results, junit, layer = self.reports(path, status=1)
        failed = [(row["title"], row["key"], row["expected"], row["value"]) for row in results["tests"][0]["rows"] if row["status"] == "failed"]
        self.assertEqual(failed, [("alert 9000077", "alert.signature_id", "9000077", "9000001"), ("none of alert 9000003", "count", "0", "1")])
        self.assertEqual([case.get("name") for case in junit.findall(".//failure/..")], ["alert 9000077", "none of alert 9000003"])
        self.assertEqual([one["score"] for one in layer["techniques"] if one["techniqueID"] == "T1046"], [0])
        self.assertIn(f"{path}:8:5: alert 9000077: alert.signature_id: expected 9000077, found 9000001\n", self.verify(path, status=1))

    def test_a_fault_in_a_test_ends_with_2_and_its_place_and_the_others_run(self):
        good = "name: good\n" + SCAN + "expect: [{alert: 9000001}]\n"
        self.write("a.yaml", good)
        for name, text, place in (("b.yaml", "name: x\nexpekt: 1\n", ":2:1: 'expekt' is no word of a test"),
                                  ("b.yaml", "name: x\ncapture: no.pcap\n", ":2:10: there is no "),
                                  ("b.yaml", "name: x\n" + SCAN + "config: {stream: {midstreem: yes}}\nexpect: [{alert: 1}]\n", ":5:30: unknown setting 'stream.midstreem'"),
                                  ("b.yaml", "name: x\n" + SCAN.split("\n")[0] + "\nrules: |\n  alert tcp any any -> any any (contents:x; sid:1;)\nexpect: [{alert: 1}]\n", ":4:33: contents: no such keyword")):
            path = self.write(name, text)
            out = self.verify(self.folder, "--quick", status=2)
            self.assertIn(path + place, out)
            self.assertIn("PASS  good\n", out)

    def test_a_test_without_an_end_fails_alone(self):
        self.write("a.yaml", "name: first\n" + SCAN + "expect: [{alert: 9000001}]\n---\nname: second\n" + SCAN + "expect: [{alert: 9000001}]\n")
        out = self.verify(self.folder, "--limit", "0.000001", "--jobs", "1", status=1)
        self.assertEqual(out.count(": no end after 0 s"), 2, out)

    def test_counts_are_written_anew(self):
        path = self.write("t.yaml", "name: x\n" + SCAN + "expect:\n  - match: {event_type: flow}\n    count: 7   # flows\n  - {alert: 1, count: 2}\n")
        self.assertIn("1 counts written anew\n", self.verify(path, "--update", "--quick", status=1))
        with open(path) as f: text = f.read()
        self.assertIn("    count: 230   # flows\n  - {alert: 1, count: 2}\n", text)

    def test_folders_of_suricata_verify_are_read_as_they_are(self):
        self.write("sv/dns/test.yaml", "requires: {min-version: 7}\nchecks:\n  - filter: {count: 30, match: {event_type: flow, proto.__startswith: UD}}\n"
                   "  - filter: {count: 58, match: {event_type: dns}}\n  - shell: {args: rm -rf /, expect: 0}\n")
        self.write("sv/later/test.yaml", "requires: {min-version: 99}\nchecks: []\n")
        shutil.copy(f"{ROOT}/pcaps/dns/dns.pcap", self.path("sv/dns/x.pcap"))
        results, _, _ = self.reports(self.path("sv"), status=1)
        first, second = results["tests"]
        self.assertEqual((second["name"], second["status"], second["note"]), ("later", "skipped", "min-version 99"))
        self.assertEqual([row["status"] for row in first["rows"]], ["failed", "passed", "skipped"])

    LIVE = ("name: knocking\ngenerate:\n  topology: two-hosts\n  tools: [%s]\n  steps:\n    - {on: attacker, run: \"%s\"}\n"
            "expect: [{behaviour: scan, subject: 10.9.0.2, objects: [10.9.0.1], evidence: {kinds: [vertical], refused: 40}}]\n")
    KNOCK = "for n in $(seq 40); do bash -c \\\"echo >/dev/tcp/$SERVER/$n\\\" || true; done"

    def live(self, tool, run, status):
        path = self.write("live.yaml", self.LIVE % (tool, run))
        out = self.verify(path, "--live", "--quick", status=status)
        return path, out

    def able(self):
        if os.geteuid() != 0: self.skipTest("namespaces are root's")
        if not all(shutil.which(tool, path=os.environ["PATH"] + ":/usr/sbin:/sbin") for tool in ("ip", "tcpdump", "ethtool", "bash")):
            self.skipTest("ip, tcpdump, ethtool or bash is missing")
        if subprocess.run(["unshare", "-n", "true"], capture_output=True).returncode: self.skipTest("no namespace may be made here")

    def test_live_traffic_is_made_recorded_and_judged(self):
        self.able()
        _, out = self.live("bash", self.KNOCK, 0)
        self.assertIn("PASS  knocking\n", out)
        self.assertEqual([name for name in os.listdir(tempfile.gettempdir()) if name.startswith("lapwing-live-")], [])

    def test_a_lab_has_no_way_out(self):
        self.able()
        path, out = self.live("bash", "ip route get 9.9.9.9 && exit 7; ip route | grep -q default && exit 8; " + self.KNOCK, 0)
        self.assertIn("PASS  knocking\n", out)

    def test_a_tool_that_is_missing_is_named_and_so_is_a_step_that_fails(self):
        self.able()
        path, out = self.live("no-such-tool", "true", 2)
        self.assertIn(f"FAULT {path}:3:3: the test needs no-such-tool, which is not installed\n", out)
        path, out = self.live("bash", "echo no luck; exit 3", 2)
        self.assertIn(f"FAULT {path}:6:7: the step ended with status 3: no luck\n", out)

    def test_live_is_refused_to_others_than_root(self):
        path = self.write("live.yaml", self.LIVE % ("bash", "true"))
        self.assertIn("SKIP  knocking: its traffic is made by --live\n", self.verify(path))
        if os.geteuid() != 0:
            return self.assertIn("only root may", self.verify(path, "--live", status=2))
        os.chmod(self.folder, 0o755)
        try: done = subprocess.run([LAPWING, "verify", path, "--live"], capture_output=True, text=True, timeout=60, user=65534)
        except PermissionError: self.skipTest("nobody cannot run it from here")
        self.assertEqual((done.returncode, done.stdout), (2, "--live makes network namespaces, which only root may\n"))

    def test_gaps_are_what_detectors_claim_and_no_test_shows(self):
        told = self.verify(CASES, "--filter", "T1046", "--quick", "--gaps", status=1)
        self.assertIn("GAP   T1071.004 of dns-tunnel", told)
        self.assertNotIn("GAP   T1046 of scan", told)


if __name__ == "__main__":
    unittest.main()
