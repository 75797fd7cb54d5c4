// Speaks to one dissector, in a flow that is known to be its own, and notes down what comes out.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/flow_driver.h"

namespace lapwing::test {

inline constexpr Direction kClient = Direction::to_server, kServer = Direction::to_client;  // of what they say

/// The row of that name, of all_dissectors(), or of that folder, which has underscores for dashes; aborts when there is
/// none.
const DissectorRow& dissector(std::string_view name);

/// One flow. What is set beside what was heard holds from the first word on.
class Dialogue final : public Heard {
 public:
  explicit Dialogue(const DissectorRow& row, const Settings& settings = {}) : row_(row), settings_(settings) {}

  /// Stream bytes, in pieces of `piece` bytes (0: as one).
  Dialogue& say(Direction direction, std::string_view bytes, size_t piece = 0);
  Dialogue& client(std::string_view bytes, size_t piece = 0) { return say(Direction::to_server, bytes, piece); }
  Dialogue& server(std::string_view bytes, size_t piece = 0) { return say(Direction::to_client, bytes, piece); }
  Dialogue& datagram(Direction direction, std::string_view bytes);
  Dialogue& gap(Direction direction, uint64_t lost);
  /// No more bytes come from this side.
  Dialogue& end(Direction direction, bool broken_off = false);
  Dialogue& finish();

  Timestamp time;                          // of all packets
  std::shared_ptr<const Context> context;  // what the flow that announced it hands over
  bool late = false;                       // the flow was under way already
  bool unrecord = false;                   // a rule turns the records of its transactions off
  uint64_t store_depth = 0;                // files are stored up to this many bytes
  uint64_t work_limit = UINT64_MAX;        // bytes that may be looked at
  bool failed = false;
  uint64_t worked = 0;  // bytes that were looked at
  uint32_t need = 0;    // of the last call

  /// Values of one field, in order, whatever the direction.
  std::vector<std::string> values(std::string_view name) const;
  /// What went beyond that cap of the protocol, or of a part.
  uint64_t capped(std::string_view cap) { return capped(row_.about->name, cap); }
  uint64_t capped(std::string_view owner, std::string_view cap) { return driver().capped(owner, cap); }

 private:
  FlowDriver& driver();
  Dialogue& note();

  const DissectorRow& row_;
  const Settings settings_;
  std::optional<FlowDriver> driver_;
};

Likelihood probe(const DissectorRow& row, Direction direction, std::string_view bytes, bool datagram = false);

}  // namespace lapwing::test
