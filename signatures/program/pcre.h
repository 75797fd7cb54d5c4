// One regular expression, compiled by PCRE2 with its JIT, and what a worker needs to run it within limits.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "sensor/base/bytes.h"

struct pcre2_real_code_8;
struct pcre2_real_match_data_8;
struct pcre2_real_match_context_8;
struct pcre2_real_jit_stack_8;

namespace lapwing {
struct MatchCounters;
}

namespace lapwing::rules {

/// Groups of an expression that can be captured.
inline constexpr size_t kMaxGroups = 8;

/// [W] Reused by all expressions of a worker.
class PcreScratch {
 public:
  PcreScratch();
  ~PcreScratch() { free(); }
  PcreScratch(const PcreScratch&) = delete;
  PcreScratch& operator=(const PcreScratch&) = delete;

 private:
  friend class Regex;
  void free();

  pcre2_real_match_data_8* data_;
  pcre2_real_jit_stack_8* stack_;
  pcre2_real_match_context_8* limited_;
  pcre2_real_match_context_8* unlimited_;  // PCRE2's own limits
};

struct RegexOptions {
  bool caseless = false, dotall = false, multiline = false, extended = false, anchored = false, dollar_endonly = false;
  bool ungreedy = false;
  bool no_limits = false;  // the /O flag
  auto operator<=>(const RegexOptions&) const = default;
};

/// [S]
class Regex {
 public:
  /// Throws std::invalid_argument with PCRE2's message and the offset in the expression.
  Regex(const std::string& expression, RegexOptions options, uint32_t match_limit, uint32_t recursion_limit);
  ~Regex();
  Regex(const Regex&) = delete;
  Regex& operator=(const Regex&) = delete;

  struct Match {
    size_t start = 0, end = 0;
  };
  /// First match starting at `from` or later. Exceeding a limit is no match, and counted.
  bool search(Bytes subject, size_t from, PcreScratch& scratch, MatchCounters& counters, Match& out) const;
  /// Bytes of the first capturing group of the match search() found last with this scratch.
  static Bytes first_group(Bytes subject, PcreScratch& scratch) { return group(subject, 1, scratch); }
  static Bytes group(Bytes subject, size_t number, PcreScratch& scratch);
  /// Groups of the expression; the number of a named one, or 0.
  size_t groups() const;
  size_t group_number(const std::string& name) const;

 private:
  pcre2_real_code_8* code_ = nullptr;
  uint32_t match_limit_, recursion_limit_;
  bool no_limits_;
};

/// The expressions of a rule set, each compiled once: half of a large one's are written in several rules [cold].
class RegexPool {
 public:
  RegexPool(uint32_t match_limit, uint32_t recursion_limit)
      : match_limit_(match_limit), recursion_limit_(recursion_limit) {}

  /// Throws as Regex does.
  std::shared_ptr<const Regex> get(const std::string& expression, const RegexOptions& options);

 private:
  uint32_t match_limit_, recursion_limit_;
  std::map<std::pair<std::string, RegexOptions>, std::shared_ptr<const Regex>> known_;
};

}  // namespace lapwing::rules
