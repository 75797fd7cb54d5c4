#include "dissectors/protocols/telnet/telnet_parser.h"

#include <algorithm>
#include <charconv>
#include <utility>

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

std::string_view option_name(uint64_t option, std::string& scratch) {
  const auto* known = std::ranges::find(kOptions, option, &NamedValue::value);
  if (known != std::end(kOptions)) return known->name;
  char text[4];
  scratch.assign(text, std::to_chars(text, text + sizeof text, option).ptr);
  return scratch;
}

Unit next_unit(Bytes bytes, size_t limit, size_t& seen) {
  size_t at = std::max<size_t>(std::exchange(seen, 0), 3);
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
  if (command != kSub) {
    return {.kind = Unit::Kind::negotiation, .size = 3, .command = command, .option = bytes[2]};
  }
  const size_t end = std::min(bytes.size(), limit);
  for (; at + 1 < end; ++at) {
    if (bytes[at] != kIac) continue;
    if (bytes[at + 1] == kSubEnd) {
      return {
          .kind = Unit::Kind::subnegotiation, .size = at + 2, .option = bytes[2], .value = bytes.subspan(3, at - 3)};
    }
    ++at;
  }
  if (bytes.size() >= limit) return {.kind = Unit::Kind::command, .size = 2, .command = command};
  seen = at;
  return {.size = bytes.size()};
}

std::string environment_user(Bytes value) {
  enum : uint8_t { is = 0, info = 2, var = 0, val = 1, esc = 2, uservar = 3 };
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
      (in_value ? content : name) += static_cast<char>(value[at]);
    }
  }
  return {};
}

}  // namespace lapwing::telnet
