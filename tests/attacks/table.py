"""The attacks, one a row: what makes it, how much of it, and what a sensor may spend on it."""
import dataclasses, typing

import dns_attacks as dns, ftp_attacks as ftp, http_attacks as http, imap_attacks as imap, krb5_attacks as krb5, mail_attacks as mail, pop3_attacks as pop3, rdp_attacks as rdp, rule_attacks as rules, shell_attacks as shell, subscriptions, tls_attacks as tls, wire_attacks as wire

MODERATE = 10         # times the CPU that normal traffic takes for a byte
OUTPUT = 20           # bytes of records for a byte of the capture
MEMORY = 64           # MB above an empty run and the caps
DOUBLED = 2.5         # times the CPU for twice as much
PACKET = 0.001        # seconds for the worst packet, where a MB of normal traffic takes NORMAL
NORMAL = 0.0025       # seconds
APP, FLOWS, SESSIONS, SEGMENTS, DEFRAG, NDPI = (
    "app-layer.memcap", "flow.memcap", "stream.memcap", "stream.reassembly.memcap", "defrag.memcap", "ndpi.max-flows")
EACH = {NDPI: 1.3 / 1024}  # MB for each of what is capped by number
WHOLE = {"stream.reassembly.depth": "0"}  # what is to be seen of what never ends
UNDECIDED = 128 * 430 / 200  # MB of what flows with payload have beside flow.memcap, 430 bytes each, when that is full


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    make: typing.Callable          # (capture, n, flows)
    full: tuple                    # n, the size of the one thing that grows, and flows, how often it comes
    small: tuple                   # the same, for a test of every day
    cpu: float = MODERATE          # more where packets or messages are tiny: what each costs is then all there is, with its
                                   # record of hundreds of bytes, as far as flow.budget.record-times pays for those
    output: float = OUTPUT
    memory: float = MEMORY         # more where what is given back stays with the allocator, for a minute
    caps: tuple = ()               # options of memory caps that it fills
    rules: str = ""                # text, or a path
    beside_rules: bool = False     # against normal traffic under the same rules
    sets: dict = dataclasses.field(default_factory=dict)
    doubled: bool = True           # half of n must cost no less than 1 / DOUBLED
    records: tuple = ()            # texts that some record must have
    live: bool = False             # `make` does it all to a sensor that publishes
    gives_up: bool = False         # more than any sensor can keep: losses must be told
    near: bool = False             # so near to what it may cost that a busy machine shows: not among the tests of every day


WHOLE = {"stream.reassembly.depth": "0"}  # else what is one message of great length is read to its first MB
ASKED = tuple(f"asked{number:04}.example" for number in range(3))

