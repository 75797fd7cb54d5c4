// Tests of suricata-verify, read as they are: a folder with test.yaml, a capture, rules and a suricata.yaml.
#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include "sensor/verify/test_case.h"

namespace lapwing::verify {
namespace {

namespace fs = std::filesystem;
using Kind = DataNode::Kind;
using Version = std::array<uint64_t, 3>;

constexpr Version kVersion = {8, 0, 7};  // of Suricata, whose records and rules are spoken here
constexpr std::string_view kFeatures[] = {"HAVE_JA3", "HAVE_JA4",  "HAVE_NSS",  "HAVE_LIBJANSSON",
                                          "MAGIC",    "RUST",      "AF_PACKET", "HTTP2_DECOMPRESSION",
                                          "PCRE_JIT", "Hyperscan", "HAVE_MAGIC"};
/// Words of a test that ask for more than a capture and its records.
constexpr std::string_view kBeyond[] = {"command", "unix-commands", "pre-check", "setup", "env"};
constexpr std::string_view kRequirementsBeyond[] = {"files", "env", "script", "lambda"};
constexpr std::string_view kTypesBeyond[] = {"stats", "engine", "drop"};  // whose members are Suricata's own
constexpr std::string_view kPlainArguments[] = {"-k",     "none",   "all",     "--set",
                                                "single", "autofp", "workers", "--no-random"};
/// Keys that an argument may set.
constexpr std::string_view kKeys[] = {"stream.midstream=",
                                      "stream.reassembly.",
                                      "stream.async-oneside=",
                                      "stream.checksum-validation=",
                                      "app-layer.protocols.",
                                      "decoder.",
                                      "flow-timeouts.",
                                      "vars.",
                                      "pcap-file.checksum-checks=",
                                      "defrag.",
                                      "outputs.",
                                      "stats.",
                                      "default-rule-path=",
                                      "logging.",
                                      "classification-file=",
                                      "reference-config-file=",
                                      "threshold-file="};

template <class List>
bool one_of(std::string_view text, const List& list) {
  return std::ranges::find(list, text) != std::end(list);
}

/// The first three numbers of a text.
Version version_of(const std::string& text, size_t* count = nullptr) {
  Version out{};
  size_t found = 0;
  for (size_t at = 0; at < text.size() && found < out.size();) {
    const size_t begin = text.find_first_of("0123456789", at);
    if (begin == std::string::npos) break;
    at = std::min(text.find_first_not_of("0123456789", begin), text.size());
    out[found++] = std::strtoull(text.substr(begin, at - begin).c_str(), nullptr, 10);
  }
  if (count) *count = found;
  return out;
}

/// Why what is required is not here; empty when it is.
std::string missing(const DataNode* requirements) {
  if (!requirements || requirements->kind != Kind::map) return {};
  for (const DataNode& one : requirements->children) {
    const std::string told = one.key + " " + one.text;
    size_t parts = 0;
    const Version version = version_of(one.text, &parts);
    if (one.key == "min-version" && kVersion < version) return told;
    if (one.key == "lt-version" && kVersion >= version) return told;
    if (one.key == "gt-version" && kVersion <= version) return told;
    if (one.key == "version" && !std::equal(version.begin(), version.begin() + parts, kVersion.begin())) return told;
    if (one.key == "features") {
      for (const DataNode& feature : one.children) {
        if (!one_of(feature.text, kFeatures)) return "feature " + feature.text;
      }
    }
    if (one_of(one.key, kRequirementsBeyond)) return one.key;
  }
  return {};
}

bool is_portable(const std::string& argument) {
  if (one_of(argument, kPlainArguments) || argument.starts_with("--runmode")) return true;
  if (argument.starts_with("-v")) return argument.find_first_not_of('v', 1) == std::string::npos;
  const auto sets = [&](std::string_view key) { return argument.starts_with(key); };
  return argument.find('=') != std::string::npos && std::ranges::any_of(kKeys, sets);
}

std::vector<std::string> files_with(const fs::path& folder, std::initializer_list<std::string_view> endings) {
  std::vector<std::string> out;
  for (std::string_view ending : endings) {
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.path().extension() == ending && !entry.path().filename().string().starts_with('.'))
        out.push_back(entry.path());
    }
  }
  std::ranges::sort(out);
  return out;
}

