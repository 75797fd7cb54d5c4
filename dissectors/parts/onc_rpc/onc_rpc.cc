#include "dissectors/parts/onc_rpc/onc_rpc.h"

#include <array>

namespace lapwing::onc_rpc {

namespace {

constexpr uint32_t kRpcVersion = 2;
constexpr uint32_t kMostVersion = 10, kMostProcedure = 100;  // of programs that a flow is known by
constexpr uint32_t kMostKnownFlavor = flavor::gss;
constexpr uint32_t kMostName = 255, kMostGroups = 16;  // of AUTH_SYS (RFC 5531 appendix A)
constexpr size_t kMark = 4;
constexpr uint32_t kLastFragment = 0x80000000;  // RFC 5531 11

/// AUTH_SYS: a number that tells the machine's boots apart, its name, and who asks.
void read_sys(Bytes body, Call& out) {
  XdrReader reader(body);
  reader.u32();
  const std::string_view machine = reader.text(kMostName);
  const uint32_t uid = reader.u32(), gid = reader.u32();
  const uint32_t groups = reader.count(kMostGroups);
  const Bytes list = reader.fixed(groups * 4);
  if (!reader.whole()) return;
  out.machine = machine;
  out.uid = uid;
  out.gid = gid;
  out.groups = list;
}

void read_gss(Bytes body, Call& out) {
  XdrReader reader(body);
  const uint32_t version = reader.u32(), procedure = reader.u32();
  reader.u32();
  const uint32_t service = reader.u32();
  if (!reader.whole() || version != 1) return;
  const bool known = service <= static_cast<uint32_t>(GssService::privacy);
  out.gss = {procedure, known ? static_cast<GssService>(service) : GssService::unknown};
}

}  // namespace

Call read_call(XdrReader& message) {
  Call out{.xid = message.u32()};
  if (message.u32() != static_cast<uint32_t>(Kind::call) && message.whole()) message.fail();
  if (message.u32() != kRpcVersion && message.whole()) message.fail();
  out.program = message.u32();
  out.version = message.u32();
  out.procedure = message.u32();
  out.flavor = message.u32();
  const Bytes credentials = message.opaque(kMostAuth);
  message.u32();
  message.opaque(kMostAuth);
  if (!message.whole()) return out;
  out.credentials = credentials.size();
  if (out.flavor == flavor::sys) read_sys(credentials, out);
  if (out.flavor == flavor::gss) read_gss(credentials, out);
  return out;
}

Reply read_reply(XdrReader& message) {
  Reply out{.xid = message.u32()};
  if (message.u32() != static_cast<uint32_t>(Kind::reply) && message.whole()) message.fail();
  const uint32_t denied = message.u32();
  if (denied > 1) message.fail();
  out.denied = denied == 1;
  if (!out.denied) {
    out.verifier = message.u32();
    message.opaque(kMostAuth);
  }
  out.state = message.u32();
  if (out.state > static_cast<uint32_t>(out.denied ? uint32_t{1} : uint32_t{5})) message.fail();
  const bool mismatch = out.denied ? out.state == static_cast<uint32_t>(Denied::rpc_mismatch)
                                   : out.state == static_cast<uint32_t>(Accepted::program_mismatch);
  if (mismatch) {
    out.lowest = message.u32();
    out.highest = message.u32();
  } else if (out.denied) {
    out.why = message.u32();
  }
  return out;
}

Likelihood judge(Bytes bytes, uint32_t program, bool marked) {
  if (marked) {
    if (bytes.size() < kMark) return Likelihood::more;
    const uint32_t size = load_be32(bytes.data()) & ~kLastFragment;
    if (size == 0 || size > kMostRecord) return Likelihood::no;
    bytes = bytes.subspan(kMark);
  }
  const Likelihood short_of = marked ? Likelihood::more : Likelihood::no;
  XdrReader reader(bytes);
  reader.u32();
  const uint32_t kind = reader.u32();
  if (!reader.whole()) return short_of;
  if (kind == static_cast<uint32_t>(Kind::reply)) {
    XdrReader reply(bytes);
    const uint32_t verifier = read_reply(reply).verifier;
    if (!reply.ok() || verifier > kMostKnownFlavor) return Likelihood::no;
    return reply.missing() ? short_of : Likelihood::maybe;
  }
  if (kind != static_cast<uint32_t>(Kind::call)) return Likelihood::no;
  constexpr size_t kFields = 6;  // rpc version, program, version, procedure, flavor, length of credentials
  constexpr std::array<uint32_t, kFields> kMost = {kRpcVersion,      0,        kMostVersion, kMostProcedure,
                                                   kMostKnownFlavor, kMostAuth};
  for (size_t i = 0; i < kFields; ++i) {
    const uint32_t value = reader.u32();
    if (!reader.whole()) return short_of;
    if (i == 0 ? value != kRpcVersion : i == 1 ? value != program : value > kMost[i]) return Likelihood::no;
  }
  return Likelihood::sure;
}

Likelihood probe(const Chunk& first, uint32_t program) {
  const Likelihood verdict = judge(first.data, program, !first.datagram);
  const bool answers = verdict == Likelihood::maybe, calls = verdict == Likelihood::sure;
  const bool to_server = first.direction == Direction::to_server;
  return to_server ? (answers ? Likelihood::no : verdict) : (calls ? Likelihood::no : verdict);
}

void Identity::take(const Call& call) {
  flavor = call.flavor;
  machine = call.machine;
  uid = call.uid;
  gid = call.gid;
  groups.clear();
  for (size_t at = 0; at < call.groups.size(); at += 4) groups.push_back(load_be32(&call.groups[at]));
  gss = call.gss;
}

void Identity::reset() {
  take({});
}

void Heads::take(const Call& call) {
  xid = call.xid;
  program = call.program;
  version = call.version;
  procedure = call.procedure;
  identity.take(call);
  reply.reset();
}

void Heads::reset() {
  take({});
}

bool Heads::is_private() const {
  return identity.gss && identity.gss->procedure == 0 && identity.gss->service == GssService::privacy;
}

std::string_view flavor_name(uint32_t flavor, std::string& scratch) {
  constexpr std::string_view kNames[] = {"NULL", "UNIX", "SHORT", "DH", "KERB", "RSA", "GSS"};
  if (flavor < std::size(kNames)) return kNames[flavor];
  return scratch = std::to_string(flavor);
}

}  // namespace lapwing::onc_rpc
