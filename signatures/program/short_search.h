// ShortSearch: the literals of a group, sought in short buffers and at the beginning of long ones.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/base/bytes.h"
#include "signatures/program/candidates.h"

namespace lapwing::rules {

/// Names the rules whose literal lies in a few bytes. Hyperscan takes as long to begin as this does to be through with
/// them. Of a literal four bytes are hashed, at up to four neighbouring places, so that it is found although only every
/// fourth place of the buffer is looked at; a filter that the first-level cache holds rules out nearly all of those.
/// [S] once built.
class ShortSearch {
 public:
  static constexpr size_t kMost = 128;  // bytes that are searched

  struct Literal {
    std::string_view text;
    bool nocase = false;
    uint64_t first = 0;           // place in its buffer before which it cannot begin
    uint64_t reach = UINT64_MAX;  // ... and behind which it cannot end
  };

  void add(const Literal& literal, uint32_t rule);
  /// What was added to the other, before they are built.
  void take(ShortSearch& other);
  void build();

  size_t added() const { return added_.size(); }
  size_t shortest_added() const;
  bool empty() const { return added_.empty() && sought_.empty(); }
  bool has_heads() const { return has_heads_; }
  /// Of a buffer of kMost bytes that scan() or scan_head() look at: what they cost.
  size_t places() const;
  size_t head_places() const;
  size_t literals() const { return sought_.empty() ? 0 : sought_.size() - 1; }
  std::span<const uint32_t> rules_of(size_t literal) const {
    return {rules_.data() + sought_[literal].rules, rules_.data() + sought_[literal + 1].rules};
  }
  size_t memory() const;
  /// At most kMost bytes, which begin at `base` of their buffer.
  void scan(Bytes bytes, uint64_t base, Candidates& out) const;
  /// Only for literals that must end in the first kMost bytes of their buffer. `base` is less than that.
  void scan_head(Bytes bytes, uint64_t base, Candidates& out) const;

 private:
  static constexpr size_t kGram = 4;  // bytes that are hashed; of a shorter literal all

  struct Added {
    std::string text;  // in lower case when nocase
    bool nocase = false;
    uint32_t first = 0, reach = 0, rule = 0;
    auto operator<=>(const Added&) const = default;
  };
  struct Sought {
    uint32_t first = 0, reach = 0;  // UINT32_MAX: anywhere
    uint32_t text = 0, rules = 0;   // where they begin
    uint8_t size = 0;
    bool nocase = false;
  };
  /// Some bytes of a literal, folded, and where in it they are.
  struct Gram {
    uint32_t bytes = 0, literal = 0;
    uint8_t at = 0;
  };
  /// How grams of one size are looked for.
  struct Probe {
    uint8_t stride = 0;  // of places where literals that may be anywhere have one of theirs; 0: there are none
    std::array<uint64_t, kMost / 64> head{};  // bits of places where literals near the buffer's start may have one
  };
  class Text;

  uint32_t slot(uint32_t gram) const { return gram * 0x9e3779b1u >> shift_; }
  size_t bucket(uint32_t slot) const { return slot >> bucket_shift_; }
  void choose_grams(const Sought& literal, std::vector<uint8_t>& used);
  void scan_places(const Text& text, size_t size, uint64_t base, size_t stride, Candidates& out) const;
  void try_at(const Text& text, size_t at, uint32_t gram, uint64_t base, Candidates& out) const;

  std::vector<Added> added_;
  int shift_ = 0, bucket_shift_ = 0;
  bool has_heads_ = false, has_uniform_ = false;
  std::array<Probe, kGram + 1> probes_{};  // by size of a gram
  std::vector<uint64_t> filter_;           // bits by slot: a literal has that gram
  std::vector<uint32_t> buckets_;          // where the grams of so many neighbouring slots begin
  std::vector<Gram> grams_;                // by slot
  std::vector<Sought> sought_;             // one more behind the last
  std::vector<uint32_t> rules_;
  std::string text_;
};

}  // namespace lapwing::rules
