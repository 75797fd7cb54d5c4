#include "dissectors/parts/gss/ntlmssp.h"

#include <algorithm>
#include <initializer_list>

#include "sensor/base/little_endian.h"
#include "sensor/base/utf16.h"

namespace lapwing::ntlmssp {

namespace {

// MS-NLMP 2.2.2.5
constexpr uint32_t kUnicode = 0x1, kOem = 0x2, kTargetInfo = 0x00800000, kVersion = 0x02000000;

/// MS-NLMP 2.2.2.1
enum class Av : uint16_t {
  end,
  computer,
  domain,
  dns_computer,
  dns_domain,
  dns_forest,
  flags,
  time,
  single_host,
  target_name,
};

/// Length, room (which is of no meaning) and offset in the message (MS-NLMP 2.2.1.1).
struct Field {
  uint16_t size = 0;
  uint32_t offset = 0;

  uint64_t end() const { return uint64_t{offset} + size; }
};
Field read_field(LittleReader& in) {
  Field out;
  out.size = in.u16();
  in.skip(2);
  out.offset = in.u32();
  return out;
}
/// What is empty may point anywhere.
bool inside(Bytes message, const Field& field) {
  return field.size == 0 || field.end() <= message.size();
}
Bytes bytes(Bytes message, const Field& field) {
  return field.size == 0 ? Bytes() : message.subspan(field.offset, field.size);
}

/// OEM text is of a code page that nobody names.
std::string text(Bytes bytes, uint32_t flags) {
  if (flags & kUnicode) return utf16_to_utf8(bytes);
  std::string out(to_text(bytes));
  std::erase(out, '\0');
  return out;
}

/// Where the first of the fields lies that are not empty; the message's end where all are.
uint64_t payload(Bytes message, std::initializer_list<Field> fields) {
  uint64_t out = message.size();
  for (const Field& field : fields) {
    if (field.size > 0) out = std::min<uint64_t>(out, field.offset);
  }
  return out;
}

/// Clients that take the flag over from the server have no such field: payload lies there (MS-NLMP 2.2.1.3).
std::optional<Version> read_version(LittleReader& in, uint32_t flags, uint64_t payload) {
  constexpr size_t kSize = 8;
  if (!(flags & kVersion) || payload < in.position() + kSize) return {};
  Version out;
  out.major = in.u8();
  out.minor = in.u8();
  out.build = in.u16();
  in.skip(3);
  out.revision = in.u8();
  return out;
}

/// Seconds since 1970 of 100 nanoseconds since 1601; nothing where it is before.
std::optional<int64_t> seconds(uint64_t filetime) {
  constexpr uint64_t kTicks = 10'000'000, kEpoch = 11'644'473'600;
  const uint64_t out = filetime / kTicks;
  return out < kEpoch ? std::nullopt : std::optional(static_cast<int64_t>(out - kEpoch));
}

/// Calls `each(kind, value)` for the pairs up to their end; false when one is cut or there is no end.
template <class Each>
bool av_pairs(Bytes list, const Each& each) {
  LittleReader in(list);
  while (in.has(4)) {
    const auto kind = static_cast<Av>(in.u16());
    const uint16_t size = in.u16();
    if (kind == Av::end) return true;
    if (!in.has(size)) return false;
    each(kind, in.bytes(size));
  }
  return false;
}

bool negotiate(LittleReader& in, Exchange& out) {
  const uint32_t flags = in.u32();
  if (!in.ok()) return false;
  out = {};
  out.negotiated = true;
  out.flags = flags;
  // Of domain and workstation no client today says anything (MS-NLMP 2.2.1.1), and what it says is not read.
  const Field domain = read_field(in), host = read_field(in);
  if (in.ok()) out.client_version = read_version(in, flags, payload(in.all(), {domain, host}));
  return true;
}

bool challenge(LittleReader& in, Exchange& out) {
  const Field target = read_field(in);
  const uint32_t flags = in.u32();
  in.skip(16);  // the challenge, and what is reserved
  if (!in.ok() || !inside(in.all(), target)) return false;
  const Field info = in.has(8) ? read_field(in) : Field();  // the oldest servers have none
  const bool has_info = flags & kTargetInfo && info.size > 0;
  if (has_info && !inside(in.all(), info)) return false;
  out.challenged = true;
  out.flags = flags;
  out.target = text(bytes(in.all(), target), flags);
  out.server_version = read_version(in, flags, payload(in.all(), {target, has_info ? info : Field()}));
  return !has_info || av_pairs(bytes(in.all(), info), [&](Av kind, Bytes value) {
    switch (kind) {
      case Av::computer: out.server_name = utf16_to_utf8(value); break;
      case Av::domain: out.server_domain = utf16_to_utf8(value); break;
      case Av::dns_computer: out.server_dns_name = utf16_to_utf8(value); break;
      case Av::dns_domain: out.server_dns_domain = utf16_to_utf8(value); break;
      case Av::dns_forest: out.server_dns_forest = utf16_to_utf8(value); break;
      case Av::time:
        if (value.size() == 8) out.server_time = seconds(load_le64(value.data()));
        break;
      default: break;
    }
  });
}

/// Of an NTLMv2_CLIENT_CHALLENGE (MS-NLMP 2.2.2.7) behind the proof of 16 bytes: pairs of the server and of the client.
void client_challenge(Bytes response, Exchange& out) {
  constexpr size_t kPairs = 16 + 28;
  constexpr uint32_t kMic = 0x2;
  if (response.size() < kPairs) return;
  av_pairs(response.subspan(kPairs), [&](Av kind, Bytes value) {
    if (kind == Av::flags && value.size() == 4) out.mic = load_le32(value.data()) & kMic;
    if (kind == Av::target_name) out.service = utf16_to_utf8(value);
  });
}

bool authenticate(LittleReader& in, Exchange& out) {
  constexpr uint16_t kResponse = 24;  // bytes of a response of LM or NTLMv1 (MS-NLMP 2.2.2.3, 2.2.2.6)
  constexpr size_t kFlagsEnd = 64;    // of what comes before names and responses, where it has flags
  const Field lm = read_field(in), nt = read_field(in);
  const Field domain = read_field(in), user = read_field(in), host = read_field(in);
  if (!in.ok()) return false;
  for (const Field& field : {lm, nt, domain, user, host}) {
    if (!inside(in.all(), field)) return false;
  }
  // The oldest clients end here, and then texts are as the server asked for them.
  uint32_t flags = out.flags;
  out.version.reset();
  if (payload(in.all(), {lm, nt, domain, user, host}) >= kFlagsEnd) {
    const Field key = read_field(in);
    flags = in.u32();
    out.version = read_version(in, flags, payload(in.all(), {lm, nt, domain, user, host, key}));
  }
  out.authenticated = true;
  out.flags = flags;
  out.domain = text(bytes(in.all(), domain), flags);
  out.user = text(bytes(in.all(), user), flags);
  out.host = text(bytes(in.all(), host), flags);
  out.service.clear();
  out.mic = false;
  out.ntlm = nt.size > kResponse ? 2 : nt.size == kResponse || lm.size == kResponse ? 1 : 0;
  out.anonymous = user.size == 0 && nt.size == 0 && lm.size <= 1;  // MS-NLMP 3.2.5.1.2
  out.unusual = (user.offset > 0 && user.offset < domain.end()) || (host.offset > 0 && host.offset < user.end());
  if (out.ntlm == 2) client_challenge(bytes(in.all(), nt), out);
  return true;
}

}  // namespace

std::string to_string(const Version& version) {
  return std::to_string(version.major) + '.' + std::to_string(version.minor) + " build " +
         std::to_string(version.build) + " rev " + std::to_string(version.revision);
}

bool read(Bytes message, Exchange& out) {
  if (!to_text(message).starts_with(kSignature)) return false;
  LittleReader in(message);
  in.skip(kSignature.size());
  switch (in.u32()) {
    case 1: return negotiate(in, out);
    case 2: return challenge(in, out);
    case 3: return authenticate(in, out);
    default: return false;
  }
}

}  // namespace lapwing::ntlmssp
