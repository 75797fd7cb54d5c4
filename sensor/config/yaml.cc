#include <algorithm>
#include <filesystem>

#include "sensor/config/config.h"
#include "sensor/config/yaml_text.h"

namespace lapwing {
namespace {

using yaml::file_text, yaml::is_null, yaml::kMaxNesting, yaml::kMaxNodes, yaml::mark_of;

constexpr int kMaxIncludeDepth = 16;  // a file may include itself

bool well_formed_path(const std::string& key) {
  return !key.empty() && !key.starts_with('.') && !key.ends_with('.') && key.find("..") == std::string::npos;
}

Setting* member_of(const Setting& map, std::string_view key) {
  auto found = std::ranges::find_if(map.children, [&](auto& child) { return child->key == key; });
  return found == map.children.end() ? nullptr : found->get();
}

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
    const std::vector<YAML::Node> documents = yaml::load(text, file, true);
    if (documents.empty() || is_null(documents.front())) return;
    const YAML::Node& root = documents.front();
    if (!root.IsMap()) {
      throw SettingError(mark_of(file, root.Mark()), "a map of settings is expected, as in 'stream: ...'");
    }
    value(root, file, target, depth);
  }

 private:
  void value(const YAML::Node& node, const std::string& file, Setting& target, int depth) {
    if (++nodes_ > kMaxNodes) throw SettingError(mark_of(file, node.Mark()), "more than a hundred thousand settings");
    if (nesting_ >= kMaxNesting) throw SettingError(mark_of(file, node.Mark()), "nested too deeply");
    ++nesting_;
    if (target.mark.file.empty()) target.mark = mark_of(file, node.Mark());
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
    SourceMark where = mark_of(file, name.Mark());
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
    SourceMark where = mark_of(file, node.Mark());
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
