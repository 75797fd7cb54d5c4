#include <algorithm>
#include <map>
#include <set>

#include "sensor/base/text.h"
#include "sensor/config/config.h"
#include "sensor/config/suricata_keys.h"

namespace lapwing {
namespace {

using Nodes = std::set<const Setting*>;

void walk(const Setting& node, const std::string& path, const Nodes& wanted, std::vector<UnusedKey>& out) {
  for (size_t i = 0; i < node.children.size(); ++i) {
    const Setting& child = *node.children[i];
    // "outputs.eve-log" says more than "outputs.1.eve-log".
    bool by_name = child.key.empty() && child.kind == Setting::Kind::map && child.children.size() == 1;
    std::string part = !child.key.empty() ? child.key : by_name ? child.children[0]->key : std::to_string(i);
    if (child.key.empty() && child.kind == Setting::Kind::scalar) part = child.scalar;
    std::string child_path = path.empty() ? part : path + "." + part;
    if (wanted.contains(&child)) {
      out.push_back({child_path, &child});
    } else if (by_name) {
      walk(child, path, wanted, out);
    } else {
      walk(child, child_path, wanted, out);
    }
  }
}

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

std::string nearest_key(std::string_view path, std::span<const std::string> known_keys) {
  constexpr size_t kMaxKeyLength = 200;  // the distance costs the product of the lengths
  if (path.size() > kMaxKeyLength) return {};
  // A typing error changes few letters: one in four, and never the whole of a short word.
  size_t best_distance = std::max<size_t>(1, (path.size() - path.rfind('.') - 1) / 4) + 1;
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

}  // namespace

std::vector<UnusedKey> unused_keys(const Setting& root) {
  auto nodes = root.unused();
  std::vector<UnusedKey> out;
  walk(root, "", Nodes(nodes.begin(), nodes.end()), out);
  return out;
}

Warnings unknown_key_messages(const Setting& root, std::span<const std::string> known_keys) {
  Warnings out;
  for (const auto& [path, node] : unused_keys(root)) {
    if (group_of(path) || is_known(path, known_keys)) continue;
    std::string message = to_string(node->mark) + ": unknown setting '" + path + "'";
    std::string nearest = nearest_key(path, known_keys);
    if (!nearest.empty()) message += "; did you mean '" + nearest + "'?";
    out.push_back(std::move(message));
  }
  return out;
}

std::string unsupported_keys_message(const Setting& root) {
  std::map<const KeyGroup*, std::string> found;  // in table order
  for (const auto& [path, node] : unused_keys(root)) {
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
