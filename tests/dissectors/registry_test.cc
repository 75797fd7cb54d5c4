#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <string>

#include "sensor/event/member.h"
#include "tests/dissectors/dialogue.h"
#include "tests/support/flow_driver.h"

namespace lapwing {
namespace {

TEST(Registry, NamesAreUniqueAndAgree) {
  std::set<std::string_view> names;
  for (const DissectorRow* row : test::all_dissectors()) {
    EXPECT_TRUE(names.insert(row->about->name).second) << row->about->name;
    EXPECT_EQ(row->about->name, row->protocol->name);
    EXPECT_FALSE(row->about->help.empty()) << row->about->name;
    EXPECT_NE(row->about->transports, 0) << row->about->name;
    EXPECT_GT(row->protocol->in_alert.size(), 0u) << row->about->name;
  }
  EXPECT_TRUE(names.contains("dns"));
}

TEST(Registry, EachHasABudget) {
  for (const DissectorRow* row : dissectors()) {
    std::string folder(row->about->name);
    std::ranges::replace(folder, '-', '_');
    std::ifstream file("tests/dissectors/" + folder + "/budget.json");
    const auto budget = nlohmann::json::parse(file, nullptr, false);
    ASSERT_TRUE(budget.is_object()) << folder;
    for (const char* name : {"ns_a_message", "mb_a_second"}) EXPECT_GT(budget.value(name, 0.0), 0.0) << folder;
  }
}

TEST(Registry, StartsAreWhatProbesSayOfTheFirstByte) {
  std::minstd_rand random;
  for (const DissectorRow* row : dissectors()) {
    for (const Direction direction : {Direction::to_server, Direction::to_client}) {
      for (size_t byte = 0; byte < 256; ++byte) {
        const bool starts = row->about->starts[index(direction)].has(byte);
        const std::string text(1, static_cast<char>(byte));
        if (row->about->transports & transport::tcp) {
          const bool may_begin = test::probe(*row, direction, text) != Likelihood::no;
          const bool of_datagrams = starts && row->about->transports & transport::udp;
          EXPECT_TRUE(may_begin == starts || of_datagrams) << row->about->name << ' ' << byte;
        }
        for (int tries = 0; !starts && row->about->transports & transport::udp && tries < 50; ++tries) {
          std::string datagram = text;
          while (random() % 20) datagram += static_cast<char>(random());
          EXPECT_EQ(test::probe(*row, direction, datagram, true), Likelihood::no) << row->about->name << ' ' << byte;
        }
      }
    }
  }
}

TEST(Registry, FieldsAreUniqueAndDescribed) {
  for (const DissectorRow* row : test::all_dissectors()) {
    std::set<std::string_view> own;
    for (const auto& field : row->protocol->fields) {
      EXPECT_TRUE(own.insert(field.name).second) << field.name;
      for (auto alias : field.sticky_aliases) {
        EXPECT_TRUE(alias.empty() || own.insert(alias).second) << alias;
      }
      EXPECT_TRUE(field.paths[0].found() || field.paths[1].found()) << field.name;
      EXPECT_FALSE(field.help.empty()) << field.name;
      EXPECT_GT(field.stage, 0) << field.name << " would be read before anything is known";
    }
  }
}

/// Every word is tried by rules in tests/rules.
TEST(Registry, WordsAreUniqueDescribedAndAskForWhatTheirProtocolHas) {
  for (const DissectorRow* row : dissectors()) {
    const Protocol& protocol = *row->protocol;
    std::set<std::string_view> own;
    for (const Field& field : protocol.fields) own.insert(field.name);
    for (const Word& word : protocol.words) {
      EXPECT_TRUE(own.insert(word.name).second) << word.name;
      EXPECT_TRUE(word.alias.empty() || own.insert(word.alias).second) << word.alias;
      EXPECT_FALSE(word.help.empty()) << word.name;
      ASSERT_NE(word.parse, nullptr) << word.name;
      EXPECT_EQ(word.test == nullptr, word.describe == nullptr) << word.name;
      EXPECT_EQ(word.test == nullptr, word.stage == 0) << word.name << " would be tested before anything is known";
    }
  }
}

/// Buffers that are called like a member and see other values.
constexpr std::string_view kNamesakes[] = {
    // Of whole sections, record by record, where records show each string of a TXT.
    "dns.answers.rrname",
    "dns.authorities.rrname",
    "dns.additionals.rrname",
    // Of the name alone, where alerts in version 2 show the whole question.
    "dns.query",
    // Of either side's hello, where records show what was agreed on.
    "tls.version",
    // Of either direction, where records show one when they are asked to.
    "http.connection",
    "http.content_type",
    "http.cookie",
    "http.location",
    // Of each component of a name, where records show the name.
    "krb5.cname",
    "krb5.sname",
    // Of the whole header, where records show address by address.
    "email.to",
    "email.cc",
};

/// "tls.ja3.hash" is called like the buffer "ja3.hash".
bool called_like(std::string_view path, std::string_view buffer) {
  if (!path.ends_with(buffer)) return false;
  return path.size() == buffer.size() || path[path.size() - buffer.size() - 1] == '.';
}

/// How many of the members at `path`, of which there may be one for each kind of record, name the buffer.
size_t naming(Table table, std::string_view path, std::string_view buffer) {
  size_t out = 0;
  for (const Member& member : members(table)) {
    if (member.path == path) out += std::ranges::count(member.column->rules, buffer, &RuleUse::name);
  }
  return out;
}

TEST(Registry, MembersNameTheBuffersThatAreCalledLikeThem) {
  for (const DissectorRow* row : dissectors()) {
    for (const Member& member : members(row->protocol->in_alert)) {
      std::string path = member.path;
      std::erase_if(path, [](char c) { return c == '[' || c == ']'; });
      for (const Field& field : row->protocol->fields) {
        if (!called_like(path, field.name) || std::ranges::count(kNamesakes, field.name) > 0) continue;
        EXPECT_EQ(naming(row->protocol->in_alert, member.path, field.name), 1) << path;
      }
    }
  }
}

TEST(Registry, MembersAreDescribedAndFoundByTheirPath) {
  for (const DissectorRow* row : dissectors()) {
    auto check = [](Table table) {
      for (const Member& member : members(table)) {
        EXPECT_FALSE(member.column->help.empty()) << member.path;
        EXPECT_TRUE(member.column->shape != Shape::custom || member.column->inside.size() > 0) << member.path;
        std::string path = member.path;
        std::erase_if(path, [](char c) { return c == '[' || c == ']'; });
        const bool readable = member.at.found() && member.column->visit;
        EXPECT_TRUE(!readable || find(table, path).found()) << path;
      }
    };
    check(row->protocol->in_alert);
    for (const RecordRow& record : row->protocol->records) std::ranges::for_each(record.shapes, check);
  }
}

TEST(Registry, AnomalyNamesAreUniqueWithinAProtocol) {
  for (const DissectorRow* row : test::all_dissectors()) {
    const size_t size = kAnomalyRows.size(*row->protocol);
    std::set<std::string> names;
    for (size_t number = 0; number < size; ++number) names.insert(anomaly_name(*row->protocol, number));
    EXPECT_EQ(names.size(), size) << row->about->name;
    EXPECT_LE(size, 256u) << row->about->name;
  }
}

TEST(Registry, EventRulesHaveARuleForEachEvent) {
  size_t files = 0;
  for (const DissectorRow* row : test::all_dissectors()) {
    const std::string name(row->about->name);
    std::ifstream file("dissectors/protocols/" + name + "/" + name + "-events.rules");
    if (!file) continue;  // Suricata has them
    ++files;
    const std::string rules(std::istreambuf_iterator<char>(file), {});
    for (const std::string_view anomaly : row->protocol->anomalies) {
      EXPECT_THAT(rules, testing::HasSubstr("app-layer-event:" + name + "." + std::string(anomaly) + ";"));
    }
  }
  EXPECT_GT(files, 0u);
}

/// What its room may see, and what the rest of the sensor knows of it.
TEST(Registry, PartsAreThoseOfTheLineInTheList) {
  const std::pair<std::string_view, std::string_view> lines[] = {
#define DISSECTOR(name, ...) {#name, #__VA_ARGS__},
#define PACKETS(name)
#include "dissectors/list.inc"
#undef DISSECTOR
#undef PACKETS
  };
  for (const auto& [name, parts] : lines) {
    std::string carried;
    for (const Carried& row : test::dissector(name).protocol->parts) {
      carried += (carried.empty() ? "" : ", ") + std::string(row.part->name);
    }
    EXPECT_EQ(carried, parts) << name;
  }
}

TEST(Registry, PartsAreDescribedAndTheirWordsFindTheirObject) {
  for (const DissectorRow* row : test::all_dissectors()) {
    for (const Carried& carried : row->protocol->parts) {
      const Part& part = *carried.part;
      EXPECT_FALSE(part.help.empty()) << part.name;
      for (const Word& word : part.words) {
        EXPECT_FALSE(word.help.empty()) << word.name;
        EXPECT_EQ(word.test == nullptr, word.stage == 0) << word.name << " would be tested before anything is known";
        if (!word.test) continue;
        EXPECT_NE(carried.enter, nullptr) << row->about->name << " " << word.name;
        EXPECT_GT(carried.stages.at(word.stage - 1), 0) << row->about->name << " " << word.name;
      }
    }
  }
}

TEST(Registry, DefaultsOfEveryOptionAreValid) {
  for (const DissectorRow* row : test::all_dissectors()) {
    Setting root;
    root.kind = Setting::Kind::map;
    EXPECT_NO_THROW(row->configure(root)) << row->about->name;
    for (const auto& option : row->options()) {
      EXPECT_NE(option.key.find('.'), std::string::npos) << option.key;
      EXPECT_FALSE(option.help.empty()) << option.key;
    }
  }
}

}  // namespace
}  // namespace lapwing
