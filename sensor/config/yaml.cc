#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "sensor/config/config.h"

namespace lapwing {
namespace {

// A file that includes itself, or aliases that multiply (a: [*b, *b], b: [*c, *c], ...), must not take the memory.
// Neither must "&a [*a]", which contains itself, take the stack.
constexpr int kMaxIncludeDepth = 16;
constexpr int kMaxNesting = 128;
constexpr size_t kMaxNodes = 100'000;
constexpr uintmax_t kMaxFileBytes = 64 << 20;

std::string file_text(const std::string& path, const SourceMark& where) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error))
    throw SettingError(where, "'" + path + "' is a directory, not a file");
  std::ifstream in(path, std::ios::binary);
  if (!in) throw SettingError(where, "cannot read '" + path + "': " + std::strerror(errno));
  auto size = std::filesystem::file_size(path, error);
  if (!error && size > kMaxFileBytes) throw SettingError(where, "'" + path + "' is too large for a configuration");
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

bool is_null(const YAML::Node& node) {
  return !node.IsDefined() || node.IsNull();
}

bool well_formed_path(const std::string& key) {
  return !key.empty() && !key.starts_with('.') && !key.ends_with('.') && key.find("..") == std::string::npos;
}

Setting* member_of(const Setting& map, std::string_view key) {
  auto found = std::ranges::find_if(map.children, [&](auto& child) { return child->key == key; });
  return found == map.children.end() ? nullptr : found->get();
}

/// A tab that indents the line at fault or the one before it, which the parser stumbled over. Line 0: there is none.
SourceMark indenting_tab(std::string_view text, const SourceMark& fault) {
  uint32_t line = 1;
  for (size_t at = 0; at < text.size() && line <= fault.line; ++line) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view here = text.substr(at, end - at);
    const size_t tab = here.substr(0, here.find_first_not_of(" \t")).find('\t');
    // Blank lines may hold what they like.
    const bool blank = here.find_first_not_of(" \t\r") == std::string_view::npos;
    if (tab != std::string_view::npos && !blank && line + 1 >= fault.line) {
      return {fault.file, line, static_cast<uint32_t>(tab + 1)};
    }
    at = end + 1;
  }
  return {};
}

/// YAML::Load reads the first document and drops the rest in silence; YAML::LoadAll never ends on a text that no
/// document can begin with (", x"), since it makes one of nothing again and again.
class OneDocument : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override {
    if (started_) throw YAML::ParserException(mark, mark.pos == first_ ? "this is no YAML" : "a second document");
    started_ = true;
    first_ = mark.pos;
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

 private:
  bool started_ = false;
  int first_ = 0;
};

class Builder {
 public:
  Builder(const std::string& name, const Setting& root, Warnings* warnings, bool pass_over_missing,
          bool marks_keys = false)
      : folder_(std::filesystem::path(name).parent_path()),
        warnings_(warnings),
        root_(&root),
        pass_over_missing_(pass_over_missing),
        marks_keys_(marks_keys) {}

  /// Adds what a file says to `target`.
  void document(const std::string& text, const std::string& file, Setting& target, int depth) {
    YAML::Node root;
    try {
      std::istringstream stream(text);
      YAML::Parser parser(stream);
      OneDocument events;
      while (parser.HandleNextDocument(events)) {
      }
      root = YAML::Load(text);
    } catch (const YAML::Exception& e) {
      const SourceMark where = e.mark.is_null() ? SourceMark{file, 1, 1} : mark(file, e.mark);
      if (const SourceMark tab = indenting_tab(text, where); tab.line) {
        throw SettingError(tab, "a tab; YAML is indented with spaces alone (" + e.msg + ")");
      }
      throw SettingError(where, e.msg);
    }
    if (is_null(root)) return;
    if (!root.IsMap()) {
      throw SettingError(mark(file, root.Mark()), "a map of settings is expected, as in 'stream: ...'");
    }
    value(root, file, target, depth);
  }

 private:
  static SourceMark mark(const std::string& file, const YAML::Mark& m) {
    if (m.is_null()) return {file, 0, 0};
    return {file, static_cast<uint32_t>(m.line + 1), static_cast<uint32_t>(m.column + 1)};
  }

  void value(const YAML::Node& node, const std::string& file, Setting& target, int depth) {
    if (++nodes_ > kMaxNodes) throw SettingError(mark(file, node.Mark()), "more than a hundred thousand settings");
    if (nesting_ >= kMaxNesting) throw SettingError(mark(file, node.Mark()), "nested too deeply");
    ++nesting_;
    if (target.mark.file.empty()) target.mark = mark(file, node.Mark());
    if (is_null(node)) {
      target.kind = Setting::Kind::null;
    } else if (node.IsScalar() && node.Tag() == "!include") {
      include(node, file, target, depth);
    } else if (node.IsScalar()) {
      target.kind = Setting::Kind::scalar;
      target.scalar = node.Scalar();
    } else if (node.IsSequence()) {
      target.kind = Setting::Kind::list;
      for (const auto& item : node) value(item, file, target.add({}), depth);
    } else {
      target.kind = Setting::Kind::map;
      for (const auto& member : node) this->member(member.first, member.second, file, target, depth);
    }
    --nesting_;
  }

