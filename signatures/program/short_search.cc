#include "signatures/program/short_search.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <iterator>
#include <numeric>
#include <tuple>

#include "sensor/base/text.h"

namespace lapwing::rules {

namespace {

constexpr std::array<uint32_t, 5> kMasks = {0, 0xff, 0xffff, 0xffffff, 0xffffffff};  // by bytes of a gram
constexpr size_t kSlotsEach = 64;              // so many bits of the filter for each gram
constexpr int kLeastBits = 8, kMostBits = 16;  // of a slot: a filter of 32 bytes to 8 KiB

constexpr uint32_t kRarest = 4 * 4 * 6;  // rarity of all grams of a literal
constexpr uint32_t kUniform = 32;  // one byte repeated, such as padding, is as bad as being shared by so many literals
constexpr uint32_t kFarther = 8;   // so much rarer must grams be to stand one place farther from the start

/// Places of a buffer that need not be looked at between two: as many grams of the literal follow each other.
uint8_t stride_of(size_t literal) {
  return literal < 5 ? 1 : literal < 7 ? 2 : 4;
}

uint32_t saturated(uint64_t place) {
  return static_cast<uint32_t>(std::min<uint64_t>(place, UINT32_MAX));
}

/// Letters are everywhere, other text and what fills gaps is not.
constexpr std::array<uint8_t, 256> kRarity = [] {
  std::array<uint8_t, 256> out{};
  for (size_t c = 0; c < out.size(); ++c) {
    const uint8_t letter = lower(static_cast<uint8_t>(c));
    const bool common = c == 0 || c == 0xff || (c >= '0' && c <= '9');
    out[c] = letter >= 'a' && letter <= 'z' ? 2 : common ? 3 : c >= 0x20 && c < 0x7f ? 4 : 6;
  }
  return out;
}();

/// What repeats counts once.
uint32_t rarity(std::string_view gram) {
  uint32_t sum = 0;
  for (size_t i = 0; i < gram.size(); i++) {
    const bool repeated = std::any_of(gram.begin(), gram.begin() + static_cast<ptrdiff_t>(i),
                                      [&](char before) { return before == gram[i]; });
    if (!repeated) sum += kRarity[static_cast<uint8_t>(gram[i])];
  }
  return sum;
}

bool is_uniform(std::string_view gram) {
  return std::memcmp(gram.data(), gram.data() + 1, gram.size() - 1) == 0;
}

}  // namespace

/// The bytes as they are, and folded, with room behind so that a gram can be read at each of them.
class ShortSearch::Text {
 public:
  explicit Text(Bytes all) : bytes(all.first(std::min(all.size(), kMost))) {
    std::memcpy(folded_, bytes.data(), bytes.size());
    for (uint8_t& byte : folded_) byte = lower(byte);
  }
  uint32_t gram(size_t at) const {
    static_assert(std::endian::native == std::endian::little);
    uint32_t out = 0;
    std::memcpy(&out, folded_ + at, sizeof out);
    return out;
  }

  const Bytes bytes;

