// Rules and records of a part are the same in every protocol that carries it.
#include <gmock/gmock.h>

#include "dissectors/registry.h"
#include "tests/dissectors/parts/carriers.h"
#include "tests/pipeline/connection.h"

namespace lapwing {

// In place of those of the build.
std::span<const DissectorRow* const> dissectors() {
  static constexpr const DissectorRow* kRows[] = {&crate::kRow, &parcel::kRow};
  return kRows;
}
std::span<const PacketDissectorRow* const> packet_dissectors() {
  return {};
}

namespace {

using namespace test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kRules =
    "alert tcp any any -> any any (msg:\"column\"; label.text; content:\"fragile\"; sid:1;)\n"
    "alert tcp any any -> any any (msg:\"anomaly\"; app-layer-event:label.unprintable; sid:2;)\n"
    "alert tcp any any -> any any (msg:\"word\"; label.size:7; sid:3;)\n"
    "alert tcp any any -> any any (msg:\"of one\"; app-layer-event:crate.label_unprintable; sid:4;)\n"
    "alert parcel any any -> any any (msg:\"word of one\"; label.size:7; sid:5;)\n"
    "alert crate any any -> any any (msg:\"its own\"; app-layer-event:crate.broken; sid:6;)\n"
    "alert tcp any any -> any any (msg:\"with a column\"; app-layer-event:label.unprintable; label.text; "
    "content:\"a\"; sid:7;)\n";

class Parts : public Connection {
 protected:
  /// A label of 7 bytes, and one that is unprintable.
  void converse(std::string_view name, Direction from) {
    handshake();
    for (std::string_view text : {" label fragile\n", " label a\tb\n"}) {
      say(from, std::string(name).append(text));
      acknowledge(reverse(from));
    }
  }
  std::vector<int> signatures() {
    std::vector<int> out;
    for (const auto& alert : alerts(kRules)) out.push_back(signature(alert));
    return out;
  }
  std::vector<RuleMessage> faults(const std::string& rule) {
    const auto config = SensorConfig::read(root_, {});
    std::vector<RuleMessage> messages;
    RuleCompiler compiler(config->rules, config->detect, messages);
    parse_rules(rule, "test.rules", messages, [&](const RuleTree& tree) { compiler.add(tree); });
    return messages;
  }
};

TEST_F(Parts, MatchInEveryProtocolThatCarriesThem) {
  converse("crate", Direction::to_server);
  EXPECT_THAT(signatures(), ElementsAre(1, 2, 3, 4, 7));
  converse("parcel", Direction::to_client);
  EXPECT_THAT(signatures(), ElementsAre(1, 2, 3, 5, 7));
}

TEST_F(Parts, LeaveTheCarriersOwnAnomaliesAlone) {
  handshake();
  say(Direction::to_server, "crate of nothing\n");
  acknowledge(Direction::to_client);
  EXPECT_THAT(signatures(), ElementsAre(6));
}

TEST_F(Parts, AreNamedInRecordsOfTheCarrier) {
  const std::pair<std::string_view, Direction> carriers[] = {{"crate", Direction::to_server},
                                                             {"parcel", Direction::to_client}};
  const std::string_view events[] = {"label_unprintable", "LABEL_UNPRINTABLE"};
  for (size_t i = 0; i < 2; ++i) {
    converse(carriers[i].first, carriers[i].second);
    auto found = records({}, "anomaly");
    std::erase_if(found, [](const auto& record) { return record["anomaly"]["layer"] != "proto_parser"; });
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0]["anomaly"]["event"], events[i]);
    EXPECT_EQ(found[0]["anomaly"]["app_proto"], carriers[i].first);
  }
}

TEST_F(Parts, HaveRowsThatAreListedOnce) {
  const auto config = SensorConfig::read(root_, {});
  const auto keywords = list_keywords(config->rules);
  const auto is_word = [](const KeywordInfo& row) { return row.name == "label.size" && row.family == "label"; };
  EXPECT_EQ(std::ranges::count_if(keywords, is_word), 1);
  EXPECT_EQ(std::ranges::count(keywords, "label.size", &KeywordInfo::name), 1);
}

TEST_F(Parts, OfOtherNamesAreRefused) {
  const std::string head = "alert tcp any any -> any any (app-layer-event:";
  EXPECT_THAT(faults(head + "label.empty; sid:1;)\n"), IsEmpty());
  for (std::string_view name : {"label.broken", "crate.empty", "parcel.broken"}) {
    const auto said = faults(head + std::string(name) + "; sid:1;)\n");
    ASSERT_EQ(said.size(), 1u) << name;
    EXPECT_THAT(said[0].text, HasSubstr("is not raised yet")) << name;
  }
}

}  // namespace
}  // namespace lapwing
