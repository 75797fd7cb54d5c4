#include "sensor/verify/condition.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <ctime>

#include "sensor/base/text.h"

namespace lapwing::verify {
namespace {

using Order = Bound::Order;
using Test = Condition::Test;

constexpr std::array<std::string_view, 5> kLevels = {"info", "low", "medium", "high", "critical"};
constexpr std::pair<std::string_view, Order> kOrders[] = {{">=", Order::greater_equal}, {"<=", Order::less_equal},
                                                          {"==", Order::equal},         {">", Order::greater},
                                                          {"<", Order::less},           {"=", Order::equal}};

struct Suffix {
  std::string_view name;
  Test test;
  Order order = Order::equal;
};
constexpr Suffix kSuffixes[] = {
    {"__gte", Test::bound, Order::greater_equal},
    {"__lte", Test::bound, Order::less_equal},
    {"__gt", Test::bound, Order::greater},
    {"__lt", Test::bound, Order::less},
    {"__not", Test::unequal},
    {"__contains", Test::contains},
    {"__find", Test::contains},
    {"__startswith", Test::starts_with},
    {"__endswith", Test::ends_with},
};

std::optional<size_t> level_of(const Json& value) {
  if (!value.is_string()) return std::nullopt;
  const auto found = std::ranges::find(kLevels, value.get_ref<const std::string&>());
  return found == kLevels.end() ? std::nullopt : std::optional<size_t>(found - kLevels.begin());
}

template <class T>
bool in_order(Order order, const T& a, const T& b) {
  switch (order) {
    case Order::equal: return a == b;
    case Order::less: return a < b;
    case Order::less_equal: return a <= b;
    case Order::greater: return a > b;
    case Order::greater_equal: return a >= b;
  }
  return false;
}

/// Characters of UTF-8.
size_t characters(const std::string& text) {
  return static_cast<size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

Json length_of(const Json& value) {
  if (value.is_string()) return characters(value.get_ref<const std::string&>());
  return value.is_structured() ? Json(value.size()) : Json(-1);
}

bool contains(const Json& value, const Json& wanted) {
  if (value.is_array()) return std::ranges::find(value, wanted) != value.end();
  if (!wanted.is_string()) return false;
  const auto& text = wanted.get_ref<const std::string&>();
  if (value.is_object()) return value.contains(text);
  return value.is_string() && value.get_ref<const std::string&>().find(text) != std::string::npos;
}

/// "10.0.0.1:443" and "[2001:db8::1]:443" are also called by their addresses.
bool is_called(const Json& value, const Json& name) {
  if (value == name) return true;
  if (!value.is_string() || !name.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  const auto& wanted = name.get_ref<const std::string&>();
  return equal_nocase(text, wanted) || text.starts_with(wanted + ":") || text.starts_with("[" + wanted + "]");
}

bool names(const Json& value, const Json& wanted) {
  if (value.is_structured()) return std::ranges::any_of(value, [&](const Json& one) { return names(one, wanted); });
  return is_called(value, wanted);
}

/// Seconds since the epoch of "2024-08-16T18:07:39.110000+0000", or with Z.
std::optional<double> seconds_of(const Json& time) {
  if (!time.is_string()) return std::nullopt;
  const auto& text = time.get_ref<const std::string&>();
  tm parts{};
  const char* rest = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (!rest) return std::nullopt;
  const double whole = static_cast<double>(timegm(&parts));
  return *rest == '.' ? whole + std::strtod(rest, nullptr) : whole;
}

/// From the last that a finding or an incident rests on until it was told.
Json delay_of(const Json& record) {
  for (const char* name : {"behaviour", "incident"}) {
    if (!record.contains(name) || !record[name].is_object()) continue;
    const auto told = seconds_of(record.value("timestamp", Json())),
               last = seconds_of(record[name].value("last", Json()));
    if (told && last) return std::max(0.0, *told - *last);
  }
  return nullptr;
}

std::string shown(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string_view sign_of(Order order) {
  return std::ranges::find(kOrders, order, &std::pair<std::string_view, Order>::second)->first;
}

}  // namespace

Json to_json(const DataNode& node) {
  using Kind = DataNode::Kind;
  switch (node.kind) {
    case Kind::null: return nullptr;
    case Kind::boolean: return node.boolean;
    case Kind::integer: return node.integer;
    case Kind::real: return node.real;
    case Kind::text: return node.text;
    case Kind::list: {
      Json out = Json::array();
      for (const DataNode& item : node.children) out.push_back(to_json(item));
      return out;
    }
    case Kind::map: {
      Json out = Json::object();
      for (const DataNode& member : node.children) out[member.key] = to_json(member);
      return out;
    }
  }
  return nullptr;
}

std::optional<Bound> Bound::parse(std::string_view text) {
  for (const auto& [sign, order] : kOrders) {
    if (!text.starts_with(sign)) continue;
    const std::string rest(trim(text.substr(sign.size())));
    if (rest.empty()) return std::nullopt;
    double number = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (error != std::errc() || end != rest.data() + rest.size()) return Bound{order, rest};
    const bool whole = std::trunc(number) == number && std::abs(number) < 1e15;
    return Bound{order, whole ? Json(static_cast<int64_t>(number)) : Json(number)};
  }
  return std::nullopt;
}

bool Bound::holds(const Json& value) const {
  if (order == Order::equal) return value == limit;
  if (const auto have = level_of(value), want = level_of(limit); have && want) return in_order(order, *have, *want);
  // A number and a text have no order.
  const bool alike = (value.is_number() && limit.is_number()) || (value.is_string() && limit.is_string()) ||
                     (value.is_boolean() && limit.is_boolean());
  return alike && in_order(order, value, limit);
}

std::string to_text(const Bound& bound) {
  return (bound.order == Order::equal ? "" : std::string(sign_of(bound.order)) + " ") + shown(bound.limit);
}

Condition Condition::filter(std::string_view key, Json value, const SourceMark& mark) {
  Condition out;
  out.mark_ = mark;
  out.bound_.limit = value;
  out.wanted_ = std::move(value);
  for (const Suffix& suffix : kSuffixes) {
    if (!key.ends_with(suffix.name)) continue;
    key.remove_suffix(suffix.name.size());
    if (key.ends_with('.')) key.remove_suffix(1);
    out.test_ = suffix.test;
    out.bound_.order = suffix.order;
    break;
  }
  out.read_path(key);
  return out;
}

Condition Condition::at(std::string path, Test test, Json value, const SourceMark& mark) {
  Condition out;
  out.mark_ = mark;
  out.test_ = test;
  out.wanted_ = std::move(value);
  out.read_path(path);
  return out;
}

Condition Condition::bounded(std::string path, Bound bound, const SourceMark& mark) {
  Condition out = at(std::move(path), Test::bound, bound.limit, mark);
  out.bound_ = std::move(bound);
  return out;
}

void Condition::read_path(std::string_view path) {
  constexpr std::string_view kLength = "__len";
  path_ = path;
  for (std::string_view part : split(path, '.')) {
    Step step;
    if (part.ends_with(kLength)) {
      part.remove_suffix(kLength.size());
      if (!part.empty()) steps_.push_back({.key = std::string(part)});
      steps_.push_back({.length = true});
      return;
    }
    const size_t bracket = part.rfind('[');
    if (part.ends_with(']') && bracket != std::string_view::npos) {
      step.index = parse_unsigned(part.substr(bracket + 1, part.size() - bracket - 2));
    }
    step.key = step.index ? part.substr(0, bracket) : part;
    steps_.push_back(std::move(step));
  }
}

Json Condition::value(const Json& record) const {
  if (test_ == Test::within) return delay_of(record);
  const Json* node = &record;
  for (const Step& step : steps_) {
    if (step.length) return length_of(*node);
    if (!node->is_object()) return nullptr;
    const auto member = node->find(step.key);
    if (member == node->end()) return nullptr;
    node = &*member;
    if (!step.index) continue;
    if (!node->is_array() || *step.index >= node->size()) return nullptr;
    node = &(*node)[*step.index];
  }
  return *node;
}

bool Condition::holds(const Json& record) const {
  const Json value = this->value(record);
  const auto text = [](const Json& json) { return json.is_string() ? json.get_ref<const std::string&>() : ""; };
  switch (test_) {
    case Test::bound: return bound_.holds(value);
    case Test::unequal: return value != wanted_;
    case Test::contains: return contains(value, wanted_);
    case Test::starts_with: return value.is_string() && wanted_.is_string() && text(value).starts_with(text(wanted_));
    case Test::ends_with: return value.is_string() && wanted_.is_string() && text(value).ends_with(text(wanted_));
    case Test::present: return !value.is_null();
    case Test::absent: return value.is_null();
    case Test::named: return names(value, wanted_);
    case Test::within: return value.is_number() && value.get<double>() <= wanted_.get<double>();
  }
  return false;
}

std::string Condition::wanted() const {
  switch (test_) {
    case Test::bound: return to_text(bound_);
    case Test::unequal: return "not " + shown(wanted_);
    case Test::contains: return "with " + shown(wanted_);
    case Test::starts_with: return shown(wanted_) + "...";
    case Test::ends_with: return "..." + shown(wanted_);
    case Test::present: return "anything";
    case Test::absent: return "nothing";
    case Test::named: return shown(wanted_);
    case Test::within: return "<= " + shown(wanted_) + " s";
  }
  return {};
}

}  // namespace lapwing::verify
