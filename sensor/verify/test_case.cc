#include "sensor/verify/test_case.h"

#include <algorithm>
#include <filesystem>

#include "sensor/base/sentence.h"

namespace lapwing::verify {
namespace {

namespace fs = std::filesystem;
using Kind = DataNode::Kind;

constexpr int64_t kSecond = 1'000'000'000;  // ns

const std::string& text_of(const DataNode& node) {
  if (!node.is_scalar() || node.text.empty()) node.fail("a text");
  return node.text;
}

bool bool_of(const DataNode& node) {
  if (node.kind != Kind::boolean) node.fail("yes or no");
  return node.boolean;
}

std::vector<std::string> texts(const DataNode& node) {
  if (node.kind != Kind::list) return {text_of(node)};
  std::vector<std::string> out;
  for (const DataNode& item : node.children) out.push_back(text_of(item));
  return out;
}

const Topology& topology_of(const DataNode& node) {
  const auto found = std::ranges::find(topologies(), text_of(node), &Topology::name);
  if (found != topologies().end()) return *found;
  Sentence known;
  for (const Topology& one : topologies()) known.add(one.name);
  node.fail("there is no topology '" + node.text + "'; there are " + known.text());
}

Step read_step(const DataNode& node, const Topology& topology) {
  if (node.kind != Kind::map) node.fail("a step is a map: {on: attacker, run: nmap -p1-100 $SERVER}");
  Step out{.mark = node.mark};
  for (const DataNode& member : node.children) {
    if (member.key == "on") {
      out.host = text_of(member);
      if (std::ranges::find(topology.hosts, std::string_view(out.host), &LabHost::name) != topology.hosts.end())
        continue;
      Sentence known;
      for (const LabHost& one : topology.hosts) known.add(one.name);
      member.fail("there is no host '" + out.host + "' in " + std::string(topology.name) + "; there are " +
                  known.text());
    } else if (member.key == "run") {
      out.run = text_of(member);
    } else if (member.key == "keep") {
      out.keep = bool_of(member);
    } else {
      throw SettingError(member.key_mark, "'" + member.key + "' is no word of a step; there are on, run and keep");
    }
  }
  if (out.host.empty()) node.fail("the step is on no host: on");
  if (out.run.empty()) node.fail("the step runs nothing: run");
  return out;
}

Staging read_staging(const DataNode& node) {
  Staging out{.mark = node.mark};
  const DataNode* topology = node.find("topology");
  if (!topology) node.fail("traffic is made somewhere: topology");
  out.topology = &topology_of(*topology);
  for (const DataNode& member : node.children) {
    if (member.key == "tools") {
      out.tools = texts(member);
    } else if (member.key == "steps") {
      if (member.kind != Kind::list) member.fail("a list of steps: {on: attacker, run: nmap -p1-100 $SERVER}");
      for (const DataNode& step : member.children) out.steps.push_back(read_step(step, *out.topology));
    } else if (member.key != "topology") {
      throw SettingError(member.key_mark,
                         "'" + member.key + "' is no word of generate; there are topology, tools and steps");
    }
  }
  if (out.steps.empty()) node.fail("traffic is made by steps: steps");
  return out;
}

class CaseReader {
 public:
  CaseReader(const DataNode& document, const std::string& path) : document_(document) {
    out_.path = path;
    out_.folder = fs::absolute(path).parent_path().lexically_normal().string();
    out_.mark = document.mark;
  }

  TestCase read() {
    if (document_.kind != Kind::map) document_.fail("a test is a map: name, capture, expect");
    for (const DataNode& member : document_.children) take(member);
    if (out_.name.empty()) document_.fail("the test has no name");
    if (out_.expectations.empty()) document_.fail("the test expects nothing; `expect` says what");
    if (out_.capture.files.empty() && !out_.generated) document_.fail("the test has no capture");
    if (out_.capture.files.empty())
      out_.skipped = out_.staging ? "its traffic is made by --live" : "its traffic was not recorded yet";
    return std::move(out_);
  }

 private:
  /// What a test may say, by its word.
  struct Word {
    std::string_view name;
    void (CaseReader::*take)(const DataNode&);
  };
  static const Word kWords[];

  void take(const DataNode& member) {
    const auto word = std::find_if(words().begin(), words().end(), [&](const Word& w) { return w.name == member.key; });
    if (word == words().end()) {
      Sentence known;
      for (const Word& one : words()) known.add(one.name);
      throw SettingError(member.key_mark, "'" + member.key + "' is no word of a test; there are " + known.text());
    }
    (this->*word->take)(member);
  }
  static std::span<const Word> words();

  void name(const DataNode& node) { out_.name = text_of(node); }
  void attack(const DataNode& node) { out_.attack = texts(node); }
  void recut(const DataNode& node) { out_.recut = bool_of(node); }
  void scale(const DataNode& node) { out_.scale = bool_of(node); }
  void learn(const DataNode& node) { out_.learn = files(node); }
  void generate(const DataNode& node) {
    out_.generated = true;
    if (node.kind == Kind::map) out_.staging = read_staging(node);
  }
  void checksums(const DataNode& node) {
    constexpr std::string_view kModes[] = {"none", "all", "auto"};
    out_.checksums = text_of(node);
    if (std::ranges::find(kModes, out_.checksums) == std::end(kModes)) node.fail("none, all or auto");
  }

