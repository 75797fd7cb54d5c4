// SensorConfig: everything the rooms read from the configuration, read once.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "analytics/registry.h"
#include "dissectors/parts/file/file_options.h"
#include "export/eve/config.h"
#include "export/filestore/file_store.h"
#include "sensor/app/app_config.h"
#include "sensor/base/setting.h"
#include "sensor/decode/decode.h"
#include "sensor/flow/budget.h"
#include "sensor/flow/exception_policy.h"
#include "sensor/flow/flow_table.h"
#include "sensor/identify/identify.h"
#include "sensor/pipeline/midway.h"
#include "sensor/stream/stream_engine.h"
#include "signatures/compile/rule_environment.h"

namespace lapwing {

/// [S]
struct SensorConfig {
  DecodeConfig decode;
  FlowConfig flow;
  BudgetConfig budget;
  ExceptionConfig exceptions;
  StreamConfig stream;
  AppConfig app;
  RuleConfig detect;
  IdentifyConfig identify;
  std::shared_ptr<const EveConfig> eve;
  FileStoreConfig file_store;
  file::FileConfig files;
  RuleEnvironment rules;
  analytics::Config analytics;
  MidwayConfig midway;

  /// `only`: record types named on the command line, empty for those of the configuration. Throws SettingError.
  static std::unique_ptr<const SensorConfig> read(const Setting& root, const std::vector<std::string>& only);
};

/// Every option of every room, for documentation and for help with unknown keys.
std::vector<OptionInfo> all_options();
/// Their keys, and those by which eve-log sections know options of records.
std::vector<std::string> option_keys();
/// Where they are looked up: by their keys, and those of records in eve-log sections too.
OptionSource option_source(const Setting& root);
/// Takes what only a running sensor reads for read: one file serves all commands.
void pass_over_options_of_run(const Setting& root);
/// Protocol descriptions of all dissectors, whether on or off.
std::vector<const Protocol*> all_protocols();
/// Those, and the protocols of packets without flow: all that write records.
std::vector<const Protocol*> recorded_protocols();
/// Field tables, event names and nothing configured: enough to list keywords or check rules.
RuleEnvironment rule_environment(const Setting& root);
/// The same for rules that shall replace those made in `running`: variables and tables are read anew, sets of values
/// live on (DatasetStore::next).
RuleEnvironment next_rule_environment(const Setting& root, const RuleEnvironment& running);

}  // namespace lapwing
