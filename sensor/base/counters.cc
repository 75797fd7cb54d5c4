#include "sensor/base/counters.h"

#include <algorithm>

namespace lapwing {

CounterValue& CounterSet::at(std::string_view path, std::string_view help, CounterKind kind) {
  if (const auto known = places_.find(path); known != places_.end()) return values_[known->second];
  values_.push_back({std::string(path), 0, help, kind, {}});
  places_.emplace(path, values_.size() - 1);
  return values_.back();
}

void CounterSet::add(std::string_view path, uint64_t value, std::string_view help, CounterKind kind) {
  CounterValue& of = at(path, help, kind);
  of.value = of.kind == CounterKind::maximum ? std::max(of.value, value) : of.value + value;
}

void CounterSet::set_text(std::string_view path, std::string text, std::string_view help) {
  at(path, help, CounterKind::sum).text = std::move(text);
}

void CounterSet::add(const CounterSet& other) {
  for (const CounterValue& v : other.values_) {
    v.text.empty() ? add(v.path, v.value, v.help, v.kind) : set_text(v.path, v.text, v.help);
  }
}

uint64_t CounterSet::value(std::string_view path) const {
  const auto known = places_.find(path);
  return known == places_.end() ? 0 : values_[known->second].value;
}

}  // namespace lapwing
