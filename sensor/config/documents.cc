#include "sensor/config/documents.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "sensor/base/text.h"
#include "sensor/config/yaml_text.h"

namespace lapwing {
namespace {

using Kind = DataNode::Kind;

std::optional<int64_t> to_integer(std::string text) {
  std::erase(text, '_');
  const bool negative = text.starts_with('-');
  std::string_view digits = text;
  if (negative || text.starts_with('+')) digits.remove_prefix(1);
  int base = 10;
  if (digits.starts_with("0x")) {
    base = 16;
    digits.remove_prefix(2);
  } else if (digits.size() > 1 && digits.starts_with('0')) {
    base = 8;
    digits.remove_prefix(1);
  }
  int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size() || value < 0) return std::nullopt;
  return negative ? -value : value;
}

/// 1.5, 1.5e+3: a number with its point.
std::optional<double> to_real(const std::string& text) {
  if (text.find('.') == std::string::npos || text.find_first_of("0123456789") > 2) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

void resolve_plain(DataNode& node) {
  constexpr std::array<std::string_view, 3> kYes = {"yes", "true", "on"}, kNo = {"no", "false", "off"};
  const std::string lowered = to_lower(node.text);
  const auto is = [&](const auto& words) { return std::ranges::find(words, lowered) != words.end(); };
  if (node.text.empty() || lowered == "null" || node.text == "~") {
    node.kind = Kind::null;
  } else if (is(kYes) || is(kNo)) {
    node.kind = Kind::boolean;
    node.boolean = is(kYes);
  } else if (const auto integer = to_integer(node.text)) {
    node.kind = Kind::integer;
    node.integer = *integer;
  } else if (const auto real = to_real(node.text)) {
    node.kind = Kind::real;
    node.real = *real;
  }
}

class Reader {
 public:
  explicit Reader(const std::string& file) : file_(file) {}

  DataNode node(const YAML::Node& from) {
    DataNode out{.mark = yaml::mark_of(file_, from.Mark())};
    if (++nodes_ > yaml::kMaxNodes) out.fail("more than a hundred thousand nodes");
    if (nesting_ >= yaml::kMaxNesting) out.fail("nested too deeply");
    ++nesting_;
    if (yaml::is_null(from)) {
      out.kind = Kind::null;
    } else if (from.IsScalar()) {
      out.kind = Kind::text;
      out.text = from.Scalar();
      if (from.Tag() == "?") resolve_plain(out);
    } else if (from.IsSequence()) {
      out.kind = Kind::list;
      for (const auto& item : from) out.children.push_back(node(item));
    } else {
      out.kind = Kind::map;
      for (const auto& member : from) add(out, member.first, member.second);
    }
    --nesting_;
    return out;
  }

 private:
  void add(DataNode& map, const YAML::Node& name, const YAML::Node& value) {
    const SourceMark where = yaml::mark_of(file_, name.Mark());
    if (!name.IsScalar()) throw SettingError(where, "a key must be a single word");
    DataNode member = node(value);
    member.key = name.Scalar();
    member.key_mark = where;
    if (member.mark.line == 0) member.mark = where;
    if (member.key == "<<") return take_defaults(map, member);
    const auto known = std::ranges::find(map.children, member.key, &DataNode::key);
    if (known == map.children.end()) {
      map.children.push_back(std::move(member));
    } else {
      *known = std::move(member);
    }
  }

  /// The merge key of YAML 1.1: members of the map, or of each map of a list, that are not given here.
  static void take_defaults(DataNode& map, DataNode& from) {
    if (from.kind == Kind::list) {
      for (DataNode& one : from.children) take_defaults(map, one);
      return;
    }
    if (from.kind != Kind::map) from.fail("'<<' takes a map");
    for (DataNode& member : from.children) {
      if (!map.find(member.key)) map.children.push_back(std::move(member));
    }
  }

  const std::string& file_;
  size_t nodes_ = 0;
  int nesting_ = 0;
};

void lay_on(const DataNode& from, Setting& target, bool top) {
  target.mark = from.mark;
  // Names of variables and sets are the rules' own: HOME_NET.
  const bool own_names = target.key == "address-groups" || target.key == "port-groups" || target.key == "datasets";
  switch (from.kind) {
    case Kind::null: target.kind = Setting::Kind::null; return;
    case Kind::list:
      target.kind = Setting::Kind::list;
      for (const DataNode& item : from.children) lay_on(item, target.add({}), false);
      return;
    case Kind::map:
      target.kind = Setting::Kind::map;
      for (const DataNode& member : from.children) {
        std::string key = member.key;
        if (!own_names) std::ranges::replace(key, '_', '-');
        const bool dotted = top && key.find("..") == std::string::npos && !key.starts_with('.') && !key.ends_with('.');
        lay_on(member, dotted ? target.make(key, member.key_mark) : target.add(key, member.key_mark), false);
      }
      return;
    default: target.kind = Setting::Kind::scalar; target.scalar = from.text;
  }
}

}  // namespace

const DataNode* DataNode::find(std::string_view name) const {
  const auto found = std::ranges::find(children, name, &DataNode::key);
  return found == children.end() || kind != Kind::map ? nullptr : &*found;
}

void DataNode::fail(const std::string& message) const {
  throw SettingError(mark, message);
}

std::vector<DataNode> parse_documents(const std::string& text, const std::string& name) {
  std::vector<DataNode> out;
  Reader reader(name);
  for (const YAML::Node& document : yaml::load(text, name, false)) {
    if (!yaml::is_null(document)) out.push_back(reader.node(document));
  }
  return out;
}

std::vector<DataNode> read_documents(const std::string& path) {
  return parse_documents(yaml::file_text(path, {path, 0, 0}), path);
}

std::unique_ptr<Setting> as_settings(const DataNode& map) {
  if (map.kind != Kind::map) map.fail("a map of settings is expected, as in 'stream: ...'");
  auto root = std::make_unique<Setting>();
  lay_on(map, *root, true);
  return root;
}

}  // namespace lapwing
