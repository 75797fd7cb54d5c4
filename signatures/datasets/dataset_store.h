// The sets of the process by name: made by the configuration and by rules, loaded once [cold].
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "signatures/datasets/dataset_files.h"
#include "signatures/datasets/datasets.h"

namespace lapwing::rules {

/// What a rule or the configuration says of a set.
struct DatasetWish {
  std::string name;
  std::optional<DatasetType> type;
  DatasetFile file;                   // path empty: nothing is loaded
  std::string save;                   // file to keep the set in, or empty
  bool save_may_start = false;        // "state": the file to load may not be there yet
  uint64_t memcap = 0, hashsize = 0;  // 0: the default
  SourceMark mark;
};

class Datasets : public DatasetStore {
 public:
  explicit Datasets(DatasetConfig config) : config_(std::move(config)) {}

  /// The set, made and loaded when it is the first wish of that name. Throws SettingError at the wish, or in the file.
  Dataset& get(const DatasetWish& wish);
  const DatasetConfig& config() const { return config_; }
  /// Where a file to be read lies: beside the rule file, in default-rule-path, in the data folder, or as it is written.
  std::string find_file(const std::string& name, const std::string& rule_file) const;
  /// Where a file to be written lies. Throws SettingError where the configuration forbids it.
  std::string saved_file(const std::string& name, const SourceMark& mark, bool of_rule) const;
  std::vector<std::string> save() const override;
  std::vector<std::string> kept_files() const override;
  std::shared_ptr<DatasetStore> next() const override;
  void add_declared(const DatasetWish& wish) {
    get(wish);
    sets_.find(wish.name)->second.declared = true;
  }

 private:
  struct Known {
    std::shared_ptr<Dataset> set;
    DatasetFile file;
    std::string save;
    bool declared = false;  // by the configuration
  };
  DatasetConfig config_;
  std::map<std::string, Known, std::less<>> sets_;
};

}  // namespace lapwing::rules
