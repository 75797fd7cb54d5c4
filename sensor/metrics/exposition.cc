#include "sensor/metrics/exposition.h"

#include <algorithm>
#include <map>
#include <utility>

#include "sensor/base/text.h"

namespace lapwing {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

/// A path taken apart.
struct Name {
  std::string metric = "lapwing";  // without the last part
  std::string last;
  std::vector<ClientMetric::Label> labels;
};

std::string in_letters(std::string_view part) {
  std::string out(part);
  std::ranges::replace_if(
      out,
      [](char c) {
        return !((c >= '0' && c <= '9') ||
                 (lower(static_cast<uint8_t>(c)) >= 'a' && lower(static_cast<uint8_t>(c)) <= 'z'));
      },
      '_');
  return out;
}

Name name_of(std::string_view path) {
  Name out;
  for (std::string_view part : split(path, '.')) {
    if (!out.last.empty() && parse_unsigned(part)) {
      out.labels.push_back({out.last.substr(0, out.last.size() - 1), std::string(part)});
      continue;
    }
    if (!out.last.empty()) out.metric += "_" + out.last;
    out.last = in_letters(part);
  }
  return out;
}

/// Families in the order first seen.
class Families {
 public:
  MetricFamily& family(const std::string& name, std::string_view help, MetricType type) {
    auto [found, fresh] = by_name_.try_emplace(name, families_.size());
    if (fresh) families_.push_back({name, std::string(help), type, {}});
    return families_[found->second];
  }
  std::vector<MetricFamily> take() { return std::move(families_); }

 private:
  std::map<std::string, size_t> by_name_;
  std::vector<MetricFamily> families_;
};

void add_number(const CounterValue& counter, Name name, Families& families) {
  const bool gauge = counter.kind == CounterKind::gauge || counter.kind == CounterKind::maximum;
  MetricFamily& family =
      families.family(name.metric + "_" + name.last, counter.help, gauge ? MetricType::Gauge : MetricType::Counter);
  ClientMetric& metric = family.metric.emplace_back();
  metric.label = std::move(name.labels);
  (gauge ? metric.gauge.value : metric.counter.value) = static_cast<double>(counter.value);
}

void add_text(const CounterValue& counter, Name name, Families& families) {
  MetricFamily& family = families.family(name.metric + "_info", "what is said in words", MetricType::Gauge);
  auto begins_alike = [&](const ClientMetric& metric) {
    return metric.label.size() >= name.labels.size() &&
           std::equal(name.labels.begin(), name.labels.end(), metric.label.begin());
  };
  auto metric = std::ranges::find_if(family.metric, begins_alike);
  if (metric == family.metric.end()) {
    family.metric.emplace_back();
    metric = std::prev(family.metric.end());
    metric->label = name.labels;
    metric->gauge.value = 1;
  }
  metric->label.push_back({name.last, counter.text});
}

}  // namespace

std::vector<MetricFamily> families_of(const CounterSet& counters) {
  Families families;
  for (const CounterValue& counter : counters.values()) {
    Name name = name_of(counter.path);
    counter.text.empty() ? add_number(counter, std::move(name), families)
                         : add_text(counter, std::move(name), families);
  }
  return families.take();
}

}  // namespace lapwing
