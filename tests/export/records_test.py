#!/usr/bin/env python3
"""What `lapwing list records` says of records holds.

  records_test.py LAPWING

Every member of the golden records, and of those of the same captures with all options on, is listed under its record
type with a type that fits; the records are valid under docs/schema; and what Suricata's schema has, where it is at hand
(../shared/reference), is of the same type there, but for EXCEPTIONS.
"""
import collections, glob, importlib.machinery, importlib.util, json, os, subprocess, sys, tempfile

import jsonschema

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SURICATA = os.path.join(ROOT, "../shared/reference/eve-schema.json")
# Members whose type is not that of Suricata's schema, and why.
EXCEPTIONS = {}
TYPES = {str: ("string",), bool: ("boolean",), int: ("integer", "number"), float: ("number",), dict: ("object",)}
ALL = [f"outputs.eve-log.{key}=yes" for key in (
    "ethernet", "pcap-file", "suricata-version", "types.alert.payload", "types.alert.payload-printable",
    "types.alert.payload-length", "types.alert.packet", "types.alert.verdict", "types.alert.metadata.rule.raw",
    "types.alert.metadata.rule.reference", "types.anomaly.types.decode", "types.anomaly.types.stream",
    "types.anomaly.packethdr", "types.flow.exception-policy")] + [
    "app-layer.protocols.http.alert.body=yes", "app-layer.protocols.http.alert.body-printable=yes",
    "app-layer.protocols.http.record.dump-all-headers=both", "sensor-name=probe"]
RECORDS = "alert,anomaly,flow,netflow,packet,stats,loss,frame,metadata,dns,http,fileinfo,tls,arp,icmp,igmp,sctp"


class Node:
    """A member: its types, those of its elements where it is a list, and the members of its object."""

    def __init__(self):
        self.types, self.many, self.members = set(), False, {}

    def add(self, path, kind):
        first, _, rest = path.partition(".")
        node = self.members.setdefault(first.removesuffix("[]"), Node())
        if first.endswith("[]"): node.many = True
        node.types.add("object" if rest else kind)
        if rest: node.add(rest, kind)


def listed(rows):
    records = collections.defaultdict(Node)
    for row in rows: records[row["record"]].add(row["path"], row["type"])
    return records


def unlisted(value, node, path):
    """Members of an object that `node` does not have, or not of that type. An object of which none is listed is anybody's."""
    for key, member in value.items() if node.members else ():
        where, known = f"{path}.{key}", node.members.get(key) or node.members.get("*")
        if not known:
            yield where
        elif isinstance(member, list) != known.many:
            yield where + " is a list or is none"
        else:
            for element in member if isinstance(member, list) else [member]:
                if not known.types & set(TYPES[type(element)]): yield f"{where} is {type(element).__name__}"
                if isinstance(element, dict): yield from unlisted(element, known, where)


def replayed(lapwing, folder):
    """Records of the golden captures with all options on."""
    for case in sorted(glob.glob(f"{ROOT}/tests/golden/*/*/case.json")):
        capture, eve = json.load(open(case))["capture"], os.path.join(folder, "eve.json")
        options = [word for option in ALL for word in ("--set", option)]
        subprocess.run([lapwing, "--log-level", "error", "replay", capture, "--rules", "pcaps/starter.rules", "--records", RECORDS,
                        "--eve", eve, "-q", *options], check=True, cwd=ROOT)
        yield from (json.loads(line) for line in open(eve, encoding="utf-8"))


def golden():
    for name in sorted(glob.glob(f"{ROOT}/tests/golden/*/*/records.json")):
        yield from (json.loads(line) for line in open(name, encoding="utf-8"))


def described(schema, path):
    """Types that a schema with #/$defs allows at a path; nothing where it has no such member."""
    node = schema
    for part in path.split("."):
        node = node.get("properties", {}).get(part.removesuffix("[]"))
        while node and ("$ref" in node or part.endswith("[]")):
            if "$ref" in node:
                node = schema["$defs"][node["$ref"].split("/")[-1]]
            else:
                if node.get("type", "array") != "array": return {node["type"]}
                node, part = node.get("items"), ""
        if not node: return set()
    kinds = node.get("type", [])
    return set(kinds if isinstance(kinds, list) else [kinds])


def disagreements(rows, schema):
    for row in rows:
        kinds = described(schema, row["path"])
        if "number" in kinds: kinds = {*kinds, "integer"}
        if kinds and row["type"] not in kinds and row["path"] not in EXCEPTIONS:
            yield f"{row['path']} is {row['type']}, and {', '.join(sorted(kinds))} in Suricata's schema"


def unnoticed(rows):
    """Changes of the rows that scripts/make_docs takes for none, or the other way round."""
    loader = importlib.machinery.SourceFileLoader("make_docs", f"{ROOT}/scripts/make_docs")
    make_docs = importlib.util.module_from_spec(importlib.util.spec_from_loader("make_docs", loader))
    sys.dont_write_bytecode = True
    loader.exec_module(make_docs)
    schema = lambda some: make_docs.records_schema(1, json.loads(json.dumps(some)))
    row = next(i for i, row in enumerate(rows) if row["path"] == "dns.answers[].ttl")
    less, other = rows[:row] + rows[row + 1:], rows[:row] + [dict(rows[row], type="string")] + rows[row + 1:]
    for before, after, want in (rows, rows, 0), (less, rows, 0), (rows, less, 1), (rows, other, 1):
        if len(make_docs.changed(schema(before), schema(after))) != want: yield f"a change of shape: {want} wanted"


def main():
    lapwing = os.path.abspath(sys.argv[1])
    listing = json.loads(subprocess.run([lapwing, "list", "records", "--json"], check=True, capture_output=True).stdout)
    known = listed(listing["rows"])
    validator = jsonschema.Draft202012Validator(json.load(open(f"{ROOT}/docs/schema/records-{listing['version']}.json", encoding="utf-8")))
    faults, seen = collections.Counter(), collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        for record in (*golden(), *replayed(lapwing, folder)):
            kind = record["event_type"]
            seen[kind] += 1
            faults.update(unlisted(record, known[kind], kind) if kind in known else [kind + " is no record type"])
            faults.update(f"{kind}: {e.json_path} {e.message[:120]}" for e in validator.iter_errors(record))
    if os.path.exists(SURICATA): faults.update(set(disagreements(listing["rows"], json.load(open(SURICATA, encoding="utf-8")))))
    faults.update(unnoticed(listing["rows"]))
    missing = {"alert", "anomaly", "flow", "netflow", "stats", "frame", "dns", "http", "fileinfo", "tls"} - set(seen)
    faults.update(f"no {kind} record was looked at" for kind in missing)
    for fault, count in sorted(faults.items()): print(f"FAIL {fault} ({count} times)")
    print(f"records: {len(listing['rows'])} members, {sum(seen.values())} records, {len(faults)} faults")
    return bool(faults)


sys.exit(main())
