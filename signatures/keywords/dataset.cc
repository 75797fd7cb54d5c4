// Sets of values that rules look up and change, and the reputation of values.
#include "sensor/base/json_writer.h"
#include "sensor/base/text.h"
#include "signatures/datasets/dataset_store.h"
#include "signatures/keywords/families.h"
#include "signatures/match/shared.h"

namespace lapwing::rules {

namespace {

enum class SetOp : uint8_t { isset, isnotset, set, unset };

/// Sets that rules change are touched in the order of packets.
void await_turn(Inspection& inspection, const Dataset& set) {
  const Scene& scene = *inspection.scene;
  if (set.written()) scene.shared->await(scene.context->number);
}

class DatasetStep : public Step {
 public:
  DatasetStep(Dataset& set, SetOp op, bool domains, std::string context_key)
      : set_(set), op_(op), domains_(domains), context_key_(std::move(context_key)) {
    touches = op == SetOp::set || op == SetOp::unset ? Touches::writes_shared : Touches::reads_shared;
  }

  std::string describe(VariableNames) const override {
    static constexpr std::string_view kOps[] = {"isset", "isnotset", "set", "unset"};
    return "dataset " + std::string(kOps[static_cast<size_t>(op_)]) + " " + set_.name() + ", type " +
           std::string(name_of(set_.type())) + (domains_ ? ", match subdomain" : "");
  }

  Outcome attempt(Inspection& inspection, Attempt&) const override {
    const Bytes value = inspection.subject().data;
    if (value.empty()) return Outcome::fail;
    await_turn(inspection, set_);
    std::optional<ValueTable::Found> found;
    bool matches = false;
    switch (op_) {
      case SetOp::isset:
      case SetOp::isnotset:
        found = domains_ ? set_.find_domain(value) : set_.find(value);
        matches = found.has_value() == (op_ == SetOp::isset);
        break;
      case SetOp::set: {
        auto added = set_.add(value);
        if (added == Dataset::Added::no_room) inspection.counters().dataset_memcap++;
        matches = added == Dataset::Added::fresh;
        break;
      }
      case SetOp::unset: matches = set_.remove(value); break;
    }
    if (matches && found && !found->json.empty()) {
      JsonWriter json(inspection.context);
      if (!inspection.context.empty()) json.raw("");  // the object holds members: the next one needs its comma
      json.escaped_key(context_key_).raw(found->json);
    }
    return matches ? Outcome::match : Outcome::fail;
  }

 private:
  Dataset& set_;
  SetOp op_;
  bool domains_;
  std::string context_key_;
};

class ReputationStep : public Step {
 public:
  ReputationStep(Dataset& set, IntegerTest test) : set_(set), test_(test) { touches = Touches::reads_shared; }
  std::string describe(VariableNames) const override { return "datarep " + set_.name() + " " + rules::words(test_); }
  Outcome attempt(Inspection& inspection, Attempt&) const override {
    await_turn(inspection, set_);
    auto found = set_.find(inspection.subject().data);
    return found && test_.matches(found->reputation) ? Outcome::match : Outcome::fail;
  }

