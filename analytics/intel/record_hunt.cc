#include "analytics/intel/record_hunt.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "analytics/intel/observable.h"
#include "sensor/base/text.h"

namespace lapwing::analytics {
namespace {

using Json = nlohmann::json;
constexpr int kMostDepth = 32;

std::string text_of(const Json& record, const char* key) {
  const auto found = record.find(key);
  return found != record.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// All texts at a dotted path, through lists on the way.
void each_at(const Json& node, std::string_view path, const std::function<void(const std::string&)>& call) {
  if (node.is_array()) {
    for (const Json& one : node) each_at(one, path, call);
  } else if (path.empty()) {
    if (node.is_string()) call(node.get_ref<const std::string&>());
  } else if (node.is_object()) {
    const std::string key(path.substr(0, path.find('.')));
    const auto found = node.find(key);
    if (found != node.end()) each_at(*found, path.substr(std::min(path.size(), key.size() + 1)), call);
  }
}

}  // namespace

bool RecordHunt::read(std::string_view line, const std::function<void(const RecordHit&)>& hit) const {
  bool too_deep = false;
  const auto watch = [&](int depth, Json::parse_event_t, Json&) {
    too_deep |= depth > kMostDepth;
    return !too_deep;
  };
  const Json record = Json::parse(line, watch, false);
  if (too_deep || !record.is_object()) return false;
  std::set<const IndicatorSlot*> told;
  const auto look = [&](Observable what, const std::string& value) {
    const auto found = look_up(set_.table(), what, value);
    if (!found || !told.insert(found->slot).second) return;
    auto text = set_.text(*found->slot, found->canonical);
    if (!text) return;
    hit({.type = found->slot->type,
         .value = value,
         .timestamp = text_of(record, "timestamp"),
         .event_type = text_of(record, "event_type"),
         .text = std::move(*text)});
  };
  for (const ObservableField& field : observable_fields()) {
    std::string front;
    each_at(record, field.in_front, [&](const std::string& value) { front = value; });
    each_at(record, field.path, [&](const std::string& value) {
      look(field.what, !front.empty() && value.starts_with('/') ? front + value : value);
    });
  }
  for (const char* end : {"src_ip", "dest_ip"}) look(Observable::address, text_of(record, end));
  return true;
}

}  // namespace lapwing::analytics
