#include <algorithm>
#include <map>
#include <set>

#include "sensor/base/text.h"
#include "sensor/config/config.h"
#include "sensor/config/suricata_keys.h"

namespace lapwing {
namespace {

using Nodes = std::set<const Setting*>;

/// Of the key at `path`, which is `node`, or else of its value.
SourceMark place_of(const Setting& node, const std::string& path, const Setting* places) {
  const Setting* found = places ? places->find(path) : nullptr;
  // A file laid over another may have moved it.
  return found && found->mark.file == node.mark.file && found->mark.line <= node.mark.line ? found->mark : node.mark;
}

struct Walk {
  const Nodes& wanted;
  const Setting* places;
  std::vector<UnusedKey>& out;

  void from(const Setting& node, const std::string& path) {
    for (size_t i = 0; i < node.children.size(); ++i) {
      const Setting& child = *node.children[i];
      // "outputs.eve-log" says more than "outputs.1.eve-log".
      bool by_name = child.key.empty() && child.kind == Setting::Kind::map && child.children.size() == 1;
      std::string part = !child.key.empty() ? child.key : by_name ? child.children[0]->key : std::to_string(i);
      if (child.key.empty() && child.kind == Setting::Kind::scalar) part = child.scalar;
      std::string child_path = path.empty() ? part : path + "." + part;
      if (wanted.contains(&child)) {
        out.push_back({child_path, &child, place_of(child, child_path, places)});
      } else {
        from(child, by_name ? path : child_path);
      }
    }
  }
};

bool below_or_same(std::string_view path, std::string_view prefix) {
  return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '.');
}

size_t part_count(std::string_view path) {
  return static_cast<size_t>(std::count(path.begin(), path.end(), '.')) + 1;
}

/// The first `count` parts of a dotted path.
std::string_view parts_prefix(std::string_view path, size_t count) {
  size_t end = 0;
  while (count-- > 0 && end != std::string_view::npos) end = path.find('.', end ? end + 1 : 0);
  return path.substr(0, end);
}

/// Insertions, deletions, replacements and swaps of neighbours that turn a into b.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> cost(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) {
    for (size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      bool same = a[i - 1] == b[j - 1];
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + !same});
      bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

/// A typing error changes few letters: one in four, and never the whole of a short word.
size_t typing_errors(std::string_view name) {
  return std::max<size_t>(1, name.size() / 4);
}

std::string nearest_key(std::string_view path, std::span<const std::string> known_keys) {
  constexpr size_t kMaxKeyLength = 200;  // the distance costs the product of the lengths
  if (path.size() > kMaxKeyLength) return {};
  size_t best_distance = typing_errors(path.substr(path.rfind('.') + 1)) + 1;
  std::string best;
  for (const std::string& key : known_keys) {
    std::string_view candidate = parts_prefix(key, part_count(path));
    if (part_count(candidate) != part_count(path) || candidate.size() > kMaxKeyLength) continue;
    size_t distance = edit_distance(path, candidate);
    if (distance < best_distance || (distance == best_distance && !best.empty() && candidate < best)) {
      best_distance = distance;
      best = candidate;
    }
  }
  if (!best.empty()) return best;
  // The right name in the wrong place: "depth" for "stream.reassembly.depth".
  std::string_view last = path.substr(path.rfind('.') + 1);
  for (const std::string& key : known_keys) {
    if (key.ends_with("." + std::string(last))) return key;
  }
  return {};
}

/// Known to a room that is not in use, or part of a subtree that a room takes as a whole.
bool is_known(std::string_view path, std::span<const std::string> known_keys) {
  return std::any_of(known_keys.begin(), known_keys.end(),
                     [&](const std::string& key) { return below_or_same(key, path) || below_or_same(path, key); });
}

/// A member of what the operator names the members of.
bool has_operators_name(std::string_view path) {
  for (size_t begin = 0, dot; (dot = path.find('.', begin)) != std::string_view::npos; begin = dot + 1) {
    if (named_by_operator(path.substr(begin, dot - begin))) return true;
  }
  return false;
}

