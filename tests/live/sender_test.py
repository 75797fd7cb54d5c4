#!/usr/bin/env python3
"""The sender of load: each pass is a capture of its own, whole and from other addresses, at the rate asked for.

  sender_test.py LAPWING SENDER
"""
import json, os, signal, subprocess, sys, time, unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import netns

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SENDER, LAPWING = os.path.abspath(sys.argv.pop(2)), os.path.abspath(sys.argv.pop(1))
WEB, FRAMES, PASSES = os.path.join(ROOT, "pcaps/web/web.pcap"), 172, 3


class Sender(netns.Case):
    def send(self, *words):
        return json.loads(self.space.run(SENDER, "lw0", WEB, *words).stdout)

    def test_limits_and_rate(self):
        self.assertEqual(self.send("--count", "100")["packets"], 100)
        self.assertEqual(self.send("--passes", "2")["packets"], 2 * FRAMES)
        paced = self.send("--rate", "1000", "--count", "500")
        self.assertEqual(paced["packets"], 500)
        self.assertGreater(paced["seconds"], 0.4)
        self.assertLess(self.send("--seconds", "0.3", "--rate", "100")["packets"], 40)
        self.assertNotEqual(self.space.run(SENDER, "none", WEB, check=False).returncode, 0)
        self.assertNotEqual(self.space.run(SENDER, "lw0", check=False).returncode, 0)

    def test_each_pass_has_flows_of_its_own_with_right_checksums(self):
        eve = os.path.join(self.folder, "eve.json")
        sensor = self.space.start(LAPWING, "run", "-i", "lw1", "--eve", eve, "--records", "flow,stats", "--checksums", "all",
                                  "--set", f"control.socket={self.folder}/s", stderr=subprocess.PIPE, text=True)
        self.addCleanup(sensor.stderr.close)
        lines = iter(sensor.stderr.readline, "")
        self.assertTrue(any("watching" in line for line in lines))
        self.assertEqual(self.send("--passes", str(PASSES), "--rate", "2000")["packets"], PASSES * FRAMES)
        time.sleep(1)
        sensor.send_signal(signal.SIGTERM)
        self.assertEqual(sensor.wait(timeout=60), 0)
        with open(eve) as f: records = [json.loads(line) for line in f]
        flows = [r for r in records if r["event_type"] == "flow"]
        stats = [r for r in records if r["event_type"] == "stats"][-1]["stats"]
        self.assertEqual(stats["capture"]["packets"], PASSES * FRAMES)
        self.assertEqual(stats["capture"]["kernel_drops"], 0)
        self.assertEqual(set(stats["decoder"]["bad_checksum"].values()), {0})
        self.assertEqual(stats["tcp"]["invalid_checksum"], 0)
        pairs = {(r["src_ip"], r.get("src_port"), r["dest_ip"], r.get("dest_port"), r["proto"]) for r in flows}
        self.assertEqual(len(pairs), len(flows), "no flow crosses passes")
        ports = sorted((r.get("src_port", 0), r.get("dest_port", 0), r["proto"]) for r in flows)
        self.assertEqual(ports[::PASSES], ports[1::PASSES], "every pass has the same flows")
        self.assertTrue(all(r["src_ip"].startswith(("10.", "fd", "fe80")) for r in flows), "private addresses stay private")


if __name__ == "__main__":
    unittest.main(verbosity=1)