  void capture(const DataNode& node) {
    if (node.kind != Kind::map) {
      out_.capture.files = files(node);
      return;
    }
    out_.capture.merged = true;
    for (const DataNode& member : node.children) {
      if (member.key == "merge") {
        out_.capture.files = files(member);
      } else if (member.key == "shift") {
        out_.capture.shifted = true;
        out_.capture.shift = static_cast<int64_t>(read_seconds(member) * kSecond);
      } else {
        throw SettingError(member.key_mark, "'" + member.key + "' is neither merge nor shift");
      }
    }
    if (out_.capture.files.empty()) node.fail("nothing to merge: {merge: [a.pcap, b.pcap]}");
  }

  void rules(const DataNode& node) {
    if (node.kind == Kind::text && node.text.find('(') != std::string::npos) {
      out_.rule_text = node.text;
      out_.rule_mark = node.mark;
    } else {
      out_.rule_files = files(node);
    }
  }

  void config(const DataNode& node) {
    if (node.kind == Kind::map) {
      out_.config = std::make_shared<const DataNode>(node);
    } else {
      out_.config_file = files(node).front();
    }
  }

  void expect(const DataNode& node) {
    if (node.kind != Kind::list) node.fail("a list of rows: '- alert: 2010781'");
    for (const DataNode& row : node.children) out_.expectations.push_back(read_expectation(row));
  }
  void budget(const DataNode& node) {
    for (Expectation& one : read_budget(node)) out_.expectations.push_back(std::move(one));
  }

  /// Names of files that are there, relative to the test's.
  std::vector<std::string> files(const DataNode& node) const {
    std::vector<std::string> out;
    const auto add = [&](const DataNode& item) {
      const fs::path path = fs::path(out_.folder) / text_of(item);
      std::error_code error;
      if (!fs::exists(path, error)) item.fail("there is no " + path.string());
      out.push_back(path.lexically_normal().string());
    };
    if (node.kind != Kind::list) {
      add(node);
    } else {
      for (const DataNode& item : node.children) add(item);
    }
    return out;
  }

  const DataNode& document_;
  TestCase out_;
};

const CaseReader::Word CaseReader::kWords[] = {
    {"name", &CaseReader::name},         {"attack", &CaseReader::attack}, {"capture", &CaseReader::capture},
    {"generate", &CaseReader::generate}, {"learn", &CaseReader::learn},   {"rules", &CaseReader::rules},
    {"config", &CaseReader::config},     {"expect", &CaseReader::expect}, {"budget", &CaseReader::budget},
    {"scale", &CaseReader::scale},       {"recut", &CaseReader::recut},   {"checksums", &CaseReader::checksums},
};

std::span<const CaseReader::Word> CaseReader::words() {
  return kWords;
}

constexpr std::string_view kSuricataTest = "test.yaml";

bool is_yaml(const fs::path& path) {
  return path.extension() == ".yaml" || path.extension() == ".yml";
}

/// Whether a folder holds a test of suricata-verify. A file that cannot be read is none of ours to judge here.
bool is_suricata_test(const fs::path& folder) {
  const fs::path file = folder / kSuricataTest;
  std::error_code error;
  if (!fs::is_regular_file(file, error)) return false;
  try {
    const auto documents = read_documents(file.string());
    return documents.empty() || !documents.front().find("expect");
  } catch (const SettingError&) {
    return true;
  }
}

class Finder {
 public:
  explicit Finder(std::vector<std::string>& faults) : faults_(faults) {}

  void look(const fs::path& path) {
    std::error_code error;
    if (fs::is_directory(path, error)) {
      folder(path, path);
    } else if (path.filename() == kSuricataTest && is_suricata_test(path.parent_path())) {
      suricata(path.parent_path(), fs::absolute(path).parent_path().parent_path());
    } else if (fs::exists(path, error)) {
      file(path);
    } else {
      faults_.push_back(path.string() + ": there is no such file or folder");
    }
  }
  std::vector<TestCase> take() { return std::move(out_); }

 private:
  void folder(const fs::path& path, const fs::path& root) {
    if (is_suricata_test(path)) return suricata(path, root);
    std::vector<fs::path> below;
    std::error_code error;
    for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error))
      below.push_back(it->path());
    std::ranges::sort(below);
    for (const fs::path& one : below) {
      if (fs::is_directory(one, error)) {
        folder(one, root);
      } else if (is_yaml(one)) {
        file(one);
      }
    }
  }

  void file(const fs::path& path) {
    guarded([&] {
      for (TestCase& test : read_tests(path.string())) out_.push_back(std::move(test));
    });
  }
  void suricata(const fs::path& path, const fs::path& root) {
    std::string name = fs::absolute(path).lexically_relative(fs::absolute(root)).string();
    if (name.empty() || name == ".") name = fs::absolute(path).lexically_normal().filename().string();
    guarded([&] { out_.push_back(read_suricata_test(path.string(), name)); });
  }
  template <class Read>
  void guarded(const Read& read) {
    try {
      read();
    } catch (const std::exception& error) {
      faults_.push_back(error.what());
    }
  }

  std::vector<std::string>& faults_;
  std::vector<TestCase> out_;
};

}  // namespace

std::vector<TestCase> read_tests(const std::string& path) {
  std::vector<TestCase> out;
  for (const DataNode& document : read_documents(path)) out.push_back(CaseReader(document, path).read());
  if (out.empty()) throw SettingError({path, 1, 1}, "there is no test in it");
  return out;
}

std::vector<TestCase> find_tests(const std::vector<std::string>& paths, std::vector<std::string>& faults) {
  Finder finder(faults);
  for (const std::string& path : paths) finder.look(path);
  return finder.take();
}

}  // namespace lapwing::verify
