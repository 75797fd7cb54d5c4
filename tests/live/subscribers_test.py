#!/usr/bin/env python3
"""Subscribers over tcp to a sensor under load: one healthy, one stalled, one killed, one that never reads.

  subscribers_test.py LAPWING SENDER
"""
import json, os, re, signal, subprocess, sys, time, unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import load, netns

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SENDER, LAPWING = os.path.abspath(sys.argv.pop(2)), os.path.abspath(sys.argv.pop(1))
WEB, FRAMES = os.path.join(ROOT, "pcaps/web/web.pcap"), 172
ENDPOINT = "tcp://127.0.0.1:5556"
SLOWER = int(os.environ.get("LAPWING_TEST_SLOWER", "1"))  # than as built for use: under a sanitizer
PASSES, LATER, RATE = 1200, 20, 25_000 // SLOWER  # some 70 MB of records: more than the mark and sockets keep for one that does not read
TOPICS = ("http", "fileinfo", "flow")  # what comes of traffic alone, hence after all have joined
PATIENCE = 120 * SLOWER  # seconds: the machine may be busy


class Subscribers(netns.Case):
    def setUp(self):
        super().setUp()
        self.space.run("ip", "link", "set", "lo", "up")
        output = {"filetype": "zmq", "endpoints": [ENDPOINT], "insecure": True, "high-water-mark": 500}
        with open(os.path.join(self.folder, "c.yaml"), "w") as f: json.dump({"outputs": [{"eve-log": output}]}, f)

    def subscriber(self, name, *words):
        """Its records go to the file `name`, what it says to `name`.log."""
        path = os.path.join(self.folder, name)
        with open(path, "w") as out, open(path + ".log", "w") as log:
            process = self.space.start(LAPWING, "subscribe", ENDPOINT, "--fail-on-gap", *words, stdout=out, stderr=log)
        self.addCleanup(lambda: (process.kill(), process.wait()))
        self.until(lambda: "connected" in self.said(name))
        return process

    def said(self, name):
        with open(os.path.join(self.folder, name + ".log")) as f: return f.read()

    def totals(self, name):
        """Records received and lost, as it says at its end."""
        return tuple(map(int, re.search(r"^(\d+) records received, (\d+) lost", self.said(name), re.M).groups()))

    def until(self, true):
        end = time.monotonic() + PATIENCE
        while not true():
            if time.monotonic() > end: self.fail("it did not happen")
            time.sleep(0.05)

    def send(self, *words): return load.send(self.space, SENDER, WEB, "--rate", RATE, *words)

    def test_none_slows_the_capture_or_another(self):
        sensor = load.Lapwing(self.space, self.folder, LAPWING, "-c", os.path.join(self.folder, "c.yaml"))
        self.addCleanup(lambda: sensor.process.poll() is None and sensor.end())
        healthy, killed, never = (self.subscriber(name) for name in ("healthy", "killed", "never"))
        stalled = self.subscriber("stalled", "--topics", ",".join(TOPICS))
        time.sleep(1) # for their subscriptions
        for process in (stalled, never): process.send_signal(signal.SIGSTOP)
        sender = self.send("--passes", PASSES)
        time.sleep(2)
        killed.kill()
        sender.communicate(timeout=PATIENCE)
        self.assertEqual(sensor.settled_packets(), PASSES * FRAMES)
        stalled.send_signal(signal.SIGCONT)
        time.sleep(2) # it takes what waits for it; only what comes next on a topic shows the gap in it
        self.send("--passes", LATER, "--first-pass", PASSES).communicate(timeout=PATIENCE)
        packets = (PASSES + LATER) * FRAMES
        self.assertEqual(sensor.settled_packets(), packets)
        sensor.end()
        self.assertEqual(sensor.process.returncode, 0)
        time.sleep(2)
        for process in (healthy, stalled): process.send_signal(signal.SIGTERM)
        self.assertEqual((healthy.wait(PATIENCE), stalled.wait(PATIENCE)), (0, 3), self.said("healthy") + self.said("stalled"))

        with open(os.path.join(self.folder, "healthy")) as f: records = [json.loads(line) for line in f]
        stats = [r for r in records if r["event_type"] == "stats"][-1]["stats"]
        capture, output = stats["capture"], stats["outputs"][0]
        self.assertEqual((capture["packets"], capture["kernel_packets"], capture["kernel_drops"]), (packets, packets, 0))
        self.assertEqual(stats["publisher"]["queue_full_drops"], 0)
        self.assertEqual(set(output["dropped"].values()), {0})
        self.assertEqual(self.totals("healthy"), (len(records), 0))
        received, lost = self.totals("stalled")
        self.assertGreater(lost, 0)
        if SLOWER == 1: self.assertEqual(received + lost, sum(r["event_type"] in TOPICS for r in records), "the gap of the stalled one is what it did not get")


if __name__ == "__main__":
    unittest.main(verbosity=1)
