// RuleCompiler: rules as they are read into a RuleSet.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/base/counters.h"
#include "sensor/base/options.h"
#include "sensor/event/alert.h"
#include "signatures/datasets/datasets.h"
#include "signatures/parse/parse.h"
#include "signatures/program/rule_config.h"
#include "signatures/program/rule_set.h"

namespace lapwing {

class Countries;
class Reputation;

/// What rules may refer to outside their room: handed over at start, so that no rule code names a protocol.
struct RuleEnvironment {
  std::vector<const Protocol*> protocols;  // fields, anomaly names
  std::span<const std::string_view> decode_events, stream_events, recognition_anomalies;
  RuleVariables variables;
  RuleTables tables;
  std::vector<ThresholdLine> thresholds;
  std::vector<RuleMessage> threshold_faults;     // of the lines that could not be read
  std::shared_ptr<const Reputation> reputation;  // null: none
  std::shared_ptr<const Countries> countries;    // null: none
  std::shared_ptr<DatasetStore> datasets;        // rules make new sets in it
};

std::span<const OptionRow<RuleConfig>> rule_options();
/// Throws SettingError also at what would leave no rule of use.
RuleConfig read_rule_config(const Setting& root);

/// Compiles rules as they are read. Those at fault, or with keywords not there yet, are left out and described in
/// `messages`. What it is made with must outlive it.
class RuleCompiler {
 public:
  RuleCompiler(const RuleEnvironment& environment, const RuleConfig& config, std::vector<RuleMessage>& messages);
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
