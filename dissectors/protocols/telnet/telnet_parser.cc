#include "dissectors/protocols/telnet/telnet_parser.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "sensor/base/named_value.h"

namespace lapwing::telnet {

namespace {

/// IANA registry "Telnet Options".
constexpr NamedValue kOptions[] = {
    {"binary", 0},
    {"echo", 1},
    {"reconnection", 2},
    {"suppress-go-ahead", 3},
    {"status", 5},
    {"timing-mark", 6},
    {"logout", 18},
    {"terminal-type", kTerminalType},
    {"end-of-record", 25},
    {"window-size", 31},
    {"terminal-speed", kTerminalSpeed},
    {"remote-flow-control", 33},
    {"linemode", 34},
    {"x-display-location", 35},
    {"environment", 36},
    {"authentication", 37},
    {"encryption", kEncryption},
    {"new-environment", kEnvironment},
    {"tn3270e", 40},
    {"charset", 42},
    {"com-port-control", 44},
    {"start-tls", 46},
};

}  // namespace

std::string_view option_name(uint8_t option) {
  // A record of a few bytes of login may show all of them.
  static const auto kNames = [] {
    std::array<std::string, 256> out;
    for (size_t number = 0; number < out.size(); ++number) out[number] = std::to_string(number);
    for (const NamedValue& known : kOptions) out[known.value] = known.name;
    return out;
  }();
  return kNames[option];
}

Unit next_unit(Bytes bytes) {
  if (bytes[0] != kIac) {
    size_t size = 0;
    while (size < bytes.size() && bytes[size] != kIac && bytes[size] != '\n') ++size;
    if (size < bytes.size() && bytes[size] == '\n') ++size;
    return {.kind = Unit::Kind::text, .size = size};
  }
  if (bytes.size() < 2) return {.size = bytes.size()};
  const uint8_t command = bytes[1];
  if (command < kSub || command == kIac) return {.kind = Unit::Kind::command, .size = 2, .command = command};
  if (bytes.size() < 3) return {.size = bytes.size()};
  return {.kind = command == kSub ? Unit::Kind::subnegotiation : Unit::Kind::negotiation,
          .size = 3,
          .command = command,
          .option = bytes[2]};
}

void Subnegotiation::begin(uint8_t option) {
  open_ = true;
  option_ = option;
  value_.clear();
  size_ = 0;
}

size_t Subnegotiation::take(Bytes bytes, size_t limit) {
  const auto keep = [&](Bytes part) {
    value_ += to_text(part.first(std::min(part.size(), limit - value_.size())));
    size_ += part.size();
  };
  size_t at = 0;
  while (at < bytes.size()) {
    const Bytes rest = bytes.subspan(at);
    const void* found = std::memchr(rest.data(), kIac, rest.size());
    const size_t plain = found ? static_cast<size_t>(static_cast<const uint8_t*>(found) - rest.data()) : rest.size();
    keep(rest.first(plain));
    at += plain;
    if (at + 1 >= bytes.size()) return at;
    open_ = bytes[at + 1] == kIac;
    if (!open_) return at + (bytes[at + 1] == kSubEnd ? 2 : 0);
    keep(bytes.subspan(at, 1));
    at += 2;
  }
  return at;
}

std::string environment_user(std::string_view value) {
  enum : char { is = 0, info = 2, var = 0, val = 1, esc = 2, uservar = 3 };
  if (value.empty() || (value[0] != is && value[0] != info)) return {};
  std::string name, content;
  bool in_value = false;
  for (size_t at = 1; at <= value.size(); ++at) {
    if (at == value.size() || value[at] == var || value[at] == uservar) {
      if (in_value && name == "USER") return content;
      name.clear();
      content.clear();
      in_value = false;
    } else if (value[at] == val) {
      in_value = true;
    } else {
      if (value[at] == esc && at + 1 < value.size()) ++at;
      (in_value ? content : name) += value[at];
    }
  }
  return {};
}

}  // namespace lapwing::telnet
