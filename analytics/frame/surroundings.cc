#include "analytics/frame/surroundings.h"

#include <algorithm>
#include <optional>

#include "sensor/base/hash.h"
#include "sensor/base/text.h"

namespace lapwing::analytics {
namespace {

using C = FrameConfig;
constexpr OptionRow<C> kOptions[] = {
    {"analytics.enabled", &C::enabled, "yes", "behaviour is judged, and told as records of the type behaviour"},
    {"analytics.off", &C::off, "[]", "detectors that are off, by name"},
    // RFC 1918, RFC 6598, RFC 3927, RFC 4193, RFC 4291 2.5.6
    {"analytics.internal", &C::internal,
     "10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10, 169.254.0.0/16, fc00::/7, fe80::/10",
     "networks that are watched over: whatever lies elsewhere is outside"},
    {"analytics.learn", &C::learn, "7",
     "days of packet time that must have been seen before anything is told to be new"},
    {"analytics.state", &C::state, "",
     "file that keeps what detectors have learned across restarts of a live sensor; empty: none"},
    {"analytics.memory", &C::memory, "256 MiB",
     "of the detectors' tables, 4 MiB to 4 GiB, of which each has a fixed part; at it the key with the least evidence "
     "goes",
     Unit::bytes},
    {"analytics.vendors", &C::vendors, "auto",
     "who made network cards, by the IEEE's registries: a file as oui.csv or oui.txt, or a folder of their CSV files; "
     "auto: /usr/share/ieee-data, of Debian's package ieee-data, where it is there; off: not told"},
};

}  // namespace

std::span<const OptionRow<FrameConfig>> frame_options() {
  return kOptions;
}

Networks::Networks(const std::vector<std::string>& texts, const Setting* where) {
  for (const std::string& text : texts) {
    if (add(text)) continue;
    throw SettingError(where ? where->mark : SourceMark{},
                       "analytics.internal: \"" + text + "\" is no network; write 10.0.0.0/8 or fd00::/8");
  }
}

bool Networks::add(std::string_view text) {
  const size_t slash = std::min(text.find('/'), text.size());
  const auto address = IpAddress::parse(text.substr(0, slash));
  const unsigned all = address ? static_cast<unsigned>(address->size() * 8) : 0;
  const auto bits = slash == text.size() ? std::optional<uint64_t>(all) : parse_unsigned(text.substr(slash + 1));
  if (!address || !bits || *bits > all) return false;
  IpAddress mask;
  for (unsigned bit = 0; bit < *bits; ++bit) mask.bytes[bit / 8] |= static_cast<uint8_t>(0x80 >> bit % 8);
  networks_.push_back({.first = halves_of(*address), .mask = halves_of(mask), .version = address->version});
  for (unsigned first = 0; first < 256; ++first) {
    if (((first ^ address->bytes[0]) & mask.bytes[0]) == 0) begun_[first / 64] |= uint64_t{1} << first % 64;
  }
  texts_.push_back(to_string(*address) + "/" + std::to_string(*bits));
  return true;
}

uint64_t Networks::fingerprint() const {
  std::vector<std::string> texts = texts_;
  std::ranges::sort(texts);
  std::string all;
  for (const std::string& text : texts) all += text + " ";
  return keyed_hash(to_bytes(all), kReplaySeed);
}

}  // namespace lapwing::analytics