/// A section switched off asks for nothing, so there is nothing to report.
bool is_off(const Setting& node) {
  if (node.kind == Setting::Kind::null) return true;
  if (node.children.size() == 1 && node.key.empty()) return is_off(*node.children[0]);
  for (const auto& child : node.children) {
    std::string text = child->key == "enabled" ? to_lower(child->scalar) : "";
    if (text == "no" || text == "false" || text == "off" || text == "0") return true;
  }
  return false;
}

const KeyGroup* group_of(std::string_view path) {
  for (const KeyGroup& group : suricata_key_groups()) {
    for (std::string_view prefix : group.prefixes) {
      // A section of which nothing at all was read stands above its keys.
      if (below_or_same(path, prefix) || below_or_same(prefix, path)) return &group;
    }
  }
  return nullptr;
}

std::string nearest_name(std::string_view name) {
  constexpr size_t kMaxName = 100;
  std::string best;
  if (name.size() > kMaxName) return best;
  size_t best_distance = typing_errors(name) + 1;
  for (std::string_view candidate : suricata_key_names()) {
    const size_t distance = edit_distance(name, candidate);
    if (distance >= best_distance) continue;
    best_distance = distance;
    best = candidate;
  }
  return best;
}

/// Keys from `node` on that Suricata does not know, in what it has and we have not.
void find_strange(const Setting& node, const std::string& path, const Setting* places, Warnings& out) {
  if (!node.key.empty() && !suricata_key_names().contains(node.key)) {
    const std::string nearest = nearest_name(node.key);
    out.push_back(to_string(place_of(node, path, places)) + ": unknown setting '" + path + "'" +
                  (nearest.empty() ? "" : "; did you mean '" + nearest + "'?"));
    return;
  }
  if (named_by_operator(node.key)) return;
  for (size_t i = 0; i < node.children.size(); ++i) {
    const Setting& child = *node.children[i];
    find_strange(child, path + "." + (child.key.empty() ? std::to_string(i) : child.key), places, out);
  }
}

}  // namespace

std::vector<UnusedKey> unused_keys(const Setting& root, const Setting* places) {
  const auto list = root.unused();
  const Nodes nodes(list.begin(), list.end());
  std::vector<UnusedKey> out;
  Walk{nodes, places, out}.from(root, "");
  return out;
}

std::string unknown_key_text(const UnusedKey& key, std::span<const std::string> known_keys) {
  const std::string nearest = nearest_key(key.path, known_keys);
  const std::string section = key.path.substr(0, key.path.rfind('.') + 1);
  const bool neighbour = !nearest.empty() && nearest.starts_with(section);
  if (is_known(key.path, known_keys) || (group_of(key.path) && !neighbour)) return key.path + ": unknown key";
  return "unknown setting '" + key.path + "'" + (nearest.empty() ? "" : "; did you mean '" + nearest + "'?");
}

Warnings unknown_key_messages(const Setting& root, std::span<const std::string> known_keys, const Setting* places) {
  Warnings out;
  for (const UnusedKey& key : unused_keys(root, places)) {
    if (has_operators_name(key.path)) continue;
    if (group_of(key.path)) {
      const bool by_name = key.node->key.empty() && key.node->children.size() == 1;
      if (!is_off(*key.node)) find_strange(by_name ? *key.node->children[0] : *key.node, key.path, places, out);
    } else if (!is_known(key.path, known_keys)) {
      out.push_back(to_string(key.mark) + ": " + unknown_key_text(key, known_keys));
    }
  }
  return out;
}

std::string unsupported_keys_message(const Setting& root) {
  std::map<const KeyGroup*, std::string> found;  // in table order
  for (const auto& [path, node, mark] : unused_keys(root)) {
    const KeyGroup* group = group_of(path);
    if (!group || is_off(*node)) continue;
    std::string& list = found[group];
    if (list.size() < 80) {
      list += (list.empty() ? "" : ", ") + path;
    } else if (!list.ends_with("...")) {
      list += ", ...";
    }
  }
  std::string out;
  for (const auto& [group, list] : found) {
    out += (out.empty() ? "settings of Suricata without effect here: " : "; ") + std::string(group->topic) + " (" +
           list + ")";
  }
  return out;
}

}  // namespace lapwing
