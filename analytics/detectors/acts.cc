#include "analytics/detectors/acts.h"

#include <algorithm>
#include <bit>

#include "sensor/base/hash.h"

namespace lapwing::analytics {

void Act::merge(const Act& other) {
  count += other.count;
  failed += other.failed;
  sealed += other.sealed;
  by_pipe += other.by_pipe;
  earlier += other.earlier;
  keep_first(first, flow, other.first, other.flow);
  last = std::max(last, other.last);
  objects.merge(other.objects);
  names.merge(other.names);
}

Act Act::of(const FlowRef& flow, Timestamp time, std::string_view object, uint64_t seed) {
  Act out{.count = 1, .first = time, .last = time, .flow = name_of(flow)};
  if (object.empty()) return out;
  const uint64_t hash = keyed_hash(to_bytes(object), seed);
  out.objects.add(hash);
  out.names.add(hash, object);
  return out;
}

Act Act::of(const OperationOf& operation, std::string_view object, uint64_t seed) {
  Act out = of(operation.flow, operation.time, object, seed);
  out.failed = operation.operation.outcome == Outcome::failure;
  out.sealed = operation.operation.sealed;
  out.by_pipe = operation.operation.by_pipe;
  return out;
}

void ActMemory::add(const ActOf& key, const Act& act, int64_t window, Renewal renewal, uint32_t now) {
  auto& entry = acts_.touch(key, now);
  Act& kept = entry.value;
  const Timestamp& from = renewal == Renewal::by_time ? kept.first : kept.last;
  if (kept.count > 0 && from < seconds_before(act.first, window)) {
    kept = Act{.earlier = kept.total()};
  }
  kept.merge(act);
  // A flood of other pairs takes the place of what was done once before it takes that of what goes on.
  acts_.set_worth(entry, static_cast<uint8_t>(std::bit_width(kept.count)));
}

const Act* ActMemory::find(const PairOf& pair, uint8_t act, Timestamp since) {
  const auto* entry = acts_.find({pair, act});
  return entry && entry->value.last >= since ? &entry->value : nullptr;
}

}  // namespace lapwing::analytics
