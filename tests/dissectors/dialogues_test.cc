// Every dialogue of every protocol, played in all ways in which its bytes may come.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <random>

#include "tests/dissectors/dialogue_file.h"
#include "tests/support/packet_driver.h"

namespace lapwing::test {
namespace {

using Json = nlohmann::json;
using Strings = std::vector<std::string>;
using Kind = DialogueMove::Kind;

/// How bytes that were said at once come: in pieces of a size, or of sizes drawn anew for each.
struct Cut {
  size_t size = 0;  // 0: as they were said
  unsigned seed = 0;
};

struct Outcome {
  Heard heard;
  std::string protocol;
  bool failed = false;
  uint64_t changed = 0;
  std::vector<uint64_t> capped;
};

void note(FlowDriver& driver, const DialogueFile& file, Outcome& out) {
  out.failed = driver.failed();
  out.changed = driver.app().counters().changed;
  for (const auto& [name, count] : file.capped) out.capped.push_back(driver.capped(out.protocol, name));
}

Outcome play(const DialogueFile& file, const Cut& cut, std::optional<Direction> only = {}) {
  Outcome out;
  FlowDriver flow({.settings = file.settings, .port = file.port, .frames = true}, out.heard);
  std::minstd_rand random(cut.seed);
  for (const DialogueMove& move : file.moves) {
    if (only && move.kind != Kind::change && move.direction != *only) continue;
    switch (move.kind) {
      case Kind::say:
        for (uint64_t times = 0; times < move.count; ++times) {
          for (size_t at = 0, size = 0; at < move.text.size(); at += size) {
            size = cut.seed ? 1 + random() % 20 : cut.size ? cut.size : move.text.size();
            flow.say(move.direction, std::string_view(move.text).substr(at, size));
          }
        }
        break;
      case Kind::datagram:
        for (uint64_t times = 0; times < move.count; ++times) flow.datagram(move.direction, move.text);
        break;
      case Kind::gap: flow.gap(move.direction, move.count); break;
      case Kind::end: flow.end(move.direction); break;
      case Kind::change:
        if (!only) {
          EXPECT_EQ(flow.protocol(), move.text);
        }
        break;
    }
  }
  flow.finish();
  out.protocol = flow.protocol();
  note(flow, file, out);
  return out;
}

Outcome play_packets(const DialogueFile& file, unsigned seed) {
  Outcome out;
  PacketDriver flow({.settings = file.settings, .port = file.port, .frames = true}, out.heard, seed);
  for (const DialogueMove& move : file.moves) {
    switch (move.kind) {
      case Kind::say:
        for (uint64_t times = 0; times < move.count; ++times) flow.say(move.direction, move.text);
        break;
      case Kind::datagram:
        for (uint64_t times = 0; times < move.count; ++times) flow.datagram(move.direction, move.text);
        break;
      case Kind::gap: flow.gap(move.direction, move.count); break;
      case Kind::end: flow.end(move.direction); break;
      case Kind::change: break;
    }
  }
  flow.finish();
  out.protocol = flow.protocol();
  note(flow.driver(), file, out);
  return out;
}

/// Whether `all` has what `some` has: of objects the members, of lists the elements from the first on.
bool holds(const Json& all, const Json& some) {
  if (some.is_object() && all.is_object()) {
    return std::ranges::all_of(some.items(), [&](const auto& member) {
      return all.contains(member.key()) && holds(all[member.key()], member.value());
    });
  }
  if (some.is_array() && all.is_array()) {
    if (some.size() > all.size()) return false;
    for (size_t i = 0; i < some.size(); ++i) {
      if (!holds(all[i], some[i])) return false;
    }
    return true;
  }
  return all == some;
}

void expect_among(const Strings& all, const Strings& some) {
  auto from = all.begin();
  for (const std::string& one : some) {
    from = std::find(from, all.end(), one);
    if (from == all.end()) {
      ADD_FAILURE() << one << " is missing, or comes too early, in" << testing::PrintToString(all);
      return;
    }
    ++from;
  }
}

void expect(const DialogueFile& file, const Outcome& got) {
  EXPECT_EQ(got.heard.records.size(), file.records.size()) << testing::PrintToString(got.heard.records);
  for (size_t i = 0; i < std::min(file.records.size(), got.heard.records.size()); ++i) {
    EXPECT_TRUE(holds(Json::parse(got.heard.records[i]), Json::parse(file.records[i])))
        << got.heard.records[i] << "\n  does not hold " << file.records[i];
  }
  EXPECT_EQ(got.heard.anomalies, file.anomalies);
  expect_among(got.heard.fields, file.fields);
  expect_among(got.heard.frames, file.frames);
  EXPECT_EQ(got.failed, file.fails);
  std::vector<uint64_t> capped;
  for (const auto& [name, count] : file.capped) capped.push_back(count);
  EXPECT_EQ(got.capped, capped);
  Strings changes;
  for (const DialogueMove& move : file.moves) {
    if (move.kind == Kind::change) changes.push_back(move.text);
  }
  EXPECT_EQ(got.changed, changes.size());
  if (!changes.empty()) {
    EXPECT_EQ(got.protocol, changes.back());
  }
}

class Dialogues : public testing::TestWithParam<std::string> {
 protected:
  const DialogueFile file_ = DialogueFile::read(GetParam());
};

TEST_P(Dialogues, MeanTheSameHoweverTheirBytesCome) {
  for (const Cut& cut : {Cut{}, Cut{.size = 1}, Cut{.size = 7}, Cut{.seed = 1}, Cut{.seed = 2}, Cut{.seed = 3}}) {
    SCOPED_TRACE("in pieces of " + std::to_string(cut.size) + ", seed " + std::to_string(cut.seed));
    expect(file_, play(file_, cut));
  }
  for (unsigned seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE("in packets, seed " + std::to_string(seed));
    expect(file_, play_packets(file_, seed));
  }
}

TEST_P(Dialogues, OfWhichOneSideIsSeenMeanTheSameHoweverItsBytesCome) {
  for (const Direction only : {Direction::to_server, Direction::to_client}) {
    const Outcome whole = play(file_, {}, only);
    for (const Cut& cut : {Cut{.size = 1}, Cut{.seed = 1}}) {
      const Outcome other = play(file_, cut, only);
      EXPECT_EQ(other.heard.records, whole.heard.records);
      EXPECT_EQ(other.heard.anomalies, whole.heard.anomalies);
      EXPECT_EQ(other.heard.fields, whole.heard.fields);
      EXPECT_EQ(other.heard.operations, whole.heard.operations);
      EXPECT_EQ(other.failed, whole.failed);
    }
  }
}

/// Some bytes of one side never come. False when nothing is left to lose.
bool lose(std::vector<DialogueMove>& moves, std::minstd_rand& random) {
  const auto may_lose = [](const DialogueMove& move) {
    return move.kind == Kind::say && move.count == 1 && move.text.size() > 1;
  };
  const auto choices = static_cast<size_t>(std::ranges::count_if(moves, may_lose));
  if (choices == 0) return false;
  auto move = std::ranges::find_if(moves, may_lose);
  for (size_t skip = random() % choices; skip > 0; --skip) move = std::find_if(move + 1, moves.end(), may_lose);
  const DialogueMove said = *move;
  const size_t from = random() % said.text.size(), size = 1 + random() % (said.text.size() - from);
  move->text = said.text.substr(0, from);
  const DialogueMove rest[] = {{Kind::gap, said.direction, {}, size},
                               {Kind::say, said.direction, said.text.substr(from + size)}};
  moves.insert(move + 1, std::begin(rest), std::end(rest));
  return true;
}

TEST_P(Dialogues, OfWhichBytesAreLostMeanTheSameHoweverTheOthersCome) {
  constexpr unsigned kRounds = 60, kMostLosses = 3;
  for (unsigned round = 1; round <= kRounds; ++round) {
    std::minstd_rand random(round);
    DialogueFile file = file_;
    std::erase_if(file.moves, [](const DialogueMove& move) { return move.kind == Kind::change; });
    for (unsigned left = 1 + round % kMostLosses; left > 0 && lose(file.moves, random); --left) {
    }
    const Outcome whole = play(file, {});
    for (const Cut& cut : {Cut{.size = 1}, Cut{.size = 7}, Cut{.seed = round}}) {
      SCOPED_TRACE("round " + std::to_string(round) + " in pieces of " + std::to_string(cut.size));
      const Outcome other = play(file, cut);
      EXPECT_EQ(other.heard.records, whole.heard.records);
      EXPECT_EQ(other.heard.anomalies, whole.heard.anomalies);
      EXPECT_EQ(other.heard.fields, whole.heard.fields);
      EXPECT_EQ(other.heard.operations, whole.heard.operations);
      EXPECT_EQ(other.protocol, whole.protocol);
      EXPECT_EQ(other.failed, whole.failed);
    }
  }
}

Strings dialogues() {
  Strings out;
  for (const auto& entry : std::filesystem::recursive_directory_iterator("tests/dissectors")) {
    if (entry.path().extension() == ".dialogue") out.push_back(entry.path().string());
  }
  std::ranges::sort(out);
  return out;
}

INSTANTIATE_TEST_SUITE_P(All, Dialogues, testing::ValuesIn(dialogues()), [](const auto& one) {
  const std::filesystem::path path(one.param);
  std::string name = path.parent_path().filename().string() + "_" + path.stem().string();
  std::ranges::replace(name, '-', '_');
  return name;
});

TEST(DialogueFile, FaultsAreToldWithTheirPlace) {
  const auto path = std::filesystem::temp_directory_path() / "lapwing-test.dialogue";
  for (const std::string text : {"X: a", "C: \\q", "C: \\x1", "GAP X 1", "GAP C x", "= nothing", " more", "C*x: a"}) {
    std::ofstream(path) << "# first\n" << text << "\n";
    try {
      DialogueFile::read(path.string());
      ADD_FAILURE() << text;
    } catch (const std::runtime_error& error) {
      EXPECT_TRUE(std::string(error.what()).starts_with(path.string() + ":2: ")) << error.what();
    }
  }
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace lapwing::test
