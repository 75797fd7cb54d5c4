#include "sensor/base/counters.h"

#include <algorithm>

namespace lapwing {

void CounterSet::add(std::string_view path, uint64_t value, std::string_view help, CounterKind kind) {
  auto found = std::find_if(values_.begin(), values_.end(), [&](const CounterValue& v) { return v.path == path; });
  if (found == values_.end()) {
    values_.push_back({std::string(path), value, help, kind, {}});
  } else {
    found->value = kind == CounterKind::maximum ? std::max(found->value, value) : found->value + value;
  }
}

void CounterSet::set_text(std::string_view path, std::string text, std::string_view help) {
  add(path, 0, help);
  std::find_if(values_.begin(), values_.end(), [&](const CounterValue& v) { return v.path == path; })->text =
      std::move(text);
}

void CounterSet::add(const CounterSet& other) {
  for (const CounterValue& v : other.values_) {
    v.text.empty() ? add(v.path, v.value, v.help, v.kind) : set_text(v.path, v.text, v.help);
  }
}

uint64_t CounterSet::value(std::string_view path) const {
  auto found = std::find_if(values_.begin(), values_.end(), [&](const CounterValue& v) { return v.path == path; });
  return found == values_.end() ? 0 : found->value;
}

}  // namespace lapwing
