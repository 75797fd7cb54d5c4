// Any bytes as a message of Kerberos, into a fresh one and into one that held another: the same must come of both.
#include <cstdlib>
#include <string>

#include "dissectors/parts/kerberos/kerberos_names.h"

using namespace lapwing;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

/// What is kept is bounded by the bytes that said it.
void check(const kerberos::Principal& name, size_t size) {
  require(name.size() <= kerberos::kEntries && name.text.size() <= size);
  std::string joined;
  for (size_t i = 0; i < name.size(); ++i) joined += (i > 0 ? "/" : "") + std::string(name[i]);
  require(joined == name.text);
}

bool same(const kerberos::Message& a, const kerberos::Message& b) {
  return a.type == b.type && a.client.text == b.client.text && a.service.text == b.service.text && a.realm == b.realm &&
         a.ticket.encryption == b.ticket.encryption && a.encryptions == b.encryptions && a.error == b.error &&
         a.error_text == b.error_text && a.options == b.options && a.till == b.till && a.status == b.status &&
         a.on_behalf.text == b.on_behalf.text && a.netbios_name == b.netbios_name && a.passed_over == b.passed_over;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Bytes bytes(data, size);
  static kerberos::Message kept;
  kerberos::Message fresh;
  const bool sound = kerberos::read(bytes, fresh);
  require(kerberos::read(bytes, kept) == sound && same(fresh, kept));
  for (const kerberos::Principal* name : {&fresh.client, &fresh.service, &fresh.on_behalf, &fresh.ticket.service}) {
    check(*name, size);
  }
  std::string scratch;
  for (const int32_t type : fresh.encryptions) require(!kerberos::encryption_name(type, scratch).empty());
  Likelihood last = Likelihood::more;
  for (size_t count = 0; count <= std::min(size, kerberos::kHead); ++count) {
    const Likelihood now = kerberos::begins(bytes.first(count));
    require(last == Likelihood::more || now == last);
    last = now;
  }
  require(size < kerberos::kHead || last != Likelihood::more);
  return 0;
}
