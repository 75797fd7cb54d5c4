// Keys of suricata.yaml that have no meaning for Lapwing, so that a message about them can be short.
#pragma once

#include <span>
#include <string_view>

namespace lapwing {

struct KeyGroup {
  std::string_view topic;
  std::span<const std::string_view> prefixes;  // dotted; stands for all below
};

std::span<const KeyGroup> suricata_key_groups();

}  // namespace lapwing
