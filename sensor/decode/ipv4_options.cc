// IPv4 options: validated, not kept; Packet::ip_header has their bytes.
#include "sensor/decode/walk.h"

namespace lapwing::decoding {
namespace {

enum Option : uint8_t {
  kEnd = 0,
  kNop = 1,
  kRecordRoute = 7,
  kQuickStart = 25,
  kTimestamp = 68,
  kSecurity = 130,
  kLooseRoute = 131,
  kExtendedSecurity = 133,
  kCipso = 134,
  kStreamId = 136,
  kStrictRoute = 137,
  kRouterAlert = 148
};

/// The pointer counts from 1 and stands on an address after type, length and pointer.
bool route(Walk& w, Bytes o) {
  if (o.size() < 3) return w.invalid(Event::ipv4_opt_invalid_len);
  uint8_t pointer = o[2];
  bool good = pointer >= 4 && pointer % 4 == 0 && pointer <= o.size() + 1;
  return good || w.invalid(Event::ipv4_opt_malformed);
}

bool timestamp(Walk& w, Bytes o) {
  if (o.size() < 5) return w.invalid(Event::ipv4_opt_invalid_len);
  uint8_t pointer = o[2], flag = o[3] & 15;
  uint8_t record = flag == 1 || flag == 3 ? 8 : 4;  // with addresses, or times alone
  bool good = pointer >= 5 && (pointer - 5) % record == 0 && pointer <= o.size() + 1;
  return good || w.invalid(Event::ipv4_opt_malformed);
}

/// FIPS 188: a domain of interpretation, then tags of type and length.
bool cipso(Walk& w, Bytes o) {
  if (o.size() < 10) return w.invalid(Event::ipv4_opt_invalid_len);
  for (Bytes tags = o.subspan(6); !tags.empty();) {
    if (tags.size() < 2) return w.invalid(Event::ipv4_opt_malformed);
    uint8_t type = tags[0], size = tags[1];
    if (size < 4 || size > tags.size()) return w.invalid(Event::ipv4_opt_malformed);
    bool known = type == 1 || type == 2 || type == 5 || type == 6 || type == 7;
    bool aligned = type > 5 || tags[2] == 0;  // the alignment octet
    if (!known || !aligned) return w.invalid(Event::ipv4_opt_malformed);
    tags = tags.subspan(size);
  }
  return true;
}

}  // namespace

/// False only where the lengths no longer tell where the next option starts. A faulty option is an event, and the
/// packet is decoded on.
bool ipv4_options(Walk& w, Bytes options) {
  if (options.size() % 8) w.event(Event::ipv4_opt_pad_required);
  constexpr unsigned kLastOfRoutes = 3;
  uint32_t seen = 0;
  // A second one is an event, but only after a good first.
  auto once = [&](unsigned bit, Bytes option, auto&& check) {
    if (seen >> bit & 1) {
      if (bit <= kLastOfRoutes) w.packet->host_drops |= host_drop::repeated_option;
      return w.event(Event::ipv4_opt_duplicate);
    }
    if (check(w, option)) seen |= 1u << bit;
  };
  auto exactly = [](size_t size) {
    return [size](Walk& walk, Bytes o) { return o.size() == size || walk.invalid(Event::ipv4_opt_invalid_len); };
  };
  auto at_least = [](size_t size) {
    return [size](Walk& walk, Bytes o) { return o.size() >= size || walk.invalid(Event::ipv4_opt_invalid_len); };
  };
  for (Bytes o = options; !o.empty();) {
    if (o[0] == kEnd) break;
    if (o[0] == kNop) {
      o = o.subspan(1);
      continue;
    }
    if (o.size() < 2) {
      w.event(Event::ipv4_opt_eol_required);
      break;
    }
    size_t size = o[1];
    if (size < 2 || size > o.size()) return w.invalid(Event::ipv4_opt_invalid_len);
    Bytes option = o.first(size);
    o = o.subspan(size);
    if (option[0] == kLooseRoute || option[0] == kStrictRoute) w.packet->host_drops |= host_drop::source_route;
    switch (option[0]) {
      case kRecordRoute: once(0, option, route); break;
      case kLooseRoute: once(1, option, route); break;
      case kStrictRoute: once(2, option, route); break;
      case kTimestamp: once(3, option, timestamp); break;
      case kQuickStart: once(4, option, at_least(8)); break;
      case kSecurity: once(5, option, at_least(3)); break;
      case kExtendedSecurity: once(6, option, at_least(3)); break;
      case kStreamId: once(7, option, exactly(4)); break;
      case kRouterAlert: once(8, option, exactly(4)); break;
      case kCipso: once(9, option, cipso); break;
      default: w.event(Event::ipv4_opt_invalid);
    }
  }
  return true;
}

}  // namespace lapwing::decoding
