#include <gtest/gtest.h>

#include "signatures/parse/list.h"
#include "signatures/parse/parse.h"

namespace lapwing {
namespace {

const std::string kFile = "list";

ListNode list(std::string_view text) {
  SourceLine line(kFile, text);
  return parse_list(line, 0, text.size());
}

RuleVariables variables() {
  RuleVariables out;
  out.address_groups = {{"HOME_NET", "[192.168.0.0/16, 10.0.0.0/8]"},
                        {"EXTERNAL_NET", "!$HOME_NET"},
                        {"EVERYTHING", "any"},
                        {"LOOP_A", "[$LOOP_B]"},
                        {"LOOP_B", "[1.1.1.1,$LOOP_A]"},
                        {"BROKEN", "[1.1.1.1,2.2.2]"}};
  out.port_groups = {{"HTTP_PORTS", "[80,8000:8100]"}, {"SHELL", "!80"}};
  return out;
}

AddressSet addresses(std::string_view text) {
  return resolve_addresses(list(text), variables());
}
PortSet ports(std::string_view text) {
  return resolve_ports(list(text), variables());
}
bool has(const AddressSet& set, const char* address) {
  return set.contains(*IpAddress::parse(address));
}

/// What resolving says when it fails.
template <class Resolve>
std::string resolve_fault(Resolve resolve, std::string_view text) {
  try {
    resolve(text);
  } catch (const SettingError& error) {
    return error.what();
  }
  return "no error";
}

TEST(ResolveAddresses, TakesNetworksRangesAndSingles) {
  AddressSet set = addresses("[10.1.2.3/8,192.168.1.5-192.168.1.9,1.2.3.4,172.16.0.0/255.240.0.0]");
  EXPECT_FALSE(set.any);
  EXPECT_FALSE(set.has_negation);
  for (const char* in : {"10.0.0.0", "10.255.255.255", "192.168.1.5", "192.168.1.9", "1.2.3.4", "172.31.255.255"}) {
    EXPECT_TRUE(has(set, in)) << in;
  }
  for (const char* out : {"9.255.255.255", "11.0.0.0", "192.168.1.4", "192.168.1.10", "1.2.3.3", "172.32.0.0", "::1"}) {
    EXPECT_FALSE(has(set, out)) << out;
  }
}

TEST(ResolveAddresses, TakesIpv6) {
  AddressSet set = addresses("[2001:db8::/32,fe80::1-fe80::ff,::1]");
  EXPECT_TRUE(has(set, "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"));
  EXPECT_TRUE(has(set, "fe80::80"));
  EXPECT_TRUE(has(set, "::1"));
  EXPECT_FALSE(has(set, "2001:db9::"));
  EXPECT_FALSE(has(set, "fe80::100"));
  EXPECT_FALSE(has(set, "0.0.0.1"));
}

TEST(ResolveAddresses, SubtractsNegationsWhateverTheirOrder) {
  for (const char* text : {"[10.0.0.0/8,!10.1.0.0/16]", "[!10.1.0.0/16,10.0.0.0/8]"}) {
    AddressSet set = addresses(text);
    EXPECT_TRUE(set.has_negation);
    EXPECT_TRUE(has(set, "10.0.255.255"));
    EXPECT_FALSE(has(set, "10.1.0.0"));
    EXPECT_FALSE(has(set, "10.1.255.255"));
    EXPECT_TRUE(has(set, "10.2.0.0"));
  }
}

// As Suricata 7.0.10 answers for the same lists.
TEST(ResolveAddresses, EvaluatesNestedNegationsAsSets) {
  AddressSet inner = addresses("[10.0.0.0/8,![10.1.0.0/16,!10.1.1.0/24]]");
  EXPECT_TRUE(has(inner, "10.1.1.5"));
  EXPECT_FALSE(has(inner, "10.1.2.5"));
  EXPECT_TRUE(has(inner, "10.2.2.2"));
  AddressSet outer = addresses("![10.0.0.0/8,!10.1.1.0/24]");
  EXPECT_TRUE(has(outer, "10.1.1.5"));
  EXPECT_FALSE(has(outer, "10.2.2.2"));
  EXPECT_TRUE(has(outer, "200.1.1.1"));
  AddressSet plain = addresses("!10.1.1.5,10.2.2.2");
  EXPECT_TRUE(has(plain, "10.2.2.2"));
  EXPECT_FALSE(has(plain, "200.1.1.1"));
}

TEST(ResolveAddresses, ExpandsVariables) {
  AddressSet external = addresses("$EXTERNAL_NET");
  EXPECT_TRUE(external.has_negation);
  EXPECT_FALSE(has(external, "192.168.3.4"));
  EXPECT_TRUE(has(external, "8.8.8.8"));
  EXPECT_TRUE(has(external, "2001:db8::1"));
  EXPECT_TRUE(has(addresses("!$EXTERNAL_NET"), "10.0.0.1"));
  EXPECT_TRUE(has(addresses("[$EXTERNAL_NET,$HOME_NET]"), "10.0.0.1"));
  EXPECT_TRUE(addresses("[$EXTERNAL_NET,$HOME_NET]").any);
}

TEST(ResolveAddresses, KnowsWhenASetIsEverything) {
  EXPECT_TRUE(addresses("any").any);
  EXPECT_TRUE(addresses("[0.0.0.0/0,::/0]").any);
  EXPECT_FALSE(addresses("0.0.0.0/0").any);
  EXPECT_TRUE(addresses("[0.0.0.0/1,128.0.0.0/1,::/1,8000::/1]").any);
  EXPECT_FALSE(addresses("[any,!1.1.1.1]").any);
}

TEST(ResolveAddresses, JoinsOverlapsIntoDisjointRanges) {
  AddressSet set = addresses("[1.0.0.2,1.0.0.1,1.0.0.3,1.0.0.0/31,255.255.255.255,255.255.255.254]");
  ASSERT_EQ(set.v4.size(), 2u);
  EXPECT_EQ(to_string(set.v4[0].first), "1.0.0.0");
  EXPECT_EQ(to_string(set.v4[0].last), "1.0.0.3");
  EXPECT_EQ(to_string(set.v4[1].first), "255.255.255.254");
}

TEST(ResolveAddresses, NamesTheFaultAndItsPlace) {
  auto wrong = [](std::string_view text) { return resolve_fault([](std::string_view t) { addresses(t); }, text); };
  EXPECT_EQ(wrong("[1.1.1.1,300.1.1.1]").find("list:1:10: '300.1.1.1' is not an address"), 0u);
  EXPECT_NE(wrong("1.1.1.1/33").find("/0 to /32"), std::string::npos);
  EXPECT_NE(wrong("2001::/129").find("/0 to /128"), std::string::npos);
  EXPECT_NE(wrong("1.1.1.1/255.0.255.0").find("holes"), std::string::npos);
  EXPECT_NE(wrong("1.1.1.9-1.1.1.1").find("begins after its end"), std::string::npos);
  EXPECT_NE(wrong("1.1.1.1-2001::").find("mixes"), std::string::npos);
  EXPECT_NE(wrong("!any").find("matches nothing"), std::string::npos);
  EXPECT_NE(wrong("!$EVERYTHING").find("matches nothing"), std::string::npos);
  EXPECT_NE(wrong("[1.1.1.1,!1.1.1.0/24]").find("leave nothing"), std::string::npos);
  EXPECT_NE(wrong("[1.1.1.1,$NOPE]").find("list:1:10: variable $NOPE is not defined"), std::string::npos);
  EXPECT_NE(wrong("$LOOP_A").find("$LOOP_A is defined by itself"), std::string::npos);
  EXPECT_NE(wrong("[1.1.1.1,$BROKEN]").find("list:1:10: '2.2.2' is not an address"), std::string::npos);
}

TEST(ResolveAddresses, BoundsTheExpansionOfVariables) {
  RuleVariables bomb;
  bomb.address_groups["A0"] = "1.1.1.1";
  for (int i = 1; i < 40; ++i) {
    std::string below = "$A" + std::to_string(i - 1);
    bomb.address_groups["A" + std::to_string(i)] = "[" + below + "," + below + "]";
  }
  EXPECT_THROW(resolve_addresses(list("$A39"), bomb), SettingError);
}

TEST(ResolvePorts, TakesRangesNegationsAndVariables) {
  PortSet set = ports("[1:80,![2,4],$HTTP_PORTS]");
  for (uint16_t in : std::initializer_list<uint16_t>{1, 3, 5, 80, 8000, 8100}) EXPECT_TRUE(set.contains(in)) << in;
  for (uint16_t out : std::initializer_list<uint16_t>{0, 2, 4, 81, 7999, 8101}) EXPECT_FALSE(set.contains(out)) << out;
  PortSet open = ports("[:10,60000:]");
  EXPECT_TRUE(open.contains(0) && open.contains(10) && open.contains(65535));
  EXPECT_FALSE(open.contains(11));
  EXPECT_FALSE(ports("$SHELL").contains(80));
  EXPECT_TRUE(ports("!$SHELL").contains(80));
  EXPECT_FALSE(ports("0:65535").any);
  EXPECT_TRUE(ports("0:65535").contains(7));
  EXPECT_TRUE(ports("any").contains(7));
  EXPECT_FALSE(ports("![80,443]").contains(443));
}

TEST(ResolvePorts, NamesTheFault) {
  auto wrong = [](std::string_view text) { return resolve_fault([](std::string_view t) { ports(t); }, text); };
  EXPECT_NE(wrong("70000").find("is not a port"), std::string::npos);
  EXPECT_NE(wrong("[80,http]").find("list:1:5: 'http' is not a port"), std::string::npos);
  EXPECT_NE(wrong("90:80").find("begins after its end"), std::string::npos);
  EXPECT_NE(wrong("80:!90").find("is not a port"), std::string::npos);
  EXPECT_NE(wrong("[80,!80]").find("leave nothing"), std::string::npos);
  EXPECT_NE(wrong("!any").find("matches nothing"), std::string::npos);
}

}  // namespace
}  // namespace lapwing
