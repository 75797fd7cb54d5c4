#!/usr/bin/env python3
"""Findings and incidents do not depend on the number of workers, nor on how streams were cut: of a small office, and of pcaps/.

  same_test.py LAPWING
"""
import glob, json, os, subprocess, sys, tempfile, unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import office

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LAPWING = os.path.abspath(sys.argv.pop(1))


def without_flow_ids(value):
    """They count packets, of which there are others where streams were cut."""
    if isinstance(value, dict): return {k: without_flow_ids(v) for k, v in value.items() if k != "flow_id"}
    return [without_flow_ids(v) for v in value] if isinstance(value, list) else value


def found(capture, workers, ids=True):
    """All records of findings and incidents, as texts, in an order of their own."""
    done = subprocess.run([LAPWING, "replay", capture, "--workers", str(workers), "--eve", "-", "--records", "behaviour,incident", "-q"],
                          capture_output=True, text=True, check=True)
    records = [json.loads(line) for line in done.stdout.splitlines()]
    for record in records: record.pop("pcap_filename", None)
    return sorted(json.dumps(record if ids else without_flow_ids(record), sort_keys=True) for record in records)


class Same(unittest.TestCase):
    maxDiff = 4000

    def test_an_office_however_it_is_cut_and_shared_out(self):
        with tempfile.TemporaryDirectory() as folder:
            first = None
            for cut in (None, 1):
                capture = os.path.join(folder, f"office-{cut}.pcap")
                with open(capture, "wb") as out: wire, _ = office.make(out, 9, 6 * office.HOUR, 7, ["beacon", "scan"], cut)
                for workers in (1, 4):
                    records = found(capture, workers, ids=False)
                    if first is None:
                        first, frames = records, wire.frames
                        names = {json.loads(r)["behaviour"]["name"] for r in records if "behaviour" in json.loads(r)}
                        self.assertLessEqual({"beacon", "scan"}, names)
                        self.assertTrue(any("incident" in json.loads(r) for r in records))
                    self.assertEqual(first, records, f"{workers} workers, cut by {cut}")
            self.assertGreater(wire.frames, frames, "it was cut")

    def test_captures_however_they_are_shared_out(self):
        told = 0
        for capture in sorted(glob.glob(os.path.join(ROOT, "pcaps/*/*.pcap"))):
            one = found(capture, 1)
            told += len(one)
            with self.subTest(capture=os.path.basename(capture)): self.assertEqual(one, found(capture, 4))
        self.assertGreater(told, 0)


if __name__ == "__main__":
    unittest.main(verbosity=1)
