// Alert: what a rule found, where, with its evidence.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/base/bytes.h"
#include "sensor/event/envelope.h"
#include "sensor/event/event.h"
#include "sensor/event/flow_summary.h"

namespace lapwing {

enum class Action : uint8_t { alert, pass, drop, reject, reject_src, reject_dst, reject_both, config };

/// The parts of a rule that records show [S].
struct RuleInfo {
  uint32_t sid = 0, gid = 1, rev = 0;
  Action action = Action::alert;
  std::string msg;
  std::string category;  // classtype's description
  uint8_t severity = 3;
  struct Part {
    uint32_t at = 0, size = 0;  // bytes of the text
  };
  std::vector<Part> metadata;           // "key value, key value", as written
  std::vector<std::string> references;  // full URLs
  enum class Target : uint8_t { none, source, destination } target = Target::none;
  std::string text;  // the rule as written
};

/// Keys and values of a rule's metadata, in the rule's order; a key may repeat. They are views of the rule's text: a
/// large rule set has hundreds of thousands, and the few that alerts show are taken apart when they do.
class MetadataReader {
 public:
  explicit MetadataReader(const RuleInfo& rule) : rule_(&rule) {}
  /// Goes to the next; false at the end.
  bool next();
  std::string_view key() const { return key_; }
  std::string_view value() const { return value_; }

 private:
  const RuleInfo* rule_;
  size_t part_ = 0;  // the one that rest_ is of comes before it
  std::string_view rest_, key_, value_;
};

/// What records show of a packet.
struct PacketBytes {
  Bytes bytes;
  uint16_t link_type = 1;  // as pcap numbers it
};

/// [W] Views live as long as the call.
struct Alert {
  const RuleInfo* rule = nullptr;
  Action action = Action::alert;  // after rate filters
  bool has_tx = false;            // it matched on a transaction, of which these are what remains:
  uint64_t tx_id = 0;
  bool tx_guessed = false;  // its rule names none, its flow had no other
  const Protocol* protocol = nullptr;
  std::string_view app_layer;  // JSON members ("http":{...}) written when the rule matched, or empty
  std::string_view frame;      // JSON member ("frame":{...}) of the frame it matched on, or empty
  std::string_view forwarded;  // the request's header that names the client behind proxies, or empty
  Direction direction = Direction::to_server;
  bool has_flow = false;
  bool stream = false;     // the evidence is reassembled stream data, not one packet's payload
  Bytes payload;           // what was inspected
  Bytes packet;            // the frame
  uint16_t link_type = 1;  // of the frame, as pcap numbers it
  FlowSummary flow;        // valid when has_flow
  std::span<const std::string_view> flowbits;
  std::string_view context;            // JSON object text from datasets, or empty
  std::span<const NamedText> pktvars;  // what rules captured of the packet it was found at
};

}  // namespace lapwing
