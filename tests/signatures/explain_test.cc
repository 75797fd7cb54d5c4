// What rules compile to, in words. Every keyword's part of a rule must be in its explanation.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "signatures/compile/explain.h"
#include "signatures/compile/keyword.h"
#include "tests/signatures/rule_lab.h"

namespace lapwing::test {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

RuleExplanation explain(RuleLab& lab, const std::string& rule) {
  lab.load(rule);
  EXPECT_TRUE(lab.messages.empty()) << lab.messages[0].text;
  auto found = explain_rule(*lab.rules, 1);
  return found.empty() ? RuleExplanation() : found[0];
}

/// One use of a keyword: the rule's head where it must be a certain one, options, and what the explanation says.
struct Use {
  std::string_view keyword, head, options, words;
};

constexpr std::string_view kIp = "alert ip any any -> any any", kTcp = "alert tcp any any -> any any",
                           kUdp = "alert udp any any -> any any", kHttp = "alert http any any -> any any",
                           kDns = "alert dns any any -> any any", kTls = "alert tls any any -> any any";

constexpr Use kUses[] = {
    {"msg", kIp, "msg:\"seen\";", "msg: seen"},
    {"sid", kIp, "", "sid 1"},
    {"gid", kIp, "gid:7;", "gid 7"},
    {"rev", kIp, "rev:9;", "rev 9"},
    {"classtype", kIp, "classtype:trojan-activity;", "classtype: "},
    {"priority", kIp, "priority:5;", "priority: 5"},
    {"reference", kIp, "reference:url,example.com;", "reference: https://example.com"},
    {"metadata", kIp, "metadata:key value;", "metadata: key value"},
    {"target", kIp, "target:dest_ip;", "target: the destination"},
    {"alert", "pass ip any any -> any any", "alert;", "alert: recorded although it passes"},
    {"noalert", kIp, "noalert;", "noalert: no alert"},
    {"content", kUdp, "content:\"a|00|b\";", "content \"a|00|b\""},
    {"uricontent", kHttp, "uricontent:\"abc\";", "http.uri\n      content \"abc\""},
    {"nocase", kUdp, "content:\"abc\"; nocase;", "content \"abc\", nocase"},
    {"offset", kUdp, "content:\"abc\"; offset:3;", "offset 3"},
    {"depth", kUdp, "content:\"abc\"; offset:3; depth:5;", "depth 5"},
    {"distance", kUdp, "content:\"a\"; content:\"abc\"; distance:-2;", "distance -2"},
    {"within", kUdp, "content:\"a\"; content:\"abc\"; within:5;", "within 5"},
    {"startswith", kUdp, "content:\"abc\"; startswith;", "startswith"},
    {"endswith", kUdp, "content:!\"abc\"; endswith;", "content !\"abc\", endswith"},
    {"fast_pattern", kUdp, "content:\"abcdef\"; content:\"xyz\"; fast_pattern;", "fast pattern: \"xyz\""},
    {"pcre", kUdp, "pcre:\"/a(b)/si,flow:name\";", "pcre /a(b)/is, group 1 into flow:name"},
    {"byte_test", kUdp, "byte_test:2,!>,7,1,little;", "byte_test 2 bytes at offset 1, little: !> 7"},
    {"byte_jump", kUdp, "byte_jump:2,1,align,post_offset 4;", "byte_jump 2 bytes at offset 1, align, post_offset 4"},
    {"byte_extract", kUdp, "byte_extract:1,0,size; byte_test:1,=,size,1;",
     "byte_extract 1 bytes at offset 0 into size"},
    {"byte_math", kUdp, "byte_math:bytes 1,offset 0,oper +,rvalue 3,result sum; byte_test:1,=,sum,1;", "+ 3 into sum"},
    {"isdataat", kUdp, "content:\"abc\"; isdataat:!4,relative;", "isdataat !4, relative"},
    {"bsize", kHttp, "http.uri; content:\"abc\"; bsize:>5;", "bsize > 5"},
    {"urilen", kHttp, "urilen:3<>9;", "http.uri\n      bsize > 3 and < 9"},
    {"dsize", kUdp, "dsize:<9;", "dsize < 9"},
    {"stream_size", kTcp, "stream_size:client,>,5;", "stream_size client > 5"},
    {"dotprefix", kHttp, "http.host; dotprefix; content:\".a.b\";", "http.host, dotprefix"},
    {"strip_whitespace", kHttp, "http.uri; strip_whitespace; content:\"abc\";", "http.uri, strip_whitespace"},
    {"compress_whitespace", kHttp, "http.uri; compress_whitespace; content:\"abc\";", "compress_whitespace"},
    {"to_lowercase", kHttp, "http.uri; to_lowercase; content:\"abc\";", "http.uri, to_lowercase"},
    {"to_uppercase", kHttp, "http.uri; to_uppercase; content:\"ABC\";", "http.uri, to_uppercase"},
    {"url_decode", kHttp, "http.uri; url_decode; content:\"abc\";", "http.uri, url_decode"},
    {"header_lowercase", kHttp, "http.uri; header_lowercase; content:\"abc\";", "header_lowercase"},
    {"strip_pseudo_headers", kHttp, "http.uri; strip_pseudo_headers; content:\"abc\";", "strip_pseudo_headers"},
    {"to_md5", kHttp, "http.uri; to_md5; content:\"abc\";", "http.uri, to_md5"},
    {"to_sha1", kHttp, "http.uri; to_sha1; content:\"abc\";", "http.uri, to_sha1"},
    {"to_sha256", kHttp, "http.uri; to_sha256; content:\"abc\";", "http.uri, to_sha256"},
    {"xor", kHttp, "http.uri; xor:\"0d0a\"; content:\"abc\";", "http.uri, xor:0d0a"},
    {"pcrexform", kHttp, "http.uri; pcrexform:\"a(.*)\"; content:\"abc\";", "pcrexform:a(.*)"},
    {"from_base64", kHttp, "http.uri; from_base64; content:\"abc\";", "http.uri, from_base64"},
    {"zlib_deflate", kHttp, "http.uri; zlib_deflate; content:\"abc\";", "http.uri, zlib_deflate"},
    {"gunzip", kHttp, "http.uri; gunzip; content:\"abc\";", "http.uri, gunzip"},
    {"domain", kHttp, "http.host; domain; content:\"abc\";", "http.host, domain"},
    {"tld", kHttp, "http.host; tld; content:\"abc\";", "http.host, tld"},
    {"pkt_data", kUdp, "pkt_data; content:\"abc\";", "payload of the packet\n      content"},
    {"absent", kHttp, "http.uri; absent; http.method; content:\"GET\";", "http.uri\n      absent"},
    {"ip.src", kIp, "ip.src; content:\"abc\";", "ip.src\n      content"},
    {"ip.dst", kIp, "ip.dst; content:\"abc\";", "ip.dst\n      content"},
    {"ipv4.hdr", kIp, "ipv4.hdr; content:\"abc\";", "ipv4.hdr\n      content"},
    {"ipv6.hdr", kIp, "ipv6.hdr; content:\"abc\";", "ipv6.hdr\n      content"},
    {"tcp.hdr", kTcp, "tcp.hdr; content:\"abc\";", "tcp.hdr\n      content"},
    {"udp.hdr", kUdp, "udp.hdr; content:\"abc\";", "udp.hdr\n      content"},
    {"icmpv4.hdr", kIp, "icmpv4.hdr; content:\"abc\";", "icmpv4.hdr\n      content"},
    {"icmpv6.hdr", kIp, "icmpv6.hdr; content:\"abc\";", "icmpv6.hdr\n      content"},
    {"base64_decode", kUdp, "content:\"abc\"; base64_decode:bytes 9,offset 2,relative; base64_data; content:\"x\";",
     "base64_decode, bytes 9, offset 2, relative"},
    {"base64_data", kUdp, "base64_decode; base64_data; content:\"x\"; content:\"y\";",
     "base64_data [content \"x\"; content \"y\"]"},
    {"ttl", kIp, "ttl:>3;", "ttl > 3"},
    {"tos", kIp, "tos:!3;", "tos != 3"},
    {"id", kIp, "id:3;", "id = 3"},
    {"fragoffset", kIp, "fragoffset:3;", "fragoffset = 3"},
    {"fragbits", kIp, "fragbits:MD+;", "fragbits all of DM"},
    {"sameip", kIp, "sameip;", "\n    sameip\n"},
    {"ip_proto", kIp, "ip_proto:gre;", "ip_proto = 47"},
    {"ipopts", kIp, "ipopts:lsrr;", "ipopts lsrr"},
    {"tcp.flags", kTcp, "tcp.flags:SA,CE;", "tcp.flags exactly SA, whatever EC"},
    {"tcp.seq", kTcp, "tcp.seq:3;", "tcp.seq = 3"},
    {"tcp.ack", kTcp, "tcp.ack:3;", "tcp.ack = 3"},
    {"tcp.window", kTcp, "tcp.window:3;", "tcp.window = 3"},
    {"tcp.mss", kTcp, "tcp.mss:3;", "tcp.mss = 3"},
    {"tcp.wscale", kTcp, "tcp.wscale:3;", "tcp.wscale = 3"},
    {"itype", "alert icmp any any -> any any", "itype:8;", "itype = 8"},
    {"icode", "alert icmp any any -> any any", "icode:8;", "icode = 8"},
    {"icmp_id", "alert icmp any any -> any any", "icmp_id:8;", "icmp_id = 8"},
    {"icmp_seq", "alert icmp any any -> any any", "icmp_seq:8;", "icmp_seq = 8"},
    {"icmpv6.mtu", "alert icmp any any -> any any", "icmpv6.mtu:8;", "icmpv6.mtu = 8"},
    {"flow", kTcp, "flow:established,to_client,no_frag; content:\"abc\";", "flow: a flow, established"},
    {"app-layer-protocol", kTcp, "app-layer-protocol:!http;", "app-layer-protocol !http"},
    {"flowvar", kTcp, "flowvar:name,\"abc\";", "flowvar name has \"abc\""},
    {"pktvar", kTcp, "pktvar:name,\"abc\";", "pktvar name has \"abc\""},
    {"flowbits", kTcp, "flowbits:isset,one|two; flowbits:unset,three;", "flowbits isset one|two"},
    {"flowint", kTcp, "flowint:count,>,3; flowint:count,+,1;", "flowint count > 3"},
    {"xbits", kIp, "xbits:set,seen,track ip_src,expire 9;", "xbits set seen of the source for 9 s"},
    {"hostbits", kIp, "hostbits:isset,seen,dst;", "hostbits isset seen of the destination"},
    {"decode-event", "alert pkthdr any any -> any any", "decode-event:ipv4.pkt_too_small;",
     "decode-event ipv4.pkt_too_small"},
    {"stream-event", kTcp, "stream-event:pkt_broken_ack;", "stream-event pkt_broken_ack"},
    {"app-layer-event", kHttp, "app-layer-event:http.invalid_request;", "app-layer-event http.invalid_request"},
    {"threshold", kIp, "threshold:type limit,track by_src,count 2,seconds 60;", "threshold limit: the first 2 in 60 s"},
    {"detection_filter", kIp, "detection_filter:track by_dst,count 2,seconds 60;", "detection_filter: alerts after 2"},
    {"dataset", kHttp, "http.uri; dataset:isset,seen-uris,type string;", "dataset isset seen-uris, type string"},
    {"datarep", kHttp, "http.uri; datarep:scores,>,7,type string;", "datarep scores > 7"},
    {"filename", kHttp, "filename:\"abc\";", "file.name\n      content \"abc\", nocase"},
    {"fileext", kHttp, "fileext:\"abc\";", "file.name\n      content \".abc\", nocase, endswith"},
    {"filemagic", kHttp, "filemagic:\"abc\";", "file.magic\n      content \"abc\""},
    {"filesize", kHttp, "filesize:>9;", "filesize > 9, of the same file"},
    {"filemd5", kHttp, "filemd5:tests/rules/lists/files.md5;", "filemd5 in a list of "},
    {"filesha1", kHttp, "filesha1:!tests/rules/lists/files.sha1;", "filesha1 not in a list of "},
    {"filesha256", kHttp, "filesha256:tests/rules/lists/sha256.lst;", "filesha256 in a list of "},
    {"filestore", kHttp, "filestore:response,tx;", "filestore the files of the transaction, to the client"},
    {"geoip", kIp, "geoip:dst,DE,FR;", "geoip dst, DE, FR"},
    {"igmp-csum", kIp, "igmp-csum:valid;", "igmp-csum valid"},
    {"iprep", kIp, "iprep:src,BadHosts,>,50;", "iprep src, category 1, > 50"},
    {"ipv4-csum", kIp, "ipv4-csum:invalid;", "ipv4-csum invalid"},
    {"tcpv4-csum", kIp, "tcpv4-csum:valid;", "tcpv4-csum valid"},
    {"tcpv6-csum", kIp, "tcpv6-csum:valid;", "tcpv6-csum valid"},
    {"udpv4-csum", kIp, "udpv4-csum:valid;", "udpv4-csum valid"},
    {"udpv6-csum", kIp, "udpv6-csum:valid;", "udpv6-csum valid"},
    {"icmpv4-csum", kIp, "icmpv4-csum:valid;", "icmpv4-csum valid"},
    {"icmpv6-csum", kIp, "icmpv6-csum:valid;", "icmpv6-csum valid"},
    {"flow.age", kIp, "flow.age:>9;", "flow.age > 9"},
    {"flow.pkts", kIp, "flow.pkts:either,>9;", "flow.pkts either > 9"},
    {"flow.pkts_toserver", kIp, "flow.pkts_toserver:>9;", "flow.pkts_toserver toserver > 9"},
    {"flow.pkts_toclient", kIp, "flow.pkts_toclient:>9;", "flow.pkts_toclient toclient > 9"},
    {"flow.bytes", kIp, "flow.bytes:toclient,>9;", "flow.bytes toclient > 9"},
    {"flow.bytes_toserver", kIp, "flow.bytes_toserver:>9;", "flow.bytes_toserver toserver > 9"},
    {"flow.bytes_toclient", kIp, "flow.bytes_toclient:>9;", "flow.bytes_toclient toclient > 9"},
    {"vlan.id", kIp, "vlan.id:>9,all;", "vlan.id > 9 of all values"},
    {"vlan.layers", kIp, "vlan.layers:1;", "vlan.layers = 1"},
    {"tls.subject", kTls, "tls.subject:\"abc\";", "tls.cert_subject\n      content \"abc\""},
    {"tls.fingerprint", kTls, "tls.fingerprint:\"ab:cd\";", "tls.cert_fingerprint\n      content \"ab:cd\""},
    {"tls_cert_expired", kTls, "tls_cert_expired;", "\n    tls_cert_expired\n"},
    {"tls_cert_valid", kTls, "tls_cert_valid;", "\n    tls_cert_valid\n"},
    {"ssl_version", kTls, "ssl_version:sslv3,tls1.0;", "ssl_version sslv3, tls1.0"},
    {"ssl_state", kTls, "ssl_state:client_hello|server_keyx;", "reaches client_hello_done or server_key_exchange_done"},
    {"app-layer-state", kHttp, "app-layer-state:>request_headers;", "reaches request_body"},
    {"frame", kTls, "frame:tls.pdu; content:\"abc\";", "tls to_server, frame pdu"},
    {"tag", kIp, "tag:session,5,packets;", "tag: records the next 5 packets of the flow"},
    {"bypass", kTcp, "bypass; content:\"abc\";", "bypass the rest of the flow"},
    {"config", "config http any any -> any any", "http.uri; content:\"abc\"; config:logging disable,type tx,scope tx;",
     "config no records of the transaction"},
    {"entropy", kHttp, "http.uri; entropy:bytes 9,value >= 4.5;", "entropy >= 4.5, bytes 9"},
    {"asn1", kUdp, "asn1:double_overflow,oversize_length 500;", "asn1, double_overflow, oversize_length 500"},
    {"rpc", kUdp, "rpc:100000,*,3;", "rpc program 100000, procedure 3"},
};

/// Words that leave nothing behind in a compiled rule, or for which the lab has no field.
constexpr std::string_view kWithoutTrace[] = {"requires", "prefilter", "rawbytes", "tls.issuerdn"};

TEST(Explain, NamesWhatEveryKeywordMeans) {
  for (const rules::KeywordFamily& family : rules::keyword_families()) {
    for (const rules::Keyword& row : family.rows) {
      if (std::ranges::find(kWithoutTrace, row.name) != std::end(kWithoutTrace)) continue;
      auto use = std::ranges::find(kUses, row.name, &Use::keyword);
      ASSERT_NE(use, std::end(kUses)) << row.name << " has no case here: add a rule and what its explanation says";
      SCOPED_TRACE(row.name);
      RuleLab lab;
      RuleExplanation rule = explain(lab, std::string(use->head) + " (" + std::string(use->options) + " sid:1;)");
      ASSERT_NE(rule.info, nullptr);
      EXPECT_THAT(to_text(rule), HasSubstr(std::string(use->words)));
      std::string json;
      write_json(rule, json);
      EXPECT_TRUE(nlohmann::json::accept(json)) << json;
    }
  }
}

TEST(Explain, TellsHeaderAndIntegersByName) {
  RuleLab lab;
  RuleExplanation rule =
      explain(lab, "alert dns [10.0.0.0/8,192.0.2.1] any -> any [53,5300:5302] (dns.opcode:!status; sid:1;)");
  EXPECT_THAT(rule.header, testing::Contains("source: 10.0.0.0-10.255.255.255, 192.0.2.1, port any"));
  EXPECT_THAT(rule.header, testing::Contains("destination: any, port 53, 5300-5302"));
  EXPECT_THAT(rule.header, testing::Contains("application protocol: dns"));
  EXPECT_THAT(rule.conditions, ElementsAre("dns.opcode != 2 (status)"));
  EXPECT_THAT(rule.buffers, IsEmpty());
}

TEST(Explain, SaysWhyAPatternWasChosen) {
  RuleLab lab;
  auto rule =
      explain(lab, std::string(kHttp) + " (http.method; content:\"DELETE\"; http.uri; content:\"/abc\"; sid:1;)");
  ASSERT_TRUE(rule.pattern);
  EXPECT_EQ(rule.pattern->text, "\"/abc\"");
  EXPECT_EQ(rule.pattern->buffer, "http.uri");
  EXPECT_EQ(rule.pattern->choices, 2u);
  EXPECT_EQ(rule.pattern->rarity_class, 2);
  EXPECT_THAT(rule.pattern->why, HasSubstr("lowest class of buffer"));
  EXPECT_EQ(rule.cost, RuleCost::pattern);

  RuleLab asked;
  rule = explain(asked, std::string(kHttp) +
                            " (http.method; content:\"DELETE\"; fast_pattern; http.uri; content:\"/abc\"; sid:1;)");
  EXPECT_EQ(rule.pattern->text, "\"DELETE\"");
  EXPECT_TRUE(rule.pattern->asked_for);
  EXPECT_THAT(rule.pattern->why, HasSubstr("fast_pattern"));
}

TEST(Explain, SeeksWhatEndsEarlyInTheFirstBytesAlone) {
  const std::pair<std::string, bool> kCases[] = {
      {"alert udp any any -> any any (content:\"abc\"; depth:128; sid:1;)", true},
      {"alert udp any any -> any any (content:\"abc\"; depth:129; sid:1;)", false},
      {"alert udp any any -> any any (dsize:<129; content:\"abc\"; sid:1;)", true},
      {"alert udp any any -> any any (dsize:100<>129; content:\"abc\"; sid:1;)", true},
      {"alert udp any any -> any any (dsize:>1; content:\"abc\"; sid:1;)", false},
      {"alert http any any -> any any (http.uri; content:\"/abc\"; bsize:<=128; sid:1;)", true},
      {"alert http any any -> any any (http.uri; content:\"/abc\"; bsize:<130; sid:1;)", false},
  };
  for (const auto& [text, early] : kCases) {
    RuleLab lab;
    EXPECT_EQ(explain(lab, text).pattern->head, early ? 128u : 0u) << text;
  }
}

TEST(Explain, SeeksRarePatternsOfSeveralPortsAndOfFewRulesOfAProtocolAtAnyPort) {
  const std::pair<std::string, bool> kCases[] = {
      {"alert tcp any any -> any [1,2,3,4] (flow:to_server; content:\"abcde\"; sid:1;)", false},
      {"alert tcp any any -> any [1,2,3,4,5] (flow:to_server; content:\"abcde\"; sid:1;)", true},
      {"alert tcp any any -> any [1,2,3,4,5] (flow:to_server; content:\"abcd\"; sid:1;)", false},
      {"alert http any any -> any any (flow:to_server; content:\"abcde\"; sid:1;)", true},
      {"alert http any any -> any any (flow:to_server; content:\"abcd\"; sid:1;)", false},
  };
  for (const auto& [text, any_port] : kCases) {
    RuleLab lab;
    const RuleExplanation rule = explain(lab, text);
    ASSERT_FALSE(rule.places.empty()) << text;
    for (const auto& place : rule.places) EXPECT_EQ(place.group.ends_with(", any port"), any_port) << place.group;
  }
}

TEST(Explain, CountsTheRulesOfAGroup) {
  RuleLab lab;
  lab.load(
      "alert http any any -> any any (http.uri; content:\"/abc\"; sid:1;)\n"
      "alert http any any -> any any (http.uri; content:\"/abc\"; content:\"x\"; sid:2;)\n"
      "alert http any any -> any any (http.uri; content:\"/other\"; sid:3;)\n"
      "alert http any any -> any any (http.host; content:\"/abc\"; sid:4;)\n");
  auto rules = explain_rule(*lab.rules, 1);
  ASSERT_EQ(rules.size(), 1u);
  ASSERT_EQ(rules[0].places.size(), 1u);
  const auto& place = rules[0].places[0];
  EXPECT_THAT(place.group, HasSubstr("http to_server, buffer http.uri"));
  EXPECT_EQ(place.rules, 3u);
  EXPECT_EQ(place.patterns, 2u);
  EXPECT_EQ(place.sharing, 2u);
  EXPECT_EQ(place.always, 0u);
  EXPECT_THAT(explain_rule(*lab.rules, 9), IsEmpty());
}

TEST(Explain, GroupsByPortAndDirection) {
  RuleLab lab;
  auto rule = explain(lab, "alert tcp any any -> any 9999 (flow:to_server; content:\"abc\"; sid:1;)");
  ASSERT_EQ(rule.places.size(), 1u);
  EXPECT_EQ(rule.places[0].group, "tcp to_server, stream, destination port 9999");
  EXPECT_EQ(rule.places[0].rules, 1u);
}

TEST(Explain, BothRulesOfBothDirections) {
  RuleLab lab;
  lab.load("alert tcp 10.0.0.1 any <> any 9999 (content:\"abc\"; sid:1;)");
  auto rules = explain_rule(*lab.rules, 1);
  ASSERT_EQ(rules.size(), 2u);
  EXPECT_THAT(rules[0].header, testing::Contains("source: 10.0.0.1, port any"));
  EXPECT_THAT(rules[1].header, testing::Contains("source: any, port 9999"));
}

TEST(Explain, SameEndsAreOneRuleHoweverTheyAreWritten) {
  RuleLab lab;
  lab.load(
      "alert udp $HOME_NET any <> 10.0.0.0/8 any (content:\"abc\"; sid:1;)\n"
      "alert udp [10.0.0.0/9,10.128.0.0/9] 53 <> 10.0.0.0/8 [53] (content:\"abc\"; sid:2;)\n"
      "alert udp 10.0.0.0/8 53 <> 10.0.0.0/8 54 (content:\"abc\"; sid:3;)\n");
  EXPECT_EQ(explain_rule(*lab.rules, 1).size(), 1u);
  EXPECT_EQ(explain_rule(*lab.rules, 2).size(), 1u);
  EXPECT_EQ(explain_rule(*lab.rules, 3).size(), 2u);
}

TEST(Explain, ClassesOfCost) {
  const std::pair<std::string, RuleCost> kCases[] = {
      {"alert pkthdr any any -> any any (decode-event:ipv4.pkt_too_small; sid:1;)", RuleCost::event},
      {"alert ip 192.0.2.1 any -> any any (sid:1;)", RuleCost::header},
      {"alert udp any any -> any any (content:\"abc\"; sid:1;)", RuleCost::pattern},
      {"alert udp any any -> any any (content:\"ab\"; sid:1;)", RuleCost::weak_pattern},
      {"alert udp any any -> any any (content:\"aaaa\"; sid:1;)", RuleCost::weak_pattern},
      {"alert udp any any -> any any (pcre:\"/abc/\"; sid:1;)", RuleCost::weak_pattern},
      {"alert udp any any -> any any (content:!\"abc\"; sid:1;)", RuleCost::always},
      {"alert udp any any -> any any (dsize:>9; sid:1;)", RuleCost::always},
  };
  for (const auto& [text, cost] : kCases) {
    RuleLab lab;
    RuleExplanation rule = explain(lab, text);
    EXPECT_EQ(rule.cost, cost) << text;
    EXPECT_FALSE(rule.cost_reason.empty() || rule.found_by.empty()) << text;
    EXPECT_EQ(rule.pattern.has_value(), cost == RuleCost::pattern || cost == RuleCost::weak_pattern) << text;
    const bool grouped = cost != RuleCost::event && cost != RuleCost::header;
    EXPECT_EQ(!rule.places.empty(), grouped) << text;
  }
}

TEST(Explain, QuietRulesDoNotPromiseAnAlert) {
  RuleLab lab;
  auto rule = explain(lab, "alert tcp any any -> any any (content:\"abc\"; flowbits:set,one; noalert; sid:1;)");
  EXPECT_THAT(rule.effects, ElementsAre("flowbits set one", "noalert: no alert"));
  RuleLab loud;
  rule = explain(loud, "alert tcp any any -> any any (content:\"abc\"; priority:2; sid:1;)");
  EXPECT_THAT(rule.effects, ElementsAre("an alert of severity 2"));
}

}  // namespace

}  // namespace lapwing::test
