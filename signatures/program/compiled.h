// Compiled: the inside of a RuleSet: rules in order, and the groups that find candidates among them.
#pragma once

#include <bitset>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sensor/decode/packet.h"
#include "signatures/datasets/datasets.h"
#include "signatures/program/address_classes.h"
#include "signatures/program/prefilter.h"
#include "signatures/program/rule.h"
#include "signatures/program/rule_config.h"
#include "signatures/program/rule_set.h"
#include "signatures/program/short_search.h"

namespace lapwing::rules {

/// What is known of any value of a buffer.
struct Bounds {
  std::bitset<256> bytes = std::bitset<256>().set();  // that may occur
  uint64_t shortest = 0, longest = UINT64_MAX;
};

/// Turns a buffer into the bytes a rule asks for; the result may view the input or `out`.
class Transform {
 public:
  virtual ~Transform() = default;
  virtual Bytes apply(Bytes in, std::string& out) const = 0;
  /// What is known of the result, for messages about rules; nothing unless the transform knows better.
  virtual Bounds bounds(const Bounds& /*in*/) const { return {}; }
};

/// A buffer of rules: the fields of that name, one per protocol at most, seen through transforms.
struct Buffer {
  std::string name;
  std::vector<std::shared_ptr<const Transform>> transforms;
  std::vector<std::string> transform_names;                // as the rule has them
  std::vector<const Field*> fields;                        // by protocol index; null where it has none
  std::vector<std::shared_ptr<const Field>> own_fields;    // that stand for words
  bool (*of_packet)(const Packet&, Bytes& out) = nullptr;  // instead: a part of the packet
  std::vector<uint64_t> frames;                            // instead: bits of frame numbers, by protocol index
  std::optional<Direction> only;                           // the direction it is taken from, whoever spoke last
};

/// Rules that patterns name as candidates, and those that must always be looked at. Both in rule order.
struct Group {
  /// Literals that must end within so many bytes of their buffer are sought there alone.
  static constexpr uint64_t kHead = ShortSearch::kMost;

  Prefilter prefilter;   // patterns that may be anywhere
  ShortSearch literals;  // all that are no expressions
  // In place of `literals`, where those have Hyperscan search faster: near a buffer's start, and whole short buffers.
  Prefilter head, brief;
  bool short_by_literals = false;
  std::vector<uint32_t> always;
  std::array<Prefilter*, 3> prefilters() { return {&prefilter, &head, &brief}; }
  bool has_patterns() const { return !prefilter.empty() || !literals.empty(); }
  bool empty() const { return !has_patterns() && always.empty(); }
  size_t patterns() const { return literals.literals() + prefilter.expressions(); }
};

/// Groups by port. Most packets have a port that no rule names, which one bit tells.
class PortGroups {
 public:
  const Group* find(uint16_t port) const { return named_[port] ? &groups_.at(port) : nullptr; }
  Group& operator[](uint16_t port) {
    named_.set(port);
    return groups_[port];
  }
  auto begin() { return groups_.begin(); }
  auto end() { return groups_.end(); }
  auto begin() const { return groups_.begin(); }
  auto end() const { return groups_.end(); }

 private:
  std::bitset<65536> named_;
  std::unordered_map<uint16_t, Group> groups_;
};

/// Groups for raw payload of one transport and direction. A rule is in exactly one of them, or in one of each port.
struct PayloadGroups {
  Group any;
  PortGroups by_dst_port, by_src_port;
  std::vector<Group> by_protocol;  // by protocol index; may be empty
};

/// Rules over transaction fields whose last field is final at `stage`; candidates by one buffer. Those about files are
/// looked at once for each file, which must have come to `file_stage`.
struct FieldGroup {
  BufferId buffer = kRawBuffer;
  uint8_t stage = 0;
  FileStage file_stage = FileStage::none;
  Group rules;
};

/// All groups of one class of addresses.
struct RuleGroups {
  std::array<std::array<PayloadGroups, 2>, kTransports> packets, streams;  // by transport, direction
  std::vector<std::array<std::vector<FieldGroup>, 2>> fields, files;       // by protocol, direction
  bool has_streams = false;
  uint8_t waiting = 0;           // direction bits in which rules over streams ask for a protocol
  uint8_t waiting_for_side = 0;  // ... and which of its sides speak it
  uint8_t raw_fields = 0;        // direction bits in which rules over fields have raw content too
};

/// Rules by address: each IP-only rule is filed under the narrower of its two addresses.
class AddressIndex {
 public:
  void add(const AddressSet& set, uint32_t rule);
  void build();
  std::span<const uint32_t> find(const IpAddress& address) const;

 private:
  struct Edge {
    IpAddress first;
    uint32_t begin = 0, end = 0;
  };  // rules_[begin..end) apply from `first` on
  struct Added {
    IpAddress first, last;
    uint32_t rule;
  };
  std::vector<Added> added_;
  std::vector<Edge> edges_;
  std::vector<uint32_t> rules_;
};

struct Suppression {
  uint32_t gid = 0, sid = 0;                           // 0: every rule
  Threshold::Track track = Threshold::Track::by_rule;  // by_rule: whatever the addresses
  AddressSet addresses;
};

class Compiled : public RuleSet {
 public:
  RuleCounts counts() const override { return tally; }
  std::span<const RuleInfo* const> rules() const override { return infos; }
  uint64_t generation() const override { return serial; }
  DatabaseCounts databases() const override { return database_counts; }
  uint32_t frames(const Protocol& protocol) const override;
  bool reads(std::string_view buffer) const override;

  uint8_t protocol_index(const Protocol* protocol) const;  // kMaxProtocols when null or unknown

  std::vector<std::unique_ptr<Rule>> all;  // by Rule::order
  std::vector<Buffer> buffers;
  std::vector<const Protocol*> protocols;
  std::vector<std::string> flowbits, flowints, variables;  // names by number

  AddressClasses classes;
  std::array<RuleGroups, AddressClasses::kCount> groups;        // by class
  std::vector<std::array<std::vector<Group>, 2>> frame_groups;  // by protocol, direction, frame number; may be empty
  AddressIndex by_src, by_dst;
  std::vector<uint32_t> ip_only_any;
  std::vector<std::vector<uint32_t>> decode_event_rules;  // by event
  std::vector<std::string> stream_events;                 // and those of detection: names by number in Rule::events
  std::vector<std::string> decode_events;
  std::map<std::string, std::vector<uint32_t>, std::less<>> stream_event_rules;
  std::vector<std::vector<std::vector<uint32_t>>> app_event_rules;  // by protocol, anomaly
  std::vector<Suppression> suppressions;
  Scratch scratch;  // fits every database of the set; cloned by each matcher
  RuleConfig config;
  bool has_host_tags = false;

  DatabaseCounts database_counts;
  RuleCounts tally;
  std::vector<const RuleInfo*> infos;
  uint64_t serial = 0;  // generation()
  std::vector<std::unique_ptr<AddressSet>> address_sets;
  std::vector<std::unique_ptr<PortSet>> port_sets;
  std::shared_ptr<const DatasetStore> datasets;  // owns the sets that rules look up
};

}  // namespace lapwing::rules