ROWS = (
    Row("multipart-gzip", http.delimiters_in_gzip, (102400, 10), (102400, 10)),
    Row("txt-fragmented", dns.texts, (64000, 1), (64000, 1)),
    Row("multipart", http.delimiters, (102400, 10), (102400, 10)),
    Row("txt", dns.texts, (1472, 100), (1472, 100)),
    Row("gzip-bomb-in-gzip", http.gzip_bomb_in_gzip, (1 << 30, 20), (1 << 30, 4)),
    Row("hash-flood", wire.colliding_flows, (60000, 1), (30000, 1), 30, caps=(FLOWS, NDPI), near=True),
    Row("dns-pointers", dns.pointed_names, (1472, 100), (1472, 100)),
    Row("gzip-bomb", http.gzip_bomb, (1 << 30, 20), (1 << 26, 10)),
    Row("junk-lines", http.junk_lines, (16000, 1), (12000, 1)),
    Row("http-open", http.open_transactions, (511, 2300), (511, 200), 60, 30, caps=(APP,), near=True),
    Row("tls-empty-alpn", tls.empty_alpn, (65000, 250), (65000, 40), caps=(APP,)),
    Row("dns-tcp", dns.tcp_queries, (40000, 3), (40000, 1), 25, near=True),
    Row("tcp-backwards", wire.backwards, (60000, 4), (60000, 1)),
    Row("rule-contents", rules.uris, (4000, 1), (400, 1), 20, rules=rules.SHARED_RULES, beside_rules=True, doubled=False, near=True),
    Row("udp-flows", wire.flow_a_packet, (320000, 1), (60000, 1), 30, caps=(FLOWS, NDPI), near=True),
    Row("gre-flows", wire.flows_in_tunnels, (75000, 1), (20000, 1), 12, caps=(FLOWS, NDPI), near=True),
    Row("syn-flood", wire.syn_flood, (250000, 1), (60000, 1), caps=(FLOWS, SESSIONS, NDPI), near=True),
    Row("fragments-backwards", wire.tiny_fragments, (65000, 40), (65000, 10)),
    Row("lone-fragments", wire.lone_fragments, (66000, 1), (66000, 1), caps=(DEFRAG,), records=ASKED, gives_up=True),
    Row("single-bytes", wire.single_bytes, (1000, 10), (1000, 5)),
    Row("sizes-in-phases", wire.sizes_in_phases, (28 << 20, 1), (28 << 20, 1), caps=(SEGMENTS, NDPI), sets={SEGMENTS: "32mb"}, doubled=False, near=True),
    Row("thresholds", rules.sources, (1200000, 1), (150000, 1), 40, memory=MEMORY + UNDECIDED, rules=rules.THRESHOLD, caps=(FLOWS, NDPI), doubled=False, near=True),
    Row("certificate-names", tls.alternative_names, (20000, 20), (20000, 10), near=True),
    Row("nested-contents", rules.nearly, (100000, 20), (50000, 6), 150, rules=rules.NESTED, near=True),
    Row("subscriptions", subscriptions.attack, (500, 1), (500, 1), live=True, near=True),

    Row("multipart-near", http.near_delimiters, (100000, 50), (100000, 10)),
    Row("multipart-bytewise", http.delimiters_bytewise, (20000, 3), (8000, 2)),
    Row("multipart-parts", http.parts, (100000, 50), (100000, 10), 20),
    Row("multipart-headers", http.part_headers, (100000, 50), (100000, 10)),
    Row("gzip-bomb-post", http.gzip_bomb_in_post, (1 << 26, 20), (1 << 26, 10)),
    Row("gzip-bombs-small", http.small_gzip_bombs, (1 << 20, 500), (1 << 20, 200), 100, doubled=False, near=True),
    Row("gzip-members", http.gzip_members, (1000000, 10), (200000, 10)),
    Row("deflate-blocks", http.empty_deflate_blocks, (1000000, 10), (200000, 10)),
    Row("encodings", http.encodings, (8000, 200), (8000, 50)),
    Row("folded-response", http.folded_response, (6000, 5), (3000, 4)),
    Row("folded-request", http.folded_request, (8000, 200), (8000, 50), near=True),
    Row("slow-request-line", http.slow_request_line, (6000, 5), (3000, 4)),
    Row("blank-lines", http.blank_lines, (200000, 10), (100000, 5), near=True),
    Row("pipelined", http.pipelined, (500, 100), (500, 20), 20, caps=(APP,), near=True),
    Row("kept-alive", http.kept_alive, (20000, 2), (8000, 1), caps=(APP,), near=True),
    Row("answers-unasked", http.answers_without_question, (5000, 20), (5000, 5)),
    Row("interim", http.interim_responses, (5000, 20), (5000, 5)),
    Row("many-headers", http.many_headers, (1000, 200), (1000, 40), near=True),
    Row("headers-bytewise", http.headers_bytewise, (12000, 3), (6000, 2)),
    Row("repeated-headers", http.repeated_headers, (1000, 200), (1000, 40), near=True),
    Row("cookies", http.cookies, (12000, 200), (12000, 40)),
    Row("encoded-path", http.encoded_path, (12000, 200), (12000, 40)),
    Row("tiny-chunks", http.tiny_chunks, (100000, 10), (50000, 5), 20, near=True),
    Row("tiny-chunks-gzip", http.tiny_chunks_of_gzip, (50000, 10), (25000, 5), 20, near=True),
    Row("chunk-extension", http.chunk_extensions, (8000, 20), (8000, 5)),
    Row("small-files", http.small_files, (500, 100), (500, 20), 20, caps=(APP,), near=True),
    Row("small-files-rules", rules.files, (500, 100), (500, 20), 20, caps=(APP,), rules=rules.STORE, near=True),
    Row("ranges", http.ranges, (500, 100), (500, 20), 20, caps=(APP,), near=True),

    Row("txt-one-frame", dns.texts_in_one_frame, (64000, 12), (64000, 2)),
    Row("txt-tcp", dns.texts_over_tcp, (64000, 4), (30000, 2)),
    Row("local-names", dns.local_names, (2000, 100), (2000, 10), 25, records=('"name":"name-poisoning"',)),
    Row("local-pointers", dns.local_pointers, (1472, 4000), (1472, 400)),
    Row("dns-pointer-chains", dns.pointer_chains, (60000, 20), (60000, 4)),
    Row("dns-questions", dns.questions, (60000, 20), (60000, 4)),
    Row("dns-short-answers", dns.short_answers, (60000, 20), (60000, 4)),
    Row("dns-svcb", dns.service_parameters, (60000, 20), (60000, 4)),
    Row("dns-nsec", dns.type_bitmaps, (8704, 200), (8704, 40)),
    Row("dns-edns", dns.edns_options, (60000, 20), (60000, 4)),
    Row("dns-all-types", dns.all_types, (1400, 10), (1400, 2)),
    Row("dns-labels", dns.labels, (60000, 20), (60000, 4)),
    Row("dns-tcp-junk", dns.tcp_junk, (300000, 3), (300000, 1), near=True),
    Row("dns-unanswered", dns.queries_unanswered, (60000, 2), (60000, 1)),

    Row("tls-short-alpn", tls.short_alpn, (65000, 100), (65000, 20), caps=(APP,)),
    Row("tls-extensions", tls.empty_extensions, (65000, 100), (65000, 20), caps=(APP,), near=True),
    Row("tls-ciphers", tls.cipher_suites, (65000, 100), (65000, 20), caps=(APP,), near=True),
    Row("tls-names", tls.server_names, (65000, 100), (65000, 20), caps=(APP,)),
    Row("tls-groups", tls.groups, (65000, 100), (65000, 20), caps=(APP,)),
    Row("tls-one-byte-records", tls.one_byte_records, (60000, 10), (60000, 2)),
    Row("tls-one-byte-segments", tls.one_byte_segments, (15000, 5), (15000, 2)),
    Row("tls-empty-records", tls.empty_records, (200000, 5), (100000, 2)),
    Row("tls-empty-messages", tls.empty_messages, (200000, 5), (100000, 2)),
    Row("tls-alerts", tls.alerts, (100000, 5), (100000, 2)),
    Row("tls-tiny-data", tls.tiny_data, (100000, 5), (100000, 2)),
    Row("certificate-chain", tls.certificate_chain, (200, 100), (200, 20)),
    Row("certificates-empty", tls.empty_certificates, (60000, 20), (60000, 5)),
    Row("certificate-subject", tls.long_subject, (4000, 50), (4000, 10), 20, near=True),
    Row("certificate-nested", tls.nested_certificate, (8000, 20), (8000, 5), near=True),
    Row("certificate-bytewise", tls.certificate_bytewise, (1000, 5), (1000, 2)),

    Row("mail-one-line", mail.one_line, (100 << 20, 1), (4 << 20, 1), sets=WHOLE),
    Row("mail-nested", mail.nested, (10000, 20), (10000, 5)),
    Row("mail-near-delimiters", mail.near_delimiters, (1 << 20, 10), (1 << 20, 4)),
    Row("mail-parts", mail.parts, (1 << 20, 10), (1 << 20, 2), near=True),
    Row("mail-named-parts", mail.named_parts, (256, 200), (256, 40), doubled=False),
    Row("mail-messages", mail.messages, (1 << 20, 10), (1 << 20, 2)),
    Row("mail-headers", mail.headers, (1 << 20, 10), (1 << 20, 2), near=True),
    Row("mail-folding", mail.folding, (1 << 20, 10), (1 << 20, 2), near=True),
    Row("mail-names", mail.sections, (1 << 20, 10), (1 << 20, 2), near=True),
    Row("mail-tiny-lines", mail.tiny_lines, (1 << 20, 10), (1 << 20, 2), near=True),
    Row("mail-links", mail.links, (1 << 20, 10), (1 << 20, 2)),
    Row("smtp-recipients", mail.recipients, (1000000, 1), (50000, 2), near=True, sets=WHOLE),
    Row("smtp-resets", mail.resets, (50000, 4), (20000, 2), near=True),
    Row("smtp-empty-chunks", mail.empty_chunks, (100000, 10), (50000, 2), near=True),
    Row("smtp-endless-chunk", mail.endless_chunk, (1 << 20, 20), (1 << 20, 4), sets=WHOLE),
    Row("smtp-pipelined", mail.pipelined, (5000, 4), (2000, 2), near=True),
    Row("smtp-logins", mail.logins, (20000, 4), (10000, 2), near=True),
    Row("ssh-banner", shell.endless_banner, (20 << 20, 4), (2 << 20, 4), sets=WHOLE),
    Row("ssh-greeting", shell.endless_greeting, (20 << 20, 4), (2 << 20, 4), sets=WHOLE),
    Row("ssh-record", shell.endless_record, (200000, 100), (200000, 20)),
    Row("ssh-names", shell.names, (60000, 200), (60000, 40), caps=(APP,)),
    Row("ssh-records", shell.tiny_records, (100000, 10), (50000, 5)),
    Row("ssh-no-keys", shell.no_keys, (100000, 10), (50000, 5)),
    Row("ssh-turns", shell.turns, (10000, 5), (4000, 2)),
    Row("telnet-subnegotiation", shell.endless_subnegotiation, (20 << 20, 4), (2 << 20, 4), sets=WHOLE),
    Row("telnet-subnegotiations", shell.nested_subnegotiations, (300000, 10), (100000, 5)),
    Row("telnet-environments", shell.environments, (1000, 40), (1000, 5)),
    Row("telnet-commands", shell.commands, (500000, 10), (200000, 5)),
    Row("telnet-logins", shell.logins, (2000, 20), (1000, 5)),
    Row("ftp-ports", ftp.active, (20000, 5), (8000, 2), 20, caps=(APP,), near=True),
    Row("ftp-passive", ftp.passive, (20000, 5), (8000, 2), 20, caps=(APP,), near=True),
    Row("ftp-unanswered", ftp.unanswered, (200000, 5), (60000, 2)),
    Row("ftp-answered", ftp.answered, (100000, 5), (20000, 2), 20, near=True),
    Row("ftp-users", ftp.users, (20000, 5), (5000, 2)),
    Row("ftp-endless-command", ftp.endless_command, (10000000, 3), (3000000, 1)),
    Row("ftp-endless-reply", ftp.endless_reply, (10000000, 3), (3000000, 1)),
    Row("ftp-interim", ftp.interim, (1000000, 3), (300000, 1)),
    Row("ftp-repeated-names", ftp.repeated_names, (100000, 3), (20000, 1), 20, near=True),
    Row("tftp-requests", ftp.requests, (100000, 3), (40000, 1)),
    Row("tftp-blocks", ftp.blocks, (60000, 3), (30000, 1)),
    Row("imap-literals", imap.tiny_literals, (1000000, 4), (400000, 2)),
    Row("imap-sections", imap.tiny_sections, (400000, 4), (200000, 2), 25, 20, near=True),
    Row("imap-messages", imap.tiny_messages, (400000, 4), (200000, 2), 25, 20, near=True),
    Row("imap-structures", imap.structures, (1000000, 4), (400000, 2)),
    Row("imap-unanswered", imap.unanswered, (20000, 10), (10000, 4), 25, near=True),
    Row("imap-line", imap.one_line, (4000000, 4), (1000000, 4)),
    Row("krb5-types", krb5.types, (120000, 20), (120000, 4)),
    Row("krb5-nested", krb5.nested, (120000, 20), (120000, 4)),
    Row("krb5-preauthentication", krb5.preauthentication, (120000, 20), (120000, 4)),
    Row("krb5-requests", krb5.requests, (5000, 10), (5000, 2), 25),
    Row("krb5-errors", krb5.errors, (5000, 10), (5000, 2), 25),
    Row("krb5-lengths", krb5.lengths, (120000, 20), (120000, 4)),
    Row("krb5-bytewise", krb5.bytewise, (30000, 4), (30000, 1), 25),
    Row("pop3-commands", pop3.commands, (60000, 20), (60000, 4), 25),
    Row("pop3-pipelined", pop3.pipelined, (200, 1000), (200, 100), 30, 30),
    Row("pop3-replies", pop3.replies, (60000, 20), (60000, 4), 25),
    Row("pop3-junk", pop3.junk, (60000, 20), (60000, 4), 25),
    Row("rdp-requests", rdp.requests, (200000, 20), (60000, 4)),
    Row("rdp-messages", rdp.messages, (300000, 10), (100000, 4)),
    Row("rdp-channels", rdp.channels, (2600, 400), (2600, 100), caps=(APP,)),
    Row("rdp-segments", rdp.one_byte_segments, (2600, 20), (2600, 4), 25, near=True),
    Row("rdp-blocks", rdp.blocks, (3900, 400), (3900, 100)),
    Row("rdp-records", rdp.records, (300000, 10), (100000, 4)),
    Row("pop3-one-line", pop3.one_line, (100 << 20, 1), (4 << 20, 1)),
    Row("pop3-dots", pop3.dots, (8 << 20, 4), (2 << 20, 1)),
    Row("pop3-dots-bytewise", pop3.dots_bytewise, (20000, 3), (8000, 2)),
    Row("pop3-messages", pop3.messages, (20000, 10), (5000, 4), 25),
    Row("pop3-listing", pop3.listing, (8 << 20, 4), (2 << 20, 1)),

    Row("tcp-every-second", wire.every_second_byte, (60000, 4), (40000, 1)),
    Row("tcp-shuffled", wire.shuffled, (60000, 4), (40000, 1)),
    Row("tcp-overlaps", wire.overlaps, (20000, 1), (10000, 1)),
    Row("tcp-repeated", wire.repeated, (100000, 1), (40000, 1)),
    Row("tcp-far-apart", wire.far_apart, (50000, 2), (40000, 1), caps=(SEGMENTS,)),
    Row("tcp-urgent", wire.urgent, (100000, 1), (40000, 1)),
    Row("syns-one-connection", wire.syns_of_one_connection, (100000, 1), (30000, 1)),
    Row("ports-reused", wire.reused_ports, (30000, 1), (10000, 1)),
    Row("resets", wire.resets, (200000, 1), (60000, 1)),
    Row("header-options", wire.options, (100000, 1), (40000, 1)),
    Row("every-port", wire.every_port, (65535, 1), (65535, 1), 15, caps=(FLOWS, NDPI), near=True),
    Row("every-tcp-port", wire.every_tcp_port, (65535, 1), (10000, 1), caps=(FLOWS, NDPI), near=True),
    Row("pings", wire.pings, (200000, 1), (60000, 1), caps=(FLOWS, NDPI), near=True),
    Row("unreachable", wire.unreachable, (200000, 1), (60000, 1)),
    Row("sctp-chunks", wire.chunks, (1400, 20000), (1400, 5000), caps=(FLOWS, NDPI)),
    Row("broken-headers", wire.broken_headers, (200000, 1), (60000, 1), caps=(FLOWS, NDPI)),
    Row("deep-tunnels", wire.deep_tunnels, (20000, 1), (5000, 1)),
    Row("tunnels", wire.datagrams_in_tunnels, (20000, 1), (10000, 1), 30, caps=(FLOWS, NDPI), near=True),
    Row("extension-headers", wire.extension_headers, (20000, 1), (5000, 1), caps=(FLOWS, NDPI)),
    Row("tags", wire.tags, (20000, 1), (5000, 1)),
    Row("short-frames", wire.short_frames, (200000, 1), (60000, 1)),
    Row("time-jumps", wire.time_jumps, (20000, 1), (5000, 1), 30, caps=(FLOWS, NDPI), near=True),
    Row("fragments-shuffled", wire.fragments_shuffled, (65000, 20), (65000, 5)),
    Row("fragments-overlapping", wire.fragments_overlapping, (65000, 5), (65000, 2)),
    Row("lone-fragments-of-one", wire.lone_fragments_of_one, (200000, 1), (80000, 1), caps=(DEFRAG,), records=ASKED[:1], gives_up=True),
    Row("lone-fragments-ipv6", wire.lone_fragments6, (200000, 1), (80000, 1), caps=(DEFRAG,), records=ASKED[:1], gives_up=True),

    Row("nested-bytewise", rules.nearly_bytewise, (20000, 3), (8000, 1), rules=rules.NESTED),
    Row("alerts", rules.flood, (100000, 1), (20000, 1), 25, rules=rules.ALERTS, doubled=False, near=True),
    Row("detection-filter", rules.sources, (200000, 1), (60000, 1), 30, rules=rules.DETECTION, caps=(FLOWS, NDPI), near=True),
    Row("xbits", rules.sources, (200000, 1), (60000, 1), 30, rules=rules.BITS, caps=(FLOWS, NDPI), near=True),
    Row("flowbits", rules.bits, (1400, 200), (1400, 40), rules=rules.FLOWBITS, near=True),
)


