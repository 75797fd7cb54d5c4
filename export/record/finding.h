// Finding: what a record says was found, typed, for those who act on it without reading JSON.
#pragma once

#include <cstdint>

#include "sensor/base/ip_address.h"
#include "sensor/base/time.h"

namespace lapwing {

/// [H] 64 bytes, in the batch of its record. The entities are those of the record, source first.
struct Finding {
  enum class Kind : uint8_t { signature };

  Timestamp time;
  uint64_t flow_id = 0;  // 0: of a packet without flow
  IpAddress src, dest;
  Kind kind = Kind::signature;
  uint8_t severity = 0;  // 1 is the highest, as in records
  uint32_t id = 0;       // of a signature: its sid
  uint32_t entry = 0;    // its record, by RecordBatch::entries
};
static_assert(sizeof(Finding) == 64);

}  // namespace lapwing
