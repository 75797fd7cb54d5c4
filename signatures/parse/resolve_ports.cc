#include <algorithm>

#include "sensor/base/text.h"
#include "signatures/parse/list_evaluator.h"
#include "signatures/parse/parse.h"
#include "signatures/parse/range_set.h"

namespace lapwing {
namespace {

using Ports = RangeSet<uint16_t>;

uint16_t port(std::string_view text, uint16_t fallback) {
  text = trim(text);
  if (text.empty()) return fallback;
  auto number = parse_unsigned(text);
  if (!number || *number > UINT16_MAX) {
    throw std::string("is not a port; write 0 to 65535, or a range such as 80:90, :1024 or 1024:");
  }
  return static_cast<uint16_t>(*number);
}

Ports read_ports(std::string_view text) {
  size_t colon = text.find(':');
  uint16_t first = port(text.substr(0, colon), 0);
  uint16_t last = colon == std::string_view::npos ? first : port(text.substr(colon + 1), UINT16_MAX);
  if (first > last) throw std::string("begins after its end; write the smaller port first");
  Ports ports;
  ports.add(first, last);
  return ports;
}

}  // namespace

PortSet resolve_ports(const ListNode& node, const RuleVariables& variables) {
  ListEvaluator<Ports, decltype(&read_ports)> evaluator(variables.port_groups, "vars.port-groups", &read_ports);
  Ports ports = evaluator.evaluate(node);
  // A list of all ports still asks for ports, which ICMP has not; "any" does not.
  if (ports.full() && evaluator.has_any()) return {.any = true, .ranges = {}};
  return {.any = false, .ranges = ports.ranges()};
}

bool PortSet::contains(uint16_t port) const {
  if (any) return true;
  auto next = std::upper_bound(ranges.begin(), ranges.end(), port,
                               [](uint16_t value, const auto& range) { return value < range.first; });
  return next != ranges.begin() && port <= std::prev(next)->second;
}

}  // namespace lapwing
