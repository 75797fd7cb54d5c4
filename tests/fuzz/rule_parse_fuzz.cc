// Rule files, their lists, and the tables they refer to: whatever the bytes, an answer or a SettingError.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "sensor/base/bytes.h"
#include "signatures/parse/parse.h"

using namespace lapwing;

namespace {

const RuleVariables& variables() {
  static const RuleVariables kVariables{
      .address_groups = {{"H", "[10.0.0.0/8,!10.1.0.0/16]"}, {"E", "!$H"}, {"L", "[$L,1.1.1.1]"}},
      .port_groups = {{"P", "[80,8000:8100]"}, {"N", "!$P"}},
  };
  return kVariables;
}

template <class Call>
void tolerate(Call call) {
  try {
    call();
  } catch (const SettingError&) {
  }
}

void require(bool holds) {
  if (!holds) std::abort();
}

void resolve(const RuleTree& rule) {
  for (const ListNode* node : {&rule.src, &rule.dst}) {
    tolerate([&] {
      AddressSet set = resolve_addresses(*node, variables());
      require(set.any || !set.v4.empty() || !set.v6.empty());
      for (const auto* ranges : {&set.v4, &set.v6}) {
        for (const auto& range : *ranges) require(set.contains(range.first) && set.contains(range.last));
      }
    });
  }
  for (const ListNode* node : {&rule.src_port, &rule.dst_port}) {
    tolerate([&] {
      PortSet set = resolve_ports(*node, variables());
      for (size_t i = 0; i < set.ranges.size(); ++i) {
        auto [first, last] = set.ranges[i];
        require(first <= last && set.contains(first) && set.contains(last));
        require(i == 0 || set.ranges[i - 1].second + 1 < first);
      }
    });
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  std::string_view text = to_text({data + 1, size - 1});
  RuleTables tables;
  switch (data[0] % 4) {
    case 0: {
      std::vector<RuleMessage> faults;
      parse_thresholds(text, "fuzz", faults);
      break;
    }
    case 1: tolerate([&] { parse_classifications(text, "fuzz", tables); }); break;
    case 2: tolerate([&] { parse_references(text, "fuzz", tables); }); break;
    default:
      std::vector<RuleMessage> messages;
      parse_rules(text, "fuzz", messages, [&](const RuleTree& rule) {
        require(!rule.options.empty());
        resolve(rule);
      });
      for (const RuleMessage& message : messages)
        require(message.mark.line > 0 && message.mark.column > 0 && !message.text.empty());
  }
  return 0;
}
