"""Traffic against rules: alerts, thresholds, bits, and contents that nearly match."""
import gzip, os, re

import http_attacks
from packets import address

SHARED_RULES = os.path.join(os.environ.get("SHARED", "../shared"), "corpus/rules/et-open.rules.gz")

ALERTS = "".join(f'alert udp any any -> any any (msg:"every packet {sid}"; content:"x"; sid:{sid};)\n' for sid in range(1, 16))
THRESHOLD = 'alert udp any any -> any any (msg:"by source"; content:"x"; threshold:type limit,track by_src,count 1,seconds 3600; sid:1;)\n'
DETECTION = 'alert udp any any -> any any (msg:"by both"; content:"x"; detection_filter:track by_src,count 2,seconds 3600; sid:1;)\n'
BITS = ('alert udp any any -> any any (msg:"set"; content:"x"; xbits:set,seen,track ip_src,expire 3600; noalert; sid:1;)\n'
        'alert udp any any -> any any (msg:"is set"; content:"y"; xbits:isset,seen,track ip_src; sid:2;)\n')
FLOWBITS = "".join(f'alert tcp any any -> any any (msg:"bit {i}"; content:"{chr(97 + i)}"; flowbits:set,bit{i}; sid:{i + 1};)\n' for i in range(26))
STORE = 'alert http any any -> any any (msg:"store"; filemagic:"text"; sid:1;)\nalert http any any -> any any (msg:"name"; fileext:"a"; sid:2;)\n'
NESTED = r"""alert tcp any any -> any any (msg:"distances"; content:"a"; content:"a"; distance:0; content:"a"; distance:0; content:"a"; distance:0; content:"b"; distance:0; sid:1;)
alert tcp any any -> any any (msg:"within"; content:"aa"; content:"aa"; within:50; content:"aa"; within:50; content:"aa"; within:50; content:"c"; within:5; sid:2;)
alert tcp any any -> any any (msg:"expression"; content:"a"; pcre:"/(a+)+b/"; sid:3;)
alert tcp any any -> any any (msg:"alternatives"; content:"a"; pcre:"/(a|aa)+c/"; sid:4;)
alert tcp any any -> any any (msg:"behind"; content:"a"; pcre:"/a.*a.*a.*a.*d/s"; sid:5;)
alert tcp any any -> any any (msg:"relative"; content:"a"; pcre:"/^a{1,100}e/R"; sid:6;)
alert tcp any any -> any any (msg:"jump"; content:"a"; byte_jump:1,0,relative; content:"f"; within:3; sid:7;)
alert tcp any any -> any any (msg:"test"; content:"a"; byte_test:1,>,200,0,relative; content:"a"; distance:0; sid:8;)
alert tcp any any -> any any (msg:"not"; content:"a"; content:!"a"; within:1; sid:9;)
alert tcp any any -> any any (msg:"extract"; content:"a"; byte_extract:1,0,v,relative; content:"a"; distance:v; content:"g"; within:v; sid:10;)
"""


def flood(capture, n, flows):
    """A few flows, of which each packet matches."""
    for i in range(n): capture.datagram(address(i % 10 + 1), address(1, 93), 40000, 40001, b"x" * 10)


def sources(capture, n, flows):
    """Datagrams of spoofed sources: state for each."""
    for i in range(n): capture.datagram(address(i), address(1, 93), 40000, 40001, b"x")


def bits(capture, n, flows):
    for _ in range(flows):
        for letter in range(26): capture.connection(9999).request(bytes([97 + letter]) * n)


def nearly(capture, n, flows):
    """The first contents again and again, never the last."""
    for _ in range(flows): capture.connection(9999).request(b"a" * n).close()


def nearly_bytewise(capture, n, flows):
    for _ in range(flows): capture.connection(9999).request(b"a" * n, size=1, answer_each=True).close()


def literals(capture, n, flows):
    """Streams of what rules of a public set for any connection look for: more rules than are remembered of a part of one."""
    with gzip.open(SHARED_RULES, "rt", errors="replace") as file:
        quoted = [part for line in file if re.match(r"alert tcp \S+ any -> \S+ any", line) for part in re.findall(r'content:"([^"\\\\]{4,})"', line)]
    contents = [re.sub(rb"\|([0-9A-Fa-f ]+)\|", lambda found: bytes.fromhex(found[1].decode()), part.encode("latin-1", "replace")) for part in quoted]
    text = b"".join(sorted(set(contents), key=len))
    for _ in range(flows): capture.connection(9999).request((text * n)[:n << 10]).close()


def files(capture, n, flows): http_attacks.small_files(capture, n, flows)


def uris(capture, n, flows):
    """Requests whose targets are the contents of a public rule set: each wakes rules, few of them match."""
    with gzip.open(SHARED_RULES, "rt", errors="replace") as file:
        contents = [part for line in file if "http.uri" in line for part in re.findall(r'content:"([^"|\\ ]{4,})"', line)]
    for i in range(n):
        target = "".join(contents[(i * 40 + j) % len(contents)] for j in range(40)).encode("latin-1", "replace")[:1300]
        http_attacks.page(capture, b"x", request=b"GET /" + target + b" HTTP/1.1\r\n" + http_attacks.HOST + b"\r\n")
