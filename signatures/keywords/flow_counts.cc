// Age, packets and bytes of the flow, the packet at hand included.
#include "sensor/base/text.h"
#include "signatures/keywords/families.h"

namespace lapwing::rules {

namespace {

constexpr int64_t kSecond = 1'000'000'000;  // ns

using Counts = std::array<uint64_t, 2> Flow::*;

struct CountTest {
  bool to_server = true, to_client = true;  // which counts; both: either may pass
  IntegerTest test;
};

std::string words(const CountTest& test) {
  return std::string(test.to_server && test.to_client ? "either "
                     : test.to_server                 ? "toserver "
                                                      : "toclient ") +
         describe(test.test);
}

template <Counts counts>
void add_count_test(RuleBuilder& rule, const RuleOption& option, CountTest test) {
  rule.require_packet(option);
  rule.rule().header.needs_flow = true;
  add_condition(rule, Needs::packet, test, [](const Scene& scene, const CountTest& t) {
    if (!scene.flow) return false;
    const auto& value = scene.flow->*counts;
    return (t.to_server && t.test.matches(value[index(Direction::to_server)])) ||
           (t.to_client && t.test.matches(value[index(Direction::to_client)]));
  });
}

constexpr uint64_t kMaxPackets = UINT32_MAX, kMaxBytes = UINT64_MAX;

template <Counts counts, uint64_t max, bool to_server>
void one_way(RuleBuilder& rule, const RuleOption& option) {
  IntegerTest test = parse_integer_test(rule.text(option), option.value_mark, max);
  add_count_test<counts>(rule, option, {to_server, !to_server, test});
}

/// "<toserver|toclient|either>,<comparison>"
template <Counts counts, uint64_t max>
void directed(RuleBuilder& rule, const RuleOption& option) {
  const std::string value(rule.text(option));
  size_t comma = value.find(',');
  if (comma == std::string::npos) rule.fail(option, "is written '<toserver|toclient|either>,<comparison>'");
  std::string way(trim(std::string_view(value).substr(0, comma)));
  if (way != "toserver" && way != "toclient" && way != "either") {
    rule.fail(option, "'" + way + "' is none of toserver, toclient, either");
  }
  IntegerTest test = parse_integer_test(std::string_view(value).substr(comma + 1), option.value_mark, max);
  add_count_test<counts>(rule, option, {way != "toclient", way != "toserver", test});
}

void flow_age(RuleBuilder& rule, const RuleOption& option) {
  rule.require_packet(option);
  rule.rule().header.needs_flow = true;
  add_condition(rule, Needs::packet, parse_integer_test(rule.text(option), option.value_mark, UINT32_MAX),
                [](const Scene& scene, const IntegerTest& test) {
                  if (!scene.flow) return false;
                  // Whole seconds on the clock, as Suricata counts.
                  int64_t age = scene.flow->last.ns / kSecond - scene.flow->start.ns / kSecond;
                  return test.matches(static_cast<uint64_t>(std::max<int64_t>(age, 0)));
                });
}

constexpr Keyword kFlowCountKeywords[] = {
    {"flow.age", "", &flow_age, "seconds since the flow's first packet"},
    {"flow.pkts", "", &directed<&Flow::packets, kMaxPackets>, "packets of a direction, or of either"},
    {"flow.pkts_toserver", "", &one_way<&Flow::packets, kMaxPackets, true>, "packets to the server"},
    {"flow.pkts_toclient", "", &one_way<&Flow::packets, kMaxPackets, false>, "packets to the client"},
    {"flow.bytes", "", &directed<&Flow::bytes, kMaxBytes>, "bytes of a direction, or of either"},
    {"flow.bytes_toserver", "", &one_way<&Flow::bytes, kMaxBytes, true>, "bytes to the server"},
    {"flow.bytes_toclient", "", &one_way<&Flow::bytes, kMaxBytes, false>, "bytes to the client"},
};

}  // namespace

const KeywordFamily kFlowCountFamily{"flow-counts", kFlowCountKeywords};

}  // namespace lapwing::rules
