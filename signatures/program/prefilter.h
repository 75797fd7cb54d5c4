// Prefilter: one Hyperscan database that names the rules of a group which may match a buffer.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sensor/base/bytes.h"
#include "signatures/program/candidates.h"
#include "signatures/program/database_cache.h"

struct hs_database;
struct hs_scratch;

namespace lapwing::rules {

/// Hyperscan's working memory. The rule set's own is the prototype; each matcher clones it [W].
class Scratch {
 public:
  Scratch() = default;
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  void fit(const hs_database* database);  // grows; cold, throws std::bad_alloc
  void clone_from(const Scratch& other);
  void swap(Scratch& other) { std::swap(scratch_, other.scratch_); }
  hs_scratch* get() const { return scratch_; }

 private:
  hs_scratch* scratch_ = nullptr;
};

/// Takes patterns, is prepared once, then gets its database compiled or from a former run. [S] after that.
class Prefilter {
 public:
  struct Pattern {
    std::string text;         // literal bytes, or an expression
    bool nocase = false;      // literals only
    bool expression = false;  // prefilter for a pcre of this group
    uint32_t flags = 0;       // Hyperscan's, expressions only
    auto operator<=>(const Pattern&) const = default;
  };

  void add(Pattern pattern, uint32_t rule);
  /// One for what was added to either, before they are prepared.
  Prefilter joined(const Prefilter& other) const;
  /// What was added to the other, before they are prepared.
  void take(Prefilter& other);
  /// Sorts and merges what was added.
  void prepare();
  /// Of the patterns, which alone determine the database. Valid between prepare() and settle().
  Digest digest() const;
  /// Takes the database of another prefilter of the same digest.
  void share(const Prefilter& other);
  /// Compiles the patterns. Throws std::bad_alloc. Different prefilters may be compiled at once.
  void compile();
  /// Takes a database that serialise() gave for the same digest; false when Hyperscan does not know it.
  bool adopt(Bytes serialised);
  /// The database and the numbers of the patterns that Hyperscan refused.
  std::vector<uint8_t> serialise() const;
  /// Ends the preparation. Rules whose expression Hyperscan refused are returned: they must always be looked at.
  std::vector<uint32_t> settle(Scratch& scratch);

  bool empty() const { return !database_ && added_.empty(); }
  size_t patterns() const { return starts_.empty() ? 0 : starts_.size() - 2; }
  size_t expressions() const { return expressions_; }
  size_t longest() const { return longest_; }    // bytes of the longest literal
  bool unbounded() const { return unbounded_; }  // has expressions: a match may begin anywhere before its end
  size_t memory() const;
  /// False when Hyperscan refused: the bytes went unscanned.
  bool scan(Bytes bytes, hs_scratch* scratch, Candidates& out) const;

  std::span<const uint32_t> rules_of(uint32_t pattern) const {
    return {rules_.data() + starts_[pattern], starts_[pattern + 1] - starts_[pattern]};
  }

 private:
  struct Added {
    Pattern pattern;
    uint32_t rule;
  };
  bool read(Bytes serialised);

  std::vector<Added> added_;
  std::vector<Pattern> prepared_;  // by number
  std::vector<uint32_t> refused_;  // numbers of patterns
  std::shared_ptr<const hs_database> database_;
  std::vector<uint32_t> starts_, rules_;
  size_t longest_ = 0, expressions_ = 0;
  bool unbounded_ = false;
};

/// Whether Hyperscan takes the expression as a prefilter (a superset of what PCRE would match).
bool takes_as_prefilter(const std::string& expression, uint32_t flags);
/// Hyperscan's flags for an expression used as prefilter.
uint32_t prefilter_flags(bool caseless, bool dotall, bool multiline);

}  // namespace lapwing::rules