def packet(name, make, n, rules=""):
    """One packet of at most 1,500 bytes in each of many flows."""
    return Row("packet " + name, make, (n, 1000), (n, 300), rules=rules)


def each(make):
    """Of what makes n packets: one a flow."""
    return lambda capture, n, flows: make(capture, flows, n)


PACKETS = (
    packet("multipart", http.delimiters, 1200),
    packet("multipart-near", http.near_delimiters, 1200),
    packet("multipart-parts", http.parts, 1200),
    packet("multipart-gzip", http.delimiters_in_gzip, 400000),
    packet("multipart-headers", http.part_headers, 1200),
    packet("gzip-bomb", http.small_gzip_bombs, 1300000),
    packet("gzip-members", http.gzip_members, 1300),
    packet("deflate-blocks", http.empty_deflate_blocks, 1300),
    packet("encodings", http.encodings, 1200),
    packet("folded", http.folded_request, 1300),
    packet("headers", http.many_headers, 150),
    packet("path", http.encoded_path, 1300),
    packet("cookies", http.cookies, 1300),
    packet("chunks", http.tiny_chunks, 220),
    packet("pipelined", http.open_transactions, 90),
    packet("files", http.small_files, 15),
    packet("interim", http.interim_responses, 55),
    packet("blank", http.blank_lines, 1300),
    packet("txt", dns.texts, 1472),
    packet("dns-pointers", dns.pointed_names, 1472),
    packet("dns-chains", dns.pointer_chains, 1400),
    packet("dns-questions", dns.questions, 1400),
    packet("dns-answers", dns.short_answers, 1400),
    packet("dns-nsec", dns.type_bitmaps, 1400),
    packet("dns-edns", dns.edns_options, 1400),
    packet("dns-labels", dns.labels, 1400),
    packet("dns-tcp", dns.tcp_queries, 70),
    packet("dns-tcp-junk", dns.tcp_junk, 450),
    packet("alpn", tls.empty_alpn, 1300),
    packet("extensions", tls.empty_extensions, 1300),
    packet("ciphers", tls.cipher_suites, 1300),
    packet("names", tls.server_names, 1300),
    packet("one-byte-records", tls.one_byte_records, 150),
    packet("empty-records", tls.empty_records, 250),
    packet("certificates", tls.empty_certificates, 400),
    packet("alternative-names", tls.alternative_names, 80),
    packet("ssh-names", shell.names, 1000),
    packet("ssh-records", shell.tiny_records, 110),
    packet("ssh-no-keys", shell.no_keys, 80),
    packet("telnet-subnegotiations", shell.nested_subnegotiations, 450),
    packet("telnet-commands", shell.commands, 700),
    packet("sctp", wire.chunks, 1400),
    packet("deep-tunnels", each(wire.deep_tunnels), 1),
    packet("extension-headers", each(wire.extension_headers), 1),
    packet("tags", each(wire.tags), 1),
    packet("nested", rules.nearly, 1400, rules.NESTED),
    packet("alerts", each(rules.flood), 1, rules.ALERTS),
)
