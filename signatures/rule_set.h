// RuleSet: the compiled rules, and how to compile them.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/base/counters.h"
#include "sensor/base/options.h"
#include "sensor/event/alert.h"
#include "signatures/datasets.h"
#include "signatures/parse/parse.h"

namespace lapwing {

class Countries;
class Reputation;

/// What rules may refer to outside their room: handed over at start, so that no rule code names a protocol.
struct RuleEnvironment {
  std::vector<const Protocol*> protocols;  // fields, anomaly names
  std::span<const std::string_view> decode_events, stream_events, detection_events;
  RuleVariables variables;
  RuleTables tables;
  std::vector<ThresholdLine> thresholds;
  std::vector<RuleMessage> threshold_faults;     // of the lines that could not be read
  std::shared_ptr<const Reputation> reputation;  // null: none
  std::shared_ptr<const Countries> countries;    // null: none
  std::shared_ptr<DatasetStore> datasets;        // rules make new sets in it
};

/// [S] Keys "detect.*", "pcre.*", "packet-alert-max", with Suricata's names and meaning.
struct DetectConfig {
  uint64_t packet_alert_max = 0, inspection_recursion_limit = 0, pcre_match_limit = 0, pcre_recursion_limit = 0;
  std::vector<std::string> action_order;  // those not named come last, in the usual order
  bool caching = false;
  std::string caching_path;  // empty: a folder of the user's or the service's caches
};
std::span<const OptionRow<DetectConfig>> detect_options();
/// Throws SettingError also at what would leave no rule of use.
DetectConfig read_detect_config(const Setting& root);

/// What became of the rules that were read.
struct RuleCounts {
  uint64_t loaded = 0, failed = 0;  // failed: at fault, those too that no line of could be read
  uint64_t skipped = 0;             // legal, but uses a keyword or protocol we do not have yet
  uint64_t older = 0;               // of a sid that is loaded in a later revision
};

/// Where the prefilters came from.
struct DatabaseCounts {
  size_t all = 0, cached = 0;
};

/// Immutable and shared [S]; the inside is signatures/compile/compiled.h's business.
class RuleSet {
 public:
  virtual ~RuleSet() = default;
  virtual RuleCounts counts() const = 0;
  virtual std::span<const RuleInfo* const> rules() const = 0;
  virtual uint64_t generation() const = 0;
  virtual DatabaseCounts databases() const = 0;
  /// Frames of the protocol that rules look at: bits by number (frame_kind).
  virtual uint32_t frames(const Protocol& protocol) const = 0;
};

/// Compiles rules as they are read. Those at fault, or with keywords not there yet, are left out and described in
/// `messages`. What it is made with must outlive it.
class RuleCompiler {
 public:
  RuleCompiler(const RuleEnvironment& environment, const DetectConfig& config, std::vector<RuleMessage>& messages);
  ~RuleCompiler();
  /// From now on also tells of what is legal and yet cannot be meant: contents that can never match, state that no rule
  /// sets, variables that nothing uses. Call before the first rule.
  void judge();
  void add(const RuleTree& tree);
  /// Ends the compiler's work; called once.
  std::shared_ptr<const RuleSet> finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// One line of `lapwing list keywords`.
struct KeywordInfo {
  std::string_view name, family, help;
  bool sticky_buffer = false;
};
std::vector<KeywordInfo> list_keywords(const RuleEnvironment& environment);

}  // namespace lapwing
