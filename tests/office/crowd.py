#!/usr/bin/env python3
"""What a crowd costs the analyst: every second so many new sources, each with a peer and a name of its own.

  crowd.py LAPWING [--sources 1000000] [--seconds 600] [--most-memory MIB] [--set KEY=VALUE]

Of each source a connection that says something, a question for a name, and, of every fourth, a call that nobody answers. Prints for
each detector its keys, bytes, bytes a key and what it gave up; the sum; and the CPU of the analyst's thread by 100,000 flows.
Fails where the tables hold more than --most-memory (256), or where the crowd was too small for anything to be given up.
"""
import argparse, json, os, random, subprocess, sys, tempfile, threading, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from office import MONDAY, mac
from wire import A, ACK, FIN, PSH, SYN, Host, Wire, dns


def crowd(out, sources, seconds):
    """Times of ten thousand sources at once are drawn and written."""
    wire, drawn = Wire(out), random.Random(1)
    resolver, flows = Host("10.0.0.53", mac(53)), 0
    for i in range(sources):
        at = MONDAY + i * seconds / sources
        host = Host(f"10.{1 + (i >> 16 & 127)}.{i >> 8 & 255}.{i & 255}", mac(7))
        peer = Host(f"{64 + (i >> 17) % 60}.{i >> 9 & 255}.{i >> 1 & 255}.{1 + i % 250}", mac(1))
        port = 443 if i % 3 else 1024 + i % 50_000
        port_of_client = 32_768 + i % 20_000
        wire.tcp(at, host, peer, port_of_client, port, 1, 0, SYN)
        wire.tcp(at + 0.01, peer, host, port, port_of_client, 1, 2, SYN | ACK)
        wire.tcp(at + 0.02, host, peer, port_of_client, port, 2, 2, ACK | PSH, b"\0\1\2\3" * 20)
        wire.tcp(at + 0.03, peer, host, port, port_of_client, 2, 82, ACK | PSH | FIN, b"\0\1\2\3" * 20)
        wire.tcp(at + 0.04, host, peer, port_of_client, port, 82, 83, ACK | FIN)
        name = f"{drawn.getrandbits(60):x}.d{i}.example"
        wire.udp(at + 0.05, host, resolver, port_of_client, 53, dns(i & 0xFFFF, name, A))
        wire.udp(at + 0.06, resolver, host, 53, port_of_client, dns(i & 0xFFFF, name, A, (), 3 if i % 2 else 0))
        flows += 2 + (i % 4 == 0)
        if i % 4 == 0: wire.tcp(at + 0.07, host, peer, port_of_client + 1, 23, 1, 0, SYN)
        if i % 10_000 == 0: wire.flush(at)
    wire.flush()
    return flows


def cpu_of(process, thread):
    """Seconds, by the names of its threads."""
    for task in os.listdir(f"/proc/{process}/task"):
        try:
            with open(f"/proc/{process}/task/{task}/stat") as file: text = file.read()
        except OSError: continue
        if text[text.index("(") + 1:text.rindex(")")] == thread:
            words = text[text.rindex(")") + 2:].split()
            return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("lapwing")
    parser.add_argument("--sources", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--most-memory", type=float, default=256)
    parser.add_argument("--set", action="append", default=[])
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        way, made = os.path.join(folder, "crowd.pcap"), []
        os.mkfifo(way)

        def write():
            with open(way, "wb") as out: made.append(crowd(out, told.sources, told.seconds))

        threading.Thread(target=write, daemon=True).start()
        eve = os.path.join(folder, "eve.json")
        sensor = subprocess.Popen([told.lapwing, "replay", way, "--eve", eve, "--records", "stats,behaviour,incident", "-q",
                                   *[word for text in told.set for word in ("--set", text)]])
        cpu = None
        while sensor.poll() is None:
            cpu = cpu_of(sensor.pid, "analyst") or cpu  # None: it has ended
            time.sleep(0.2)
        if sensor.returncode: sys.exit(f"lapwing replay ended with {sensor.returncode}")
        with open(eve) as file: stats = [json.loads(line) for line in file if '"event_type":"stats"' in line][-1]["stats"]["analytics"]
    rows = {name: row for name, row in stats.items() if isinstance(row, dict) and "keys" in row}
    print(f"{'detector':24}{'keys':>10}{'MiB':>8}{'B/key':>8}{'evicted':>10}{'overflow':>10}")
    for name, row in sorted(rows.items(), key=lambda item: -item[1]["bytes"]):
        print(f"{name:24}{row['keys']:10}{row['bytes'] / 2**20:8.1f}{row['bytes'] // max(1, row['keys']):8}{row['evicted']:10}{row['overflow']:10}")
    whole, evicted = sum(row["bytes"] for row in rows.values()) / 2**20, sum(row["evicted"] for row in rows.values())
    print(f"all: {whole:.1f} MiB, {told.most_memory:g} may be; {evicted} given up")
    if cpu is None: print("analyst: no thread of that name")
    else: print(f"analyst: {cpu:.2f} s CPU for {made[0]} flows, {cpu / made[0] * 1e5 * 100:.1f} % of a core at 100,000 a second")
    sys.exit(0 if whole <= told.most_memory and evicted else 1)


if __name__ == "__main__":
    main()
