// SignatureTotals: alerts by signature over all workers and rule sets of a run.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sensor/pipeline/handover.h"

namespace lapwing {

struct SignatureTotal {
  uint32_t gid = 0, sid = 0;
  std::string msg;  // as the rule last said
  uint64_t hits = 0;
};

/// Copies what it says of rules: their sets may be gone.
class SignatureTotals {
 public:
  void add(std::span<const SignatureHits> hits);
  /// Most frequent first.
  std::vector<SignatureTotal> sorted() const;

 private:
  std::map<std::pair<uint32_t, uint32_t>, SignatureTotal> totals_;  // by sid, gid
};

}  // namespace lapwing