std::string text_of_file(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

class SuricataReader {
 public:
  SuricataReader(const std::string& folder, const std::string& name)
      : folder_(fs::absolute(folder).lexically_normal()) {
    out_.name = name;
    out_.path = (fs::path(folder) / "test.yaml").string();
    out_.folder = folder_.string();
    out_.mark = {out_.path, 1, 1};
    out_.adopted = true;
    out_.recut = out_.scale = false;
  }

  TestCase read() {
    auto documents = read_documents(out_.path);
    if (!documents.empty()) test_ = std::move(documents.front());
    out_.skipped = read_all();
    return std::move(out_);
  }

 private:
  /// Returns why the test cannot be run here; empty: it can.
  std::string read_all() {
    for (std::string_view word : kBeyond) {
      if (test_.find(word)) return std::string(word);
    }
    if (folder_.filename().string().find("ips") != std::string::npos) return "ips";
    if (const DataNode* skip = test_.find("skip"); skip && skip->kind == Kind::boolean && skip->boolean) return "skip";
    if (std::string why = missing(test_.find("requires")); !why.empty()) return why;
    if (const DataNode* code = test_.find("exit-code"); code && code->integer) return "exit-code";
    for (std::string (SuricataReader::*step)() :
         {&SuricataReader::arguments, &SuricataReader::capture, &SuricataReader::rules}) {
      if (std::string why = (this->*step)(); !why.empty()) return why;
    }
    if (fs::path file = folder_ / "suricata.yaml"; fs::is_regular_file(file)) out_.suricata_config = file;
    checks();
    return out_.expectations.empty() ? "no eve filter" : "";
  }

  std::string arguments() {
    std::vector<std::string> words;
    if (const DataNode* args = test_.find("args")) {
      for (const DataNode& line : args->children) {
        std::istringstream stream(line.text);
        for (std::string word; stream >> word;) words.push_back(word);
      }
    }
    for (std::string& word : words) {
      std::string bare = replaced(word, "");
      if (!is_portable(bare)) return "arg " + bare.substr(0, bare.find('='));
      word = replaced(word, folder_.string());
    }
    for (size_t i = 0; i + 1 < words.size(); ++i) {
      if (words[i] == "-k")
        out_.checksums = words[++i];
      else if (words[i] == "--set")
        out_.assignments.push_back(words[++i]);
    }
    return {};
  }

  static std::string replaced(std::string text, const std::string& folder) {
    for (const std::string name : {"${TEST_DIR}", "$TEST_DIR"}) {
      for (size_t at = 0; (at = text.find(name, at)) != std::string::npos; at += folder.size()) {
        text.replace(at, name.size(), folder);
      }
    }
    return text;
  }

  std::string capture() {
    if (const DataNode* pcap = test_.find("pcap")) {
      out_.capture.files = {(folder_ / pcap->text).lexically_normal().string()};
    } else {
      out_.capture.files = files_with(folder_, {".pcap", ".pcapng"});
    }
    const bool there = out_.capture.files.size() == 1 && fs::is_regular_file(out_.capture.files.front());
    return there ? "" : "no pcap";
  }

  std::string rules() {
    std::string file;
    if (const DataNode* named = test_.find("rules")) {
      if (!named->text.empty()) file = (folder_ / named->text).lexically_normal();
    } else {
      const auto found = files_with(folder_, {".rules"});
      if (found.size() > 1) return "firewall rules";
      if (!found.empty()) file = found.front();
    }
    if (file.empty()) return {};
    const std::string name = fs::path(file).filename();
    if (name.ends_with("firewall.rules")) return "firewall rules";
    if (name.starts_with("min") && kVersion < version_of(name)) return {};
    if (!fs::is_regular_file(file)) return "no rules";
    static const std::regex kLua(R"(\blua:|luaxform)");
    const std::string text = text_of_file(file);
    if (std::regex_search(text, kLua)) return "lua";
    out_.rule_files = {file};
    return {};
  }

  void checks() {
    const DataNode* checks = test_.find("checks");
    if (!checks) return;
    for (const DataNode& check : checks->children) {
      for (const DataNode& kind : check.children) {
        if (kind.key != "filter") {
          out_.omitted.push_back({kind.key, "commands and other files than records are none of this program's"});
        } else if (std::string why = not_ours(kind); !why.empty()) {
          out_.omitted.push_back({"filter", why});
        } else {
          out_.expectations.push_back(read_filter(kind));
        }
      }
    }
  }

  static std::string not_ours(const DataNode& filter) {
    if (filter.find("filename")) return "another file than the records";
    if (std::string why = missing(filter.find("requires")); !why.empty()) return why;
    const DataNode* match = filter.find("match");
    const DataNode* type = match ? match->find("event_type") : nullptr;
    return type && one_of(type->text, kTypesBeyond) ? "records of " + type->text + " are Suricata's own" : "";
  }

  const fs::path folder_;
  DataNode test_;
  TestCase out_;
};

}  // namespace

TestCase read_suricata_test(const std::string& folder, const std::string& name) {
  return SuricataReader(folder, name).read();
}

}  // namespace lapwing::verify
