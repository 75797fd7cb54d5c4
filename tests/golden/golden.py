#!/usr/bin/env python3
"""Golden captures: the records of each case must be those stored beside it.

  golden.py LAPWING [--update] [--only SUBSTRING]

A case is a folder <protocol>/<name>/ with case.json ({"capture": path from the root, "arguments": [...],
"packet_rules": [sids of rules that look at single packets, which a rewritten capture has others of], "rewritten": [modes
of segments.py, where not all: of a capture whose point its segments are]})
and records.json (one record a line, canonical). Each case runs as captured with one and with several workers, and with
its TCP payload byte by byte and cut, reordered and duplicated: what was seen of the applications must not change.
With "read", a file of source ports a line, what a real host's application was sent from them and read must be what
alerts: no more, no less.

The dialogues of tests/dissectors are cases as well: each is made into a capture, and what it says of records and anomalies
of its protocols must come of that, whole and in segments of a byte and of seven.
"""
import argparse, json, os, subprocess, sys, tempfile

import segments

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests/support"))
import dialogues
WORKERS = 3
# Where and when a record came about depends on packets, which a rewritten capture has others of.
OF_PACKETS = ("timestamp", "flow_id", "pcap_cnt", "flow", "tcp", "ndpi", "packet", "packet_info", "payload", "payload_printable",
              "stream", "pkt_src", "direction", "parent_id")
PACKET_TYPES = ("flow", "netflow", "stats", "loss", "packet", "behaviour", "incident", "asset")


def canonical(records):
    return sorted(json.dumps(r, sort_keys=True, ensure_ascii=False) for r in records)


def replay(lapwing, case, capture, workers):
    with tempfile.TemporaryDirectory() as folder:
        eve = os.path.join(folder, "eve.json")
        command = [lapwing, "--log-level", "error", "replay", capture, "--eve", eve, "--workers", str(workers), "-q",
                   "--set", "analytics.vendors=off"] + case.get("arguments", [])
        subprocess.run(command, check=True, cwd=ROOT)
        records = [json.loads(line) for line in open(eve, encoding="utf-8")]
    for record in records:
        record.pop("pcap_filename", None)
    return [r for r in records if r["event_type"] != "stats"]


def of_applications(records, case):
    out = []
    for record in records:
        if record["event_type"] in PACKET_TYPES or record.get("anomaly", {}).get("type") in ("stream", "decode"): continue
        if record.get("alert", {}).get("signature_id") in case.get("packet_rules", []): continue
        kept = {k: v for k, v in record.items() if k not in OF_PACKETS}
        # When detection gives up is a matter of packets too.
        if kept.get("app_proto") == "failed": del kept["app_proto"]
        out.append(kept)
    return canonical(out)


def difference(want, got):
    missing, extra = [r for r in want if r not in got], [r for r in got if r not in want]
    return "".join(f"\n    - {r[:600]}" for r in missing[:3]) + "".join(f"\n    + {r[:600]}" for r in extra[:3])


def dialogue_runs(lapwing, dialogue):
    """(name, wanted, got) of each way to send it."""
    arguments = [word for option in dialogue.options for word in ("--set", option)]
    wanted = [json.dumps(record) for record in dialogue.records]
    with tempfile.TemporaryDirectory() as work:
        for segment in (1460, 7, 1):
            capture = os.path.join(work, "dialogue.pcap")
            dialogue.write(capture, segment)
            records = replay(lapwing, {"arguments": arguments}, capture, 1)
            of_protocols = [r for r in records if r["event_type"] not in PACKET_TYPES + ("anomaly", "alert", "frame")]
            # What is wanted stands for what has it.
            got = [want if dialogues.holds(record, json.loads(want)) else json.dumps(record)
                   for record, want in zip(of_protocols, wanted + ["false"] * len(of_protocols))]
            anomalies = [r["anomaly"]["event"].lower() for r in records if r["event_type"] == "anomaly" and r["anomaly"].get("layer") == "proto_parser"]
            yield f"segments of {segment}", wanted + dialogue.anomalies, got + anomalies


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("lapwing"); ap.add_argument("--update", action="store_true"); ap.add_argument("--only", default="")
    args = ap.parse_args()
    lapwing, passed, failed = os.path.abspath(args.lapwing), 0, 0
    for folder, _, names in sorted(os.walk(HERE)):
        if "case.json" not in names or args.only not in folder: continue
        case = json.load(open(os.path.join(folder, "case.json")))
        capture, label = os.path.join(ROOT, case["capture"]), os.path.relpath(folder, HERE)
        stored = os.path.join(folder, "records.json")
        base = replay(lapwing, case, capture, 1)
        if args.update: open(stored, "w", encoding="utf-8").write("".join(line + "\n" for line in canonical(base)))
        runs = {"as captured": (open(stored, encoding="utf-8").read().splitlines(), canonical(base)),
                f"{WORKERS} workers": (canonical(base), canonical(replay(lapwing, case, capture, WORKERS)))}
        if "read" in case:
            read = open(os.path.join(ROOT, case["read"]), encoding="utf-8").read().split()
            runs["what the host read"] = (read, sorted({str(r["src_port"]) for r in base if r["event_type"] == "alert"}, key=int))
        with tempfile.TemporaryDirectory() as work:
            for mode in case.get("rewritten", segments.MODES):
                rewritten = os.path.join(work, mode + ".pcap")
                segments.rewrite(capture, rewritten, mode)
                runs[mode] = (of_applications(base, case), of_applications(replay(lapwing, case, rewritten, 1), case))
        for name, (want, got) in runs.items():
            if want == got:
                passed += 1
            else:
                failed += 1
                print(f"FAIL {label}, {name}: {len(want)} records wanted, {len(got)} got{difference(want, got)}")
    for dialogue in dialogues.all_dialogues():
        label = os.path.relpath(dialogue.path, ROOT)
        if dialogue.protocol == "template" or args.only not in label: continue
        for name, want, got in dialogue_runs(lapwing, dialogue):
            passed += want == got
            failed += want != got
            if want != got: print(f"FAIL {label}, {name}:{difference(want, got)}")
    print(f"golden: {passed} passed, {failed} failed")
    return failed > 0 or passed == 0


sys.exit(main())
