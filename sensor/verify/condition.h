// Condition: what one value of a record must be.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/config/documents.h"

namespace lapwing::verify {

using Json = nlohmann::json;

/// The value of a node, with its type.
Json to_json(const DataNode& node);

/// A number, a level or a text under an order: "3", ">= 1", "< high". Levels are info < low < medium < high < critical.
struct Bound {
  enum class Order : uint8_t { equal, less, less_equal, greater, greater_equal };
  Order order = Order::equal;
  Json limit = 1;

  /// What a text with an order in front says; none where it has none.
  static std::optional<Bound> parse(std::string_view text);
  bool holds(const Json& value) const;
};
std::string to_text(const Bound& bound);

/// A path into a record and a test of what is there. Built by the functions below.
class Condition {
 public:
  enum class Test : uint8_t {
    bound,
    unequal,
    contains,  // a member of a list, a part of a text, a key of a map
    starts_with,
    ends_with,
    present,
    absent,
    named,   // the value, one of a list, or a member of an object is this, or this and a port
    within,  // seconds between the end of what a finding rests on and its record
  };

  /// A filter's key: dotted, "answers[0]" is a member of a list, and the end may say how it is tested (`__gt`, `__len`
  /// and so on, as a part of its own or behind the name).
  static Condition filter(std::string_view key, Json value, const SourceMark& mark);
  static Condition at(std::string path, Test test, Json value, const SourceMark& mark);
  static Condition bounded(std::string path, Bound bound, const SourceMark& mark);

  bool holds(const Json& record) const;
  /// What stands there, null where nothing does.
  Json value(const Json& record) const;
  const std::string& path() const { return path_; }
  /// What is wanted, as a person would say it.
  std::string wanted() const;
  const SourceMark& mark() const { return mark_; }

 private:
  struct Step {
    std::string key;
    std::optional<size_t> index;
    bool length = false;
  };
  void read_path(std::string_view path);

  std::string path_;
  std::vector<Step> steps_;
  Test test_ = Test::bound;
  Json wanted_;
  Bound bound_;
  SourceMark mark_;
};

}  // namespace lapwing::verify
