// Members of records, whoever writes them: what the manual, the schema and `lapwing list records` are made of.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/base/counters.h"
#include "sensor/event/event.h"
#include "sensor/event/member.h"

namespace lapwing {

/// Of the shape of records: raised when a member goes, moves or changes its type, but not when one comes.
inline constexpr unsigned kRecordsVersion = 2;

/// [S] A member that records of one type may have.
struct RecordMember {
  std::string_view record;  // event_type
  std::string path;         // as Member::path
  JsonType type = JsonType::string;
  Level level = Level::always;
  std::string from;   // protocols that bring it, "sensor" or "counters"
  std::string rules;  // buffers and keywords that see it
  std::string help;
};

/// By type; `counters` are what stats records hold. An object of which no member is listed holds what others put there.
std::vector<RecordMember> record_members(std::span<const Protocol* const> protocols,
                                         std::span<const CounterValue> counters);

}  // namespace lapwing
