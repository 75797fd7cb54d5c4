// Keys of suricata.yaml that have no meaning for Lapwing, so that a message about them can be short.
#pragma once

#include <set>
#include <span>
#include <string_view>

namespace lapwing {

struct KeyGroup {
  std::string_view topic;
  std::span<const std::string_view> prefixes;  // dotted; stands for all below
};

std::span<const KeyGroup> suricata_key_groups();

/// The names that keys of Suricata have, wherever they stand: what is none of them is a typing error.
const std::set<std::string_view>& suricata_key_names();
/// Whether the members of a key are no names of Suricata's, but of whoever wrote the file.
bool named_by_operator(std::string_view key);

}  // namespace lapwing
