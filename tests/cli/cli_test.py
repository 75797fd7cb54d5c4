#!/usr/bin/env python3
"""The command line from outside: inputs, exit statuses, errors with their place, live capture.

  cli_test.py LAPWING
"""
import glob, gzip, hashlib, json, os, pathlib, resource, shutil, signal, struct, subprocess, sys, tempfile, time, unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WEB, DNS = os.path.join(ROOT, "pcaps/web/web.pcap"), os.path.join(ROOT, "pcaps/dns/dns.pcap")
LAPWING = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else os.path.join(ROOT, "build/lapwing")


def run(*arguments, stdin=None):
    return subprocess.run([LAPWING, *arguments], input=stdin, capture_output=True, timeout=60)


def records(*arguments, stdin=None):
    done = run("replay", *arguments, "--eve", "-", "-q", stdin=stdin)
    assert done.returncode == 0, done.stderr
    return sorted(line for line in done.stdout.decode().splitlines() if '"event_type":"stats"' not in line)


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def file(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, "wb" if isinstance(content, bytes) else "w") as f: f.write(content)
        return path


class FileStore(Case):
    def replay(self, config, *arguments, rules=None):
        out = os.path.join(self.folder, "out")
        shutil.rmtree(out, ignore_errors=True)
        os.mkdir(out)
        chosen = ["--rules", self.file("a.rules", rules)] if rules else []
        done = run("replay", WEB, "-c", self.file("c.yaml", config), "--eve", os.path.join(out, "eve.json"), "-q", *chosen, *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(os.path.join(out, "eve.json")) as f: events = [json.loads(line) for line in f]
        files = [e["fileinfo"] for e in events if e["event_type"] == "fileinfo"]
        stored = {os.path.relpath(p, out): p.read_bytes() for p in sorted(pathlib.Path(out, "filestore").rglob("*")) if p.is_file()}
        return files, stored, events

    def test_every_file_lies_below_its_digest_when_forced(self):
        files, stored, _ = self.replay("outputs: [{file-store: {enabled: yes, force-filestore: yes}}]")
        self.assertGreater(len(files), 1)
        for file in files:
            self.assertTrue(file["stored"])
            content = stored[f"filestore/{file['sha256'][:2]}/{file['sha256']}"]
            self.assertEqual(hashlib.sha256(content).hexdigest(), file["sha256"])
            if file["state"] == "CLOSED": self.assertEqual(len(content), file["size"])
        self.assertEqual(sorted(f["file_id"] for f in files), list(range(1, len(files) + 1)))
        self.assertEqual(set(stored), {f"filestore/{f['sha256'][:2]}/{f['sha256']}" for f in files}, "nothing is left in tmp")

    def test_only_what_a_rule_asks_for_is_stored(self):
        config = "outputs: [{file-store: {enabled: yes}}]"
        files, stored, _ = self.replay(config, rules='alert http any any -> any any (filesize:>0; filestore; sid:1;)')
        self.assertEqual(len(stored), len({f["sha256"] for f in files if f["stored"]}))
        self.assertTrue(any(f["stored"] for f in files))
        files, stored, _ = self.replay(config, rules='alert http any any -> any any (filename:"no such name"; filestore; sid:1;)')
        self.assertEqual((stored, [f for f in files if f["stored"]]), ({}, []))

    def test_the_alert_says_that_its_file_will_be_stored(self):
        rules = 'alert http any any -> any any (flow:to_client; filesize:>0; filestore; sid:1;)'
        for enabled in ("yes", "no"):
            _, _, events = self.replay(f"outputs: [{{file-store: {{enabled: {enabled}}}}}]", rules=rules)
            shown = [f for e in events if e["event_type"] == "alert" for f in e["files"]]
            self.assertTrue(shown)
            for file in shown: self.assertEqual(file.get("storing", False) or file["stored"], enabled == "yes")

    def test_the_record_lies_beside_the_file_when_asked(self):
        _, stored, events = self.replay("outputs: [{file-store: {enabled: yes, force-filestore: yes, write-fileinfo: yes}}]")
        told = [e for e in events if e["event_type"] == "fileinfo"]
        beside = [json.loads(text) for path, text in stored.items() if path.endswith(".json")]
        self.assertEqual(sorted(map(str, beside)), sorted(map(str, told)))

    def test_stream_depth_cuts_and_opening_for_each_write_is_counted(self):
        files, stored, events = self.replay("outputs: [{file-store: {enabled: yes, force-filestore: yes, stream-depth: 10, max-open-files: 1}}]")
        self.assertTrue(all(len(content) <= 10 for content in stored.values()))
        self.assertEqual(events[-1]["stats"]["file_store"]["fs_errors"], 0)

    def test_workers_store_what_one_does(self):
        config = "outputs: [{file-store: {enabled: yes, force-filestore: yes}}]"
        one, several = self.replay(config), self.replay(config, "--workers", "3")
        self.assertEqual(one[1], several[1])
        self.assertEqual(sorted(map(str, one[0])), sorted(map(str, several[0])))

    def test_a_folder_that_cannot_be_made_is_told(self):
        done = run("replay", WEB, "-c", self.file("c.yaml", "outputs: [{file-store: {enabled: yes, dir: /proc/none}}]"), "--eve", "-")
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"cannot be made for the file store", done.stderr)


