// OptionSource: the places of a configuration where the options of a table are looked up.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sensor/base/setting.h"

namespace lapwing {

/// A tree, and nodes of it whose members are options as well: "version" of the record type dns is
/// "app-layer.protocols.dns.record.version". The tree outlives it.
class OptionSource {
 public:
  OptionSource() = default;
  // Not explicit: mostly a tree is all there is.
  OptionSource(const Setting& root) : root_(&root) {}

  /// Keys that begin with `prefix` stand in `node` too, there with `instead`.
  void add(const Setting& node, std::string prefix = {}, std::string instead = {});
  /// What is said for a key, in every place; empty where nothing is. All are taken for read. What another file or the
  /// command line says under the key itself is laid over the other places.
  std::vector<const Setting*> find(std::string_view key) const;

 private:
  struct Place {
    const Setting* node;
    std::string prefix, instead;
  };
  const Setting* root_ = nullptr;
  std::vector<Place> places_;
};

/// Two places say different things for one option. Throws SettingError at the second.
[[noreturn]] void fail_contradiction(const Setting& first, const Setting& second);

}  // namespace lapwing
