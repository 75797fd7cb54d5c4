// Step: one payload keyword of a rule. A chain of them is matched against a buffer, with backtracking.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/base/bytes.h"

namespace lapwing {
struct MatchCounters;
}

namespace lapwing::rules {

/// Bytes under inspection. Positions count from the start of the buffer; of a stream only the part from `base` on is
/// held, so positions stay those of the whole stream.
struct Subject {
  Bytes data;
  uint64_t base = 0;
  // Of a stream that goes on: the bytes from `kept` to `coming` are seen once more, or for the first time.
  uint64_t kept = 0, coming = 0;

  uint64_t end() const { return base + data.size(); }
  /// What begins at `from` and ends at `to` is not all here, but will be.
  bool comes(uint64_t from, uint64_t to) const { return to > end() && to <= coming && from >= kept; }
};

/// fail: an earlier step may try its next alternative; stop: that cannot help.
enum class Outcome : uint8_t { match, fail, stop };

/// What a step knows and leaves behind.
struct Attempt {
  uint64_t cursor = 0;  // end of the previous match; on success of this one
  uint64_t resume = 0;  // 0: first attempt; else where the next alternative may start
  // What the steps so far rest on: from the first byte of any to the last, wherever there are some.
  uint64_t oldest = UINT64_MAX, newest = 0;

  void rests_on(uint64_t from, uint64_t to) {
    oldest = std::min(oldest, from);
    newest = std::max(newest, to);
  }
};

class Inspection;
class Step;
struct Scene;
using Chain = std::vector<std::unique_ptr<Step>>;

/// What a step does to state that rules share: steps that do come after all that can rule a match out.
enum class Touches : uint8_t { nothing, reads_shared, writes_shared };

/// Names of the variables that byte_extract and byte_math set, by number.
using VariableNames = std::span<const std::string>;

/// Variables as bits, by number.
struct VariableUse {
  uint32_t sets = 0, reads = 0;
};

class Step {
 public:
  /// Steps that others look into, for step_as().
  enum class Form : uint8_t { content, expression, size, other };

  explicit Step(Form its = Form::other) : form(its) {}
  virtual ~Step() = default;
  virtual Outcome attempt(Inspection& inspection, Attempt& attempt) const = 0;
  /// What the step asks for, in the words of the rule language [cold].
  virtual std::string describe(VariableNames variables) const = 0;
  virtual Chain* inner() { return nullptr; }  // steps on bytes that this one made
  virtual VariableUse variables() const { return {}; }

  bool searches = false;       // may have further alternatives
  bool relative = false;       // depends on the cursor
  bool moves_cursor = false;   // success sets the cursor
  bool relative_next = false;  // a later step depends on where this one ended
  Touches touches = Touches::nothing;
  const Form form;
};

/// The step as what it is, or null. A large rule set asks too often for dynamic_cast.
template <class Which>
Which* step_as(Step& step) {
  return step.form == Which::kForm ? static_cast<Which*>(&step) : nullptr;
}
template <class Which>
const Which* step_as(const Step& step) {
  return step.form == Which::kForm ? static_cast<const Which*>(&step) : nullptr;
}

/// Sets relative_next of each step, once a chain is complete.
void link_chain(Chain& chain);

inline constexpr size_t kMaxVariables = 16;             // byte_extract and byte_math results of one rule
inline constexpr size_t kMaxDecodedBytes = UINT16_MAX;  // of base64_decode, as in Suricata

inline constexpr size_t kMaxCaptures = 32;             // of the expressions of one rule
inline constexpr size_t kMaxCaptureBytes = 64 * 1024;  // of one; longer ones are cut

/// What a step found for records or a variable, to be set when the whole rule has matched. entropy: a number, named
/// after its buffer.
struct Capture {
  enum class Kind : uint8_t { flow, packet, alert, entropy } kind = Kind::flow;
  uint16_t name = 0;  // NameKind::variable
  std::string text;
  bool cut = false;  // it was longer than kMaxCaptureBytes
};

/// [W] Keeps its memory from one rule to the next.
class Captures {
 public:
  void clear() { count_ = 0; }
  bool empty() const { return count_ == 0; }
  std::span<const Capture> all() const { return {items_.data(), count_}; }
  /// Replaces one of the same kind and name: an expression may match in several places. False without room.
  bool set(Capture::Kind kind, uint16_t name, std::string_view text);

 private:
  std::vector<Capture> items_;
  size_t count_ = 0;
};

class PcreScratch;

/// [W] Runs chains. One per matcher; nothing is allocated while it runs.
class Inspection {
 public:
  Inspection(uint64_t recursion_limit, MatchCounters& counters);
  ~Inspection();

  /// True when the whole chain matches. With `floor`, some match must end past it: evidence up to there is old.
  bool matches(const Chain& chain, const Subject& subject, uint64_t floor = 0);
  /// The rest of a chain on other bytes, within a running inspection (base64_data).
  Outcome nested(const Chain& chain, Bytes bytes);
  /// Whether the first steps of a chain match, and where the last of them ended [cold].
  bool matches_first(const Chain& chain, size_t steps, const Subject& subject, uint64_t& end);

  const Subject& subject() const { return subject_; }
  /// Furthest end of what the last chain that matched found; 0: it found nothing anywhere.
  uint64_t newest() const { return newest_; }
  MatchCounters& counters() { return counters_; }
  /// Of the bytes that a step asks for some come later: it fails, and the chain is to be tried again then.
  Outcome put_off() {
    ++put_off_;
    return Outcome::fail;
  }
  uint64_t times_put_off() const { return put_off_; }
  PcreScratch& pcre() { return *pcre_; }
  /// A search of the subject's rest was in vain: the steps before will lead to the same, and to places behind, again
  /// and again.
  void set_absent(const Step& step, int64_t from) { absent_ = {&step, from}; }
  bool absent(const Step& step, int64_t from) const { return absent_.step == &step && absent_.from <= from; }

  std::array<uint64_t, kMaxVariables>
      variables{};      // of the rule at hand, in all of its buffers; its caller clears them
  Captures captures;    // of the rule at hand; its caller clears them
  std::string decoded;  // by base64_decode
  bool has_decoded = false;

  const Scene* scene = nullptr;  // of the rule at hand
  std::string context;           // members of the alert's context that the rule's steps found

 private:
  Outcome run(const std::unique_ptr<Step>* step, size_t left, Attempt attempt);

  struct Absent {
    const Step* step = nullptr;
    int64_t from = 0;
  };

  void begin(const Subject& subject, uint64_t floor);

  Subject subject_;
  Absent absent_;                              // the latest
  uint64_t floor_ = 0, end_ = 0, newest_ = 0;  // end_, newest_: of the last chain that matched
  bool stale_ = false;  // the chain matched on old evidence only: every alternative is worth a try
  uint64_t recursions_ = 0, recursion_limit_, put_off_ = 0;
  MatchCounters& counters_;
  std::unique_ptr<PcreScratch> pcre_;
};

}  // namespace lapwing::rules
