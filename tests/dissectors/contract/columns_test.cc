#include "dissectors/contract/columns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sensor/event/member.h"

namespace lapwing {
namespace {

using namespace columns;
using testing::ElementsAre;

struct Guest {
  std::string name;
  uint32_t age = 0;
};
struct Address {
  std::string street;
};
struct Party : Transaction {
  std::string host;
  std::optional<std::string> motto;
  std::vector<Guest> guests;
  std::vector<std::string> gifts;
  const Address* address = nullptr;
  bool loud = false;
};

std::optional<IpAddress> origin(const Party&) {
  return IpAddress::parse("192.0.2.1");
}
std::string shouted(const Party& party) {
  return party.host + "!";
}
std::string_view of_party(const Guest& guest, const Party& party) {
  return guest.name == party.host ? "host" : "";
}
bool same_name(const Guest& a, const Guest& b, const Place&) {
  return a.name == b.name;
}
std::string_view kind_name(uint64_t value, std::string& scratch) {
  if (value == 18) return "grown";
  return scratch = std::to_string(value);
}
constexpr NamedValue kKinds[] = {{"grown", 18}};
std::span<const NamedValue> kinds() {
  return kKinds;
}

constexpr Column kGuest[] = {
    text<&Guest::name>("name", "of the guest").rule({.name = "party.guest", .sender = Sender::either, .stage = 1}),
    choice<&Guest::age, &kind_name, &kinds>("age", "of the guest").rule({.name = "party.age", .stage = 1}),
    text<&of_party>("role", "in the party"),
    count(),
};
constexpr Column kAddress[] = {text<&Address::street>("street", "of the house")};
constexpr Column kParty[] = {
    text<&Party::host>("host", "who invites").rule({.name = "party.host", .stage = 1}),
    text<&shouted>("", "who invites, aloud").rule({.name = "party.host", .sender = Sender::server, .stage = 1}),
    text<&Party::motto>("motto", "on the card").extended(),
    address<&origin>("from", "where the invitation came from").on_request().option("origin"),
    flag<&Party::loud>("loud", "it is"),
    objects<&Party::guests, &same_name>("guests", kGuest, "who comes"),
    each<&Party::gifts>("gifts", "what they bring").rule({.name = "party.gift", .stage = 1}),
    object<&Party::address>("address", kAddress, "where"),
    cut("truncated", "more came than is shown"),
};
constexpr Column kRecord[] = {object<&self<Party>>("party", kParty, "a party")};

std::string written(const Party& party, const RecordExtent& extent = {}, std::optional<uint64_t> message = {}) {
  const RecordPlan plan(kRecord, extent);
  std::string text, scratch;
  JsonWriter json(text);
  json.begin_object();
  RecordWriter writer(json, scratch);
  if (message) writer.bound_lists(256, *message);
  writer.write(plan.columns(), {.tx = &party});
  json.end_object();
  return text;
}

std::vector<std::string> values(std::string_view name, const Party& party, Direction direction = Direction::to_server) {
  std::vector<std::string> out;
  for (const Field& field : rule_fields(kRecord)) {
    if (field.name != name) continue;
    field.for_each(party, direction, [&](const Value& value) {
      out.push_back(field.kind == FieldKind::bytes ? std::string(to_text(value.bytes)) : std::to_string(value.integer));
      return true;
    });
  }
  return out;
}

TEST(Columns, WhatIsNotThereIsNotWritten) {
  EXPECT_EQ(written(Party()), R"({"party":{}})");
}

TEST(Columns, StandInTheOrderOfTheTable) {
  const Address address{"Moor Lane"};
  Party party;
  party.host = "Ann";
  party.motto = "";
  party.guests = {{"Ann", 18}, {"Bob", 3}};
  party.gifts = {"tea", "jam"};
  party.address = &address;
  party.loud = true;
  EXPECT_EQ(written(party), R"({"party":{"host":"Ann","motto":"","loud":true,)"
                            R"("guests":[{"name":"Ann","age":"grown","role":"host"},{"name":"Bob","age":"3"}],)"
                            R"("gifts":["tea","jam"],"address":{"street":"Moor Lane"}}})");
}

TEST(Columns, OptionsChooseAmongThem) {
  Party party;
  party.host = "Ann";
  party.motto = "Come";
  EXPECT_EQ(written(party, {.extended = false}), R"({"party":{"host":"Ann"}})");
  EXPECT_EQ(written(party, {.extended = false, .names = {"motto", "origin"}}),
            R"({"party":{"host":"Ann","motto":"Come","from":"192.0.2.1"}})");
  EXPECT_EQ(written(party, {.only = true, .names = {"origin"}}), R"({"party":{"from":"192.0.2.1"}})");
}

TEST(Columns, EqualNeighboursAreOneWithTheirCount) {
  Party party;
  party.guests = {{"Bob", 3}, {"Bob", 4}, {"Eve", 5}, {"Bob", 3}};
  EXPECT_EQ(written(party), R"({"party":{"guests":[{"name":"Bob","age":"3","count":2},{"name":"Eve","age":"5"},)"
                            R"({"name":"Bob","age":"3"}]}})");
}

TEST(Columns, ListsAreBoundedByTheirMessage) {
  Party party;
  for (uint32_t i = 0; i < 300; ++i) party.guests.push_back({std::to_string(i), i});
  const std::string by_number = written(party, {}, 10'000), by_size = written(party, {}, 0);
  EXPECT_THAT(written(party), testing::HasSubstr(R"("name":"299")"));
  EXPECT_THAT(by_number, testing::HasSubstr(R"("name":"255")"));
  EXPECT_THAT(by_number, testing::Not(testing::HasSubstr(R"("name":"256")")));
  EXPECT_THAT(by_number, testing::EndsWith(R"("truncated":true}})"));
  EXPECT_LT(by_size.size(), 2200u);
  EXPECT_THAT(by_size, testing::EndsWith(R"("truncated":true}})"));
}

TEST(Columns, RulesReadThemByDirection) {
  Party party;
  party.host = "Ann";
  party.guests = {{"Bob", 3}, {"Eve", 5}};
  party.gifts = {"tea", "", "jam"};
  EXPECT_THAT(values("party.host", party), ElementsAre("Ann"));
  EXPECT_THAT(values("party.host", party, Direction::to_client), ElementsAre("Ann!"));
  EXPECT_THAT(values("party.guest", party), ElementsAre("Bob", "Eve"));
  EXPECT_THAT(values("party.guest", party, Direction::to_client), ElementsAre("Bob", "Eve"));
  EXPECT_THAT(values("party.age", party), ElementsAre("3", "5"));
  EXPECT_THAT(values("party.age", party, Direction::to_client), ElementsAre());
  EXPECT_THAT(values("party.gift", party), ElementsAre("tea", "", "jam"));
}

TEST(Columns, RuleFieldsSayWhatTheirColumnsAre) {
  const std::vector<Field> fields = rule_fields(kRecord);
  auto field = [&](std::string_view name) { return *std::ranges::find(fields, name, &Field::name); };
  EXPECT_EQ(field("party.host").sender, Sender::either);
  EXPECT_EQ(field("party.age").sender, Sender::client);
  EXPECT_EQ(field("party.age").kind, FieldKind::integer);
  EXPECT_EQ(field("party.age").names[0].name, "grown");
  EXPECT_TRUE(field("party.guest").many);
  EXPECT_FALSE(field("party.host").many);
  EXPECT_EQ(field("party.guest").help, "of the guest");
}

/// "path type level" of each.
std::vector<std::string> listed(Table table) {
  std::vector<std::string> out;
  for (const Member& m : members(table)) {
    out.push_back(m.path + " " + std::string(name(m.type)) + " " + std::string(name(m.level)));
  }
  return out;
}

TEST(Members, AreWhatTheTableGivesItsRecords) {
  EXPECT_THAT(listed(kRecord),
              ElementsAre("party object always", "party.host string always", "party.motto string extended",
                          "party.from string on request", "party.loud boolean always", "party.guests[] object always",
                          "party.guests[].name string always", "party.guests[].age string always",
                          "party.guests[].role string always", "party.guests[].count integer always",
                          "party.gifts[] string always", "party.address object always",
                          "party.address.street string always", "party.truncated boolean always"));
}

TEST(Members, OfObjectsStandNoMoreOftenThanThose) {
  constexpr Column kRare[] = {object<&Party::address>("address", kAddress, "where").on_request()};
  EXPECT_THAT(listed(kRare), ElementsAre("address object on request", "address.street string on request"));
}

TEST(Members, AreThoseOfSplicedObjectsAndOfHatches) {
  constexpr Column kHatch[] = {
      object<&self<Party>>("", kParty, ""),
      custom<[](const Shown&, const Place&, RecordWriter&) {}>("hatch", "by hand", kAddress),
  };
  const std::vector<std::string> paths = listed(kHatch);
  EXPECT_EQ(paths.front(), "host string always");
  EXPECT_THAT(paths, testing::Contains("hatch object always"));
  EXPECT_EQ(paths.back(), "hatch.street string always");
  EXPECT_TRUE(find(kHatch, "guests.name").found());
  EXPECT_FALSE(find(kHatch, "hatch.street").found());
}

TEST(Members, AreFoundByTheirPath) {
  Party party;
  party.guests = {{"Ann", 18}, {"Bob", 3}};
  const Address address{"Moor Lane"};
  party.address = &address;
  struct Sink final : ValueSink {
    std::string& scratch() override { return text; }
    bool take(const Value& value) override {
      got.emplace_back(to_text(value.bytes));
      return true;
    }
    std::string text;
    std::vector<std::string> got;
  } sink;
  for (std::string_view path : {"party.guests.name", "party.address.street", "party.from"}) {
    const ColumnPath found = find(kRecord, path);
    ASSERT_TRUE(found.found()) << path;
    found.visit({.tx = &party}, sink);
  }
  EXPECT_THAT(sink.got, ElementsAre("Ann", "Bob", "Moor Lane", "192.0.2.1"));
  EXPECT_TRUE(find(kRecord, "party.guests.name").many());
  for (std::string_view path : {"party", "guests.name", "party.guests", "party.guests.count", "party.truncated", ""}) {
    EXPECT_FALSE(find(kRecord, path).found()) << path;
  }
}

}  // namespace
}  // namespace lapwing
