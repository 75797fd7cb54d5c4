// How the bounds of LDAP are reached.
#include "tests/dissectors/caps.h"
#include "tests/dissectors/ldap/ldap_wire.h"

namespace lapwing::test {
namespace {

const CapReaches kReaches = {
    {"ldap",
     "tx",
     {{"app-layer.protocols.ldap.max-tx", "8"}},
     [](Dialogue& d) {
       for (unsigned i = 1; i <= 9; ++i) d.client(ldap_search(i, "dc=a"));
     }},
    {"ldap",
     "responses",
     {{"app-layer.protocols.ldap.max-responses", "8"}},
     [](Dialogue& d) {
       d.client(ldap_search(1, "dc=a"));
       for (int i = 0; i < 9; ++i) d.server(ldap_entry(1, "cn=a", ""));
     }},
    {"ldap", "value", {}, [](Dialogue& d) { d.client(ldap_search(1, std::string(4097, 'a'))); }},
    {"ldap", "token", {}, [](Dialogue& d) { d.client(ldap_sasl(1, "GSSAPI", std::string(65'537, 'a'))); }},
    {"ldap",
     "kept",
     {},
     [](Dialogue& d) {
       std::string attributes;
       for (int i = 0; i < 100; ++i) attributes += ldap_attribute("jpegPhoto", {std::string(4000, 'x')});
       d.client(ldap_search(1, "dc=a")).server(ldap_entry(1, "cn=a", attributes));
     }},
    {"ldap",
     "filter",
     {},
     [](Dialogue& d) {
       std::string many;
       for (int i = 0; i < 4096; ++i) many += ber(0x87, "a");
       d.client(ldap_search(1, "dc=a", {}, ber(0xa0, many)));
     }},
    {"ldap",
     "depth",
     {},
     [](Dialogue& d) {
       std::string filter = ber(0x87, "a");
       for (int i = 0; i < 100; ++i) filter = ber(0xa2, filter);
       d.client(ldap_search(1, "dc=a", {}, filter));
     }},
};

}  // namespace
}  // namespace lapwing::test