class Inputs(Case):
    def test_the_same_capture_gives_the_same_records_however_it_comes(self):
        plain, data = records(WEB), pathlib.Path(WEB).read_bytes()
        self.assertGreater(len(plain), 10)
        packed = self.file("web.pcap.gz", gzip.compress(data))
        for name, got in {"gzip": records(packed), "standard input": records("-", stdin=data), "gzip on standard input": records("-", stdin=gzip.compress(data)),
                          "three workers": records(WEB, "--workers", "3"), "gzip, two workers": records(packed, "--workers", "2"),
                          "standard input, two workers": records("-", "--workers", "2", stdin=data)}.items():
            self.assertEqual(got, plain, name)

    def test_a_folder_is_its_captures_in_order_and_nothing_else(self):
        os.mkdir(os.path.join(self.folder, "sub"))
        shutil.copy(WEB, os.path.join(self.folder, "b.pcap")); shutil.copy(DNS, os.path.join(self.folder, "sub/a.pcap"))
        self.file("notes.txt", "no capture")
        together = records(os.path.join(self.folder, "b.pcap"), os.path.join(self.folder, "sub/a.pcap"))
        self.assertEqual(records(self.folder), together)

    def test_a_capture_that_breaks_off_is_processed_so_far(self):
        whole = pathlib.Path(DNS).read_bytes()
        done = run("replay", self.file("cut.pcap", whole[:len(whole) // 2]), "--eve", "-", "-q")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr.decode(), r"cut\.pcap: truncated.*byte \d+")
        self.assertIn(b'"event_type":"dns"', done.stdout)

    def test_every_output_has_types_of_its_own(self):
        names = [os.path.join(self.folder, name) for name in ("dns.json", "rest.json")]
        sections = [{"filename": name, "types": types} for name, types in zip(names, (["dns"], ["flow", "stats"]))]
        config = self.file("two.yaml", json.dumps({"outputs": [{"eve-log": section} for section in sections]}))
        self.assertEqual(run("replay", DNS, "-c", config, "-q").returncode, 0)
        kinds = [{json.loads(line)["event_type"] for line in pathlib.Path(name).read_text().splitlines()} for name in names]
        self.assertEqual(kinds, [{"dns"}, {"flow", "stats"}])

    def test_a_capture_without_the_cards_checksums_is_read_as_if_none_were_verified(self):
        frames = bytearray(pathlib.Path(WEB).read_bytes())
        place, client = 24, None
        while place < len(frames):
            packet = place + 16 + 14
            if frames[packet - 2:packet] == b"\x08\x00" and frames[packet + 9] == 6:
                client = client or frames[packet + 12:packet + 16]
                if frames[packet + 12:packet + 16] == client: frames[packet + 4 * (frames[packet] & 15) + 16] ^= 0xff
            place += 16 + struct.unpack_from("<I", frames, place + 8)[0]
        capture = self.file("before-the-card.pcap", bytes(frames))
        unverified = records(capture, "--checksums", "none")
        self.assertTrue(any('"event_type":"http"' in line for line in unverified))
        self.assertEqual(records(capture), unverified)
        self.assertNotEqual(records(capture, "--checksums", "all"), unverified)

    def test_what_is_not_decoded_is_told_once_and_counted(self):
        def pcap(link, *frames):
            head = struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, link)
            return head + b"".join(struct.pack("<IIII", 1, 0, len(f), len(f)) + f for f in frames)
        block = lambda kind, body: struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)
        head = block(0x0a0d0d0a, struct.pack("<IHHq", 0x1a2b3c4d, 1, 0, -1)) + block(1, struct.pack("<HHI", 1, 0, 0))
        for content, said, counter in ((pcap(117, bytes(60), bytes(60)), "frames of link type 117 are not decoded", ("decoder", "unknown_link_type")),
                                       (pcap(1, *[bytes(12) + b"\x12\x34" + bytes(46)] * 2), "frames of EtherType 0x1234 are not decoded", ("decoder", "unread_ethertype")),
                                       (head + block(0xdead, bytes(8)) * 2, "pcapng blocks of type 0xdead are passed over", ("capture", "unknown_blocks"))):
            done = run("replay", self.file("odd.pcap", content), "--eve", "-")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(done.stderr.decode().count(f"warning: {self.folder}/odd.pcap: {said}"), 1, done.stderr)
            self.assertIn(f"losses: {'.'.join(counter)} 2", done.stderr.decode())
            records = {r["event_type"]: r for r in map(json.loads, done.stdout.splitlines())}
            for record in ("stats", "loss"): self.assertEqual(records[record][record][counter[0]][counter[1]], 2)

    def test_a_missing_capture_is_named(self):
        done = run("replay", "no-such.pcap")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"no-such.pcap", done.stderr)


