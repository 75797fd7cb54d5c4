// Rule files into trees, and the tables that rules refer to. Cold code: may throw and allocate.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sensor/base/ip_address.h"
#include "signatures/parse/rule_tree.h"

namespace lapwing {

using TakeRule = std::function<void(const RuleTree&)>;

/// Parses the text of one rule file: comments, blank lines, "\" continuation. Rules at fault are left out and
/// described in `messages`; the others are handed over one by one in file order, since the trees of a large file weigh
/// more than what is compiled from them.
void parse_rules(std::string_view text, const std::string& file, std::vector<RuleMessage>& messages,
                 const TakeRule& take);
/// Reads a file (gzip allowed) or, for a directory, its *.rules sorted by name. Throws SettingError when unreadable.
void read_rules(const std::string& path, std::vector<RuleMessage>& messages, const TakeRule& take);

/// vars.address-groups and vars.port-groups of the configuration, as text.
struct RuleVariables {
  std::map<std::string, std::string, std::less<>> address_groups, port_groups;

  struct Written {
    std::string name;
    bool ports = false;
    SourceMark mark;
  };
  std::vector<Written> written;  // those that a configuration brings, not the defaults
};

/// A set of addresses as sorted, disjoint, inclusive ranges: evaluation of a list is set subtraction.
struct AddressSet {
  struct Range {
    IpAddress first, last;
    bool operator==(const Range&) const = default;
  };
  bool any = false;           // everything; ranges empty
  bool has_negation = false;  // a "!" was written somewhere (such rules are not IP-only)
  std::vector<Range> v4, v6;
  bool contains(const IpAddress& address) const;
  /// The same addresses, however they were written.
  bool operator==(const AddressSet& other) const { return any == other.any && v4 == other.v4 && v6 == other.v6; }
};
struct PortSet {
  bool any = false;
  std::vector<std::pair<uint16_t, uint16_t>> ranges;  // sorted, disjoint, inclusive
  bool contains(uint16_t port) const;
  bool operator==(const PortSet&) const = default;
};
/// Throw SettingError at the node at fault ("!any", unknown variable, list that its negations empty, bad address).
AddressSet resolve_addresses(const ListNode& node, const RuleVariables& variables);
PortSet resolve_ports(const ListNode& node, const RuleVariables& variables);

/// classification.config: "config classification: name,description,priority".
struct Classification {
  std::string name, description;
  uint8_t priority = 3;
};
/// reference.config: "config reference: system prefix".
struct RuleTables {
  std::map<std::string, Classification, std::less<>> classifications;
  std::map<std::string, std::string, std::less<>> references;
};
/// The tables Lapwing ships; used where no file is named.
RuleTables default_rule_tables();
/// Lines replace entries of the same name, names in lower case. Throw SettingError at a line they cannot read.
void parse_classifications(std::string_view text, const std::string& file, RuleTables& tables);
void parse_references(std::string_view text, const std::string& file, RuleTables& tables);
void read_classifications(const std::string& path, RuleTables& tables);
void read_references(const std::string& path, RuleTables& tables);

/// One line of threshold.config. A missing ip leaves `track` empty and suppresses for every address.
struct ThresholdLine {
  enum class Kind : uint8_t { threshold, event_filter, rate_filter, suppress } kind;
  uint32_t gid = 1, sid = 0;  // 0: every rule
  std::string type, track, new_action;
  uint32_t count = 0, seconds = 0, timeout = 0;
  std::optional<ListNode> address;
  std::shared_ptr<const std::string> file;  // its name, which places within the address borrow
  SourceMark mark;
};
/// Lines at fault are left out, as Suricata does, and told in `faults`.
std::vector<ThresholdLine> parse_thresholds(std::string_view text, const std::string& file,
                                            std::vector<RuleMessage>& faults);
std::vector<ThresholdLine> read_thresholds(const std::string& path, std::vector<RuleMessage>& faults);

}  // namespace lapwing
