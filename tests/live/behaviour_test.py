#!/usr/bin/env python3
"""What is found live is found again in what was recorded meanwhile, and ends with the same numbers, but for what hangs on the clock:
times of microseconds, which the kernel gives each listener its own, and the identifiers that are made of them. How much of a second
had come when a finding opened is the worker's affair: records before the last are not held to each other.

  behaviour_test.py LAPWING SENDER
"""
import json, os, random, shutil, signal, subprocess, sys, time, unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "office")]
import load, netns
from office import MONDAY, World
from wire import Wire

SENDER, LAPWING = os.path.abspath(sys.argv.pop(2)), os.path.abspath(sys.argv.pop(1))
RATE = 300  # packets a second: some 20 seconds
SLOWER = int(os.environ.get("LAPWING_TEST_SLOWER", "1"))
CLOCK = {"timestamp", "first", "last", "id", "flow_id", "seconds", "uptime", "in_iface", "pcap_filename", "host", "campaign", "incident"}


def without_clock(value):
    if isinstance(value, dict): return {k: without_clock(v) for k, v in value.items() if k not in CLOCK or (k == "incident" and isinstance(v, dict))}
    return [without_clock(v) for v in value] if isinstance(value, list) else value


def found(path):
    with open(path) as file: records = [json.loads(line) for line in file]
    last = {(r["event_type"], r[r["event_type"]]["id"]): r for r in records if r["event_type"] in ("behaviour", "incident")}
    return sorted(json.dumps(without_clock(r), sort_keys=True) for r in last.values())


@unittest.skipUnless(shutil.which("tcpdump"), "needs tcpdump")
class Behaviour(netns.Case):
    def capture(self):
        """A scan, of which some hosts say nothing, and then for long enough somebody who guesses a password, and pages."""
        path = os.path.join(self.folder, "sent.pcap")
        with open(path, "wb") as out:
            world = World(Wire(out), 20, 3600, 3)
            scanner, guesser, reader = world.workstations[:3]
            for i, target in enumerate(world.everybody[4:]):
                for port in (22, 445, 3389): world.wire.syn(MONDAY + i / 10, scanner, target, port, "rst" if i % 3 else None, tries=(0,))
            for i in range(120): world.guess(MONDAY + 10 + i, guesser)
            world.office.browse(MONDAY + 10, reader, MONDAY + 120)
            world.wire.flush()
        return path

    def test_live_and_replay_find_the_same(self):
        sent, recorded = self.capture(), os.path.join(self.folder, "recorded.pcap")
        recorder = self.space.start("tcpdump", "-i", "lw1", "-w", recorded, "-U", "-Q", "in", "--immediate-mode", "-B", "65536", "-s", "2048", "--time-stamp-precision=nano", "-Z", "root",
                                    stderr=subprocess.PIPE, text=True)
        self.addCleanup(recorder.stderr.close)
        self.assertTrue(any("listening" in line for line in iter(recorder.stderr.readline, "")))
        live = os.path.join(self.folder, "eve.json")
        sensor = load.Lapwing(self.space, self.folder, LAPWING, "--eve", live, "--records", "behaviour,incident,stats", "--workers", "2")
        self.addCleanup(lambda: sensor.process.poll() is None and sensor.end())
        packets = json.loads(self.space.run(SENDER, "lw0", sent, "--passes", "1", "--rate", str(RATE)).stdout)["packets"]
        deadline = time.monotonic() + 60 * SLOWER
        while sensor.packets() < packets and time.monotonic() < deadline: time.sleep(0.1)
        self.assertEqual(sensor.packets(), packets)
        sensor.end()
        while os.path.getsize(recorded) < os.path.getsize(sent) and time.monotonic() < deadline: time.sleep(0.1)
        self.assertEqual(os.path.getsize(recorded), os.path.getsize(sent), "the recorder lost none")
        recorder.send_signal(signal.SIGINT)
        recorder.wait(timeout=60)
        again = os.path.join(self.folder, "again.json")
        subprocess.run([LAPWING, "replay", recorded, "--eve", again, "--records", "behaviour,incident", "--checksums", "none", "-q"], check=True)
        one, other = found(live), found(again)
        names = {json.loads(text)["behaviour"]["name"] for text in one if '"behaviour"' in text}
        self.assertLessEqual({"scan", "brute-force"}, names)
        self.assertTrue(any('"incident":' in text for text in one))
        self.maxDiff = 6000
        self.assertEqual(one, other)


if __name__ == "__main__":
    unittest.main(verbosity=1)