class Outputs(Case):
    def test_what_is_read_is_never_written(self):
        whole = pathlib.Path(DNS).read_bytes()
        capture, rules = self.file("a.pcap", whole), self.file("a.rules", "alert udp any any -> any any (sid:1;)\n")
        os.link(capture, os.path.join(self.folder, "hard"))
        os.symlink("a.pcap", os.path.join(self.folder, "soft"))
        config = self.file("c.yaml", f"outputs: [{{eve-log: {{filename: {capture}}}}}]\n")
        inside = lambda name: os.path.join(self.folder, name)
        for words in ([capture, "--eve", capture], [capture, "--eve", inside("hard")], [capture, "--eve", inside("soft")],
                      [self.folder, "--eve", capture], [capture, "--eve", rules], [capture, "-c", config],
                      [capture, "-c", config, "--eve", config], [capture, "--eve", inside("new"), "--explain", "1", "--explain-json", capture]):
            done = run("replay", *words, "--rules", rules, "-q")
            self.assertEqual(done.returncode, 2, (words, done.stderr))
            self.assertIn(b"is a file that is read", done.stderr)
            self.assertEqual(pathlib.Path(capture).read_bytes(), whole)
        self.assertEqual(pathlib.Path(rules).read_text(), "alert udp any any -> any any (sid:1;)\n")

    def test_records_may_lie_beside_the_captures(self):
        self.file("a.pcap", pathlib.Path(DNS).read_bytes())
        for _ in range(2):
            done = run("replay", self.folder, "--eve", os.path.join(self.folder, "eve.json"), "-q")
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_file_is_no_place_for_a_socket(self):
        capture = self.file("a.pcap", pathlib.Path(DNS).read_bytes())
        done = run("replay", DNS, "--publish", f"ipc://{capture}", "-q", "--set", "outputs.zmq.wait-subscriber=1")
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"there is a file of that name that is no socket", done.stderr)
        self.assertEqual(pathlib.Path(capture).read_bytes(), pathlib.Path(DNS).read_bytes())

    def test_an_option_is_no_file_name(self):
        for name in ("-S", "--rules", ""):
            done = subprocess.run([LAPWING, "replay", DNS, "--eve", name], cwd=self.folder, capture_output=True, timeout=60)
            self.assertEqual(done.returncode, 2, done.stderr)
        self.assertEqual(os.listdir(self.folder), [])

    def test_lost_records_are_status_1(self):
        done = run("replay", DNS, "--eve", "/dev/full", "-q")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr.decode(), r"\d+ records were lost")
        with open("/dev/full", "w") as full:
            self.assertEqual(subprocess.run([LAPWING, "replay", DNS, "--eve", "-", "-q"], stdout=full, stderr=subprocess.DEVNULL, timeout=60).returncode, 1)
        done = run("replay", DNS, "--publish", f"ipc://{self.folder}/r", "--set", "outputs.zmq.wait-subscriber=50")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr.decode(), r"outputs\.0\.dropped\.unreachable [1-9]")

    def test_a_reader_that_goes_and_a_limit_of_size_end_nothing(self):
        reader = subprocess.Popen(["true"], stdin=subprocess.PIPE)
        reader.wait()
        done = subprocess.run([LAPWING, "replay", DNS, "--eve", "-", "-q"], stdout=reader.stdin, stderr=subprocess.PIPE, timeout=60)
        reader.stdin.close()
        self.assertEqual(done.returncode, 1, done.stderr)
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512))
        done = subprocess.run([LAPWING, "replay", DNS, "--eve", os.path.join(self.folder, "x"), "-q"], preexec_fn=limit, capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(b"File too large", done.stderr)

    def test_endpoints_that_are_none(self):
        for endpoint in ("tcp://127.0.0.1:70000", "tcp://127.0.0.1:", "tcp://127.0.0.1:x", "inproc://x", "ipc://", "x", ""):
            done = run("replay", DNS, "--publish", endpoint, "--insecure", "-q")
            self.assertEqual(done.returncode, 2, (endpoint, done.stderr))


class Config(Case):
    def test_each_setting_says_where_it_came_from(self):
        path = self.file("lapwing.yaml", "stream: {memcap: 40mb}\noutputs: [{eve-log: {filename: x y.json, types: [dns]}}]\nvars: {port-groups: {HTTP_PORTS: 81}}\n")
        told = lambda *words: {row["key"]: row for row in json.loads(run("config", *words, "--json").stdout)}
        rows = told("-c", path, "--set", "flow.memcap=70mb", "--rules", "a.rules")
        at = lambda key: (rows[key]["value"], rows[key]["from"])
        self.assertEqual(at("stream.memcap"), ("40mb", {"source": path, "line": 1, "column": 18}))
        self.assertEqual(at("flow.memcap"), ("70mb", {"source": "--set flow.memcap=70mb"}))
        self.assertEqual(at("defrag.memcap"), ("32mb", {"source": "default"}))
        self.assertEqual(at("rule-files"), ("[a.rules]", {"source": "--rules"}))
        self.assertEqual(at("outputs.0.eve-log.filename")[0], '"x y.json"')
        self.assertEqual(at("outputs.0.eve-log.types")[0], "[dns]")
        self.assertEqual(at("outputs.0.eve-log.append"), ("yes", {"source": "default"}))
        self.assertEqual(at("vars.port-groups.HTTP_PORTS")[1]["line"], 3)
        self.assertEqual(at("vars.address-groups.EXTERNAL_NET")[1], {"source": "default"})
        self.assertTrue(all(row["read"] for row in rows.values()), rows)
        short = told("-c", self.file("short.yaml", "outputs: [{eve-log: {types: [dns: {version: 2}]}}]\n"))
        self.assertEqual(short["outputs.0.eve-log.types.0.dns.version"]["value"], "2")
        self.assertNotIn("app-layer.protocols.dns.record.version", short, "it is given, if not by this key")
        listed = {row["key"] for row in json.loads(run("list", "options", "--json").stdout)}
        missing = {key for key in listed - set(told()) if not key.startswith(("outputs.", "dpdk.")) and key != "pcap.interface"}
        self.assertEqual(missing, set())

    def test_it_is_one_screen_for_people(self):
        path = self.file("suricata.yaml", "stream: {memcap: 40mb}\nprofiling: {rules: {enabled: yes}}\n")
        lines = run("config", "stream.mem", "profiling", "--suricata-config", path).stdout.decode().splitlines()
        self.assertEqual([line.split(" # ")[0].strip() for line in lines], ["profiling.rules.enabled: yes", "stream.memcap: 40mb", "stream.memcap-policy: auto"])
        self.assertTrue(lines[0].endswith(f" # {path}:2:30; nothing reads it"), lines)
        self.assertTrue(lines[1].endswith(f" # {path}:1:18"), lines)
        self.assertEqual(run("config", "-c", self.file("bad.yaml", "stream: 7\n")).returncode, 2)


class Faults(Case):
    def fault(self, yaml):
        done = run("replay", DNS, "-c", self.file("lapwing.yaml", yaml), "-q")
        self.assertEqual(done.returncode, 2, done.stderr)
        return done.stderr.decode()

    def test_unknown_keys_are_told_with_place_and_proposal(self):
        self.assertRegex(self.fault("stream:\n  reassembly:\n    depht: 1mb\n"), r"lapwing\.yaml:3:\d+: .*stream\.reassembly\.depth")

    def test_wrong_values_are_told_with_place(self):
        self.assertRegex(self.fault("stream:\n  reassembly:\n    depth: lots\n"), r"lapwing\.yaml:3:\d+: .*lots")
        self.assertRegex(self.fault("stream:\n  midstream: perhaps\n"), r"lapwing\.yaml:2:\d+: .*perhaps")
        self.assertRegex(self.fault("outputs:\n  - eve-log:\n      types: [flow, dsn]\n"), r"lapwing\.yaml:3:\d+: .*dsn")

    def test_a_variable_that_cannot_be_resolved_is_told_with_place(self):
        for value in ('"[10.0.0.0/33]"', '"$NOPE"', '"$HOME_NET"', '"$EXTERNAL_NET"', '"[10.0.0.0/8"', "host.example", "any"):
            for config in ("-c", "--suricata-config"):
                path = self.file("lapwing.yaml", f"vars:\n  address-groups:\n    HOME_NET: {value}\n")
                done = run("replay", DNS, config, path, "-q")
                self.assertEqual(done.returncode, 2, (value, done.stderr))
                self.assertRegex(done.stderr.decode(), r"lapwing\.yaml:3:\d+: (HOME_NET|\w+ \(\S*\$\w+\)): ", value)
        self.assertRegex(self.fault("vars:\n  port-groups:\n    HTTP_PORTS: 80000\n"), r"lapwing\.yaml:3:\d+: HTTP_PORTS: ")

    def test_a_value_where_a_map_belongs_is_told_with_place(self):
        for yaml in ("outputs: eve", "vars: none", "stats: no", "stream: yes", "pcap: eth0", "metrics: on", "outputs: [eve-log]",
                     "vars: {address-groups: x}", "stream: {reassembly: 1mb}", "app-layer: {protocols: {http: no}}"):
            for config in ("-c", "--suricata-config"):
                done = run("replay", DNS, config, self.file("lapwing.yaml", "flow: {memcap: 64mb}\n" + yaml + "\n"), "-q")
                self.assertEqual(done.returncode, 2, (yaml, config, done.stderr))
                self.assertRegex(done.stderr.decode(), r"lapwing\.yaml:2:\d+: .*a map of settings is expected here", yaml)

    def test_patterns_name_rule_files(self):
        for number in (1, 2): self.file(f"{number}.rules", f"alert udp any any -> any any (sid:{number};)\n")
        self.file("3.txt", "no rule\n")
        path = self.file("lapwing.yaml", f'default-rule-path: {self.folder}\nrule-files: ["*.rules", "none-*.rules"]\n')
        for config in ("-c", "--suricata-config"):
            done = run("replay", DNS, config, path)
            self.assertIn(b"2 rules loaded", done.stderr)
            self.assertRegex(done.stderr.decode(), r"none-\*\.rules: no such rule file")

    def test_rules_of_the_command_line_take_the_place_of_the_configurations(self):
        rules = self.file("one.rules", "alert udp any any -> any any (sid:1;)\n")
        for config in ("-c", "--suricata-config"):
            path = self.file("lapwing.yaml", "default-rule-path: /nowhere\nrule-files: [a.rules, '*.rules']\n")
            done = run("replay", DNS, config, path, "--rules", rules)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(b"1 rules loaded", done.stderr)
            self.assertNotIn(b"unknown setting", done.stderr)

    def test_one_assignment_leaves_the_other_records(self):
        kinds = lambda *words: {json.loads(line)["event_type"] for line in records(DNS, *words)}
        everything = kinds()
        self.assertTrue({"dns", "flow"} <= everything)
        for assignment in ("alert.payload=yes", "stats.deltas=yes", "frame.payload=no"):
            self.assertEqual(kinds("--set", f"outputs.eve-log.types.{assignment}"), everything, assignment)
        self.assertEqual(kinds("--set", "outputs.eve-log.types.dns.enabled=no"), everything - {"dns"})
        some = self.file("lapwing.yaml", "outputs: [{eve-log: {filetype: stdout, types: [dns]}}]\n")
        done = run("replay", DNS, "-c", some, "--set", "outputs.eve-log.types.flow.x=1", "-q")
        self.assertEqual({json.loads(line)["event_type"] for line in done.stdout.decode().splitlines()}, {"dns"}, done.stderr)

    def test_options_of_a_type_reach_the_output_of_the_command_line(self):
        eve = self.file("eve.json", "")
        done = run("replay", DNS, "--eve", eve, "--set", "outputs.regular.filemode=600", "-q")
        self.assertEqual((done.returncode, os.stat(eve).st_mode & 0o777), (0, 0o600), done.stderr)
        done = run("replay", DNS, "--eve", eve, "--set", "outputs.regular.nosuch=1", "-q")
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"outputs.regular.nosuch: unknown key", done.stderr)
        done = run("replay", DNS, "--eve", eve, "--set", "outputs.zmq.linger=1", "-q")
        self.assertIn(b"outputs.zmq: no output of the command line is of this type", done.stderr)

    def test_strict_refuses_rules_at_fault_and_missing(self):
        bad = self.file("a.rules", "alert udp any any -> any any (sid:1;)\nalert udp any any -> any any (conten:x; sid:2;)\n")
        self.assertEqual(run("replay", DNS, "--rules", bad, "-q").returncode, 0)
        done = run("replay", DNS, "--rules", bad, "-q", "--strict")
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"rules are at fault: 1", done.stderr)
        missing = self.file("lapwing.yaml", "rule-files: [/nowhere.rules]\n")
        self.assertEqual(run("replay", DNS, "-c", missing, "-q").returncode, 0)
        self.assertEqual(run("replay", DNS, "-c", missing, "-q", "--strict").returncode, 2)

    def test_sections_that_contradict_each_other_are_told_with_both_places(self):
        section = "  - eve-log: {filetype: stdout, types: [dns: {version: %d}]}\n"
        self.assertRegex(self.fault("outputs:\n" + section % 2 + section % 3), r"lapwing\.yaml:3:56: version: other than at .*lapwing\.yaml:2:56; ")
        same = self.file("lapwing.yaml", "outputs:\n" + section % 2 + section % 2)
        done = run("replay", DNS, "-c", same, "-q")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual({json.loads(line)["dns"]["version"] for line in done.stdout.decode().splitlines()}, {2})

    def test_a_misspelt_key_is_told_where_it_stands(self):
        self.assertRegex(self.fault("outputs: [{eve-log: {filetype: stdout, types: [dns: {versoin: 2}]}}]\n"), r"lapwing\.yaml:1:\d+: unknown setting 'outputs\.eve-log\.types\.dns\.versoin'; did you mean 'outputs\.eve-log\.types\.dns\.version'\?")
        self.assertRegex(self.fault("stream:\n  memcpa:   64mb\n"), r"lapwing\.yaml:2:3: unknown setting 'stream\.memcpa'; did you mean 'stream\.memcap'\?")
        self.assertRegex(self.fault("outputs:\n  - eve-log:\n      filetype: stdout\n      typs: [dns]\n"), r"lapwing\.yaml:4:7: .*typs")
        self.assertRegex(self.fault("streem:\n\n  memcap: 64mb\n"), r"lapwing\.yaml:1:1: unknown setting 'streem'")
        self.assertRegex(self.fault("stream:\n\tmemcap: 64mb\n"), r"lapwing\.yaml:2:1: a tab")

    def test_what_suricata_does_not_know_either_is_told(self):
        path = self.file("suricata.yaml", "stream: {memcpa: 1mb}\nlogging:\n  default-log-levle: info\naf-packet:\n  - interface: eth0\n    cluster-id: 99\n")
        done = run("replay", DNS, "--suricata-config", path, "-q")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"suricata.yaml:1:10: unknown setting 'stream.memcpa'; did you mean 'stream.memcap'?", done.stderr)
        self.assertIn(b"suricata.yaml:3:3: unknown setting 'logging.default-log-levle'; did you mean 'default-log-level'?", done.stderr)
        self.assertNotIn(b"unknown setting 'pcap", done.stderr)
        own = self.file("lapwing.yaml", "streem: 1\n")
        done = run("replay", DNS, "--suricata-config", path, "-c", own, "-q")
        self.assertEqual(done.returncode, 2, "one's own file is held to its keys beside a suricata.yaml, too")
        if os.path.exists("/etc/suricata/suricata.yaml"):
            done = run("replay", DNS, "--suricata-config", "/etc/suricata/suricata.yaml", "-q")
            self.assertNotIn(b"unknown setting", done.stderr)

    def test_yaml_that_is_none_is_told_with_place(self):
        self.assertRegex(self.fault("stream: [\n"), r"lapwing\.yaml:\d+")

    def test_what_rules_hold_does_not_steer_the_terminal(self):
        rules = self.file("a.rules", "\x1b[2Jnonsense\n")
        for words in (("replay", DNS, "--rules", rules), ("rules", "check", rules)):
            done = run(*words)
            self.assertNotIn(b"\x1b", done.stdout + done.stderr)
            self.assertIn(b"\\u001b[2Jnonsense", done.stdout + done.stderr)

    def test_a_line_of_a_threshold_file_that_cannot_be_read_ends_nothing(self):
        thresholds = self.file("t.config", "suppress gen_id 1 sig_id\nsuppress gen_id 1, sig_id 1 # told by others\n")
        rules = self.file("a.rules", "alert udp any any -> any any (sid:1;)\n")
        path = self.file("lapwing.yaml", f"threshold-file: {thresholds}\n")
        for config in ("-c", "--suricata-config"):
            done = run("replay", DNS, config, path, "--rules", rules, "--eve", "-")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertRegex(done.stderr.decode(), r"warning: \S*t\.config:1:\d+: ")
            self.assertNotIn(b'"event_type":"alert"', done.stdout, "the line behind it holds")
            self.assertEqual(run("replay", DNS, config, path, "--rules", rules, "-q", "--strict").returncode, 2)

    def test_lenient_checks_ask_for_one_rule_that_can_be_loaded(self):
        good, bad = "alert udp any any -> any any (sid:1;)\n", "alert udp any any -> any any (conten:x; sid:2;)\n"
        for text, plain, lenient in ((good, 0, 0), (good + bad, 2, 0), (bad, 2, 2), ("", 0, 2)):
            rules = self.file("a.rules", text)
            self.assertEqual((run("rules", "check", rules).returncode, run("rules", "check", "--lenient", rules).returncode), (plain, lenient), text)

    def test_the_version_is_told_however_it_is_asked_for(self):
        said = {run(*words).stdout for words in (["version"], ["--version"], ["-V"])}
        self.assertEqual(len(said), 1)
        self.assertRegex(said.pop().decode(), r"^lapwing \d+\.\d+\.\d+\n$")

    def test_suricatas_options_get_a_hint(self):
        done = run("-r", "x.pcap", "-S", "y.rules")
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"lapwing replay x.pcap --rules y.rules", done.stderr)
        self.assertIn(b"lapwing run -i eth0 --suricata-config s.yaml", run("-c", "s.yaml", "-i", "eth0").stderr)
        self.assertIn(b"lapwing run -i eth1 --rules y", run("--af-packet=eth1", "-S", "y").stderr)
        self.assertNotIn(b"Suricata", run("replay", DNS, "-S", "y").stderr)

    def test_wrong_usage_is_status_2(self):
        for arguments in ([], ["replay"], ["replay", DNS, "--workers", "0"], ["list", "everything"], ["replay", DNS, "--records", "flows", "-q"]):
            self.assertEqual(run(*arguments).returncode, 2, arguments)

    def test_a_rule_turns_records_of_a_flow_off(self):
        def kinds(scope):
            rule = f'config http any any -> any any (http.uri; content:"/"; startswith; config:logging disable, {scope}; sid:1;)'
            lines = records(WEB, "--rules", self.file("c.rules", rule), "--records", "http,flow")
            return {(r["event_type"], r.get("app_proto")) for r in map(json.loads, lines)}
        self.assertNotIn(("flow", "http"), kinds("type flow, scope flow"))
        self.assertIn("http", {kind for kind, _ in kinds("type flow, scope flow")})
        self.assertNotIn("http", {kind for kind, _ in kinds("type tx, scope flow")})
        self.assertIn(("flow", "http"), kinds("type tx, scope flow"))

    def test_rules_check_lists_all_faults(self):
        rules = self.file("x.rules", 'alert tcp any any -> any any (content:"a"; sid:1;)\nalert tcp any any -> any any (contnet:"a"; sid:2;)\n'
                                     'alert tcp any any -> any any (content:"a"; depth:x; sid:3;)\n')
        done = run("rules", "check", rules, "--json")
        self.assertEqual(done.returncode, 2)
        self.assertEqual([(m["line"], m["sid"]) for m in map(json.loads, done.stdout.splitlines())], [(2, 2), (3, 3)])
        ours = [os.path.join(ROOT, "pcaps/starter.rules"), *glob.glob(os.path.join(ROOT, "dissectors/protocols/*/*-events.rules"))]
        checked = run("rules", "check", *ours)
        self.assertEqual(checked.returncode, 0)
        self.assertIn(b" 0 left out for what is not supported yet", checked.stdout + checked.stderr)

    def test_rules_check_warns_and_stays_content(self):
        rules = self.file("x.rules", 'alert tcp any any -> any any (content:"a"; sid:1;)\n'
                                     'alert tcp $USED any -> any any (flowbits:isset,nobody; sid:2;)\n')
        config = self.file("c.yaml", "vars:\n  address-groups:\n    USED: 10.0.0.1\n    IDLE: 10.0.0.2\n")
        done = run("rules", "check", rules, "-c", config, "--json")
        self.assertEqual(done.returncode, 0)
        messages = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([(m["level"], os.path.basename(m["file"]), m["line"], m["option"]) for m in messages],
                         [("warning", "c.yaml", 4, "IDLE"), ("warning", "x.rules", 2, "flowbits")])
        done = run("rules", "check", rules, "-c", config)
        self.assertEqual(done.returncode, 0)
        self.assertIn(b"2 warnings", done.stdout)
        suricata = self.file("suricata.yaml", "%YAML 1.1\n---\nvars:\n  address-groups:\n    USED: 10.0.0.1\n    IDLE: 10.0.0.2\n")
        self.assertNotIn(b"IDLE", run("rules", "check", rules, "--suricata-config", suricata).stdout)

    def test_suricatas_own_settings_of_confinement_are_read(self):
        suricata = self.file("suricata.yaml", "security:\n  limit-noproc: yes\n  landlock:\n    enabled: no\n"
                             "    directories:\n      read: [/usr/, /etc/suricata/]\n  lua:\n")
        done = run("replay", WEB, "--suricata-config", suricata, "--eve", os.path.join(self.folder, "eve.json"))
        self.assertEqual((done.returncode, done.stderr.count(b"error")), (0, 0), done.stderr)


