// Incident: what belongs together of findings and alerts, as its record tells it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/base/ip_address.h"
#include "sensor/base/time.h"
#include "sensor/event/asset.h"
#include "sensor/event/behaviour.h"

namespace lapwing {

enum class IncidentState : uint8_t { open, updated, closed };
std::string_view name(IncidentState state);

/// Why a person closes one.
inline constexpr std::string_view kFalsePositive = "false-positive";
inline constexpr std::array<std::string_view, 3> kCloseReasons = {kFalsePositive, "benign", "handled"};

/// [G] Written as the object "incident". Counts are totals.
struct Incident {
  struct Attack {
    std::string technique, tactic;  // "T1046", "TA0007"; tactic empty where an alert does not say it
    uint64_t count = 0;             // of distinct objects
  };
  struct Object {
    std::string name;       // address, or what the detector calls it
    std::string host;       // what the host of that address is called, or empty
    std::string_view role;  // "victim", "peer"
  };
  struct Member {
    std::string id;
    std::string_view name;
    Timestamp first, last;
    unsigned score = 0;  // severity times confidence, 0 to 100
    uint64_t count = 0;
    std::string object;    // the first of its objects
    uint64_t objects = 0;  // that its record shows
  };
  struct Signature {
    uint32_t gid = 1, sid = 0;
    std::string message;
    uint64_t count = 0;
    Timestamp first, last;
  };
  struct Link {
    std::string incident;
    std::string_view kind;  // "spread_from", "shares"
  };

  std::string id;  // the same in every run
  IncidentState state = IncidentState::open;
  std::string_view reason;  // of the record: "score", "technique", "tactic", "level", "growth", "effect", "quiet",
                            // "end", kCloseReasons
  std::string subject;      // the host it is about
  AssetBrief host;          // what the inventory knows it by, if anything
  bool background = false;  // attacks from outside without effect: told as counts
  FindingLevel level = FindingLevel::info;
  unsigned score = 0;
  Timestamp time, first, last;
  std::vector<Attack> attack;          // by first occurrence
  std::vector<std::string_view> next;  // techniques that may follow
  std::vector<Object> objects;         // at most 32
  std::vector<Member> findings;
  std::vector<Signature> signatures;
  uint64_t findings_total = 0, alerts_total = 0, objects_total = 0;
  std::vector<Link> links;
  std::string previous;  // the subject's last incident, where it was closed less than a week before
  std::string campaign;  // the oldest of the incidents that links lead to
};

}  // namespace lapwing
