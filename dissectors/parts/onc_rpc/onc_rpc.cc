#include "dissectors/parts/onc_rpc/onc_rpc.h"

#include <algorithm>
#include <array>

namespace lapwing::onc_rpc {

namespace {

constexpr uint32_t kRpcVersion = 2;
constexpr uint32_t kMostVersion = 10, kMostProcedure = 100;  // of programs that a flow is known by
constexpr uint32_t kMostKnownFlavor = flavor::gss;
constexpr uint32_t kMostName = 255, kMostGroups = 16;  // of AUTH_SYS (RFC 5531 appendix A)
constexpr size_t kMark = 4, kLeastMessage = 20;        // bytes of a record mark, and of the shortest answer
constexpr uint32_t kLastFragment = 0x80000000;         // RFC 5531 11

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
  const std::string_view context = reader.text(kMostAuth);
  if (!reader.whole() || version != 1) return;
  const bool known = service <= static_cast<uint32_t>(GssService::privacy);
  out.gss = {procedure, known ? static_cast<GssService>(service) : GssService::unknown};
  out.gss_context = context;
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

GssAnswer read_gss_answer(XdrReader& body) {
  GssAnswer out{.context = body.text(kMostAuth), .major = body.u32()};
  body.skip(8);  // why, of the mechanism, and the window of sequence numbers
  out.token = body.opaque(kMostToken);
  return out;
}

namespace {

/// The first bytes of a message, as far as they are needed to tell it from others.
struct Beginning {
  std::array<uint8_t, 40> bytes = {};
  size_t size = 0;
  bool possible = true;
  bool settled = false;  // no mark that may follow makes it impossible
};

/// Takes the record marks off, however small the fragments are.
Beginning unmark(Bytes stream) {
  Beginning out;
  bool last = false;
  while (!last && out.size < out.bytes.size()) {
    if (stream.size() < kMark) return out;
    const uint32_t mark = load_be32(stream.data());
    const size_t left = mark & ~kLastFragment;
    last = (mark & kLastFragment) != 0;
    stream = stream.subspan(kMark);
    const size_t size = std::min({left, stream.size(), out.bytes.size() - out.size});
    std::ranges::copy(stream.first(size), out.bytes.begin() + static_cast<std::ptrdiff_t>(out.size));
    out.size += size;
    stream = stream.subspan(size);
    if (left > kMostRecord) out.possible = false;
    out.settled = last || out.size == out.bytes.size();
    if (size < left) return out;
  }
  if (out.size < kLeastMessage) out.possible = false;
  return out;
}

/// Of an answer, behind its xid and type.
Likelihood judge_reply(XdrReader& reader) {
  const uint32_t denied = reader.u32();
  bool possible = denied <= 1;
  if (denied == 0) {
    possible &= reader.u32() <= kMostKnownFlavor;
    const uint32_t verifier = reader.u32();
    possible &= verifier <= kMostAuth;
    if (verifier > 0) return !possible ? Likelihood::no : reader.whole() ? Likelihood::maybe : Likelihood::more;
  }
  possible &= reader.u32() <= (denied == 0 ? 5 : 1);
  return !possible ? Likelihood::no : reader.whole() ? Likelihood::maybe : Likelihood::more;
}

bool says_unknown(Bytes message) {
  XdrReader reader(message);
  const Reply reply = read_reply(reader);
  return reader.whole() && !reply.denied && reply.state == static_cast<uint32_t>(Accepted::program_unavailable);
}

Likelihood judge_call(XdrReader& reader, uint32_t program) {
  const bool possible = reader.u32() == kRpcVersion || !reader.whole();
  const bool is_program = reader.u32() == program || !reader.whole();
  constexpr std::array<uint32_t, 4> kMost = {kMostVersion, kMostProcedure, kMostKnownFlavor, kMostAuth};
  bool fits = possible && is_program;
  for (const uint32_t most : kMost) fits &= reader.u32() <= most;
  return !fits ? Likelihood::no : reader.whole() ? Likelihood::sure : Likelihood::more;
}

}  // namespace

Likelihood judge(Bytes bytes, uint32_t program, bool marked) {
  Beginning beginning{.settled = true};
  if (marked) {
    beginning = unmark(bytes);
    bytes = Bytes(beginning.bytes).first(beginning.size);
    if (!beginning.possible) return Likelihood::no;
  }
  XdrReader reader(bytes);
  reader.u32();
  const uint32_t kind = reader.u32();
  Likelihood verdict = Likelihood::more;
  if (reader.whole() && kind > static_cast<uint32_t>(Kind::reply)) return Likelihood::no;
  if (reader.whole()) {
    verdict = kind == static_cast<uint32_t>(Kind::reply) ? judge_reply(reader) : judge_call(reader, program);
  }
  if (verdict == Likelihood::more && !marked) return Likelihood::no;
  return verdict == Likelihood::no || beginning.settled ? verdict : Likelihood::more;
}

namespace {

/// Takes the records off the front that say that their program is unknown: whoever asked for it, this one is none.
Bytes behind_unknown(Bytes stream) {
  while (true) {
    Bytes rest = stream;
    std::array<uint8_t, 24 + kMostAuth> message = {};  // with the longest verifier
    size_t size = 0;
    for (bool last = false; !last;) {
      if (rest.size() < kMark) return stream;
      const uint32_t mark = load_be32(rest.data()), left = mark & ~kLastFragment;
      last = (mark & kLastFragment) != 0;
      rest = rest.subspan(kMark);
      if (left > rest.size() || left > message.size() - size) return stream;
      std::ranges::copy(rest.first(left), message.begin() + static_cast<std::ptrdiff_t>(size));
      size += left;
      rest = rest.subspan(left);
    }
    if (!says_unknown(Bytes(message).first(size))) return stream;
    stream = rest;
  }
}

/// Told by the type of its first message, as most that is asked about is.
bool is_other(const Chunk& first) {
  Bytes rest = first.data;
  if (!first.datagram) {
    if (rest.size() < kMark || (load_be32(rest.data()) & ~kLastFragment) < 8) return false;
    rest = rest.subspan(kMark);
  }
  return rest.size() >= 8 && load_be32(rest.data() + 4) > static_cast<uint32_t>(Kind::reply);
}

/// The record at the front, which has one fragment, is a call of the program: how long it is.
std::optional<uint64_t> call_of(Bytes stream, uint32_t program) {
  constexpr size_t kEnough = 16;  // bytes up to the program
  if (stream.size() < kMark + kEnough) return {};
  const uint32_t mark = load_be32(stream.data()), size = mark & ~kLastFragment;
  XdrReader reader(stream.subspan(kMark, kEnough));
  reader.u32();
  const bool is_call = reader.u32() == static_cast<uint32_t>(Kind::call) && reader.u32() == kRpcVersion;
  const bool is = is_call && reader.u32() == program && (mark & kLastFragment) != 0;
  return is && size >= kEnough && size <= kMostRecord ? std::optional(uint64_t{size} + kMark) : std::nullopt;
}

}  // namespace

Likelihood probe(const Chunk& first, uint32_t program, uint32_t beside) {
  if (is_other(first)) return Likelihood::no;
  if (first.datagram && says_unknown(first.data)) return Likelihood::no;
  Bytes bytes = first.datagram ? first.data : behind_unknown(first.data);
  while (beside != 0 && !first.datagram && first.direction == Direction::to_server) {
    const auto size = call_of(bytes, beside);
    if (!size) break;
    if (*size >= bytes.size()) return Likelihood::more;
    bytes = bytes.subspan(static_cast<size_t>(*size));
  }
  const Likelihood verdict = judge(bytes, program, !first.datagram);
  const bool answers = verdict == Likelihood::maybe, calls = verdict == Likelihood::sure;
  const bool to_server = first.direction == Direction::to_server;
  return to_server ? (answers ? Likelihood::no : verdict) : (calls ? Likelihood::no : verdict);
}

Owner owner(Bytes bytes, std::span<const Neighbour> neighbours, bool datagram) {
  if (!datagram) bytes = bytes.first(std::min(bytes.size(), kMostBeginning));
  Owner out;
  for (const Neighbour& each : neighbours) {
    const Likelihood verdict = judge(bytes, each.program, !datagram);
    if (verdict == Likelihood::sure) return {verdict, &each};
    if (verdict == Likelihood::more) out.verdict = verdict;
  }
  return out;
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
