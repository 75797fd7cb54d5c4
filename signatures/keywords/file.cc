// Files: by name, type, size and digest; and storing them.
#include <algorithm>
#include <array>

#include "sensor/base/text.h"
#include "signatures/datasets/dataset_store.h"
#include "signatures/keywords/families.h"
#include "signatures/parse/source_text.h"

namespace lapwing::rules {

namespace {

BufferId file_field(RuleBuilder& rule, const RuleOption& option, const std::string& field) {
  if (!rule.buffers().has(field)) rule.skip(option, "no dissector has files");
  return rule.buffers().of_field(field);
}

/// "filename", "fileext" and "filemagic" are contents of the buffers that newer rules name.
void add_content(RuleBuilder& rule, const RuleOption& option, const std::string& field, bool extension) {
  const BufferId buffer = file_field(rule, option, field);
  auto step = read_content(rule, option);
  step->nocase = true;
  if (extension) {
    step->pattern.insert(0, 1, '.');
    step->endswith = true;
  }
  rule.add_to_buffer(buffer, std::move(step));
}

void filename(RuleBuilder& rule, const RuleOption& option) {
  add_content(rule, option, "file.name", false);
}
void fileext(RuleBuilder& rule, const RuleOption& option) {
  add_content(rule, option, "file.name", true);
}
void filemagic(RuleBuilder& rule, const RuleOption& option) {
  add_content(rule, option, "file.magic", false);
}

void filesize(RuleBuilder& rule, const RuleOption& option) {
  FileTest test;
  std::string_view value = rule.text(option);
  test.buffer = rule.take_direction(option, value, file_field(rule, option, "filesize"));
  test.size = parse_integer_test(value, option.value_mark, UINT64_MAX);
  rule.rule().file_tests.push_back(std::move(test));
}

/// A list holds one digest a line; what follows it, such as md5sum's file names, is for its readers.
std::shared_ptr<const DigestList> read_list(RuleBuilder& rule, const RuleOption& option, const std::string& path,
                                            size_t digits) {
  auto list = std::make_shared<DigestList>();
  std::string text;
  try {
    text = read_text_file(path);
  } catch (const SettingError& error) {
    rule.fail(option, error.what());
  }
  uint32_t number = 0;
  for (std::string_view line : split(text, '\n')) {
    number++;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line[0] == '#' || line[0] == ';' || line[0] == ' ') continue;
    std::string digest = to_lower(line.substr(0, digits));
    bool hex = std::all_of(digest.begin(), digest.end(), [](unsigned char c) { return std::isxdigit(c) != 0; });
    bool ends = line.size() <= digits || !std::isxdigit(static_cast<unsigned char>(line[digits]));
    if (digest.size() != digits || !hex || !ends) {
      rule.fail(option, path + ":" + std::to_string(number) + ":1: a digest of " + std::to_string(digits) +
                            " hex digits is expected");
    }
    list->insert(std::move(digest));
  }
  if (list->empty()) rule.fail(option, path + " holds no digest");
  return list;
}

template <size_t digits>
void file_digest(RuleBuilder& rule, const RuleOption& option) {
  std::string_view name = rule.text(option);
  FileTest test;
  test.buffer = file_field(rule, option, std::string(option.name));
  if (name.starts_with('!')) {
    test.negated = true;
    name = trim(name.substr(1));
  }
  const auto& store = static_cast<const Datasets&>(*rule.environment().datasets);
  test.digests = read_list(rule, option, store.find_file(std::string(name), *rule.tree().mark.file), digits);
  rule.rule().file_tests.push_back(std::move(test));
}

struct StoreWish {
  enum class Scope : uint8_t { file, tx, flow } scope = Scope::file;
  uint8_t directions = 0;  // bits; 0: that in which the rule matched
};

class StoreFiles : public Effect {
 public:
  explicit StoreFiles(StoreWish wish) : wish_(wish) {}

  void apply(const Scene& scene) const override {
    if (!scene.event || !scene.flow) return;
    const auto matched = static_cast<uint8_t>(1u << index(scene.direction));
    const uint8_t directions = wish_.directions ? wish_.directions : matched;
    switch (wish_.scope) {
      case StoreWish::Scope::file:
        if (directions & matched && scene.file) scene.file->asked = true;
        break;
      case StoreWish::Scope::tx: scene.event->tx->store_files |= directions; break;
      case StoreWish::Scope::flow:
        if (directions & kToServer) scene.flow->flags |= flow_flag::store_to_server;
        if (directions & kToClient) scene.flow->flags |= flow_flag::store_to_client;
        break;
    }
  }

  std::string describe() const override {
    static constexpr std::string_view kScopes[] = {"the file", "the files of the transaction", "the files of the flow"};
    const char* direction = wish_.directions == 0           ? ""
                            : wish_.directions == kToServer ? ", to the server"
                            : wish_.directions == kToClient ? ", to the client"
                                                            : ", both directions";
    return std::string(kScopes[static_cast<size_t>(wish_.scope)]) + direction;
  }

 private:
  StoreWish wish_;
};

void filestore(RuleBuilder& rule, const RuleOption& option) {
  StoreWish wish;
  if (option.has_value && !option.value.empty()) {
    auto part = parts(rule.text(option), ',');
    if (part.size() > 2) rule.fail(option, "is written '[<direction>[,<scope>]]'");
    if (part[0] == "request" || part[0] == "to_server")
      wish.directions = kToServer;
    else if (part[0] == "response" || part[0] == "to_client")
      wish.directions = kToClient;
    else if (part[0] == "both")
      wish.directions = kBothDirections;
    else
      rule.fail(option, "direction '" + part[0] + "' is none of request, to_server, response, to_client, both");
    if (part.size() == 2) {
      if (part[1] == "tx")
        wish.scope = StoreWish::Scope::tx;
      else if (part[1] == "session" || part[1] == "ssn" || part[1] == "flow")
        wish.scope = StoreWish::Scope::flow;
      else if (part[1] != "file")
        rule.fail(option, "scope '" + part[1] + "' is none of file, tx, ssn, session, flow");
    }
  }
  if (rule.rule().transactional) rule.skip(option, "in a transactional rule (=>) it is not there yet");
  FileTest any;  // there is a file
  any.buffer = file_field(rule, option, "file.name");
  rule.rule().file_tests.push_back(std::move(any));
  rule.add(std::make_unique<StoreFiles>(wish));
}

constexpr Keyword kFileKeywords[] = {
    {"filename", "", &filename, "the file's name contains this text, in either case"},
    {"fileext", "", &fileext, "the file's name ends with a dot and this text, in either case"},
    {"filemagic", "", &filemagic, "libmagic's verdict on the file contains this text, in either case"},
    {"filesize", "", &filesize, "size of the file in bytes"},
    {"filemd5", "", &file_digest<32>, "the MD5 of the whole file is in a list"},
    {"filesha1", "", &file_digest<40>, "the SHA-1 of the whole file is in a list"},
    {"filesha256", "", &file_digest<64>, "the SHA-256 of the whole file is in a list"},
    {"filestore", "", &filestore, "the file is stored on disk"},
};

}  // namespace

const KeywordFamily kFileFamily{"file", kFileKeywords};

}  // namespace lapwing::rules