  void member(const YAML::Node& name, const YAML::Node& node, const std::string& file, Setting& target, int depth) {
    SourceMark where = mark(file, name.Mark());
    if (!name.IsScalar()) throw SettingError(where, "a key must be a single word");
    if (name.Scalar() == "include") return include(node, file, target, depth);
    if (name.Scalar() == "<<") return take_defaults(node, where, file, target, depth);

    std::string key = hyphenated(name.Scalar(), target, where);
    Setting* known = member_of(target, key);
    bool dotted =
        !known && well_formed_path(key) && (&target == root_ || member_of(target, key.substr(0, key.find('.'))));
    Setting& child = known ? *known : dotted ? target.make(key, where) : target.add(key, where);
    if (known) {
      warn(where, "'" + key + "' is given twice; the one at " + to_string(child.mark) + " is forgotten");
    }
    child.children.clear();
    child.scalar.clear();
    child.mark = {};
    value(node, file, child, depth);
    if (is_null(node) || marks_keys_) child.mark = where;
  }

  /// The merge key of YAML 1.1: members of the map, or of each map of a list, that are not given here.
  void take_defaults(const YAML::Node& node, const SourceMark& where, const std::string& file, Setting& target,
                     int depth) {
    if (node.IsSequence()) {
      for (const auto& map : node) take_defaults(map, where, file, target, depth);
      return;
    }
    if (!node.IsMap()) throw SettingError(where, "'<<' takes a map");
    for (const auto& member : node) {
      std::string key = member.first.IsScalar() ? member.first.Scalar() : "";
      if (!member_of(target, key)) this->member(member.first, member.second, file, target, depth);
    }
  }

  void include(const YAML::Node& node, const std::string& file, Setting& target, int depth) {
    if (node.IsSequence()) {
      for (const auto& item : node) include(item, file, target, depth);
      return;
    }
    SourceMark where = mark(file, node.Mark());
    if (is_null(node)) return;
    if (!node.IsScalar()) throw SettingError(where, "include takes a file name, or a list of them");
    if (depth >= kMaxIncludeDepth) throw SettingError(where, "files include each other without end");
    std::filesystem::path path = node.Scalar();
    if (path.is_relative()) path = folder_ / path;
    if (pass_over_missing_ && !std::filesystem::exists(path)) {
      warn(where, "there is no '" + path.string() + "' to include: what it would set keeps its default");
      return;
    }
    std::string text = file_text(path.string(), where);
    target.kind = Setting::Kind::map;
    if (target.mark.file.empty()) target.mark = where;
    document(text, path.string(), target, depth + 1);
  }

  std::string hyphenated(std::string key, const Setting& parent, const SourceMark& where) {
    // Names of variables and sets are the rules' own: HOME_NET.
    if (parent.key == "address-groups" || parent.key == "port-groups" || parent.key == "datasets") return key;
    if (key.find('_') == std::string::npos) return key;
    std::string old = key;
    std::replace(key.begin(), key.end(), '_', '-');
    warn(where, "'" + old + "' is read as '" + key + "'");
    return key;
  }

  void warn(const SourceMark& where, const std::string& message) {
    if (warnings_) warnings_->push_back(to_string(where) + ": " + message);
  }

  std::filesystem::path folder_;
  Warnings* warnings_;
  const Setting* root_;
  bool pass_over_missing_, marks_keys_;
  size_t nodes_ = 0;
  int nesting_ = 0;
};

}  // namespace

std::unique_ptr<Setting> parse_yaml(std::string_view text, const std::string& name, Warnings* warnings) {
  auto root = std::make_unique<Setting>();
  root->kind = Setting::Kind::map;
  root->mark = {name, 1, 1};
  Builder(name, *root, warnings, false).document(std::string(text), name, *root, 0);
  return root;
}

std::unique_ptr<Setting> read_yaml(const std::string& path, Warnings* warnings) {
  return parse_yaml(file_text(path, {path, 0, 0}), path, warnings);
}

std::unique_ptr<Setting> read_key_places(const std::string& path) {
  auto root = std::make_unique<Setting>();
  root->kind = Setting::Kind::map;
  root->mark = {path, 1, 1};
  Builder(path, *root, nullptr, true, true).document(file_text(path, {path, 0, 0}), path, *root, 0);
  return root;
}

std::unique_ptr<Setting> read_suricata_yaml(const std::string& path, Warnings& warnings) {
  auto root = std::make_unique<Setting>();
  root->kind = Setting::Kind::map;
  root->mark = {path, 1, 1};
  Builder(path, *root, &warnings, true).document(file_text(path, {path, 0, 0}), path, *root, 0);
  return root;
}

}  // namespace lapwing
