// RuleEnvironment: what rules may refer to, and what they may say.
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

/// One line of `lapwing list keywords`.
struct KeywordInfo {
  std::string_view name, family, help;
  bool sticky_buffer = false;
};
std::vector<KeywordInfo> list_keywords(const RuleEnvironment& environment);

}  // namespace lapwing
