// Rule: what one rule line became. Immutable once the rule set is published [S].
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "sensor/decode/packet.h"
#include "sensor/event/alert.h"
#include "sensor/event/event.h"
#include "sensor/event/integer_test.h"
#include "sensor/event/protocol_set.h"
#include "sensor/event/word.h"
#include "signatures/parse/parse.h"
#include "signatures/program/state_use.h"
#include "signatures/program/step.h"

namespace lapwing::rules {

struct Scene;

/// A requirement on the packet, flow or transaction at hand; keywords derive theirs.
class Condition {
 public:
  virtual ~Condition() = default;
  virtual bool holds(const Scene& scene) const = 0;
  /// What is asked for, to be read after the keyword [cold].
  virtual std::string describe() const = 0;

  std::string_view keyword;  // that made it: its row's name
};

/// What a rule does once it matched, whether or not an alert follows.
class Effect {
 public:
  virtual ~Effect() = default;
  virtual void apply(const Scene& scene) const = 0;
  virtual std::string describe() const = 0;  // to be read after the keyword [cold]

  std::string_view keyword;  // that made it: its row's name
};

/// Transport protocols a rule may be about, as bits.
namespace transport_bit {
inline constexpr uint8_t tcp = 1, udp = 2, icmp = 4, sctp = 8, other = 16, icmpv6 = 32, all = 63;
}
inline constexpr size_t kTransports = 6;

/// The bit of an IANA protocol number.
constexpr uint8_t transport_of(uint8_t proto) {
  switch (proto) {
    case ip_proto::tcp: return transport_bit::tcp;
    case ip_proto::udp: return transport_bit::udp;
    case ip_proto::icmp: return transport_bit::icmp;
    case ip_proto::icmpv6: return transport_bit::icmpv6;
    case ip_proto::sctp: return transport_bit::sctp;
    default: return transport_bit::other;
  }
}

/// Bits by index(Direction).
inline constexpr uint8_t kToServer = 1, kToClient = 2, kBothDirections = 3;

using BufferId = uint16_t;
inline constexpr BufferId kRawBuffer = 0;  // packet payload or stream

/// What a rule says of a buffer that has no value: it must have one, must have none, or need not have one.
enum class Absence : uint8_t { never, only, or_else };

/// A buffer and the chain that must match in one instance of it.
struct Section {
  BufferId buffer = kRawBuffer;
  Chain chain;
  Touches touches = Touches::nothing;  // the most that one of the steps does
  Absence absence = Absence::never;
};

/// A word of protocols with what its text means to each of them.
struct WordTest {
  struct Meaning {
    const Word* word = nullptr;        // null: of a protocol without it
    const Carried* carried = nullptr;  // the part whose word it is, or null
    std::shared_ptr<const void> value;
  };
  std::vector<Meaning> meanings;  // by protocol index
};

/// A requirement on an integer field, or instead what a word asks for.
struct FieldTest {
  BufferId buffer = kRawBuffer;
  IntegerList test;
  MultiTest multi;
  std::shared_ptr<const WordTest> word;
};

using DigestList = std::unordered_set<std::string>;  // lower-case hex

/// A requirement on a file; all of a rule's must hold of the same one. Where the rule looks at all files of a direction
/// the buffer's values are numbered as they are.
struct FileTest {
  BufferId buffer = kRawBuffer;
  std::optional<IntegerTest> size;
  std::shared_ptr<const DigestList> digests;
  bool negated = false;  // not in the list
};

/// The cheap part of a rule, checked first.
struct Header {
  uint8_t transports = transport_bit::all;
  uint8_t ip_proto = 0;  // of those that are neither, by number; 0: does not matter
  uint8_t directions = kBothDirections;
  bool needs_flow = false;
  bool v4 = true, v6 = true, without_ip = false;
  std::optional<bool> established;
  ProtocolSet protocols;            // detected, by protocol index; empty: does not matter
  const AddressSet* src = nullptr;  // owned by the rule set, shared by rules
  const AddressSet* dst = nullptr;
  const PortSet* src_port = nullptr;
  const PortSet* dst_port = nullptr;
};

struct Threshold {
  enum class Type : uint8_t { limit, threshold, both, backoff, detection_filter, rate_filter } type = Type::limit;
  enum class Track : uint8_t { by_src, by_dst, by_both, by_rule, by_flow } track = Track::by_src;
  uint32_t count = 1, seconds = 1, multiplier = 1;
  uint32_t timeout = 0;               // rate_filter: seconds that the new action lasts
  Action new_action = Action::alert;  // rate_filter
};

/// What is recorded after an alert: the packets of the flow, or those of or to a host.
struct Tag {
  enum class Metric : uint8_t { packets, seconds, bytes } metric = Metric::packets;
  enum class What : uint8_t { session, source, destination } what = What::session;
  uint32_t count = 256;
};

/// Where a rule's raw content looks; the rest of a rule does not depend on it. stream: also in the packets that are
/// not in it.
enum class RawScope : uint8_t { packet, stream, stream_only, both };

/// When a rule is looked at.
enum class RuleKind : uint8_t { ip_only, packet, stream, transaction, frame, decode_event, stream_event, app_event };

struct Rule {
  std::shared_ptr<const RuleInfo> info;
  uint32_t order = 0;  // place in evaluation and alert order; index into the rule set
  RuleKind kind = RuleKind::packet;
  RawScope scope = RawScope::packet;
  Header header;
  uint64_t longest_payload = UINT64_MAX;  // bytes of the packet's payload, by dsize
  std::vector<std::unique_ptr<Condition>> conditions;
  std::vector<std::unique_ptr<Condition>> late;  // over state that flows share: asked only when all else matched
  std::vector<Section> sections;
  std::vector<FieldTest> field_tests;
  std::vector<FileTest> file_tests;
  std::vector<std::unique_ptr<Effect>> effects;
  std::vector<Threshold> thresholds;  // of the rule and of threshold files
  std::vector<StateUse> state_uses;
  std::vector<Tag> tags;
  bool asks_protocol = false;                  // what it asks of the flow's protocol is known after the first bytes
  bool asks_sides = false;                     // ... and when each side has spoken
  bool has_pattern = false;                    // it is looked at where a part of it was seen
  bool alerts = true;                          // false: noalert
  bool pass_alerts = false;                    // a pass rule that alerts all the same
  bool transactional = false;                  // =>: looks at request and response together
  bool joins_stream = false;                   // over fields, with raw content that is sought as the stream comes
  std::vector<uint16_t> events;                // of an event rule: indices of the events it waits for
  const Part* event_part = nullptr;            // whose anomaly an app_event is; null: the protocol's
  std::vector<std::array<uint8_t, 2>> states;  // progress waited for, by protocol and direction, 0: not there; or empty
  std::vector<std::array<FileStage, 2>>
      file_stages;                     // of one file that it is about, by protocol and direction; or empty
  std::vector<std::string> variables;  // names of byte_extract and byte_math variables by number
};

}  // namespace lapwing::rules
