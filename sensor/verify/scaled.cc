#include "sensor/verify/scaled.h"

#include <algorithm>
#include <optional>
#include <set>

#include "sensor/base/bytes.h"
#include "sensor/decode/packet.h"

namespace lapwing::verify {
namespace {

/// Where the parts of a frame lie that hold addresses.
struct Layout {
  uint8_t version = 0;   // 4, 6; 0: ARP
  size_t addresses = 0;  // the first of two; those of ARP are apart
  size_t header = 0;     // of IP
  size_t transport = 0;  // 0: none that is known
  uint8_t protocol = 0;
  size_t ip_sum = 0, sum = 0;  // checksums, 0: none
};

/// Offset of the network layer and its EtherType.
std::optional<std::pair<size_t, uint16_t>> network_of(const HeldFrame& frame) {
  const auto& bytes = frame.bytes;
  constexpr uint16_t kVlan = 0x8100, kServiceVlan = 0x88a8, kIpv4 = 0x0800, kIpv6 = 0x86dd;
  const auto type_at = [&](size_t at) { return at + 2 <= bytes.size() ? load_be16(&bytes[at]) : uint16_t{0}; };
  const auto by_version = [&](size_t at) -> std::optional<std::pair<size_t, uint16_t>> {
    if (at >= bytes.size()) return std::nullopt;
    return std::pair{at, bytes[at] >> 4 == 6 ? kIpv6 : kIpv4};
  };
  switch (frame.link_type) {
    case 1: {  // Ethernet
      size_t at = 12;
      while (type_at(at) == kVlan || type_at(at) == kServiceVlan) at += 4;
      return std::pair{at + 2, type_at(at)};
    }
    case 113: return std::pair{size_t{16}, type_at(14)};  // Linux cooked
    case 276: return std::pair{size_t{20}, type_at(0)};   // its second version
    case 0: return by_version(4);                         // BSD loopback
    case 101:
    case 228:
    case 229: return by_version(0);  // raw IP
    default: return std::nullopt;
  }
}

std::optional<Layout> layout_of(const HeldFrame& frame) {
  const auto network = network_of(frame);
  if (!network) return std::nullopt;
  const auto& bytes = frame.bytes;
  const auto [at, type] = *network;
  Layout out{.header = at};
  if (type == 0x0806 && at + 28 <= bytes.size()) return out;
  size_t checksummed = 0;
  if (type == 0x0800 && at + 20 <= bytes.size() && bytes[at] >> 4 == 4) {
    out.version = 4;
    out.addresses = at + 12;
    out.ip_sum = at + 10;
    out.protocol = bytes[at + 9];
    const bool first = (load_be16(&bytes[at + 6]) & 0x1fff) == 0;
    if (first) out.transport = at + size_t{bytes[at]} % 16 * 4;
  } else if (type == 0x86dd && at + 40 <= bytes.size()) {
    out.version = 6;
    out.addresses = at + 8;
    out.protocol = bytes[at + 6];
    out.transport = at + 40;
  } else {
    return std::nullopt;
  }
  switch (out.protocol) {
    case ip_proto::tcp: checksummed = 16; break;
    case ip_proto::udp: checksummed = 6; break;
    case ip_proto::icmp:
    case ip_proto::icmpv6: checksummed = 2; break;
    default: break;
  }
  const bool there = out.transport && checksummed && out.transport + checksummed + 2 <= bytes.size();
  out.sum = there ? out.transport + checksummed : 0;
  // A datagram without a checksum.
  if (out.sum && out.protocol == ip_proto::udp && load_be16(&bytes[out.sum]) == 0) out.sum = 0;
  return out;
}

/// The checksum at `at` after a byte that it covers changed (RFC 1624, equation 3). `even`: the byte's place within
/// what is summed.
void adjust(std::vector<uint8_t>& bytes, size_t at, uint8_t before, uint8_t after, bool even) {
  const auto word = [even](uint8_t byte) { return static_cast<uint32_t>(even ? byte << 8 : byte); };
  uint32_t sum = (~load_be16(&bytes[at]) & 0xffffu) + (~word(before) & 0xffffu) + word(after);
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  sum = ~sum & 0xffff;
  bytes[at] = static_cast<uint8_t>(sum >> 8);
  bytes[at + 1] = static_cast<uint8_t>(sum);
}

class Mover {
 public:
  Mover(HeldFrame& frame, const Layout& layout) : bytes_(frame.bytes), layout_(layout) {}

  /// Calls `each` with the place and size of every address that a header holds.
  template <class Each>
  void headers(const Each& each) const {
    if (layout_.version == 0) {
      each(layout_.header + 14, size_t{4});
      each(layout_.header + 24, size_t{4});
      return;
    }
    const size_t size = layout_.version == 4 ? 4 : 16;
    each(layout_.addresses, size);
    each(layout_.addresses + size, size);
  }

