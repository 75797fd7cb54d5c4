// Behaviour: a finding of a detector, as its record tells it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/base/ip_address.h"
#include "sensor/base/time.h"

namespace lapwing {

/// A technique of MITRE ATT&CK with the tactic it serves here: {"T1046", "TA0007"}.
struct Technique {
  std::string_view id, tactic;
  bool operator==(const Technique&) const = default;
};

/// A flow as evidence names it.
struct FlowName {
  uint64_t id = 0;
  IpAddress client, server;
  uint16_t client_port = 0, server_port = 0;
  uint8_t proto = 0;
  bool operator==(const FlowName&) const = default;
};

enum class FindingState : uint8_t { open, updated, over };
enum class FindingLevel : uint8_t { info, low, medium, high, critical };
/// Both 0 to 100: harm if true, and how sure that is.
constexpr FindingLevel level_of(unsigned severity, unsigned confidence) {
  const unsigned score = severity * confidence / 100;
  return score < 20   ? FindingLevel::info
         : score < 40 ? FindingLevel::low
         : score < 65 ? FindingLevel::medium
         : score < 85 ? FindingLevel::high
                      : FindingLevel::critical;
}
/// As records write them: "open"; "medium".
std::string_view name(FindingState state);
std::string_view name(FindingLevel level);

/// [G] Written as the object "behaviour". Counts are totals, never increments.
struct Behaviour {
  std::string id;  // the same in every run
  std::string_view name;
  FindingState state = FindingState::open;
  std::string subject;               // who does it: an address, name or MAC address
  std::vector<std::string> objects;  // to whom: "198.51.100.7:443"
  uint8_t severity = 0, confidence = 0;
  std::string explained_by;     // roles that are learned, for which its severity is low; or ""
  Timestamp time, first, last;  // of what made the record due; of what it rests on
  uint64_t count = 0;
  std::vector<Technique> attack;
  std::string evidence;         // a JSON object
  std::vector<FlowName> flows;  // the first of them gives the record its addresses
  IpAddress src, dest;          // that it has otherwise
};

}  // namespace lapwing