 private:
  uint8_t folded_[kMost + 16] = {};
};

void ShortSearch::add(const Literal& literal, uint32_t rule) {
  if (literal.text.empty() || literal.text.size() > kMost) return;
  added_.push_back({literal.nocase ? to_lower(literal.text) : std::string(literal.text), literal.nocase,
                    saturated(literal.first), saturated(literal.reach), rule});
}

void ShortSearch::take(ShortSearch& other) {
  std::ranges::move(other.added_, std::back_inserter(added_));
  other = {};
}

size_t ShortSearch::shortest_added() const {
  size_t shortest = SIZE_MAX;
  for (const Added& literal : added_) shortest = std::min(shortest, literal.text.size());
  return shortest;
}

/// Those of a literal that the fewest others have; of one near the buffer's start those that come first, since all such
/// share few places then.
void ShortSearch::choose_grams(const Sought& literal, std::vector<uint8_t>& used) {
  const std::string_view text = std::string_view(text_).substr(literal.text, literal.size);
  const size_t size = std::min(text.size(), kGram), stride = stride_of(text.size());
  const bool head = literal.reach <= kMost;
  const Text folded(to_bytes(text));
  const auto place_of = [&](size_t at) { return slot(folded.gram(at) & kMasks[size]); };
  std::array<uint32_t, kMost> costs;  // of each gram by itself
  for (size_t at = 0; at + size <= text.size(); at++) {
    const std::string_view gram = text.substr(at, size);
    const uint32_t crowd = used[place_of(at)] + (is_uniform(gram) ? kUniform : 0);
    costs[at] = (crowd << 16) - rarity(gram);
  }
  size_t best = 0;
  uint32_t least = UINT32_MAX;
  for (size_t at = 0; at + size + stride - 1 <= text.size(); at++) {
    const uint32_t farther = head ? static_cast<uint32_t>(at) * kFarther : 0;
    const uint32_t cost = std::accumulate(&costs[at], &costs[at] + stride, kRarest + farther);
    if (cost >= least) continue;
    least = cost;
    best = at;
  }
  Probe& probe = probes_[size];
  if (!head) probe.stride = static_cast<uint8_t>(probe.stride == 0 ? stride : std::min<size_t>(probe.stride, stride));
  for (size_t at = best; at < best + stride; at++) {
    const uint32_t place = place_of(at);
    has_uniform_ |= !head && is_uniform(text.substr(at, size));
    grams_.push_back(
        {folded.gram(at) & kMasks[size], static_cast<uint32_t>(&literal - sought_.data()), static_cast<uint8_t>(at)});
    filter_[place / 64] |= uint64_t{1} << place % 64;
    if (used[place] < UINT8_MAX) used[place]++;
    if (!head) continue;
    has_heads_ = true;
    for (uint64_t begin = literal.first; begin + literal.size <= literal.reach; begin++) {
      const uint64_t there = begin + at;
      if (there % stride == 0) probe.head[there / 64] |= uint64_t{1} << there % 64;
    }
  }
}

void ShortSearch::build() {
  std::sort(added_.begin(), added_.end());
  added_.erase(std::unique(added_.begin(), added_.end()), added_.end());
  size_t grams = 0;
  for (size_t i = 0; i < added_.size(); i++) {
    const Added& one = added_[i];
    const bool known =
        i > 0 && std::tie(one.text, one.nocase, one.first, one.reach) ==
                     std::tie(added_[i - 1].text, added_[i - 1].nocase, added_[i - 1].first, added_[i - 1].reach);
    if (!known) {
      sought_.push_back({one.first, one.reach, static_cast<uint32_t>(text_.size()),
                         static_cast<uint32_t>(rules_.size()), static_cast<uint8_t>(one.text.size()), one.nocase});
      text_ += one.text;
      grams += stride_of(one.text.size());
    }
    rules_.push_back(one.rule);
  }
  added_ = {};
  if (sought_.empty()) return;
  const int bits = std::clamp(static_cast<int>(std::bit_width(grams * kSlotsEach - 1)), kLeastBits, kMostBits);
  const int bucket_bits = std::min(static_cast<int>(std::bit_width(grams)), bits);
  shift_ = 32 - bits;
  bucket_shift_ = bits - bucket_bits;
  filter_.assign((size_t{1} << bits) / 64, 0);
  grams_.reserve(grams);
  std::vector<uint8_t> used(size_t{1} << bits);
  for (const Sought& literal : sought_) choose_grams(literal, used);
  std::ranges::stable_sort(grams_, {}, [&](const Gram& gram) { return slot(gram.bytes); });
  buckets_.assign((size_t{1} << bucket_bits) + 1, 0);
  for (const Gram& gram : grams_) buckets_[bucket(slot(gram.bytes)) + 1]++;
  std::partial_sum(buckets_.begin(), buckets_.end(), buckets_.begin());
  sought_.push_back({.rules = static_cast<uint32_t>(rules_.size())});
  sought_.shrink_to_fit();
  rules_.shrink_to_fit();
  text_.shrink_to_fit();
}

size_t ShortSearch::head_places() const {
  size_t sum = 0;
  for (const Probe& probe : probes_) {
    for (const uint64_t places : probe.head) sum += static_cast<size_t>(std::popcount(places));
  }
  return sum;
}

size_t ShortSearch::places() const {
  // Where a literal has nothing but one byte repeated, padding is looked at again and again.
  size_t sum = head_places() + (has_uniform_ ? kMost : 0);
  for (const Probe& probe : probes_) sum += probe.stride == 0 ? 0 : kMost / probe.stride;
  return sum;
}

size_t ShortSearch::memory() const {
  return filter_.size() * sizeof(uint64_t) + grams_.size() * sizeof(Gram) + sought_.size() * sizeof(Sought) +
         text_.size() + (buckets_.size() + rules_.size()) * sizeof(uint32_t);
}

void ShortSearch::try_at(const Text& text, size_t at, uint32_t gram, uint64_t base, Candidates& out) const {
  const size_t near = bucket(slot(gram));
  for (uint32_t number = buckets_[near]; number < buckets_[near + 1]; number++) {
    const Gram& here = grams_[number];
    if (here.bytes != gram || at < here.at) continue;
    const Sought& literal = sought_[here.literal];
    const size_t begin = at - here.at;
    if (begin + literal.size > text.bytes.size() || base + begin < literal.first) continue;
    if (literal.reach != UINT32_MAX && base + begin + literal.size > literal.reach) continue;
    const uint8_t* there = text.bytes.data() + begin;
    const auto* bytes = reinterpret_cast<const uint8_t*>(text_.data() + literal.text);
    const bool equal = literal.nocase ? std::equal(there, there + literal.size, bytes,
                                                   [](uint8_t a, uint8_t b) { return lower(a) == b; })
                                      : std::memcmp(there, bytes, literal.size) == 0;
    if (!equal) continue;
    for (const uint32_t rule : rules_of(here.literal)) out.add(rule);
  }
}

void ShortSearch::scan(Bytes bytes, uint64_t base, Candidates& out) const {
  if (filter_.empty() || bytes.empty()) return;
  const Text text(bytes);
  for (size_t size = kGram; size > 0; size--) {
    const size_t stride = probes_[size].stride;
    if (base < kMost) scan_places(text, size, base, stride, out);
    if (stride == 0) continue;
    for (size_t at = 0; at + size <= text.bytes.size(); at += stride) {
      const uint32_t gram = text.gram(at) & kMasks[size], place = slot(gram);
      if (filter_[place / 64] >> place % 64 & 1) [[unlikely]]
        try_at(text, at, gram, base, out);
    }
  }
}

void ShortSearch::scan_head(Bytes bytes, uint64_t base, Candidates& out) const {
  if (!has_heads_ || bytes.empty()) return;
  const Text text(bytes.first(std::min<size_t>(bytes.size(), kMost - base)));
  for (size_t size = kGram; size > 0; size--) scan_places(text, size, base, 0, out);
}

/// Where literals near the buffer's start may be, but for multiples of the stride, which are looked at anyway.
void ShortSearch::scan_places(const Text& text, size_t size, uint64_t base, size_t stride, Candidates& out) const {
  for (size_t word = base / 64; word < probes_[size].head.size(); word++) {
    for (uint64_t places = probes_[size].head[word]; places != 0; places &= places - 1) {
      const size_t place = word * 64 + static_cast<size_t>(std::countr_zero(places));
      if (place < base) continue;
      const size_t at = place - base;
      if (at + size > text.bytes.size()) return;
      if (stride != 0 && at % stride == 0) continue;
      const uint32_t gram = text.gram(at) & kMasks[size], where = slot(gram);
      if (filter_[where / 64] >> where % 64 & 1) try_at(text, at, gram, base, out);
    }
  }
}

}  // namespace lapwing::rules
