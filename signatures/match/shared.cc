#include "signatures/match/shared.h"

#include "sensor/base/hash.h"

namespace lapwing::rules {

size_t SharedKeyHash::operator()(const SharedKey& key) const {
  uint8_t raw[52] = {};
  raw[0] = static_cast<uint8_t>(key.kind);
  raw[1] = key.track;
  std::memcpy(raw + 2, &key.gid, 4);
  std::memcpy(raw + 6, &key.sid, 4);
  std::memcpy(raw + 10, &key.flow, 8);
  std::memcpy(raw + 18, key.a.bytes.data(), 16);
  std::memcpy(raw + 34, key.b.bytes.data(), 16);
  raw[50] = key.a.version;
  raw[51] = key.b.version;
  // The table is never walked for results, so a seed of the process's own keeps them reproducible.
  static const uint64_t kSeed = reinterpret_cast<uintptr_t>(&kSeed) * 0x9e3779b97f4a7c15u;
  return keyed_hash({raw, sizeof raw}, kSeed);
}

size_t HostHash::operator()(const IpAddress& host) const {
  return SharedKeyHash()({.a = host});
}

ThresholdVerdict SharedState::count(const Threshold& threshold, const SharedKey& key, Timestamp now,
                                    MatchCounters& counters) {
  using Type = Threshold::Type;
  std::lock_guard lock(mutex_);
  bool fresh = false;
  Window& entry = thresholds_.find_or_add(key, fresh, counters.shared_entries_full);
  const Timestamp window{int64_t{threshold.seconds} * 1'000'000'000};
  bool over = !fresh && now.ns > entry.start.ns + window.ns;
  if (threshold.type == Type::backoff) {
    entry.count++;
    if (fresh) entry.next = threshold.count;
    if (entry.count < entry.next) return {.alert = false};
    entry.next *= threshold.multiplier;
    return {};
  }
  if (fresh || over) {
    entry.start = now;
    entry.count = 0;
  }
  entry.count++;
  switch (threshold.type) {
    case Type::limit: return {.alert = entry.count <= threshold.count};
    case Type::threshold:
      if (entry.count < threshold.count) return {.alert = false};
      entry.count = 0;
      return {};
    case Type::both: return {.alert = entry.count == threshold.count};
    case Type::detection_filter: return {.alert = entry.count > threshold.count};
    case Type::rate_filter:
      if (entry.action_until > now) return {true, true, threshold.new_action};
      if (entry.count <= threshold.count) return {};
      entry.action_until = threshold.timeout == 0 ? Timestamp{INT64_MAX}
                                                  : Timestamp{now.ns + int64_t{threshold.timeout} * 1'000'000'000};
      return {true, true, threshold.new_action};
    case Type::backoff: break;
  }
  return {};
}

bool SharedState::has_bit(const SharedKey& key, Timestamp now) {
  std::lock_guard lock(mutex_);
  const Timestamp* end = bits_.find(key);
  return end && *end >= now;
}

void SharedState::set_bit(const SharedKey& key, Timestamp expires, MatchCounters& counters) {
  std::lock_guard lock(mutex_);
  bool fresh = false;
  bits_.find_or_add(key, fresh, counters.shared_entries_full) = expires;
}

void SharedState::add_tag(const IpAddress& host, const Tag& tag, const RuleInfo& rule, Timestamp now,
                          MatchCounters& counters) {
  std::lock_guard lock(mutex_);
  bool fresh = false;
  tags_.find_or_add(host, fresh, counters.tags_max).add(tag, rule, now, counters);
}

bool SharedState::count_tag(const IpAddress& host, size_t bytes, Timestamp now) {
  std::lock_guard lock(mutex_);
  TagList* tags = tags_.find(host);
  if (!tags) return false;
  const bool wanted = tags->count(bytes, now);
  if (tags->empty()) tags_.erase(host);
  return wanted;
}

void SharedState::clear_bit(const SharedKey& key) {
  std::lock_guard lock(mutex_);
  bits_.erase(key);
}

}  // namespace lapwing::rules
