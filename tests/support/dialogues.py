"""Dialogues as text (tests/dissectors/dialogue_file.h says how they are written): read, and made into captures."""
import json, pathlib, re, sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/attacks"))
import packets

SIDES = {"C": 0, "S": 1}


class Dialogue:
    """`moves`: (kind, side, bytes or lost bytes) of the kinds say, datagram, gap and end."""

    def __init__(self, path):
        self.path, self.port, self.options, self.moves = path, 9999, [], []
        self.records, self.anomalies, self.fails = [], [], False
        self.protocol = path.parent.name  # whose tests it is among
        for number, line in enumerate(path.read_text(encoding="latin-1").splitlines(), 1):
            try:
                self.line(line)
            except (ValueError, KeyError, IndexError) as fault:
                sys.exit(f"{path}:{number}: {fault}")

    def line(self, line):
        if not line or line[0] == "#": return
        if line[0] == " ":
            kind, side, said, times = self.moves[-1]
            self.moves[-1] = kind, side, said + unescaped(re.fullmatch(r" *: ?(.*)", line)[1]), times
            return
        first, _, rest = line.partition(" ")
        if first == "=": self.expect(*rest.partition(" ")[::2])
        elif first == "OPTION": self.options.append(rest.replace(" ", "=", 1))
        elif first == "PORT": self.port = int(rest)
        elif first == "GAP": self.moves.append(("gap", SIDES[rest[0]], int(rest[2:]), 1))
        elif first == "END": self.moves.append(("end", SIDES[rest], b"", 1))
        elif first == "DATAGRAM": self.speech("datagram", *rest.partition(" ")[::2])
        elif first != "CHANGE": self.speech("say", first, rest)

    def speech(self, kind, who, text):
        side, times = re.fullmatch(r"([CS])(?:\*(\d+))?:", who).groups()
        self.moves.append((kind, SIDES[side], unescaped(text), int(times or 1)))

    def expect(self, what, rest):
        if what == "record": self.records.append(json.loads(rest))
        if what == "anomaly": self.anomalies.append(rest.partition("@")[0])
        self.fails |= what == "fails"

    def write(self, path, segment=packets.MSS):
        """A capture of it, in segments of that size."""
        with packets.Capture(path) as capture:
            if any(kind == "datagram" for kind, *_ in self.moves): return self.write_datagrams(capture)
            connection = capture.connection(self.port)
            for kind, side, said, times in self.moves:
                if kind == "say":
                    for _ in range(times): connection.say(side, said, segment)
                elif kind == "gap":
                    connection.next[side] += said
                    connection.segment(1 - side, packets.ACK)
                elif kind == "end":
                    connection.segment(side, packets.FIN | packets.ACK)
                    connection.next[side] += 1
                    connection.segment(1 - side, packets.ACK)

    def write_datagrams(self, capture):
        ends, ports = capture.pair(), (40000, self.port)
        for kind, side, said, times in self.moves:
            for _ in range(times): capture.datagram(ends[side], ends[1 - side], ports[side], ports[1 - side], said)


def unescaped(text):
    plain = {"r": "\r", "n": "\n", "t": "\t", "\\": "\\"}
    one = lambda m: chr(int(m[1][1:], 16)) if m[1][0] == "x" else plain[m[1]]
    return re.sub(r"\\(x[0-9a-fA-F]{2}|.)", one, text).encode("latin-1")


def all_dialogues():
    """Of the protocols that the sensor has, and those of the template."""
    return [Dialogue(path) for path in sorted((ROOT / "tests/dissectors").glob("*/*.dialogue"))]


def holds(whole, part):
    """Whether `whole` has what `part` has: of objects the members, of lists the elements from the first on."""
    if isinstance(part, dict): return isinstance(whole, dict) and all(key in whole and holds(whole[key], part[key]) for key in part)
    if isinstance(part, list): return isinstance(whole, list) and len(part) <= len(whole) and all(map(holds, whole, part))
    return whole == part
