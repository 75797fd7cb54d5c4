// RecordFilter: conditions on the fields of records.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lapwing {

/// Each condition is PATH, !PATH or PATH OP VALUE with OP of = != < <= > >=. PATH is dotted; of an array on the way any
/// member may do, or the one at a position that is named. Numbers are compared as such where both sides are; else text.
/// != is what = is not: it holds where nothing is there, too.
class RecordFilter {
 public:
  /// Throws std::invalid_argument that names the condition.
  explicit RecordFilter(const std::vector<std::string>& conditions);
  bool empty() const { return conditions_.empty(); }
  /// Whether a record, JSON text, meets all conditions. What is no JSON meets none.
  bool matches(std::string_view record) const;

 private:
  enum class Op : uint8_t { exists, absent, equal, unequal, less, less_equal, greater, greater_equal };
  struct Condition {
    std::vector<std::string> path;
    Op op;
    std::string value;
    std::optional<double> number;  // of value
  };
  struct Walk;
  std::vector<Condition> conditions_;
};

}  // namespace lapwing
