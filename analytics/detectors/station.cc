#include "analytics/detectors/station.h"

#include <algorithm>
#include <charconv>
#include <iterator>

namespace lapwing::analytics {

std::optional<Station> parse_station(std::string_view text) {
  Station out{};
  if (text.size() != 17) return std::nullopt;
  for (size_t i = 0; i < out.size(); ++i) {
    const char* from = text.data() + 3 * i;
    if (std::from_chars(from, from + 2, out[i], 16).ptr != from + 2) return std::nullopt;
  }
  return out;
}

bool of_one(const Station& station) {
  return (station[0] & 1) == 0 && station != Station{};
}

bool link_local(const IpAddress& address) {
  return address.version == 6 && address.bytes[0] == 0xfe && (address.bytes[1] & 0xc0) == 0x80;
}

bool of_redundant_routers(const Station& station) {
  constexpr std::array<uint8_t, 5> kPrefixes[] = {{0x00, 0x00, 0x5e, 0x00, 0x01},
                                                  {0x00, 0x00, 0x5e, 0x00, 0x02},
                                                  {0x00, 0x00, 0x0c, 0x07, 0xac},
                                                  {0x00, 0x07, 0xb4, 0x00, 0x01}};
  constexpr std::array<uint8_t, 4> kHsrp2 = {0x00, 0x00, 0x0c, 0x9f}, kHsrp6 = {0x00, 0x05, 0x73, 0xa0};
  const auto begins = [&](const auto& prefix) { return std::equal(prefix.begin(), prefix.end(), station.begin()); };
  return std::any_of(std::begin(kPrefixes), std::end(kPrefixes), begins) || (begins(kHsrp2) && station[4] >> 4 == 15) ||
         (begins(kHsrp6) && station[4] >> 4 == 0);
}

}  // namespace lapwing::analytics