class RuleTools(Case):
    RULES = ('alert http any any -> any any (msg:"get"; http.method; content:"GET"; sid:1;)\n'
             'alert http any any -> any any (http.method; content:"GET"; http.uri; content:"/nowhere"; sid:2;)\n'
             'alert http any any -> any any (http.uri; content:"/nowhere"; sid:3;)\n'
             'alert dns any any -> any any (dns.query; content:"example"; sid:4;)\n')

    def rules(self): return self.file("x.rules", self.RULES)

    def test_explain_says_what_a_rule_compiles_to(self):
        done = run("rules", "explain", "2", "4", "--rules", self.rules(), "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        http, dns = map(json.loads, done.stdout.splitlines())
        self.assertEqual([b["buffer"] for b in http["buffers"]], ["http.method", "http.uri"])
        self.assertEqual(http["fast_pattern"]["text"], '"/nowhere"')
        self.assertEqual((http["cost"], http["groups"][0]["rules"], http["groups"][0]["sharing"]), ("pattern", 2, 2))
        self.assertEqual(dns["sid"], 4)
        text = run("rules", "explain", "2", "--rules", self.rules()).stdout.decode()
        self.assertIn('fast pattern: "/nowhere" of http.uri', text)

    def test_explain_names_a_rule_that_is_not_there(self):
        done = run("rules", "explain", "1", "99", "--rules", self.rules())
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"no loaded rule has sid 99", done.stderr)
        self.assertIn(b"sid 1 ", done.stdout)

    def test_replay_explains_look_by_look(self):
        out = os.path.join(self.folder, "looks.json")
        done = run("replay", WEB, "--rules", self.rules(), "-q", "--explain", "1", "--explain", "2", "--explain", "4", "--explain-json", out)
        self.assertEqual((done.returncode, done.stdout), (0, b""), done.stderr)
        with open(out) as f: lines = [json.loads(line) for line in f]
        looks = [l for l in lines if "summary" not in l]
        summary = {l["sid"]: l["summary"] for l in lines if "summary" in l}
        self.assertTrue(looks)
        self.assertTrue(all(l["matched"] for l in looks if l["sid"] == 1))
        self.assertEqual(summary[1]["matches"], len([l for l in looks if l["sid"] == 1]))
        alerts = [l for l in records(WEB, "--rules", self.rules()) if '"event_type":"alert"' in l and '"signature_id":1,' in l]
        self.assertEqual(summary[1]["matches"], len(alerts))
        self.assertEqual(summary[2]["looks"], 0, "its pattern is in no URI")
        self.assertIn("its fast pattern was not seen", summary[2]["no_candidate"])
        self.assertIn("it is for another application protocol", summary[4]["no_candidate"])

    def test_replay_explains_in_words_what_failed(self):
        rules = self.file("y.rules", 'alert http any any -> any any (http.method; content:"GET"; fast_pattern; http.uri; content:"/nowhere"; sid:2;)\n')
        done = run("replay", WEB, "--rules", rules, "-q", "--explain", "2")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout.decode(), r'sid 2 packet \d+ \S+ -> \S+ to_server transaction 0: buffer http.uri: content "/nowhere"; looked at "/.*" from byte 0 of \d+')
        self.assertRegex(done.stdout.decode(), r"sid 2: [1-9]\d* looks in [1-9]\d* flows, 0 matches")

    def test_an_account_that_cannot_be_written_ends_nothing(self):
        rules = self.file("y.rules", 'alert tcp any any -> any any (flow:established; content:!"nowhere"; dsize:>0; sid:1;)\n')
        untold = records(WEB, "--rules", rules)
        for account in ([], ["--explain-json", "/dev/full"]):
            out = os.path.join(self.folder, "eve.json")
            with open("/dev/full", "w") as full:
                done = subprocess.run([LAPWING, "replay", WEB, "--rules", rules, "-q", "--eve", out, "--explain", "1", *account],
                                      stdout=full, stderr=subprocess.PIPE, timeout=60)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertEqual(done.stderr.decode().count("No space left on device"), 1)
            with open(out) as f: told = sorted(line.rstrip("\n") for line in f if '"event_type":"stats"' not in line)
            self.assertEqual(told, untold)

    def test_explaining_changes_no_record(self):
        out = os.path.join(self.folder, "looks.json")
        rules = self.rules()
        self.assertEqual(records(WEB, "--rules", rules), records(WEB, "--rules", rules, "--explain", "2", "--explain-json", out))

    def test_explain_refuses_what_cannot_go_together(self):
        for arguments in (["--explain", "99"], ["--explain", "1", "--workers", "2"], ["--explain", "1", "--eve", "-"],
                          ["--explain-json", "x"], ["--explain", "1", "--explain-json", "/nowhere/x"]):
            self.assertEqual(run("replay", WEB, "--rules", self.rules(), "-q", *arguments).returncode, 2, arguments)

    def test_names_of_one_part_of_a_message_are_searched_as_one(self):
        head = "alert http any any -> any any (flow:to_client; "
        rules = self.file("two.rules", head + 'http.response_body; content:"first"; sid:1;)\n' + head + 'file.data; content:"other"; sid:2;)\n')
        text = run("rules", "explain", "2", "--rules", rules).stdout.decode()
        self.assertRegex(text, "http to_client, buffer .*: 2 rules, .* 2 patterns")

    def test_bench_lists_the_dearest_rules(self):
        done = run("rules", "bench", WEB, "--rules", self.rules(), "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        result = json.loads(done.stdout)
        times = [rule["total_ns"] for rule in result["rules"]]
        self.assertEqual(times, sorted(times, reverse=True))
        by_sid = {rule["sid"]: rule for rule in result["rules"]}
        self.assertEqual(set(by_sid), {1}, "the others were never candidates")
        self.assertGreater(by_sid[1]["matches"], 0)
        self.assertEqual(by_sid[1]["matches"], by_sid[1]["checks"])
        self.assertLessEqual(by_sid[1]["avg_ns"], by_sid[1]["max_ns"])
        self.assertEqual(result["all"]["checks"], sum(rule["checks"] for rule in result["rules"]))
        self.assertGreater(result["prefilter"]["scans"], 0)
        self.assertGreater(result["prefilter"]["bytes"], 0)
        self.assertEqual(result["prefilter"]["scans"], sum(group["scans"] for group in result["groups"]))
        self.assertTrue(all(group["name"] for group in result["groups"]))
        text = run("rules", "bench", WEB, "--rules", self.file("z.rules", self.RULES + 'alert tcp any any -> any any (flow:established; sid:5;)\n'),
                   "--top", "1").stdout.decode()
        self.assertIn("all groups", text)
        self.assertIn("... and 1 rules more", text)


@unittest.skipUnless(os.geteuid() == 0 and shutil.which("ip"), "needs root and iproute2")
class Live(Case):
    def setUp(self):
        super().setUp()
        self.space = f"lapwing-{os.getpid()}"
        for command in (f"ip netns add {self.space}", f"ip -n {self.space} link add lw0 type veth peer name lw1", f"ip -n {self.space} link set lw0 up", f"ip -n {self.space} link set lw1 up"):
            if subprocess.run(command.split(), capture_output=True).returncode: self.skipTest("no network namespace here: " + command)
        self.addCleanup(subprocess.run, ["ip", "netns", "del", self.space])

    def test_counts_and_records_what_passes_and_ends_on_sigterm(self):
        eve = os.path.join(self.folder, "eve.json")
        sensor = subprocess.Popen(["ip", "netns", "exec", self.space, LAPWING, "run", "-i", "lw1", "--eve", eve, "--filter", "udp", "--checksums", "none",
                                   "--set", f"control.socket={self.folder}/control.sock"], stderr=subprocess.PIPE)
        time.sleep(1)
        sender = ("import socket\ns=socket.socket(socket.AF_PACKET,socket.SOCK_RAW); s.bind(('lw0',0))\n"
                  "import struct\n"
                  "for i in range(200):\n"
                  "  udp=struct.pack('>HHHH',1000+i%50,2000,8+5,0)+b'hello'\n"
                  "  ip=struct.pack('>BBHHHBBH4s4s',0x45,0,20+len(udp),i,0,64,17,0,bytes([10,0,0,1]),bytes([10,0,0,2]))\n"
                  "  s.send(bytes(6)+bytes([2,0,0,0,0,1])+b'\\x08\\x00'+ip+udp)\n")
        subprocess.run(["ip", "netns", "exec", self.space, sys.executable, "-c", sender], check=True)
        time.sleep(1)
        sensor.send_signal(signal.SIGTERM)
        _, err = sensor.communicate(timeout=20)
        self.assertEqual(sensor.returncode, 0, err)
        got = [json.loads(line) for line in pathlib.Path(eve).read_text().splitlines()]
        flows = [r for r in got if r["event_type"] == "flow"]
        self.assertEqual(len(flows), 50)
        self.assertEqual(sum(r["flow"]["pkts_toserver"] for r in flows), 200)
        self.assertTrue(all(r["in_iface"] == "lw1" for r in flows))
        stats = [r for r in got if r["event_type"] == "stats"][-1]["stats"]
        self.assertEqual(stats["capture"]["packets"], 200)
        self.assertEqual(stats["capture"]["kernel_drops"], 0)


if __name__ == "__main__":
    unittest.main(verbosity=1)
