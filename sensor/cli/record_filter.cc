#include "sensor/cli/record_filter.h"

#include <charconv>
#include <nlohmann/json.hpp>
#include <span>
#include <stdexcept>

#include "sensor/base/text.h"

namespace lapwing {
namespace {

using Json = nlohmann::json;

std::optional<double> to_number(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// As it stands in the record, text without its quotes.
std::string to_plain(const Json& node) {
  return node.is_string() ? node.get<std::string>() : node.dump();
}

}  // namespace

struct RecordFilter::Walk {
  const Condition& condition;

  /// Whether anything at `path` below `node` does.
  bool any(const Json& node, std::span<const std::string> path) const {
    if (node.is_array()) {
      if (!path.empty()) {
        const auto position = parse_unsigned(path.front());
        if (position && *position < node.size()) return any(node[*position], path.subspan(1));
      }
      for (const Json& member : node) {
        if (any(member, path)) return true;
      }
      return false;
    }
    if (path.empty()) return holds(node);
    if (!node.is_object()) return false;
    const auto member = node.find(path.front());
    return member != node.end() && any(*member, path.subspan(1));
  }

  bool holds(const Json& node) const {
    if (condition.op == Op::exists || condition.op == Op::absent) return true;
    if (node.is_object()) return false;
    if (node.is_number()) return condition.number && compare(node.get<double>(), *condition.number);
    return compare(to_plain(node), condition.value);
  }

  template <class T>
  bool compare(const T& a, const T& b) const {
    switch (condition.op) {
      case Op::less: return a < b;
      case Op::less_equal: return a <= b;
      case Op::greater: return a > b;
      case Op::greater_equal: return a >= b;
      default: return a == b;
    }
  }
};

RecordFilter::RecordFilter(const std::vector<std::string>& conditions) {
  for (const std::string& text : conditions) {
    auto refuse = [&](const char* why) { throw std::invalid_argument("'" + text + "': " + why); };
    Condition condition{.op = Op::exists};
    const size_t at = text.find_first_of("=<>!", text.starts_with('!') ? 1 : 0);
    std::string_view path = std::string_view(text).substr(0, at), rest;
    if (at == std::string::npos) {
      if (path.starts_with('!')) {
        condition.op = Op::absent;
        path.remove_prefix(1);
      }
    } else {
      rest = std::string_view(text).substr(at);
      constexpr std::pair<std::string_view, Op> kOps[] = {{"!=", Op::unequal},       {"<=", Op::less_equal},
                                                          {">=", Op::greater_equal}, {"=", Op::equal},
                                                          {"<", Op::less},           {">", Op::greater}};
      const auto op =
          std::find_if(std::begin(kOps), std::end(kOps), [&](const auto& o) { return rest.starts_with(o.first); });
      if (op == std::end(kOps) || path.starts_with('!'))
        refuse("wants PATH, !PATH, or PATH OP VALUE with = != < <= > >=");
      condition.op = op->second;
      condition.value = trim(rest.substr(op->first.size()));
      condition.number = to_number(condition.value);
      if (condition.value.empty()) refuse("has no value");
    }
    for (std::string_view part : split(trim(path), '.')) {
      if (part.empty()) refuse("its path has an empty part");
      condition.path.emplace_back(part);
    }
    conditions_.push_back(std::move(condition));
  }
}

bool RecordFilter::matches(std::string_view record) const {
  if (conditions_.empty()) return true;
  const Json json = Json::parse(record, nullptr, false);
  if (json.is_discarded()) return false;
  for (const Condition& condition : conditions_) {
    const bool found = Walk{condition}.any(json, condition.path);
    if (found == (condition.op == Op::absent || condition.op == Op::unequal)) return false;
  }
  return true;
}

}  // namespace lapwing
