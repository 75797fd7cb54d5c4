#include "dissectors/parts/file/transfer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "dissectors/contract/dissector.h"
#include "tests/support/silent_sink.h"

namespace lapwing {
namespace {

/// A protocol of nothing but a file.
struct Carrier {
  enum class Anomaly : uint8_t {};
  using Pdu = None;
  using Cap = None;
  static constexpr Carried kParts[] = {{&file::Files::part}};
  static const Protocol protocol;
};
const Protocol Carrier::protocol{.name = "carrier", .parts = Carrier::kParts};

/// Notes what the store would be given.
struct Store final : test::SilentSink {
  void file(const Event&, CarriedFile& file, Bytes bytes, bool over) override {
    passed += to_text(bytes);
    if (over) ended.push_back(file.state);
  }
  void capped(const Protocol&, uint8_t cap, uint64_t) override { ++caps[cap]; }

  std::string passed;
  std::vector<FileState> ended;
  std::array<size_t, 2> caps{};
};

struct TransferLab {
  explicit TransferLab(uint64_t keep = 1 << 16) : transfer(out, tx, Direction::to_client, "f", keep) {}

  Store store;
  Out<Carrier> out{Beginning{.sink = store}};
  Transaction tx;
  file::Transfer<Carrier> transfer;
};

TEST(Transfer, PiecesInAnyOrderAreOneFile) {
  std::mt19937 random(7);
  std::string text(5000, '\0');
  for (char& c : text) c = static_cast<char>('a' + random() % 26);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::pair<size_t, size_t>> cuts;
    for (size_t at = 0; at < text.size();) {
      const size_t size = std::min<size_t>(1 + random() % 400, text.size() - at);
      // Some come twice, or reach into their neighbours.
      cuts.push_back({at, std::min(size + (random() % 3 ? 0 : random() % 200), text.size() - at)});
      if (random() % 5 == 0) cuts.push_back(cuts.back());
      at += size;
    }
    std::shuffle(cuts.begin(), cuts.end(), random);
    TransferLab lab;
    lab.transfer.expect_size(text.size());
    for (auto [at, size] : cuts) lab.transfer.at(at, to_bytes(text).subspan(at, size));
    EXPECT_TRUE(lab.store.passed == text) << round;
    EXPECT_EQ(lab.store.ended, std::vector{FileState::closed}) << round;
    EXPECT_TRUE(to_text(lab.transfer.file().content()) == text) << round;
    EXPECT_EQ(lab.transfer.file().size, text.size());
  }
}

TEST(Transfer, TheFirstThatSaysWhatAByteIsCounts) {
  TransferLab lab;
  lab.transfer.at(2, to_bytes("cd"));
  lab.transfer.at(1, to_bytes("XXXXe"));
  lab.transfer.at(0, to_bytes("aYY"));
  lab.transfer.close(FileState::closed);
  EXPECT_EQ(lab.store.passed, "aXcdXe");
}

TEST(Transfer, AHoleIsToldAndTheFileIsNotWhole) {
  TransferLab lab;
  lab.transfer.append(to_bytes("head"));
  lab.transfer.at(10, to_bytes("tail"));
  lab.transfer.close(FileState::closed);
  EXPECT_EQ(lab.store.passed, "headtail");
  EXPECT_EQ(to_text(lab.transfer.file().content()), "head") << "what is inspected ends at the hole";
  EXPECT_TRUE(lab.transfer.file().gaps);
  EXPECT_EQ(lab.transfer.file().size, 14u);
  EXPECT_EQ(lab.store.ended, std::vector{FileState::truncated});
}

TEST(Transfer, RulesSeeWhatComesBehindAHoleOrOnceMore) {
  const auto seen = [](TransferLab& lab) {
    lab.transfer.close(FileState::closed);
    return std::string(to_text(lab.transfer.file().seen()));
  };
  const auto zeros = [](size_t count) { return std::string(count, '\0'); };
  TransferLab hole;
  hole.transfer.append(to_bytes("head"));
  hole.transfer.at(10, to_bytes("tail"));
  hole.transfer.at(1000, to_bytes("far"));
  EXPECT_EQ(seen(hole), "head" + zeros(6) + "tail" + zeros(256) + "far");

  TransferLab same;
  same.transfer.append(to_bytes("head"));
  same.transfer.at(1, to_bytes("ea"));
  EXPECT_EQ(seen(same), "head");

  TransferLab other;
  other.transfer.append(to_bytes("good and good"));
  other.transfer.at(9, to_bytes("evil."));
  EXPECT_EQ(seen(other), "good and evil." + zeros(1) + "good and good");
  EXPECT_EQ(other.store.passed, "good and good.") << "the first counts for the store";

  TransferLab waiting;
  waiting.transfer.at(4, to_bytes("good"));
  waiting.transfer.at(4, to_bytes("evil"));
  waiting.transfer.at(0, to_bytes("headwell"));
  EXPECT_EQ(seen(waiting), "headwell" + zeros(1) + "evil" + zeros(1) + "headgood");

  TransferLab late;  // a hole that was given up, and is longer than what is told of it
  late.transfer.append(to_bytes("a"));
  late.transfer.lose(1000);
  late.transfer.append(to_bytes("b"));
  late.transfer.at(10, to_bytes("in it"));
  late.transfer.at(500, to_bytes("late"));
  EXPECT_EQ(seen(late), "a" + zeros(9) + "in it" + zeros(242) + "b" + zeros(1) + "late");

  TransferLab full(4);
  full.transfer.append(to_bytes("abcdefgh"));
  full.transfer.at(6, to_bytes("xy"));
  EXPECT_EQ(seen(full), "abcd");

  TransferLab nobody(0);
  nobody.transfer.lose(5);
  nobody.transfer.at(0, to_bytes("evil"));
  EXPECT_EQ(seen(nobody), "");
}

TEST(Transfer, WhatIsSeenBesideIsBounded) {
  TransferLab lab(100);
  lab.transfer.append(to_bytes(std::string(80, 'a')));
  for (int i = 0; i < 1000; ++i) {
    lab.transfer.at(40, to_bytes(std::string(1, static_cast<char>('b' + i % 20))));
    lab.transfer.lose(1);
  }
  lab.transfer.close(FileState::closed);
  EXPECT_LE(lab.transfer.file().seen().size(), 200u);
}

TEST(Transfer, LostBytesLetThroughWhatWaited) {
  TransferLab lab;
  lab.transfer.at(4, to_bytes("later"));
  lab.transfer.lose(4);
  EXPECT_EQ(lab.store.passed, "later");
  lab.transfer.lose(3);
  lab.transfer.append(to_bytes("!"));
  lab.transfer.close(FileState::closed);
  EXPECT_EQ(lab.transfer.file().size, 4u + 5 + 3 + 1);
}

TEST(Transfer, WhatWaitsIsBounded) {
  TransferLab many;
  for (uint64_t i = 1; i <= 65; ++i) many.transfer.at(2 * i, to_bytes("x"));
  EXPECT_EQ(many.store.caps[0], 1u);
  EXPECT_EQ(many.store.passed, "x") << "the hole before the oldest is given up";
  many.transfer.close(FileState::closed);
  EXPECT_EQ(many.store.passed.size(), 65u);

  TransferLab large;
  const std::string half(600'000, 'y');
  large.transfer.at(1, to_bytes(half));
  large.transfer.at(700'000, to_bytes(half));
  EXPECT_EQ(large.store.caps[1], 1u);
  large.transfer.close(FileState::closed);
  EXPECT_EQ(large.store.passed.size(), 2 * half.size());

  TransferLab huge;
  huge.transfer.at(1, to_bytes(std::string(2'000'000, 'z')));
  EXPECT_EQ(huge.store.passed.size(), 2'000'000u) << "more than may wait waits for nothing";
}

TEST(Transfer, NothingComesBehindItsEnd) {
  TransferLab lab;
  lab.transfer.expect_size(3);
  lab.transfer.append(to_bytes("abcd"));
  lab.transfer.append(to_bytes("e"));
  lab.transfer.close(FileState::error);
  EXPECT_EQ(lab.store.ended.size(), 1u);
  TransferLab brief;
  brief.transfer.append(to_bytes("ab"));
  brief.transfer.expect_size(3);
  brief.transfer.close(FileState::closed);
  EXPECT_EQ(brief.store.ended, std::vector{FileState::truncated});
}

}  // namespace
}  // namespace lapwing
