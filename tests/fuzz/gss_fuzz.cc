// Tokens of a login by GSS-API, and what records show of it. The input is a list of tokens: a control byte (bit 0: the
// server's), two bytes of length, bytes.
#include <cstdlib>
#include <string>

#include "dissectors/parts/gss/gss_columns.h"

using namespace lapwing;

namespace {

struct Nobody final : SightingSink {
  void binding(const BindingSeen& seen) override {
    if (seen.name.empty()) std::abort();
  }
  void software(const SoftwareSeen&) override {}
};

size_t shown(Table table, const void* object) {
  const RecordPlan plan(table, {});
  std::string text, scratch;
  JsonWriter json(text);
  RecordWriter writer(json, scratch);
  json.begin_object();
  writer.write(plan.columns(), {.self = object});
  json.end_object();
  return text.size();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // Of each byte a record may show so many: fields may lie over each other, and JSON writes a byte as six.
  constexpr size_t kTimes = 100, kAlways = 1000;
  gss::Login login;
  ByteReader reader(Bytes(data, size));
  while (reader.has(4)) {
    const auto direction = static_cast<Direction>(reader.u8() & 1);
    const size_t length = std::min<size_t>(reader.u16(), reader.left());
    const std::string token(to_text(reader.bytes(length)));  // a read past it is seen
    login.take(to_bytes(token), direction);
  }
  Nobody nobody;
  gss::sightings(login, nobody);
  login.seen(login.outcome());
  size_t made = shown(gss::kNtlmColumns, &login);
  if (login.kerberos()) made += shown(gss::kKerberosColumns, login.kerberos());
  if (made > kAlways + kTimes * size) std::abort();
  return 0;
}
