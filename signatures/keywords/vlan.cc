// VLAN tags of the packet.
#include <algorithm>

#include "signatures/keywords/families.h"

namespace lapwing::rules {

namespace {

constexpr uint64_t kMaxVlanId = 4095;

struct VlanTest {
  IntegerTest id;
  MultiTest multi;
};

std::string words(const VlanTest& test) {
  return Sentence(" ").add(describe(test.id)).add(describe(test.multi)).text();
}

/// "<comparison>[,<any|all|all1|nb<comparison>|layer>]"; layers count from the outermost, negative from the innermost.
void vlan_id(RuleBuilder& rule, const RuleOption& option) {
  rule.require_packet(option);
  std::string_view rest = rule.text(option);
  VlanTest test;
  test.multi = parse_multi_test(rest, option.value_mark);
  constexpr auto kLayers = static_cast<int64_t>(kMaxVlan);
  if (test.multi.mode == MultiTest::Mode::index && (test.multi.index < -kLayers || test.multi.index >= kLayers)) {
    rule.fail(option, "layers go from " + std::to_string(-kLayers) + " to " + std::to_string(kLayers - 1));
  }
  test.id = parse_integer_test(rest, option.value_mark, kMaxVlanId);
  add_condition(rule, Needs::packet, test, [](const Scene& scene, const VlanTest& t) {
    if (!scene.packet || scene.packet->vlan_count == 0) return false;
    std::span<const uint16_t> ids(scene.packet->vlan.data(), scene.packet->vlan_count);
    return t.multi.passes(ids.size(), [&](size_t i) { return t.id.matches(ids[i]); });
  });
}

void vlan_layers(RuleBuilder& rule, const RuleOption& option) {
  rule.require_packet(option);
  add_condition(rule, Needs::packet, parse_integer_test(rule.text(option), option.value_mark, kMaxVlan),
                [](const Scene& scene, const IntegerTest& test) {
                  return scene.packet && test.matches(scene.packet->vlan_count);
                });
}

constexpr Keyword kVlanKeywords[] = {
    {"vlan.id", "", &vlan_id, "VLAN id of a layer, of any or of all"},
    {"vlan.layers", "", &vlan_layers, "number of VLAN tags"},
};

}  // namespace

const KeywordFamily kVlanFamily{"vlan", kVlanKeywords};

}  // namespace lapwing::rules
