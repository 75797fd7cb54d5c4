// IEEE 802.11 and the headers that capturing programs put before it (radiotap, PPI); NFLOG.
#include <algorithm>

#include "sensor/base/little_endian.h"
#include "sensor/decode/walk.h"

namespace lapwing::decoding {
namespace {

/// Behind DA, SA and length of the first frame of an aggregate (IEEE 802.11-2020, section 9.3.2.2.2).
bool first_of_aggregate(Walk& w, Bytes d) {
  constexpr size_t kHeader = 14;
  if (d.size() < kHeader) return w.invalid(Event::ethernet_pkt_too_small);
  const size_t length = load_be16(&d[12]);
  if (length > d.size() - kHeader) return w.invalid(Event::ethernet_pkt_too_small);
  w.counters.ieee80211_aggregates += (length + kHeader + 3) / 4 * 4 + kHeader <= d.size();
  return llc(w, d.subspan(kHeader, length));
}

}  // namespace

/// Data frames (IEEE 802.11-2020, section 9.3.2); the others carry none. `padded`: the header to four bytes.
bool ieee80211(Walk& w, Bytes d, bool padded) {
  constexpr uint8_t kData = 0x08, kQos = 0x80, kNull = 0x40;                              // of the first byte
  constexpr uint8_t kBothSystems = 0x03, kMore = 0x04, kProtected = 0x40, kOrder = 0x80;  // of the second
  constexpr uint8_t kAggregate = 0x80;                                                    // of QoS control
  ++w.counters.ieee80211;
  if (!w.layer()) return false;
  if (d.size() < 2) return w.invalid(Event::ethernet_pkt_too_small);
  if ((d[0] & 0x0f) != kData || d[0] & kNull) return true;
  const bool qos = d[0] & kQos;
  const size_t quality = (d[1] & kBothSystems) == kBothSystems ? 30 : 24;
  size_t size = quality + (qos ? 2 : 0) + (qos && d[1] & kOrder ? 4 : 0);
  if (padded) size = (size + 3) / 4 * 4;
  if (d.size() < size) return w.invalid(Event::ethernet_pkt_too_small);
  if (d[1] & kProtected) {
    ++w.counters.encrypted_link;
    return true;
  }
  const bool fragment = d[1] & kMore || d[22] & 0x0f;
  if (fragment) {
    ++w.counters.ieee80211_fragments;
    return true;
  }
  const Bytes inside = d.subspan(size);
  if (qos && d[quality] & kAggregate) {
    first_of_aggregate(w, inside);
  } else {
    llc(w, inside);
  }
  return true;
}

/// radiotap.org: version, length, words of which fields are there, and these, aligned to their size.
bool radiotap(Walk& w, Bytes d) {
  constexpr uint32_t kTime = 1, kFlags = 2, kMoreWords = uint32_t{1} << 31;
  constexpr uint8_t kPadded = 0x20, kBroken = 0x40;
  ++w.counters.radiotap;
  if (!w.layer()) return false;
  const size_t size = d.size() < 8 ? 0 : load_le16(&d[2]);
  if (size < 8 || size > d.size() || d[0] != 0) return w.invalid(Event::ethernet_pkt_too_small);
  const uint32_t present = load_le32(&d[4]);
  size_t at = 8;
  for (uint32_t word = present; word & kMoreWords; at += 4) {
    if (size - at < 4) return w.invalid(Event::ethernet_pkt_too_small);
    word = load_le32(&d[at]);
  }
  if (present & kTime) at = (at + 7) / 8 * 8 + 8;
  const uint8_t flags = present & kFlags && at < size ? d[at] : 0;
  if (flags & kBroken) {  // as it came here: whom it was for may have received it well
    ++w.counters.ieee80211_bad_fcs;
    return true;
  }
  return ieee80211(w, d.subspan(size), flags & kPadded);
}

/// CACE's per-packet information: version, flags, length, link type.
bool ppi(Walk& w, Bytes d) {
  ++w.counters.ppi;
  if (!w.layer()) return false;
  const size_t size = d.size() < 8 ? 0 : load_le16(&d[2]);
  if (size < 8 || size > d.size() || d[0] != 0) return w.invalid(Event::ethernet_pkt_too_small);
  const uint32_t link_type = load_le32(&d[4]);
  return frame(w, link_type <= UINT16_MAX ? static_cast<uint16_t>(link_type) : UINT16_MAX, d.subspan(size));
}

/// Linux netfilter's log: family, version, group, then attributes in the host's byte order, of which one is the packet.
bool nflog(Walk& w, Bytes d) {
  constexpr uint16_t kPacketHeader = 1, kPayload = 9;
  ++w.counters.nflog;
  if (!w.layer()) return false;
  if (d.size() < 8 || d[1] != 0) return w.invalid(Event::ipraw_invalid_ip_version);
  Bytes attributes = d.subspan(4);
  const bool big = load_le16(&attributes[0]) > attributes.size() || load_le16(&attributes[2]) > UINT8_MAX;
  auto number = [big](const uint8_t* at) { return big ? load_be16(at) : load_le16(at); };
  uint16_t type = 0;  // of the frame that the packet came in
  while (attributes.size() >= 4) {
    const size_t length = number(&attributes[0]);
    if (length < 4 || length > attributes.size()) break;
    if (number(&attributes[2]) == kPacketHeader && length >= 6) type = load_be16(&attributes[4]);
    if (number(&attributes[2]) == kPayload) {
      const Bytes packet = attributes.subspan(4, length - 4);
      if (!packet.empty() && (packet[0] >> 4 == 4 || packet[0] >> 4 == 6)) return ip(w, packet);
      if (type == 0) break;
      network(w, type, packet);
      return true;
    }
    attributes = attributes.subspan(std::min((length + 3) / 4 * 4, attributes.size()));
  }
  return w.invalid(Event::ipraw_invalid_ip_version);
}

}  // namespace lapwing::decoding
