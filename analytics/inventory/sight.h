// Sights: what one second says of hosts of this network, as sums.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>

#include "analytics/shape/fan.h"
#include "analytics/shape/key.h"
#include "sensor/base/ip_address.h"

namespace lapwing::analytics {

/// Text of at most N bytes, the rest cut off. In the order of its bytes, nothing before all.
template <size_t N>
struct ShortText {
  uint8_t size = 0;
  std::array<char, N> bytes{};

  ShortText() = default;
  explicit ShortText(std::string_view text) : size(static_cast<uint8_t>(std::min(text.size(), N))) {
    std::copy_n(text.begin(), size, bytes.begin());
  }
  std::string_view view() const { return {bytes.data(), size}; }
  bool empty() const { return size == 0; }
  static_assert(N <= UINT8_MAX);
};

/// An address, or a station, as it lies in one VLAN. Of a host it is the name.
struct HostKey {
  uint8_t kind = 0;  // 4 and 6: an address of that version
  uint8_t unused = 0;
  uint16_t vlan = 0;
  std::array<uint8_t, 16> bytes{};

  static constexpr uint8_t kStation = 1;
  static HostKey of(const IpAddress& address, uint16_t vlan) {
    return {.kind = address.version, .vlan = vlan, .bytes = address.bytes};
  }
  bool is_station() const { return kind == kStation; }
  IpAddress address() const { return {.bytes = bytes, .version = kind}; }
  bool operator==(const HostKey&) const = default;
};

/// In the order in which the inventory takes them: a station before all that is said of its address.
enum class What : uint8_t { station, traffic, service, software, name, user, admin };

struct SightKey {
  What what = What::traffic;
  uint8_t sub = 0;  // BindingKind of a name, SoftwareKind of software
  uint8_t proto = 0;
  uint8_t unused = 0;
  HostKey host;  // an address
  uint16_t port = 0;
  uint16_t unused2 = 0;
  uint32_t detail[2] = {};  // hash of the text, where there are several
};
static_assert(Key<SightKey>);

struct Sight {
  static constexpr size_t kText = 79;
  int64_t first = std::numeric_limits<int64_t>::max(), last = std::numeric_limits<int64_t>::min();  // ns
  uint64_t out = 0, in = 0;                                                                         // bytes of payload
  Fan others;             // clients of a service, servers of who administers
  ShortText<kText> text;  // of the same key the same, but for protocols of services

  void merge(const Sight& other) {
    first = std::min(first, other.first);
    last = std::max(last, other.last);
    out += other.out;
    in += other.in;
    others.merge(other.others);
    if (text.view() < other.text.view()) text = other.text;
  }
};

}  // namespace lapwing::analytics