 private:
  Dataset& set_;
  IntegerTest test_;
};

Datasets& store_of(const RuleBuilder& rule) {
  return static_cast<Datasets&>(*rule.environment().datasets);
}

uint64_t read_size(const RuleBuilder& rule, const RuleOption& option, const std::string& text) {
  Setting node;
  node.kind = Setting::Kind::scalar;
  node.scalar = text;
  try {
    return node.as_size();
  } catch (const SettingError&) {
    rule.fail(option, "'" + text + "' is no size; write bytes, or a number with kb, mb or gb");
  }
}

/// The words behind the operation and the name: "type string", "load list.csv", ...
struct SetWords {
  DatasetWish wish;
  std::string load, save, state, context_key;
  bool domains = false;
};

SetWords read_words(RuleBuilder& rule, const RuleOption& option, std::span<const std::string> words) {
  SetWords out;
  std::vector<std::string> seen;
  for (const std::string& word : words) {
    size_t blank = word.find_first_of(" \t");
    std::string key = word.substr(0, blank);
    std::string value = blank == std::string::npos ? "" : std::string(trim(std::string_view(word).substr(blank)));
    if (std::find(seen.begin(), seen.end(), key) != seen.end()) rule.fail(option, "'" + key + "' is given twice");
    seen.push_back(key);
    if (key == "remove_key" && value.empty()) {
      out.wish.file.remove_key = true;
      continue;
    }
    if (value.empty()) rule.fail(option, "'" + key + "' needs a value");
    if (key == "type") {
      out.wish.type = dataset_type(value);
      if (!out.wish.type) rule.fail(option, "type '" + value + "' is none of string, md5, sha256, ipv4, ip");
    } else if (key == "load") {
      out.load = value;
    } else if (key == "save") {
      out.save = value;
    } else if (key == "state") {
      out.state = value;
    } else if (key == "memcap") {
      out.wish.memcap = read_size(rule, option, value);
    } else if (key == "hashsize") {
      out.wish.hashsize = static_cast<uint64_t>(read_integer(rule, option, value, 1, UINT32_MAX));
    } else if (key == "format") {
      if (value != "csv" && value != "json" && value != "ndjson" && value != "jsonline") {
        rule.fail(option, "format '" + value + "' is none of csv, json, ndjson");
      }
      out.wish.file.format = value == "csv"    ? DatasetFormat::csv
                             : value == "json" ? DatasetFormat::json
                                               : DatasetFormat::ndjson;
    } else if (key == "value_key") {
      out.wish.file.value_key = value;
    } else if (key == "array_key") {
      out.wish.file.array_key = value;
    } else if (key == "context_key") {
      out.context_key = value;
    } else if (key == "match") {
      if (value != "subdomain" && value != "exact")
        rule.fail(option, "match '" + value + "' is none of exact, subdomain");
      out.domains = value == "subdomain";
    } else {
      rule.fail(option, "'" + key +
                            "' is none of type, load, save, state, memcap, hashsize, format, value_key, array_key, "
                            "context_key, remove_key, match");
    }
  }
  return out;
}

void settle_files(RuleBuilder& rule, const RuleOption& option, SetWords& words, bool reputations) {
  Datasets& store = store_of(rule);
  if (!words.state.empty() && (!words.load.empty() || !words.save.empty())) {
    rule.fail(option, "state stands for load and save of one file: give either it or them");
  }
  words.wish.mark = option.value_mark;
  words.wish.file.reputations = reputations;
  if (!words.load.empty()) words.wish.file.path = store.find_file(words.load, *rule.tree().mark.file);
  if (!words.save.empty()) words.wish.save = store.saved_file(words.save, option.value_mark, true);
  if (!words.state.empty()) {
    words.wish.save = words.wish.file.path = store.saved_file(words.state, option.value_mark, true);
    words.wish.save_may_start = true;
  }
}

/// What is wrong within the set's file is told at the rule that names it.
Dataset& find_set(RuleBuilder& rule, const RuleOption& option, const DatasetWish& wish) {
  try {
    return store_of(rule).get(wish);
  } catch (const SettingError& error) {
    if (error.where().file == wish.mark.file && error.where().line == wish.mark.line) throw;
    rule.fail(option, error.what());
  }
}

void needs_buffer(RuleBuilder& rule, const RuleOption& option) {
  if (rule.raw_or_current() == kRawBuffer) rule.fail(option, "needs a sticky buffer before it");
}

void dataset(RuleBuilder& rule, const RuleOption& option) {
  auto part = parts(rule.text(option), ',');
  if (part.size() < 2 || part[1].empty()) {
    rule.fail(option, "is written '<set|unset|isset|isnotset>,<name>[,type <type>][,load <file>]...'");
  }
  needs_buffer(rule, option);
  SetOp op;
  if (part[0] == "isset")
    op = SetOp::isset;
  else if (part[0] == "isnotset")
    op = SetOp::isnotset;
  else if (part[0] == "set")
    op = SetOp::set;
  else if (part[0] == "unset")
    op = SetOp::unset;
  else
    rule.fail(option, "'" + part[0] + "' is none of set, unset, isset, isnotset");
  const bool changes = op == SetOp::set || op == SetOp::unset;

  SetWords words = read_words(rule, option, std::span(part).subspan(2));
  const bool json = words.wish.file.format != DatasetFormat::csv;
  if (json && words.wish.file.value_key.empty()) rule.fail(option, "JSON needs value_key: where the value is");
  if (json && changes) rule.fail(option, "a set loaded from JSON is for isset and isnotset only");
  if (!json && !words.wish.file.value_key.empty()) rule.fail(option, "value_key goes with format json or ndjson");
  if (words.domains && (changes || (words.wish.type && *words.wish.type != DatasetType::string))) {
    rule.fail(option, "match subdomain goes with isset and isnotset of a set of type string");
  }
  settle_files(rule, option, words, false);
  words.wish.name = part[1];
  Dataset& set = find_set(rule, option, words.wish);
  if (changes && set.has_json()) rule.fail(option, "set '" + part[1] + "' comes from JSON and is not to be changed");
  if (changes) set.set_written();
  std::string key = words.context_key.empty() ? part[1] : words.context_key;
  rule.add(std::make_unique<DatasetStep>(set, op, words.domains, std::move(key)), option);
}

void datarep(RuleBuilder& rule, const RuleOption& option) {
  auto part = parts(rule.text(option), ',');
  if (part.size() < 3 || part[0].empty()) {
    rule.fail(option, "is written '<name>,<operator>,<0-65535>[,type <type>][,load <file>]...'");
  }
  needs_buffer(rule, option);
  if (part[1] != "<" && part[1] != ">" && part[1] != "==") rule.fail(option, "'" + part[1] + "' is none of < > ==");
  IntegerTest test = parse_integer_test((part[1] == "==" ? "" : part[1]) + part[2], option.value_mark, UINT16_MAX);
  SetWords words = read_words(rule, option, std::span(part).subspan(3));
  if (words.wish.file.format != DatasetFormat::csv || words.domains) {
    rule.fail(option, "takes type, load, save, state, memcap and hashsize only");
  }
  settle_files(rule, option, words, true);
  words.wish.name = part[0];
  rule.add(std::make_unique<ReputationStep>(find_set(rule, option, words.wish), test), option);
}

constexpr Keyword kDatasetKeywords[] = {
    {"dataset", "", &dataset, "looks the buffer up in a set of values, adds it or takes it out"},
    {"datarep", "", &datarep, "compares the reputation that a set gives the buffer"},
};

}  // namespace

const KeywordFamily kDatasetFamily{"dataset", kDatasetKeywords};

}  // namespace lapwing::rules
