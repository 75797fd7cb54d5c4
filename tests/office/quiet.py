#!/usr/bin/env python3
"""What an office that means no harm is told: findings by host and day, incidents by day, and what they are.

  quiet.py LAPWING [--hosts N] [--days N | --hours N] [--seed N] [--plant NAMES] [--keep FILE] [--most-findings X] [--most-incidents X]

Fails where more findings of level medium and above come of a host and day, or more incidents of a day, than may, or where what
was planted is not found.
"""
import argparse, collections, json, os, subprocess, sys, tempfile, threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import office

LEVELS = ["info", "low", "medium", "high", "critical"]
FINDS = {"beacon": "beacon", "scan": "scan", "brute-force": "brute-force"}  # what was planted: who finds it


def replay(lapwing, told, length, extra=()):
    """Records, and who did what was planted. The capture is never on disk, unless it is to be kept."""
    made = {}
    with tempfile.TemporaryDirectory() as folder:
        way = told.keep or os.path.join(folder, "office.pcap")
        planted = [name for name in told.plant.split(",") if name]

        def write():
            with open(way, "wb") as out: made["wire"], made["planted"] = office.make(out, told.hosts, length, told.seed, planted)

        if told.keep: write()
        else: os.mkfifo(way)
        sensor = subprocess.Popen([lapwing, "replay", way, "--eve", "-", "--records", "behaviour,incident,stats", "-q", *extra],
                                  stdout=subprocess.PIPE, text=True)
        writer = threading.Thread(target=write, daemon=True)
        if not told.keep: writer.start()
        records = [json.loads(line) for line in sensor.stdout]
        if not told.keep: writer.join(60)
        if sensor.wait(): sys.exit(f"lapwing replay ended with {sensor.returncode}")
    return records, made["planted"], made["wire"]


def worst(records, kind):
    """Of each finding or incident the record of its highest level."""
    out = {}
    for record in records:
        if record["event_type"] != kind: continue
        told = record[kind]
        if told["id"] not in out or LEVELS.index(told["level"]) > LEVELS.index(out[told["id"]]["level"]): out[told["id"]] = told
    return list(out.values())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("lapwing")
    office.arguments(parser)
    parser.add_argument("--keep", help="write the capture here")
    parser.add_argument("--set", action="append", default=[], help="of the sensor's configuration")
    parser.add_argument("--most-findings", type=float, default=0.02, help="of level medium and above, of a host and day")
    parser.add_argument("--most-incidents", type=float, default=1, help="of level low and above, of a day")
    parser.add_argument("-v", action="store_true", help="all findings")
    told = parser.parse_args()
    length = told.hours * office.HOUR if told.hours else told.days * office.DAY
    days = length / office.DAY
    records, planted, wire = replay(told.lapwing, told, length, [word for text in told.set for word in ("--set", text)])
    findings, incidents = worst(records, "behaviour"), worst(records, "incident")
    by_level = collections.Counter(f["level"] for f in findings)
    print(f"{told.hosts} hosts, {days:g} days: {wire.frames} frames, {wire.bytes} bytes; findings: " +
          ", ".join(f"{by_level[level]} {level}" for level in LEVELS))
    guilty, missed = set(planted.values()), []
    for name, host in planted.items():
        found = [f for f in findings if f["name"] == FINDS[name] and f["subject"] == host and f["level"] not in ("info", "low")]
        print(f"planted: {name} by {host}: {'found, ' + found[0]['level'] if found else 'MISSED'}")
        if not found: missed.append(name)
    shown = [f for f in findings if told.v or f["level"] not in ("info", "low")]
    for f in sorted(shown, key=lambda f: (f["name"], f["subject"], f["first"])):
        print(f"{f['level']:8} {f['name']} of {f['subject']}: {' '.join(f['objects'][:2])}, severity {f['severity']}, confidence {f['confidence']}, "
              f"since {f['first'][:16]}")
        if told.v: print("         ", json.dumps(f["evidence"]))
    loud = [f for f in findings if f["level"] not in ("info", "low") and f["subject"] not in guilty]
    cases = [i for i in incidents if i["level"] != "info" and i["subject"].get("ip") not in guilty]
    for case in cases:
        print(f"incident of {case['subject'].get('ip')}: {case['level']}, score {case['score']}, " +
              ", ".join(sorted({f['name'] for f in case.get('findings', [])})))
    of_host, of_day = len(loud) / told.hosts / days, len(cases) / days
    print(f"findings of level medium and above of a host and day: {of_host:.3f}, {told.most_findings:g} may be")
    print(f"incidents of level low and above of a day: {of_day:.2f}, {told.most_incidents:g} may be")
    sys.exit(1 if missed or of_host > told.most_findings or of_day > told.most_incidents else 0)


if __name__ == "__main__":
    main()
