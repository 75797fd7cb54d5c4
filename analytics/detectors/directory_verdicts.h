// What acts towards a directory come to.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "analytics/detectors/directory_attack.h"

namespace lapwing::analytics {

/// A client and a server, and what was done between them of late.
struct DirectoryCase {
  const PairOf& pair;
  Timestamp time;
  const Act& act;  // that the verdict is about
  const DirectoryAttack::Config& config;
  ActMemory& memory;
  bool from_controller, at_controller;

  const Act* find(DirectoryAttack::Kind kind) const {
    return memory.find(pair, kind, seconds_before(time, static_cast<int64_t>(config.window)));
  }
  const Act* back(DirectoryAttack::Kind kind) const {
    return memory.find({pair.server, pair.client}, kind, seconds_before(time, static_cast<int64_t>(config.window)));
  }
};

/// Of one kind of act. `weigh`: confidence by what else was done, 0: it is nothing; it may change the severity.
struct DirectoryVerdict {
  std::string_view name;
  DirectoryAttack::Kind kind;
  ActSet with = 0;  // other acts with which it is judged anew
  uint8_t severity;
  uint32_t techniques;  // bits by place in About::techniques
  int (*weigh)(const DirectoryCase& of, uint8_t& severity);
  RoleMask explained_by = 0;
  bool refused_too = false;  // an attempt counts, however it ended
};
std::span<const DirectoryVerdict> directory_verdicts();

/// As evidence calls an act that is told beside another.
std::string_view name_of_act(DirectoryAttack::Kind kind);

}  // namespace lapwing::analytics
