// What is told of what clients do to a directory.
#include <gmock/gmock.h>

#include <string>

#include "tests/dissectors/dialogue.h"
#include "tests/dissectors/ldap/ldap_wire.h"

namespace lapwing {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(LdapSightings, SearchesAreToldAsInAUrl) {
  Dialogue d(dissector("ldap"));
  d.client(ldap_search(2, "dc=a?,dc=b", {"cn"})).server(ldap_done(2));
  EXPECT_THAT(d.operations, ElementsAre("ldap 3 search dc=a%3F,dc=b??sub?(objectClass=*) success"));
}

TEST(LdapSightings, ChangesNameTheirAttributes) {
  Dialogue d(dissector("ldap"));
  const std::string change = ber(0x30, ber_integer(0, 10) + ldap_attribute("mail", {"a@b"})) +
                             ber(0x30, ber_integer(1, 10) + ldap_attribute("sn", {}));
  d.client(ldap_message(1, 0x66, octets("cn=a") + ber(0x30, change))).server(ldap_result(1, 0x67, 50));
  EXPECT_THAT(d.operations, ElementsAre("ldap 6 modify cn=a?mail,sn failure"));
}

TEST(LdapSightings, LoginsAreNone) {
  Dialogue d(dissector("ldap"));
  d.client(ldap_bind(1, "cn=a", "x")).server(ldap_result(1, 0x61, 0));
  EXPECT_THAT(d.operations, IsEmpty());
}

}  // namespace
}  // namespace lapwing
