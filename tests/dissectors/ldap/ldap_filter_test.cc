#include "dissectors/protocols/ldap/ldap_filter.h"

#include <gmock/gmock.h>

#include <string>

#include "tests/dissectors/dialogue.h"
#include "tests/dissectors/ldap/ldap_wire.h"

namespace lapwing {
namespace {

using namespace test;
using namespace std::literals;

std::string equal(std::string_view attribute, std::string_view value, unsigned tag = 0xa3) {
  return ber(tag, octets(attribute) + octets(value));
}
std::string present(std::string_view attribute) {
  return ber(0x87, attribute);
}

/// As rules see it of a search.
std::string text_of(const std::string& filter) {
  Dialogue d(dissector("ldap"));
  d.client(ldap_search(1, "dc=a", {}, filter)).finish();
  const auto values = d.values("ldap.request.filter");
  return values.empty() ? "" : values.front();
}

TEST(LdapFilter, EachKindOfComparisonIsWrittenAsPeopleDo) {
  EXPECT_EQ(text_of(present("objectClass")), "(objectClass=*)");
  EXPECT_EQ(text_of(equal("cn", "Babs Jensen")), "(cn=Babs Jensen)");
  EXPECT_EQ(text_of(equal("age", "21", 0xa5)), "(age>=21)");
  EXPECT_EQ(text_of(equal("age", "21", 0xa6)), "(age<=21)");
  EXPECT_EQ(text_of(equal("cn", "jens", 0xa8)), "(cn~=jens)");
}

TEST(LdapFilter, FiltersAreWithinFilters) {
  const std::string inner = ber(0xa1, equal("sn", "a") + ber(0xa2, present("mail")));
  EXPECT_EQ(text_of(ber(0xa0, present("cn") + inner)), "(&(cn=*)(|(sn=a)(!(mail=*))))");
  EXPECT_EQ(text_of(ber(0xa0, "")), "(&)") << "true (RFC 4526)";
}

TEST(LdapFilter, PiecesOfAValueHaveStarsBetweenThem) {
  const auto pieces = [](const std::string& list) { return ber(0xa4, octets("cn") + ber(0x30, list)); };
  EXPECT_EQ(text_of(pieces(ber(0x80, "a"))), "(cn=a*)");
  EXPECT_EQ(text_of(pieces(ber(0x81, "b"))), "(cn=*b*)");
  EXPECT_EQ(text_of(pieces(ber(0x82, "c"))), "(cn=*c)");
  EXPECT_EQ(text_of(pieces(ber(0x80, "a") + ber(0x81, "b") + ber(0x81, "d") + ber(0x82, "c"))), "(cn=a*b*d*c)");
}

TEST(LdapFilter, MatchingRulesStandBehindTheAttribute) {
  const std::string rule = ber(0x81, "1.2.840.113556.1.4.803");
  EXPECT_EQ(text_of(ber(0xa9, rule + ber(0x82, "userAccountControl") + ber(0x83, "2"))),
            "(userAccountControl:1.2.840.113556.1.4.803:=2)");
  EXPECT_EQ(text_of(ber(0xa9, ber(0x82, "o") + ber(0x83, "Ace") + ber(0x84, "\xff"))), "(o:dn:=Ace)");
  EXPECT_EQ(text_of(ber(0xa9, rule + ber(0x83, "x"))), "(:1.2.840.113556.1.4.803:=x)");
}

TEST(LdapFilter, WhatAServerDoesNotKnowHidesNothingBesideIt) {
  const std::string filter = ber(0xa1, ber(0xaf, "x") + equal("cn", "a") + ber(0x8c, ""));
  EXPECT_EQ(text_of(filter), "(|(?=undefined)(cn=a)(?=undefined))");
  Dialogue d(dissector("ldap"));
  d.client(ldap_search(1, "dc=a", {"mail"}, filter)).finish();
  EXPECT_THAT(d.values("ldap.request.attribute_type"), testing::ElementsAre("mail"));
  EXPECT_THAT(d.anomalies, testing::IsEmpty());
}

TEST(LdapFilter, WhatMeansSomethingElseIsEscaped) {
  EXPECT_EQ(text_of(equal("o", "Parens (or *) \\")), "(o=Parens \\28or \\2a\\29 \\5c)");
  EXPECT_EQ(text_of(equal("o", "a\0b"s)), "(o=a\\00b)");
  EXPECT_EQ(text_of(equal("sn", "Lu\xc4\x8di\xc4\x87")), "(sn=Lu\xc4\x8di\xc4\x87)");
  EXPECT_EQ(text_of(equal("objectSid", "\x01\x05\xff")), "(objectSid=\\01\\05\\ff)");
  EXPECT_EQ(text_of(equal("bin", "\xc4")), "(bin=\\c4)");
}

TEST(LdapFilter, NoMoreIsKeptThanItsBound) {
  std::string many;
  for (int i = 0; i < 100'000; ++i) many += present("a");
  const std::string text = text_of(ber(0xa0, many));
  EXPECT_EQ(text.size(), ldap::FilterText::kLongest);
  EXPECT_TRUE(text.starts_with("(&(a=*)(a=*)"));
}

TEST(LdapFilter, WhatIsTooDeepIsPassedOver) {
  std::string filter = present("x");
  for (int i = 0; i < 10'000; ++i) filter = ber(0xa2, filter);
  const std::string text = text_of(filter);
  EXPECT_TRUE(text.starts_with("(!(!(!"));
  EXPECT_LT(text.size(), 200u);
}

}  // namespace
}  // namespace lapwing
