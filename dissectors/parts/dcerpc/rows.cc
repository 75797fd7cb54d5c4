#include "dissectors/contract/names.h"
#include "dissectors/contract/words.h"
#include "dissectors/parts/dcerpc/dcerpc.h"
#include "sensor/event/integer_test.h"

namespace lapwing::dcerpc {

namespace {

constexpr auto kAnomalies = names<Rpc::Anomaly::too_many_contexts>({
    {Rpc::Anomaly::malformed_pdu, "malformed_pdu"},
    {Rpc::Anomaly::refused_context, "refused_context"},
    {Rpc::Anomaly::too_many_contexts, "too_many_contexts"},
});

/// What dcerpc.iface asks for.
struct Wanted {
  Uuid uuid = {};
  std::optional<IntegerTest> version;
  bool any_fragment = false;
};

Wanted parse_interface(const WordText& text) {
  const auto parts = text.parts();
  Wanted out;
  const auto uuid = parts.empty() ? std::nullopt : parse_uuid(parts.front());
  if (!uuid || parts.size() > 3) {
    text.fail("is written '<uuid>[,<comparison with the version>][,any_frag]'");
  }
  out.uuid = *uuid;
  size_t next = 1;
  if (next < parts.size() && parts[next] != "any_frag") {
    std::string_view version = parts[next++];
    if (version.starts_with('=')) version.remove_prefix(1);
    out.version = parse_integer_test(version, text.mark, UINT16_MAX);
  }
  if (next < parts.size()) {
    if (parts[next] != "any_frag" || next + 1 < parts.size()) text.fail("ends with any_frag, or with the version");
    out.any_fragment = true;
  }
  return out;
}

std::string describe(const Wanted& wanted) {
  std::string uuid;
  std::string out = "is " + std::string(uuid_text(wanted.uuid, uuid));
  if (wanted.version) out += ", version " + lapwing::describe(*wanted.version);
  if (wanted.any_fragment) out += ", in any fragment";
  return out;
}

/// A context that the server did not answer for counts: the client calls in it, so its answer was not heard.
bool is_interface(const Call& call, const Moment&, const Wanted& wanted) {
  const Side& request = call.request();
  if (!request.seen || request.type != Type::request || call.contexts.size() != 1) return false;
  if (request.lost && !wanted.any_fragment) return false;
  const Context& context = call.contexts.front();
  return context.uuid == wanted.uuid && !context.refused() &&
         (!wanted.version || wanted.version->matches(context.major));
}

constexpr Word kWords[] = {
    words::tested<&parse_interface, &is_interface>({.name = "dcerpc.iface",
                                                    .alias = "dce_iface",
                                                    .sender = Sender::either,
                                                    .stage = 1,
                                                    .help = "interface of a call: its UUID, and its version"}),
};

}  // namespace

const Part Rpc::part{
    .name = "dcerpc", .help = "remote procedure calls", .anomalies = kAnomalies, .caps = Rpc::kCaps, .words = kWords};

}  // namespace lapwing::dcerpc
