#include "analytics/detectors/dns_tunnel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <functional>

#include "analytics/shape/bits.h"
#include "tests/analytics/detectors/dns_scene.h"

namespace lapwing::analytics {
namespace {

using test::Dice;
using test::DnsScene;
using test::drawn;
using test::txt;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<Behaviour> tunnels(const DnsScene& scene) {
  return scene.found(*detector<DnsTunnel>().read(OptionSource()));
}

TEST(Information, IsThatOfTheAlphabet) {
  struct Row {
    std::string_view alphabet;
    size_t size;
    double bits, error;
  };
  constexpr std::string_view kDecimal = "0123456789";
  constexpr Row kRows[] = {{test::kHex, 64, 4, 0.08},
                           {test::kHex, 200, 4, 0.05},
                           {test::kBase32, 60, 5, 0.1},
                           {test::kBase32, 200, 5, 0.05},
                           {kDecimal, 40, 3.32, 0.08}};
  Dice dice(1);
  for (const Row& row : kRows) {
    double bits = 0;
    for (int i = 0; i < 200; ++i) bits += information(drawn(dice, row.size, row.alphabet));
    const double wanted = row.bits * kBit * 200 * static_cast<double>(row.size);
    EXPECT_NEAR(bits / wanted, 1, row.error) << row.alphabet << " " << row.size;
  }
  for (std::string_view nothing : {"", "a", "aaaaaaaa", "...", "a.a"}) EXPECT_EQ(information(nothing), 0U) << nothing;
  EXPECT_LE(information("ab"), 2U * 8 * kBit);
}

TEST(Information, CountsNoMoreThanANameCanHave) {
  std::string bytes;
  for (int i = 0; i < 2000; ++i) bytes += static_cast<char>(i);
  EXPECT_LE(information(bytes), 255U * 8 * kBit);
}

TEST(NamesAddress, SeesAddressesInReverse) {
  for (std::string_view yes : {"4.3.2.1", "255.0.0.127.extra", "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"}) {
    EXPECT_TRUE(names_address(yes)) << yes;
  }
  for (std::string_view no : {"", "www", "4.3.2", "4.3.2.a1", "1234.3.2.1", "a.b.c.d", "x.4.3.2.1"}) {
    EXPECT_FALSE(names_address(no)) << no;
  }
}

TEST(NamesDigest, SeesDigestsAndUuids) {
  Dice dice(1);
  for (size_t size : {32, 40, 64}) {
    EXPECT_TRUE(names_digest(drawn(dice, size, test::kHex))) << size;
    EXPECT_TRUE(names_digest(drawn(dice, size, test::kHex) + ".malware.hash")) << size;
    EXPECT_FALSE(names_digest(drawn(dice, size + 1, test::kHex))) << size;
    EXPECT_FALSE(names_digest("1." + drawn(dice, size, test::kHex))) << size;
    EXPECT_FALSE(names_digest(drawn(dice, size, test::kHex) + "." + drawn(dice, 40, test::kBase32))) << size;
  }
  EXPECT_TRUE(names_digest(drawn(dice, 32, test::kHex) + "." + drawn(dice, 32, test::kHex) + ".f"));
  EXPECT_FALSE(names_digest(drawn(dice, 64, test::kHex) + "." + drawn(dice, 32, test::kHex)));
  EXPECT_TRUE(names_digest("0192f0c1-8f3e-7cc0-98c5-1d2e3f405162.c"));
  for (std::string_view no : {"", "www", "0192f0c1-8f3e-7cc0-98c5-1d2e3f40516", "0192f0c118f3e-7cc0-98c5-1d2e3f405162"})
    EXPECT_FALSE(names_digest(no)) << no;
}

TEST(NamesPolicy, SeesNodesOfTextThatMailAndCertificatesHave) {
  for (std::string_view yes : {"_dmarc", "s1._domainkey", "_acme-challenge.www", "x_y._spf.a"}) {
    EXPECT_TRUE(names_policy(yes)) << yes;
  }
  for (std::string_view no : {"", "www", "_ldap._tcp", "_dmarcs", "a_dmarc", "_domainkeys.x"}) {
    EXPECT_FALSE(names_policy(no)) << no;
  }
}

TEST(NamesElsewhere, SeesDomainsOfSearchLists) {
  EXPECT_TRUE(names_elsewhere("www.example.net", "corp.de"));
  EXPECT_TRUE(names_elsewhere("www.beispiel.de", "corp.de"));
  EXPECT_TRUE(names_elsewhere("www.beispiel.de.branch.office", "corp.de"));
  for (std::string_view no : {"", "com", ".com", "www", "www.beispiel.fr", "welcome"})
    EXPECT_FALSE(names_elsewhere(no, "corp.de")) << no;
}

TEST(DnsTunnelTest, NamesFullOfDataAreFound) {
  DnsScene scene;
  Dice dice(1);
  for (int i = 0; i < 80; ++i) {
    scene.at(0.25 * i).say(
        {.name = drawn(dice, 48, test::kBase32) + ".t.example.co.uk", .type = dns::kTxt, .answers = {txt("ok")}});
  }
  const auto findings = tunnels(scene);
  ASSERT_FALSE(findings.empty());
  EXPECT_EQ(findings[0].subject, "10.0.0.5");
  EXPECT_THAT(findings[0].objects, ElementsAre("example.co.uk"));
  EXPECT_EQ(findings[0].severity, 80);
  EXPECT_GE(findings[0].confidence, 60);
  EXPECT_THAT(findings[0].attack, ElementsAre(Technique{"T1071.004", "TA0011"}, Technique{"T1048.003", "TA0010"}));
  EXPECT_LE(findings[0].time.ns - findings[0].first.ns, 10'000'000'000);
  EXPECT_EQ(findings.back().state, FindingState::over);
}

TEST(DnsTunnelTest, AnswersFullOfDataAreFound) {
  for (unsigned type : {10U, 16U, 25U, 65399U}) {
    DnsScene scene;
    Dice dice(type);
    for (int i = 0; i < 40; ++i) {
      const std::string data = drawn(dice, 150, test::kBase32);
      scene.at(i).say({.name = "n" + std::to_string(i) + ".cmd.example.org",
                       .type = type,
                       .answers = {type == 16 ? txt(data) : std::pair<unsigned, std::string>(type, data)}});
    }
    const auto findings = tunnels(scene);
    ASSERT_FALSE(findings.empty()) << type;
    EXPECT_THAT(findings[0].objects, ElementsAre("example.org"));
    EXPECT_THAT(findings[0].attack, ElementsAre(Technique{"T1071.004", "TA0011"}, Technique{"T1572", "TA0011"}));
  }
}

TEST(DnsTunnelTest, AnswersBeyondThoseThatAreLookedAtAreCounted) {
  DnsScene scene;
  scene.at(1).say({.name = "a.example.com", .type = dns::kTxt, .answers = std::vector(70, test::txt("x"))});
  EXPECT_EQ(scene.count(*detector<DnsTunnel>().read(OptionSource()), "analytics.dns-tunnel.answers_max"), 6U);
}

TEST(DnsTunnelTest, NamesWithoutADomainInCommonAreFoundByTheirServer) {
  DnsScene scene;
  Dice dice(1);
  for (int i = 0; i < 60; ++i) {
    scene.at(i).say({.name = "dnscat." + drawn(dice, 60, test::kHex) + "." + drawn(dice, 40, test::kHex),
                     .type = dns::kTxt,
                     .answers = {txt("ok")},
                     .server = "198.51.100.53"});
  }
  const auto findings = tunnels(scene);
  ASSERT_FALSE(findings.empty());
  for (const Behaviour& finding : findings) EXPECT_THAT(finding.objects, ElementsAre("198.51.100.53:53"));
}

TEST(DnsTunnelTest, ShortNamesWithoutADomainInCommonAreFoundByTheLengthOfTheirDomains) {
  for (const bool exist : {true, false}) {
    DnsScene scene;
    Dice dice(1);
    for (int i = 0; i < 200; ++i) {
      DnsSaid said{.name = "dnscat." + drawn(dice, 34, test::kHex), .type = dns::kTxt, .server = "198.51.100.53"};
      if (exist) {
        said.answers = {txt("ok")};
      } else {
        said.rcode = 3;
      }
      scene.at(i).say(said);
    }
    EXPECT_EQ(tunnels(scene).empty(), !exist) << "domains that do not exist are for another detector";
  }
}

TEST(DnsTunnelTest, ASlowOneIsFoundByItsDay) {
  DnsScene scene;
  Dice dice(1);
  for (int i = 0; i < 200; ++i) {
    scene.at(400 * i).say({.name = drawn(dice, 60, test::kBase32) + ".slow.example.net", .type = dns::kCname});
  }
  EXPECT_FALSE(tunnels(scene).empty());
}

TEST(DnsTunnelTest, RepeatedNamesHideNothing) {
  DnsScene scene;
  Dice dice(1);
  for (int i = 0; i < 120; ++i) {
    scene.at(0.5 * i).say({.name = drawn(dice, 40, test::kBase32) + ".example.net"});
    for (int j = 0; j < 20; ++j) scene.say({.name = "a.example.net"});
  }
  EXPECT_FALSE(tunnels(scene).empty());
}

TEST(DnsTunnelTest, WhatOnlyResemblesLookUpsIsFound) {
  struct Row {
    std::string_view what;
    std::function<test::DnsSaid(int, Dice&)> said;
  };
  const auto address = [](std::string_view bytes) { return std::pair{dns::kA + 0U, std::string(bytes)}; };
  const Row kRows[] = {
      {"pieces with numbers",
       [](int i, Dice& dice) {
         return test::DnsSaid{
             .name = std::to_string(i) + "." + drawn(dice, 64, test::kHex).insert(32, ".") + ".example.com",
             .rcode = 3};
       }},
      {"text in digits",
       [](int, Dice& dice) {
         std::string name;
         for (int i = 0; i < 16; ++i) (name += dice.below(5) == 0 ? '2' : '6') += test::kHex[dice.below(16)];
         return test::DnsSaid{.name = name + ".example.com", .rcode = 3};
       }},
      {"pieces that lead somewhere",
       [&](int, Dice& dice) {
         return test::DnsSaid{.name = drawn(dice, 32, test::kHex) + ".example.com",
                              .answers = {address({"\x01\x02\x03\x04", 4})}};
       }},
      {"an owner who answers all names alike",
       [&](int, Dice& dice) {
         return test::DnsSaid{.name = drawn(dice, 40, test::kBase32) + ".example.com",
                              .answers = {address({"\x7f\0\0\x01", 4})}};
       }},
      {"much more than one looks up",
       [](int, Dice& dice) {
         return test::DnsSaid{.name = drawn(dice, 64, test::kHex).insert(32, ".") + ".example.com", .rcode = 3};
       }},
  };
  for (const Row& row : kRows) {
    DnsScene scene;
    Dice dice(1);
    const int count = row.what.starts_with("much") ? 4000 : 200;
    for (int i = 0; i < count; ++i) scene.at(0.25 * i).say(row.said(i, dice));
    EXPECT_FALSE(tunnels(scene).empty()) << row.what;
  }
}

TEST(DnsTunnelTest, OrdinaryNamesAreNone) {
  struct Row {
    std::string_view what;
    int count;
    std::function<test::DnsSaid(int, Dice&)> said;
  };
  const auto long_name = [](Dice& dice) { return drawn(dice, 60, test::kBase32); };
  const Row kRows[] = {
      {"servers of a site", 2000,
       [](int i, Dice&) { return test::DnsSaid{.name = "cdn" + std::to_string(i % 60) + ".example.com"}; }},
      {"one name that is long", 2000,
       [](int, Dice&) { return test::DnsSaid{.name = std::string(50, 'a') + "bcdefghijk.example.com"}; }},
      {"domains of a network of servers", 300,
       [](int, Dice& dice) { return test::DnsSaid{.name = "d" + drawn(dice, 13, test::kHex) + ".cloudfront.net"}; }},
      {"a block list", 500,
       [](int i, Dice& dice) {
         return test::DnsSaid{
             .name = std::to_string(i % 256) + "." + std::to_string(dice.below(256)) + ".0.127.bl.example.org",
             .type = i % 2 ? dns::kTxt : dns::kA,
             .rcode = i % 3 ? 3U : 0U,
             .answers = {txt("listed, see https://example.org/" + drawn(dice, 40, test::kHex))}};
       }},
      {"names of addresses", 500,
       [](int i, Dice& dice) {
         return test::DnsSaid{.name = std::to_string(i) + "." + std::to_string(dice.below(256)) + ".0.10.in-addr.arpa",
                              .type = dns::kPtr};
       }},
      {"keys of many senders of mail", 300,
       [](int i, Dice& dice) {
         return test::DnsSaid{.name = "s1._domainkey.sender" + std::to_string(i) + ".com",
                              .type = dns::kTxt,
                              .answers = {txt("v=DKIM1; p=" + drawn(dice, 200, test::kBase32))}};
       }},
      {"keys of the senders of one service", 80,
       [](int, Dice& dice) {
         return test::DnsSaid{.name = drawn(dice, 32, test::kBase32) + "._domainkey.sender.example.com",
                              .type = dns::kTxt,
                              .answers = {txt("p=" + drawn(dice, 200, test::kBase32))}};
       }},
      {"hosts of a network of one's own", 500,
       [](int, Dice& dice) {
         return test::DnsSaid{.name = "ip-" + drawn(dice, 30, test::kHex) + ".eu.compute.internal", .rcode = 3};
       }},
      {"a reputation service", 500,
       [&](int, Dice& dice) { return test::DnsSaid{.name = long_name(dice) + ".avts.mcafee.com", .type = dns::kTxt}; }},
      {"digests that are denied", 500,
       [](int, Dice& dice) {
         return test::DnsSaid{.name = drawn(dice, 64, test::kHex).insert(32, ".") + ".files.example.com", .rcode = 3};
       }},
      {"digests of which some are listed", 500,
       [](int i, Dice& dice) {
         return test::DnsSaid{.name = drawn(dice, 40, test::kHex) + ".files.example.com",
                              .type = i % 4 ? dns::kA : dns::kTxt,
                              .rcode = i % 3 ? 3U : 0U,
                              .answers = {i % 4 ? std::pair{dns::kA + 0U, std::string("\x7f\0\0\2", 4)}
                                                : txt("1700000" + std::to_string(i) + " 79")}};
       }},
      {"a list of domains and of what is sent", 500,
       [](int i, Dice& dice) {
         return test::DnsSaid{.name = drawn(dice, 10 + dice.below(30), test::kBase32) + ".com.bl.example.org",
                              .rcode = i % 20 ? 3U : 0U,
                              .answers = {{dns::kA, std::string("\x7f\0\0\x08", 4)}}};
       }},
      {"a search list", 500,
       [](int, Dice& dice) {
         return test::DnsSaid{.name = drawn(dice, 20, test::kLetters) + ".net.corp.example.com", .rcode = 3};
       }},
      {"too little to tell", 19,
       [&](int, Dice& dice) { return test::DnsSaid{.name = long_name(dice) + ".example.com"}; }},
      {"questions without answers", 500,
       [&](int, Dice& dice) { return test::DnsSaid{.name = long_name(dice) + ".example.com", .response = false}; }},
      {"hosts outside", 500,
       [&](int, Dice& dice) {
         return test::DnsSaid{
             .name = long_name(dice) + ".example.com", .client = "198.51.100.1", .server = "10.0.0.53"};
       }},
      {"neighbours", 500, [&](int, Dice& dice) { return test::DnsSaid{.name = long_name(dice) + ".local"}; }},
  };
  for (const Row& row : kRows) {
    DnsScene scene;
    Dice dice(1);
    for (int i = 0; i < row.count; ++i) scene.at(i).say(row.said(i, dice));
    EXPECT_THAT(tunnels(scene), IsEmpty()) << row.what;
  }
}

TEST(DnsTunnelTest, NamesThatServersAreCalledByCarryNothing) {
  for (const bool called : {true, false}) {
    DnsScene scene;
    Dice dice(1);
    std::deque<std::string> names;
    for (int i = 0; i < 300; ++i) {
      const std::string& name = names.emplace_back("r" + drawn(dice, 24, test::kBase32) + ".cdn.example.com");
      scene.at(10 * i).say({.name = name, .answers = {{dns::kA, std::string("\xc6\x33\x64\x07", 4)}}});
      if (!called || i % 10 == 0) continue;
      FlowRef of = scene.at(10 * i + 0.1).flow({"10.0.0.5", "198.51.100.7", 443});
      of.protocol = "tls";
      of.host = name;
      scene.tell(of, {.moment = FlowMoment::identified, .all_packets = {3, 3}});
    }
    EXPECT_EQ(tunnels(scene).empty(), called);
  }
}

TEST(DnsTunnelTest, StringsOfATextAreDataEach) {
  DnsScene scene;
  for (int i = 0; i < 40; ++i) {
    Dice dice(static_cast<unsigned>(i % 16));  // so many data are counted exactly
    const std::string two = txt(drawn(dice, 70, test::kBase32)).second + txt(drawn(dice, 70, test::kBase32)).second;
    scene.at(i).say({.name = "n" + std::to_string(i) + ".cmd.example.org",
                     .type = dns::kTxt,
                     .answers = {{dns::kTxt, two}, {dns::kA, std::string("\x01\x02\x03\x04", 4)}}});
  }
  const auto findings = tunnels(scene);
  ASSERT_FALSE(findings.empty());
  EXPECT_THAT(findings.back().evidence, testing::HasSubstr(R"("bytes_down":2240,)"));
}

TEST(DnsTunnelTest, WhatManyHostsDoAlikeIsHeldAgainstMore) {
  DnsScene scene;
  Dice dice(1);
  const std::string clients[] = {"10.0.0.11", "10.0.0.12", "10.0.0.13", "10.0.0.14", "10.0.0.15", "10.0.0.16"};
  for (int i = 0; i < 240; ++i) {
    scene.at(i).say({.name = drawn(dice, 40, test::kBase32) + ".telemetry.example.com", .client = clients[i % 6]});
  }
  const auto findings = tunnels(scene);
  EXPECT_LE(findings.size(), 8U);
  for (const Behaviour& finding : findings) EXPECT_LE(finding.confidence, 70);
}

TEST(DnsTunnelTest, MemoryIsBounded) {
  const auto detector = analytics::detector<DnsTunnel>().read(OptionSource());
  const Surroundings surroundings{.internal = Networks({"10.0.0.0/8"}, nullptr), .replay = true};
  const auto global = detector->global(surroundings);
  struct Nobody final : FindingSink {
    void behaviour(const Behaviour&) override {}
  } nobody;
  FindingBook book(nobody);
  Findings findings(book, detector->about());
  for (int64_t second = 1'700'000'000; second < 1'700'000'010; ++second) {
    made::DeltaOf<DnsTunnel> delta(surroundings);
    for (uint32_t i = 0; i < 20'000; ++i) {
      DnsTunnel::Key key;
      const auto number = static_cast<uint64_t>(second) << 32 | i;
      std::memcpy(key.group.data(), &number, sizeof number);
      delta.sum.seen.at(key).queries = 1;
    }
    delta.sum.seal();
    global->take(second, delta, findings);
  }
  EXPECT_LE(global->use().keys, 65'536U + 16'384 + 4'096);
  EXPECT_LE(global->use().bytes, 24U << 20);
  EXPECT_GT(global->use().evicted, 0U);
}

}  // namespace
}  // namespace lapwing::analytics
