#!/usr/bin/env python3
"""Packets and bytes of flows, summed over each tuple, equal tshark's conversations.

  conversations.py LAPWING FOLDER [COUNT]

Takes the first COUNT captures of FOLDER, by name, in which nothing is tunnelled or fragmented: there the two count
different things by design. Exit status 77 (skipped) without tshark or without captures.
"""
import collections, glob, json, os, re, shutil, subprocess, sys



def tshark_conversations(path):
    """{(protocol, endpoint pair): {sender: [packets, bytes]}} from every packet's outermost addresses and ports."""
    fields = ["frame.len", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "tcp.srcport", "tcp.dstport", "udp.srcport", "udp.dstport",
              "icmp.type", "icmpv6.type", "ip.flags.mf", "ip.frag_offset", "ipv6.fraghdr.nxt", "frame.protocols"]
    command = ["tshark", "-n", "-r", path, "-T", "fields"] + [x for f in fields for x in ("-e", f)]
    command += ["-o", "ip.defragment:FALSE", "-o", "tcp.desegment_tcp_streams:FALSE"]
    out = collections.defaultdict(lambda: collections.defaultdict(lambda: [0, 0]))
    for line in subprocess.run(command, capture_output=True, text=True).stdout.splitlines():
        v = dict(zip(fields, line.split("\t")))
        if any("," in v[f] for f in fields[1:9] + ["icmp.type"]) or v["icmp.type"] or v["icmpv6.type"]:
            if "," in line.rsplit("\t", 1)[0]: return None  # an error that quotes, or a tunnel
            continue
        if v["ip.flags.mf"] in ("1", "True") or v["ip.frag_offset"] not in ("", "0") or v["ipv6.fraghdr.nxt"]: return None
        if re.search(r":(gre|vxlan|teredo|gtp|6in4|ipip|pppoe|erspan|geneve|lwapp|capwap)|ip:ip|ipv6:ip|ip:ipv6", v["frame.protocols"]): return None
        for name in ("tcp", "udp"):
            if v[name + ".srcport"]:
                src, dst = (v["ip.src"] or v["ipv6.src"], v[name + ".srcport"]), (v["ip.dst"] or v["ipv6.dst"], v[name + ".dstport"])
                entry = out[(name, tuple(sorted((src, dst))))][src]
                entry[0] += 1; entry[1] += int(v["frame.len"])
    return out


def shorten(address):
    import ipaddress
    return str(ipaddress.ip_address(address))


def lapwing_conversations(lapwing, path):
    command = [lapwing, "--log-level", "error", "replay", path, "--records", "flow", "--checksums", "none", "--eve", "-", "-q"]
    out = collections.defaultdict(lambda: collections.defaultdict(lambda: [0, 0]))
    for line in subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines():
        r = json.loads(line)
        if r["proto"] not in ("TCP", "UDP"): continue
        src, dst = (shorten(r["src_ip"]), str(r["src_port"])), (shorten(r["dest_ip"]), str(r["dest_port"]))
        key = (r["proto"].lower(), tuple(sorted((src, dst))))
        for sender, side in ((src, "toserver"), (dst, "toclient")):
            if not r["flow"]["pkts_" + side]: continue
            out[key][sender][0] += r["flow"]["pkts_" + side]; out[key][sender][1] += r["flow"]["bytes_" + side]
    return out


def main():
    lapwing, folder, count = sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 50
    captures = sorted(p for e in ("pcap", "pcapng", "cap") for p in glob.glob(os.path.join(folder, "**", "*." + e), recursive=True))
    if not shutil.which("tshark") or not captures:
        print("skipped: needs tshark and " + folder)
        return 77
    passed = failed = conversations = 0
    for path in captures:
        if passed + failed == count: break
        want = tshark_conversations(path)
        if not want: continue
        got = lapwing_conversations(lapwing, path)
        plain = lambda c: {k: {s: tuple(n) for s, n in v.items()} for k, v in c.items()}
        want, got = plain(want), plain(got)
        conversations += len(want)
        if want == got:
            passed += 1
        else:
            failed += 1
            wrong = [k for k in set(want) | set(got) if want.get(k) != got.get(k)]
            print(f"{os.path.basename(path)}: {len(wrong)} of {len(want)} conversations differ")
            for k in sorted(wrong)[:3]: print(f"   {k}: tshark {want.get(k)}, lapwing {got.get(k)}")
    print(f"{conversations} conversations of {passed + failed} captures: {passed} captures equal, {failed} not")
    return failed > 0


sys.exit(main())
