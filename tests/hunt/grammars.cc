// THE list of protocols that the hunt speaks: a protocol is a file in grammars/ and a row here.
#include "tests/hunt/dialogue.h"

namespace lapwing::hunt {

Dialogue speak_http(Random& random);
Dialogue speak_dns(Random& random);
Dialogue speak_dns_stream(Random& random);
Dialogue speak_tls(Random& random);
Dialogue speak_ssh(Random& random);
Dialogue speak_telnet(Random& random);
Dialogue speak_ftp(Random& random);
Dialogue speak_tftp(Random& random);
Dialogue speak_smtp(Random& random);
std::vector<Announced> announce_ftp(Random& random);
std::vector<Announced> announce_tftp(Random& random);
Dialogue speak_imap(Random& random);
Dialogue speak_pop3(Random& random);
Dialogue speak_krb5(Random& random);
Dialogue speak_krb5_stream(Random& random);
Dialogue speak_rdp(Random& random);
Dialogue speak_nothing(Random& random);

namespace {
constexpr Grammar kGrammars[] = {
    {"http", false, {80, 8080}, speak_http},
    {"dns", true, {53, 5353}, speak_dns},
    {"dns-tcp", false, {53, 5353}, speak_dns_stream},
    {"tls", false, {443, 8443}, speak_tls},
    {"ssh", false, {22, 2222}, speak_ssh},
    {"telnet", false, {23, 2323}, speak_telnet},
    {"smtp", false, {25, 2525}, speak_smtp},
    {"ftp", false, {21, 2121}, speak_ftp, announce_ftp},
    {"tftp", true, {69, 6969}, speak_tftp, announce_tftp},
    {"imap", false, {143, 1143}, speak_imap},
    {"pop3", false, {110, 1110}, speak_pop3},
    {"krb5", true, {88, 8888}, speak_krb5},
    {"krb5-tcp", false, {88, 8888}, speak_krb5_stream},
    {"rdp", false, {3389, 3390}, speak_rdp},
    {"none", false, {7, 4444}, speak_nothing},
};
}  // namespace

std::span<const Grammar> grammars() {
  return kGrammars;
}

}  // namespace lapwing::hunt