  IpAddress at(size_t place, size_t size) const {
    return size == 4 ? IpAddress::v4(&bytes_[place]) : IpAddress::v6(&bytes_[place]);
  }

  void put(size_t place, const IpAddress& address, bool in_header) {
    for (size_t i = 0; i < address.size(); ++i) {
      const uint8_t before = bytes_[place + i], after = address.bytes[i];
      if (before == after) continue;
      bytes_[place + i] = after;
      if (layout_.version == 0) continue;
      if (in_header && layout_.ip_sum) adjust(bytes_, layout_.ip_sum, before, after, i % 2 == 0);
      // ICMP's sum covers no addresses of the header.
      const bool covered = !in_header || layout_.protocol != ip_proto::icmp;
      const size_t from_start = in_header ? i : place + i - layout_.transport;
      if (layout_.sum && covered) adjust(bytes_, layout_.sum, before, after, from_start % 2 == 0);
    }
  }

  /// Where addresses may stand behind the headers: what is no part of a stream.
  size_t loose_from() const {
    if (layout_.version == 0 || layout_.protocol == ip_proto::tcp) return bytes_.size();
    return layout_.transport ? std::min(layout_.transport + 8, bytes_.size()) : bytes_.size();
  }

 private:
  std::vector<uint8_t>& bytes_;
  const Layout& layout_;
};

}  // namespace

IpAddress moved(const IpAddress& address) {
  // Networks of 254 hosts: 0 and 255 are no hosts, and 1 is often the router.
  constexpr unsigned kFirst = 2, kHosts = 253, kStep = 97;
  IpAddress out = address;
  const uint8_t first = address.bytes[0];
  const bool fixed = address.version == 4 ? first == 0 || first == 127 || first >= 224
                                          : address.version != 6 || !(first >> 5 == 1 || first >> 1 == 0x7e);
  uint8_t& host = out.bytes[address.version == 4 ? 3 : 15];
  if (fixed || host < kFirst || host == 255) return out;
  host = static_cast<uint8_t>(kFirst + (host - kFirst + kStep) % kHosts);
  return out;
}

std::vector<HeldFrame> Scaling::scale(std::span<const HeldFrame> frames) {
  std::vector<HeldFrame> out(frames.begin(), frames.end());
  if (out.empty()) return out;
  const int64_t begin = std::ranges::min(out, {}, &HeldFrame::time).time.ns;
  std::set<IpAddress> hosts;
  for (HeldFrame& frame : out) {
    frame.time.ns += (frame.time.ns - begin) / 2;
    const auto layout = layout_of(frame);
    if (!layout) continue;
    Mover mover(frame, *layout);
    mover.headers([&](size_t place, size_t size) {
      const IpAddress host = mover.at(place, size);
      if (moved(host) != host) hosts.insert(host);
    });
  }
  for (const IpAddress& host : hosts) back_.emplace(moved(host), host);
  for (HeldFrame& frame : out) {
    const auto layout = layout_of(frame);
    if (!layout) continue;
    Mover mover(frame, *layout);
    const size_t behind = mover.loose_from();
    mover.headers([&](size_t place, size_t size) { mover.put(place, moved(mover.at(place, size)), true); });
    for (size_t place = behind; place < frame.bytes.size(); ++place) {
      for (const size_t size : {size_t{4}, size_t{16}}) {
        if (place + size > frame.bytes.size()) break;
        const IpAddress found = mover.at(place, size);
        if (!hosts.contains(found)) continue;
        mover.put(place, moved(found), false);
        place += size - 1;
        break;
      }
    }
  }
  return out;
}

std::string Scaling::restored(const std::string& record) const {
  constexpr std::string_view kOfAddresses = "0123456789abcdefABCDEF.:";
  std::string out;
  const auto old = [&](std::string_view text) -> std::optional<std::string> {
    const auto address = IpAddress::parse(text);
    const auto found = address ? back_.find(*address) : back_.end();
    return found == back_.end() ? std::nullopt : std::optional(to_string(found->second));
  };
  for (size_t at = 0; at < record.size();) {
    const size_t end = std::min(record.find_first_not_of(kOfAddresses, at), record.size());
    if (end == at) {
      out += record[at++];
      continue;
    }
    const std::string_view run = std::string_view(record).substr(at, end - at);
    const size_t port = run.find('.') == std::string_view::npos ? std::string_view::npos : run.find(':');
    if (const auto whole = old(run)) {
      out += *whole;
    } else if (const auto host = port == std::string_view::npos ? std::nullopt : old(run.substr(0, port))) {
      out += *host;
      out += run.substr(port);
    } else {
      out += run;
    }
    at = end;
  }
  return out;
}

}  // namespace lapwing::verify
