#include "sensor/base/option_source.h"

#include <utility>

namespace lapwing {

void OptionSource::add(const Setting& node, std::string prefix, std::string instead) {
  places_.push_back({&node, std::move(prefix), std::move(instead)});
}

std::vector<const Setting*> OptionSource::find(std::string_view key) const {
  std::vector<const Setting*> out;
  const auto says = [](const Setting* node) { return node && node->kind != Setting::Kind::null; };
  const Setting* own = root_ ? root_->find(key) : nullptr;
  if (says(own)) out.push_back(own);
  for (const Place& place : places_) {
    if (!key.starts_with(place.prefix)) continue;
    const Setting* node = place.node->find(place.instead + std::string(key.substr(place.prefix.size())));
    const bool overlaid = says(own) && says(node) && own->mark.file != node->mark.file;
    if (says(node) && !overlaid) out.push_back(node);
  }
  return out;
}

void fail_contradiction(const Setting& first, const Setting& second) {
  second.fail("other than at " + to_string(first.mark) + "; an option has one value wherever it stands");
}

}  // namespace lapwing
