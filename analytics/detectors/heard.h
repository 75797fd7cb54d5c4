// Heard: what different stations said in a second, and when first, for detectors that judge the order of it.
#pragma once

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "analytics/shape/delta_table.h"
#include "sensor/base/time.h"

namespace lapwing::analytics {

struct Heard {
  int64_t first = std::numeric_limits<int64_t>::max();  // ns
  uint64_t count = 0;

  void merge(const Heard& other) {
    first = std::min(first, other.first);
    count += other.count;
  }
};

/// A delta: the different messages of a second, of which `Most` are told apart.
template <Key Message, uint32_t Most>
struct HeardMessages {
  DeltaTable<Message, Heard> messages;

  void hear(const Message& message, Timestamp time, uint64_t seed) {
    if (messages.bytes() == 0) messages = DeltaTable<Message, Heard>(seed, Most);
    messages.at(message).merge({.first = time.ns, .count = 1});
  }
  void operator+=(HeardMessages&& other) { messages.merge(other.messages); }
  void seal() { messages.seal(); }
  void clear() { messages.clear(); }
  bool empty() const { return messages.empty(); }

  /// each(message, time, count) as they came; those of one time in the order of their bytes.
  template <class Each>
  void in_order(Each each) const {
    std::vector<std::pair<const Message*, const Heard*>> order;
    order.reserve(messages.size());
    messages.walk([&](const Message& message, const Heard& heard) { order.push_back({&message, &heard}); });
    std::ranges::stable_sort(order, {}, [](const auto& of) { return of.second->first; });
    for (const auto& [message, heard] : order) each(*message, Timestamp{heard->first}, heard->count);
  }
};

/// Of a short list: whether it holds the value, and its entry, while there is room.
template <class T>
bool holds(const std::vector<T>& list, const T& value) {
  return std::ranges::find(list, value) != list.end();
}
template <class T>
void note(std::vector<T>& list, const T& value, size_t most) {
  if (list.size() < most && !holds(list, value)) list.push_back(value);
}

}  // namespace lapwing::analytics
