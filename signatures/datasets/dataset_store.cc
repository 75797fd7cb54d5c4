#include "signatures/datasets/dataset_store.h"

#include <filesystem>

#include "sensor/base/text.h"

namespace lapwing {

namespace {

namespace fs = std::filesystem;

constexpr OptionRow<DatasetConfig> kRows[] = {
    {"datasets.defaults.memcap", &DatasetConfig::memcap, "100mb", "memory of a set that names none itself",
     Unit::bytes},
    {"datasets.defaults.hashsize", &DatasetConfig::hashsize, "4096",
     "values that a new set has room for before it grows"},
    {"datasets.rules.allow-write", &DatasetConfig::allow_write, "yes", "rules may name files to keep sets in"},
    {"datasets.rules.allow-absolute-filenames", &DatasetConfig::allow_absolute, "no",
     "those files may lie outside default-data-dir"},
    {"default-data-dir", &DatasetConfig::data_folder, ".", "folder of the files that sets are kept in"},
    {"default-rule-path", &DatasetConfig::rule_folder, "", "folder of rule files, and of the lists that rules name"},
};

uint64_t read_size(const Setting& set, const char* key) {
  const Setting* node = set.find(key);
  return node ? node->as_size() : 0;
}

}  // namespace

std::span<const OptionRow<DatasetConfig>> dataset_options() {
  return kRows;
}

std::shared_ptr<DatasetStore> DatasetStore::create(const Setting& root) {
  auto store = std::make_shared<rules::Datasets>(read_options<DatasetConfig>(root, dataset_options()));
  const Setting* section = root.find("datasets");
  if (!section) return store;
  for (const auto& child : section->children) {
    if (child->key == "defaults" || child->key == "rules" || child->key == "limits") continue;
    const Setting& node = *section->find(child->key);
    rules::DatasetWish wish{.name = child->key, .mark = child->mark};
    const Setting* type = node.find("type");
    if (!type) node.fail("a set needs a type: string, md5, sha256, ipv4 or ip");
    wish.type = rules::dataset_type(type->as_text());
    if (!wish.type) type->fail("'" + type->as_text() + "' is none of string, md5, sha256, ipv4, ip");
    const Setting *state = node.find("state"), *load = node.find("load"), *save = node.find("save");
    if (state && (load || save)) state->fail("state stands for load and save of one file: give either it or them");
    if (state) {
      wish.save = wish.file.path = store->saved_file(state->as_text(), state->mark, false);
      wish.save_may_start = true;
    }
    if (load) wish.file.path = store->find_file(load->as_text(), "");
    if (save) wish.save = store->saved_file(save->as_text(), save->mark, false);
    wish.memcap = read_size(node, "memcap");
    wish.hashsize = read_size(node, "hashsize");
    store->add_declared(wish);
  }
  return store;
}

namespace rules {

Dataset& Datasets::get(const DatasetWish& wish) {
  auto found = sets_.find(wish.name);
  if (found != sets_.end()) {
    Known& known = found->second;
    if (wish.type && known.set->type() != *wish.type) {
      throw SettingError(wish.mark, "set '" + wish.name + "' is of type " + std::string(name_of(known.set->type())));
    }
    if (wish.save.empty() && wish.file.path.empty()) return *known.set;
    if (wish.file.path != known.file.path) {
      throw SettingError(wish.mark, "set '" + wish.name + "' is loaded from '" + known.file.path + "' elsewhere");
    }
    if (wish.save != known.save) {
      throw SettingError(wish.mark, "set '" + wish.name + "' is kept in '" + known.save + "' elsewhere");
    }
    return *known.set;
  }
  if (!wish.type) {
    throw SettingError(wish.mark, "set '" + wish.name + "' is declared nowhere: give its type");
  }
  Known known{std::make_shared<Dataset>(wish.name, *wish.type, wish.memcap ? wish.memcap : config_.memcap), wish.file,
              wish.save};
  known.set->reserve(wish.hashsize ? wish.hashsize : config_.hashsize);
  const bool start = wish.save_may_start && !fs::exists(wish.file.path);
  if (!wish.file.path.empty() && !start) load_dataset(wish.file, *known.set);
  return *sets_.emplace(wish.name, std::move(known)).first->second.set;
}

std::shared_ptr<DatasetStore> Datasets::next() const {
  auto out = std::make_shared<Datasets>(config_);
  for (const auto& [name, known] : sets_) {
    const bool only_loaded = !known.file.path.empty() && known.save.empty();
    if (known.declared || !only_loaded) out->sets_.emplace(name, known);
  }
  return out;
}

std::string Datasets::find_file(const std::string& name, const std::string& rule_file) const {
  const fs::path path = name;
  if (path.is_absolute()) return name;
  for (const fs::path& folder :
       {fs::path(rule_file).parent_path(), fs::path(config_.rule_folder), fs::path(config_.data_folder)}) {
    std::error_code error;
    if (!folder.empty() && fs::is_regular_file(folder / path, error)) return (folder / path).string();
  }
  return name;
}

std::string Datasets::saved_file(const std::string& name, const SourceMark& mark, bool of_rule) const {
  const fs::path path = name;
  if (of_rule) {
    // Rules come from strangers: they may not choose which files of the machine are overwritten.
    if (!config_.allow_write) throw SettingError(mark, "rules may not keep sets in files: datasets.rules.allow-write");
    bool climbs = std::find(path.begin(), path.end(), "..") != path.end();
    if (!config_.allow_absolute && (path.is_absolute() || climbs)) {
      throw SettingError(mark, "'" + name + "' lies outside default-data-dir: datasets.rules.allow-absolute-filenames");
    }
  }
  return path.is_absolute() ? name : (fs::path(config_.data_folder) / path).string();
}

std::vector<std::string> Datasets::save() const {
  std::vector<std::string> failures;
  for (const auto& [name, known] : sets_) {
    if (known.save.empty()) continue;
    try {
      save_dataset(known.save, *known.set);
    } catch (const SettingError& error) {
      failures.emplace_back(error.what());
    }
  }
  return failures;
}

std::vector<std::string> Datasets::kept_files() const {
  std::vector<std::string> files;
  for (const auto& [name, known] : sets_) {
    if (!known.save.empty()) files.push_back(known.save);
  }
  return files;
}

}  // namespace rules
}  // namespace lapwing
