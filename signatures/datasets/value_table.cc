#include "signatures/datasets/value_table.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "sensor/base/hash.h"

namespace lapwing::rules {

namespace {

constexpr uint64_t kWord = sizeof(uint32_t);

/// What a text on the heap takes, the allocator's header and rounding included.
uint64_t heap_bytes(const std::string& text) {
  static const size_t kInside = std::string().capacity();
  return text.size() <= kInside ? 0 : (text.size() + 1 + sizeof(size_t) + 15) / 16 * 16;
}

}  // namespace

void Words::grow(uint64_t count) {
  for (size_ += count; pages_.size() * kPage < size_;) {
    pages_.push_back(std::make_unique_for_overwrite<uint32_t[]>(kPage));
  }
}

void Words::write(uint64_t at, Bytes bytes) {
  while (!bytes.empty()) {
    const uint64_t within = at % (kPage * kWord), n = std::min<uint64_t>(bytes.size(), kPage * kWord - within);
    std::memcpy(reinterpret_cast<uint8_t*>(pages_[at / (kPage * kWord)].get()) + within, bytes.data(), n);
    bytes = bytes.subspan(n);
    at += n;
  }
}

Bytes Words::piece(uint64_t at, uint64_t size) const {
  const uint64_t within = at % (kPage * kWord);
  return {reinterpret_cast<const uint8_t*>(pages_[at / (kPage * kWord)].get()) + within,
          std::min(size, kPage * kWord - within)};
}

bool Words::equal(uint64_t at, Bytes bytes) const {
  while (!bytes.empty()) {
    const Bytes here = piece(at, bytes.size());
    if (std::memcmp(here.data(), bytes.data(), here.size()) != 0) return false;
    bytes = bytes.subspan(here.size());
    at += here.size();
  }
  return true;
}

ValueTable::ValueTable(size_t value_size, uint64_t memcap)
    : seed_(draw_seed()), value_size_(value_size), memcap_(memcap) {}

uint64_t ValueTable::bucket_of(uint64_t hash) const {
  const uint64_t low = std::bit_floor(buckets_.size());
  const uint64_t bucket = hash & (2 * low - 1);
  return bucket < buckets_.size() ? bucket : hash & (low - 1);
}

/// Seven bits a byte, the lowest first, all but the last with the top bit set.
Bytes ValueTable::length_of(Bytes value, LengthBytes& space) const {
  if (value_size_ != 0) return {};
  size_t n = 0;
  uint64_t rest = value.size();
  for (; rest >= 0x80; rest >>= 7) space[n++] = static_cast<uint8_t>(rest | 0x80);
  space[n++] = static_cast<uint8_t>(rest);
  return Bytes(space).first(n);
}

uint64_t ValueTable::start_of(uint32_t place) const {
  return (place + 1 + (records_[place] & kHasAside ? 1 : 0)) * kWord;
}

Bytes ValueTable::value_at(uint32_t place, std::string& space) const {
  uint64_t at = start_of(place), size = value_size_;
  for (uint32_t shift = 0; value_size_ == 0; shift += 7) {
    const uint8_t byte = records_.piece(at++, 1)[0];
    size |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  Bytes whole = records_.piece(at, size);
  if (whole.size() == size) return whole;
  space.clear();
  for (uint64_t end = at + size; at < end; at += records_.piece(at, end - at).size()) {
    space += to_text(records_.piece(at, end - at));
  }
  return to_bytes(space);
}

/// The place that holds the value, or 0; `before` the one before it in its bucket, 0 for the first.
uint32_t ValueTable::place_of(Bytes value, uint32_t* before) const {
  if (buckets_.size() == 0) return 0;
  LengthBytes space;
  const Bytes length = length_of(value, space);
  *before = 0;
  uint32_t place = buckets_[bucket_of(keyed_hash(value, seed_))];
  while (place != 0) {
    const uint64_t at = start_of(place);
    if (records_.equal(at, length) && records_.equal(at + length.size(), value)) return place;
    *before = place;
    place = records_[place] & kNext;
  }
  return 0;
}

std::optional<ValueTable::Found> ValueTable::find(Bytes value) const {
  uint32_t before;
  const uint32_t place = place_of(value, &before);
  if (place == 0) return std::nullopt;
  if (!(records_[place] & kHasAside)) return Found{};
  const uint32_t aside = records_[place + 1];
  if (!(aside & kStandsApart)) return Found{static_cast<uint16_t>(aside), {}};
  const Aside& apart = asides_[aside & ~kStandsApart];
  return Found{apart.reputation, apart.json};
}

uint64_t ValueTable::record_words(Bytes value, bool aside) const {
  LengthBytes space;
  const uint64_t words = 1 + aside + (length_of(value, space).size() + value.size() + kWord - 1) / kWord;
  if (words <= kExactSizes) return words;
  const uint64_t step = std::bit_floor(words) / kSteps;
  return (words + step - 1) / step * step;
}

uint32_t& ValueTable::hole(uint64_t words) {
  if (words <= kExactSizes) return holes_[words];
  const uint64_t power = std::bit_floor(words);
  const auto doublings = static_cast<uint64_t>(std::countr_zero(power) - std::countr_zero(kExactSizes));
  return holes_[kExactSizes + 1 + doublings * kSteps + (words - power) * kSteps / power];
}

bool ValueTable::add(Bytes value, const Aside& aside) {
  const bool apart = !aside.json.empty();
  const uint64_t words = record_words(value, !aside.empty());
  const uint64_t fresh = (records_.size() == 0 ? 1 : 0) + words;  // place 0 stands for none
  if (fresh > kNext) return false;
  uint32_t& reused = hole(words);
  uint64_t cost = (reused == 0 ? fresh : 0) * kWord + (count_ == buckets_.size() ? kWord : 0);
  if (apart) cost += apart_bytes(aside);
  if (used() + cost > memcap_ || (reused == 0 && records_.size() + fresh > kNext)) return false;
  uint32_t place = reused;
  if (place != 0) {
    reused = records_[place];
  } else {
    records_.grow(fresh);
    place = static_cast<uint32_t>(records_.size() - words);
  }
  if (count_ == buckets_.size()) split();
  uint32_t& bucket = buckets_[bucket_of(keyed_hash(value, seed_))];
  records_[place] = bucket | (aside.empty() ? 0 : kHasAside);
  bucket = place;
  if (!aside.empty()) records_[place + 1] = apart ? put_apart(aside) : aside.reputation;
  LengthBytes space;
  const Bytes length = length_of(value, space);
  records_.write(start_of(place), length);
  records_.write(start_of(place) + length.size(), value);
  count_++;
  return true;
}

uint64_t ValueTable::apart_bytes(const Aside& aside) {
  return sizeof(Aside) + heap_bytes(aside.json);
}

uint32_t ValueTable::put_apart(const Aside& aside) {
  aside_bytes_ += apart_bytes(aside);
  if (free_asides_.empty()) {
    asides_.push_back(aside);
    return static_cast<uint32_t>(asides_.size() - 1) | kStandsApart;
  }
  const uint32_t number = free_asides_.back();
  free_asides_.pop_back();
  asides_[number] = aside;
  return number | kStandsApart;
}

bool ValueTable::remove(Bytes value) {
  uint32_t before;
  const uint32_t place = place_of(value, &before);
  if (place == 0) return false;
  const uint32_t first = records_[place], next = first & kNext;
  const bool has_aside = first & kHasAside;
  if (before == 0) {
    buckets_[bucket_of(keyed_hash(value, seed_))] = next;
  } else {
    records_[before] = (records_[before] & kHasAside) | next;
  }
  if (has_aside && records_[place + 1] & kStandsApart) {
    const uint32_t number = records_[place + 1] & ~kStandsApart;
    aside_bytes_ -= apart_bytes(asides_[number]);
    asides_[number] = Aside();
    free_asides_.push_back(number);
  }
  uint32_t& holes = hole(record_words(value, has_aside));
  records_[place] = holes;
  holes = place;
  count_--;
  return true;
}

/// One bucket more: it takes from the one bucket that stood for it what is now its own.
void ValueTable::split() {
  const uint64_t fresh = buckets_.size();
  buckets_.grow(1);
  buckets_[fresh] = 0;
  if (fresh == 0) return;
  uint32_t place = buckets_[fresh - std::bit_floor(fresh)], kept = 0;
  std::string space;
  while (place != 0) {
    uint32_t& word = records_[place];
    const uint32_t next = word & kNext;
    uint32_t& chain = bucket_of(keyed_hash(value_at(place, space), seed_)) == fresh ? buckets_[fresh] : kept;
    word = (word & kHasAside) | chain;
    chain = place;
    place = next;
  }
  buckets_[fresh - std::bit_floor(fresh)] = kept;
}

void ValueTable::each(const std::function<void(Bytes)>& use) const {
  std::string space;
  for (uint64_t i = 0; i < buckets_.size(); i++) {
    for (uint32_t place = buckets_[i]; place != 0; place = records_[place] & kNext) use(value_at(place, space));
  }
}

void ValueTable::reserve(uint64_t count) {
  count = std::min(count, memcap_ / 4 / kWord);
  while (buckets_.size() < count && used() + kWord <= memcap_) split();
}

}  // namespace lapwing::rules
