#!/usr/bin/env python3
"""What becomes of rules' alerts and of findings over captures of attacks: few incidents, each of one attack.

  purity.py LAPWING TRUTH.tsv --rules FILE [--only TEXT] [-v]

TRUTH has a row for each behaviour: path (beside it), label (+ or -), expect, behaviour, techniques, entity, target. An attack is an
entity of a capture, with all its rows. A member of an incident, which is its subject towards one object, belongs to the attack whose
entity it is or meets, of several to the one that names the object as well. compression: alerts and findings by incident. purity: the
share of incidents whose members belong to one attack, of those that belong to any. split: incidents by attack. Fails where purity
is below 100 %.
"""
import argparse, collections, json, os, re, subprocess, sys


def attacks(path):
    out = collections.defaultdict(lambda: collections.defaultdict(set))
    with open(path, encoding="utf-8") as file: rows = [line.rstrip("\n").split("\t") for line in file if not line.startswith("#")]
    for row in rows:
        if row[1] == "+": out[row[0]][row[5]].update(re.findall(r"[0-9a-f.:]*[.:][0-9a-f.:]*[0-9a-f]", row[6]))
    return out


def without_port(text):
    """Of IPv4; other texts stay."""
    return re.sub(r"^(\d+\.\d+\.\d+\.\d+)(:\d+)$", r"\1", text)


def belong(incident, known):
    """The attacks that each member may be of: the subject's own, or those of whom it meets."""
    subject, members = incident["subject"].get("ip") or incident["subject"].get("name", ""), []
    for thing in [o.get("ip") or o.get("name") or "" for o in incident.get("objects", [])] or [""]:
        ends = {subject, without_port(thing)}
        meets = {entity for entity, targets in known.items() if entity in ends and {without_port(t) for t in targets} & ends - {entity}}
        members.append({subject} & set(known) or meets or {entity for entity in known if entity in ends})
    return members


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("lapwing")
    parser.add_argument("truth")
    parser.add_argument("--rules", required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("-v", action="store_true")
    told = parser.parse_args()
    sums, impure, foreign, split, missed = collections.Counter(), [], [], [], []
    for capture, known in sorted(attacks(told.truth).items()):
        if told.only not in capture: continue
        done = subprocess.run([told.lapwing, "replay", os.path.join(os.path.dirname(told.truth), capture), "--rules", told.rules, "--eve", "-",
                               "--records", "incident,stats", "-q"], capture_output=True, text=True)
        records = [json.loads(line) for line in done.stdout.splitlines()]
        stats = [r["stats"] for r in records if r["event_type"] == "stats"]
        if not stats: sys.exit(f"{capture}: {done.stderr[-300:]}")
        sums["input"] += stats[-1]["incidents"]["input"]
        sums["opened"] += stats[-1]["incidents"]["opened"]
        items = {r["incident"]["id"]: r["incident"] for r in records if r["event_type"] == "incident"}
        met = collections.Counter()
        for item in items.values():
            if item["level"] == "info": continue
            sums["items"] += 1
            members = belong(item, known)
            of = set().union(*members)
            where = f"{capture}: {item['subject']} {item['level']} {item['score']}"
            if told.v: print(where, of, [f["name"] for f in item.get("findings", [])], item.get("alerts", {}).get("total"), flush=True)
            if not of: foreign.append(where)
            # One attack that all members which are of any may be of.
            elif not set.intersection(*[m for m in members if m]): impure.append(where)
            for attack in of: met[attack] += 1
        split += [met[attack] for attack in known if met[attack]]
        missed += [f"{capture}: {attack}" for attack in known if not met[attack]]
    ours = sums["items"] - len(foreign)
    print(f"input {sums['input']}, opened {sums['opened']}, at level low and above {sums['items']}, of no attack named {len(foreign)}")
    for name, list_ in (("IMPURE", impure), ("of no attack named", foreign), ("without incident", missed)):
        for text in list_: print(f"{name}: {text}")
    purity = 100 * (ours - len(impure)) / max(1, ours)
    print(f"compression {sums['input'] / max(1, sums['items']):.1f}, purity {purity:.1f} %, split {sum(split) / max(1, len(split)):.2f}, "
          f"attacks without incident {len(missed)}")
    sys.exit(0 if purity == 100 and ours else 1)


if __name__ == "__main__":
    main()
