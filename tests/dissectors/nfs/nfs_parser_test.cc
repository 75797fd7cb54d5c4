#include "dissectors/protocols/nfs/nfs_parser.h"

#include <gmock/gmock.h>

#include <map>
#include <string>

#include "dissectors/protocols/nfs/nfs4_parser.h"
#include "tests/dissectors/parts/rpc_wire.h"

namespace lapwing {
namespace {

using namespace test;
using namespace nfs;

const std::string kStateId(16, 's'),
    kVerifier(8, 'v'), kTime = xdr64(1) + xdr(0), kChange = xdr(1) + xdr64(1) + xdr64(2);
const std::string kOwner = xdr64(7) + xdr_text("owner"), kBits = xdr(2) + xdr(3) + xdr(4);
const std::string kAttributes4 = xdr(1) + xdr(1 << 4) + xdr_text(xdr64(99));
const std::string kAce = xdr(0) + xdr(0) + xdr(1) + xdr_text("who");
const std::string kOne = xdr(1), kText = xdr_text("text");
const std::string kChannel = xdr(1) + xdr(2) + xdr(3) + xdr(4) + xdr(5) + xdr(6) + xdr(1) + xdr(7);
const std::string kProgramme = xdr(1) + xdr_text("kernel.org") + xdr_text("Linux") + kTime;

struct Sample {
  std::string call, reply;  // what follows the number, and the number and status 0
};
/// By operation (RFC 7531, 5662, 7863, 8276); without those that are not read.
const std::multimap<uint32_t, Sample> kSamples = {
    {3, {xdr(63), xdr(1) + xdr(1)}},
    {4, {xdr(1) + kStateId, kStateId}},
    {5, {xdr64(0) + xdr(0), kVerifier}},
    {6, {xdr(2) + kText + kAttributes4, kChange + kBits}},
    {6, {xdr(5) + kText + kText + kAttributes4, kChange + kBits}},
    {6, {xdr(3) + xdr(8) + xdr(1) + kText + kAttributes4, kChange + kBits}},
    {7, {xdr64(1), ""}},
    {8, {kStateId, ""}},
    {9, {kBits, kAttributes4}},
    {10, {"", kText}},
    {11, {kText, kChange}},
    {12, {xdr(1) + xdr(0) + xdr64(0) + xdr64(9) + xdr(1) + xdr(1) + kStateId + xdr(1) + kOwner, kStateId}},
    {12, {xdr(1) + xdr(0) + xdr64(0) + xdr64(9) + xdr(0) + kStateId + xdr(1), kStateId}},
    {13, {xdr(1) + xdr64(0) + xdr64(9) + kOwner, ""}},
    {14, {xdr(1) + xdr(1) + kStateId + xdr64(0) + xdr64(9), kStateId}},
    {15, {kText, ""}},
    {16, {"", ""}},
    {17, {kAttributes4, ""}},
    {18, {xdr(1) + xdr(1) + xdr(0) + kOwner + xdr(0) + xdr(0) + kText, kStateId + kChange + xdr(0) + kBits + xdr(0)}},
    {18,
     {xdr(1) + xdr(1) + xdr(0) + kOwner + xdr(1) + xdr(0) + kAttributes4 + xdr(3) + kText,
      kStateId + kChange + xdr(0) + kBits + xdr(1) + kStateId + xdr(0) + kAce}},
    {18,
     {xdr(1) + xdr(1) + xdr(0) + kOwner + xdr(1) + xdr(2) + kVerifier + xdr(2) + kStateId + kText,
      kStateId + kChange + xdr(0) + kBits + xdr(2) + kStateId + xdr(0) + xdr(1) + xdr64(5) + kAce}},
    {18,
     {xdr(1) + xdr(1) + xdr(0) + kOwner + xdr(1) + xdr(3) + kVerifier + kAttributes4 + xdr(4),
      kStateId + kChange + xdr(0) + kBits + xdr(3) + xdr(2) + xdr(1)}},
    {18,
     {xdr(1) + xdr(1) + xdr(0) + kOwner + xdr(0) + xdr(1) + xdr(1),
      kStateId + kChange + xdr(0) + kBits + xdr(3) + xdr(0)}},
    {18,
     {xdr(1) + xdr(1) + xdr(0) + kOwner + xdr(0) + xdr(5) + kStateId,
      kStateId + kChange + xdr(0) + kBits + xdr(2) + kStateId + xdr(0) + xdr(2) + xdr(1) + xdr(512) + kAce}},
    {19, {xdr(1), ""}},
    {20, {kStateId + xdr(1), kStateId}},
    {21, {kStateId + xdr(1) + xdr(1) + xdr(0), kStateId}},
    {22, {kText, ""}},
    {23, {"", ""}},
    {24, {"", ""}},
    {25, {kStateId + xdr64(5) + xdr(100), xdr(1) + xdr(5)}},
    {26, {xdr64(0) + kVerifier + xdr(1) + xdr(2) + kBits, kVerifier}},
    {27, {"", kText}},
    {28, {kText, kChange}},
    {29, {kText + kText, kChange + kChange}},
    {30, {xdr64(1), ""}},
    {31, {"", ""}},
    {32, {"", ""}},
    {33, {kText, xdr(2) + xdr(1) + xdr(6) + kText + xdr(0) + xdr(1)}},
    {34, {kStateId + kAttributes4, kBits}},
    {35, {kVerifier + kText + xdr(0x40000000) + kText + kText + xdr(1), xdr64(1) + kVerifier}},
    {36, {xdr64(1) + kVerifier, ""}},
    {37, {kAttributes4, ""}},
    {38, {kStateId + xdr64(5) + xdr(2) + xdr(5), xdr(5) + xdr(2) + kVerifier}},
    {39, {kOwner, ""}},
    {40,
     {xdr(1) + xdr(3) + xdr(0) + xdr(1) + xdr(7) + kText + xdr(0) + xdr(0) + xdr(1) + xdr(4) + xdr(6) + xdr(1) + kText +
          kText,
      ""}},
    {41, {kStateId + xdr(1) + xdr(0), kStateId + xdr(1) + xdr(0)}},
    {42,
     {kVerifier + kText + xdr(0) + xdr(0) + kProgramme,
      xdr64(1) + xdr(1) + xdr(0) + xdr(0) + kOwner + kText + kProgramme}},
    {42,
     {kVerifier + kText + xdr(0) + xdr(1) + kBits + kBits + xdr(0),
      xdr64(1) + xdr(1) + xdr(0) + xdr(1) + kBits + kBits + kOwner + kText + xdr(0)}},
    {42,
     {kVerifier + kText + xdr(0) + xdr(2) + kBits + kBits + kOne + kText + kOne + kText + xdr(1) + xdr(1) + xdr(0),
      xdr64(1) + xdr(1) + xdr(0) + xdr(2) + kBits + kBits + xdr(1) + xdr(2) + xdr(3) + xdr(4) + kOne + kText + kOwner +
          kText + xdr(0)}},
    {43,
     {xdr64(1) + xdr(1) + xdr(0) + kChannel + kChannel + xdr(0x40000000) + kOne + xdr(0),
      kStateId + xdr(1) + xdr(0) + kChannel + kChannel}},
    {44, {kStateId, ""}},
    {45, {kStateId, ""}},
    {46, {xdr(1) + kBits + kTime + kTime + kBits + kBits, xdr(0) + kVerifier + kStateId + kBits + kBits + kBits}},
    {46, {xdr(1) + kBits + kTime + kTime + kBits + kBits, xdr(1) + xdr(1)}},
    {47, {kStateId + xdr(1) + xdr(9) + kBits, xdr(1) + kText + kBits}},
    {48, {xdr(1) + xdr(9) + xdr64(0) + kVerifier, xdr64(0) + kVerifier + kOne + kStateId + xdr(1)}},
    {49,
     {xdr64(0) + xdr64(9) + xdr(0) + kStateId + xdr(1) + xdr64(8) + xdr(1) + kTime + xdr(1) + kText,
      xdr(1) + xdr64(9)}},
    {49, {xdr64(0) + xdr64(9) + xdr(0) + kStateId + xdr(0) + xdr(0) + xdr(1) + kText, xdr(0)}},
    {50,
     {xdr(0) + xdr(1) + xdr(1) + xdr64(0) + xdr64(9) + xdr64(9) + kStateId + xdr(9),
      xdr(1) + kStateId + kOne + xdr64(0) + xdr64(9) + xdr(1) + xdr(1) + kText}},
    {51, {xdr(0) + xdr(1) + xdr(1) + xdr(1) + xdr64(0) + xdr64(9) + kStateId + kText, xdr(1) + kStateId}},
    {51, {xdr(0) + xdr(1) + xdr(1) + xdr(3), xdr(0)}},
    {52, {xdr(0), kOne + xdr(1)}},
    {53, {kStateId + xdr(1) + xdr(0) + xdr(0) + xdr(0), kStateId + xdr(1) + xdr(0) + xdr(0) + xdr(0) + xdr(0)}},
    {54, {kText + kText, kText}},
    {55, {xdr(2) + kStateId + kStateId, xdr(2) + xdr(0) + xdr(0)}},
    {56, {xdr(1) + xdr(4), xdr(0)}},
    {56, {xdr(1) + xdr(1) + xdr(1), xdr(3) + xdr(1) + xdr(1)}},
    {57, {xdr64(1), ""}},
    {58, {xdr(0), ""}},
    {59, {kStateId + xdr64(0) + xdr64(9), ""}},
    {60,
     {kStateId + kStateId + xdr64(0) + xdr64(0) + xdr64(9) + xdr(1) + xdr(1) + xdr(2) + xdr(1) + kText + xdr(3) +
          kText + kText,
      kOne + kStateId + xdr64(9) + xdr(2) + kVerifier + xdr(1) + xdr(1)}},
    {61, {kStateId + xdr(3) + kText + kText, ""}},
    {62, {kStateId + xdr64(0) + xdr64(9), ""}},
    {63, {kStateId + xdr64(0) + xdr64(9) + kBits, kBits}},
    {64, {xdr64(0) + xdr64(9) + kStateId + kOne + kStateId + xdr(5) + xdr(25), ""}},
    {65, {xdr64(0) + xdr64(9) + kStateId + xdr64(1) + xdr64(2) + xdr64(3) + xdr64(4) + kStateId + xdr(1) + kText, ""}},
    {66, {kStateId, ""}},
    {67, {kStateId, xdr64(9) + kOne + xdr(0)}},
    {68, {kStateId + xdr64(0) + xdr(9), ""}},
    {69, {kStateId + xdr64(0) + xdr(1), xdr(0) + xdr64(9)}},
    {71, {kStateId + kStateId + xdr64(0) + xdr64(0) + xdr64(9), ""}},
    {72, {kText, kText}},
    {73, {xdr(0) + kText + kText, kChange}},
    {74, {xdr64(0) + xdr(9), xdr64(1) + kOne + kText + xdr(1)}},
    {75, {kText, kChange}},
};
constexpr uint32_t kNotRead[] = {70}, kNoAnswerRead[] = {61, 68, 70};

TEST(Nfs4Parser, EachOperationEndsWhereItEnds) {
  for (uint32_t number = 3; number < procedure_names(4).size(); ++number) {
    const bool read = std::ranges::find(kNotRead, number) == std::end(kNotRead);
    EXPECT_EQ(kSamples.contains(number), read) << number << ": no sample";
  }
  for (const auto& [number, sample] : kSamples) {
    const std::string wire = xdr(number) + sample.call;
    XdrReader reader(to_bytes(wire));
    EXPECT_TRUE(read_operation(reader).known) << number;
    EXPECT_TRUE(reader.whole()) << number;
    EXPECT_EQ(reader.position(), wire.size()) << number;
    for (size_t size = 0; size < wire.size(); ++size) {
      XdrReader shorter(to_bytes(wire).first(size));
      read_operation(shorter);
      EXPECT_TRUE(shorter.ok() && shorter.missing() > 0 && shorter.missing() <= wire.size() - size)
          << number << " " << size;
    }
    const std::string answer = xdr(number) + xdr(0) + sample.reply;
    XdrReader replied(to_bytes(answer));
    const bool known = std::ranges::find(kNoAnswerRead, number) == std::end(kNoAnswerRead);
    EXPECT_EQ(read_outcome(replied).known, known) << number;
    if (known) {
      EXPECT_TRUE(replied.whole()) << number;
      EXPECT_EQ(replied.position(), answer.size()) << number;
    }
  }
}

TEST(Nfs4Parser, WhatWentWrongMaySayWhy) {
  const auto rest = [](uint32_t number, uint32_t status, const std::string& said) {
    const std::string wire = xdr(number) + xdr(status) + said;
    XdrReader reader(to_bytes(wire));
    read_outcome(reader);
    return reader.whole() ? wire.size() - reader.position() : SIZE_MAX;
  };
  EXPECT_EQ(rest(34, 13, kBits), 0u);
  EXPECT_EQ(rest(35, 10017, kText + kText), 0u);
  EXPECT_EQ(rest(12, 10010, xdr64(0) + xdr64(9) + xdr(1) + kOwner), 0u);
  EXPECT_EQ(rest(13, 10010, xdr64(0) + xdr64(9) + xdr(1) + kOwner), 0u);
  EXPECT_EQ(rest(47, 10005, xdr(9)), 0u);
  EXPECT_EQ(rest(50, 10058, xdr(1)), 0u);
  EXPECT_EQ(rest(60, 10094, xdr(1) + xdr(1)), 0u);
  EXPECT_EQ(rest(15, 2, ""), 0u);
}

TEST(Nfs4Parser, AttributesAreReadUpToOneThatIsNot) {
  const auto read = [](const std::string& bits, const std::string& values) {
    const std::string wire = xdr(9) + xdr(0) + bits + xdr_text(values);
    XdrReader reader(to_bytes(wire));
    return *read_outcome(reader).attributes;
  };
  // Type, size, number, mode, links, and times.
  const std::string bits = xdr(2) + xdr(1 << 1 | 1 << 4 | 1 << 20) + xdr(1 << 1 | 1 << 3 | 1 << 15 | 1 << 20 | 1 << 21);
  const Attributes all = read(bits, xdr(1) + xdr64(99) + xdr64(7) + xdr(0100640) + xdr(2) + xdr64(11) + xdr(0) +
                                        xdr64(12) + xdr(0) + xdr64(13) + xdr(0));
  EXPECT_EQ(all.type, 1u);
  EXPECT_EQ(all.size, 99u);
  EXPECT_EQ(all.id, 7u);
  EXPECT_EQ(all.mode, 0640u);
  EXPECT_EQ(all.links, 2u);
  EXPECT_EQ(all.accessed, 11u);
  EXPECT_EQ(all.changed, 12u);
  EXPECT_EQ(all.modified, 13u);
  // Places of a file system (24) are not read, nor is what is behind them.
  const Attributes some = read(xdr(2) + xdr(1 << 4 | 1 << 24) + xdr(1 << 1), xdr64(99) + xdr(0) + xdr(0100640));
  EXPECT_EQ(some.size, 99u);
  EXPECT_EQ(some.mode, std::nullopt);
  const Attributes cut = read(xdr(1) + xdr(1 << 1 | 1 << 4), xdr(1) + xdr(0));
  EXPECT_EQ(cut.type, 1u);
  EXPECT_EQ(cut.size, std::nullopt);
}

TEST(NfsParser, ProceduresOfVersion2AreThoseOfVersion3) {
  std::string scratch;
  for (uint32_t number = 0; number < procedure_names(2).size(); ++number) {
    const auto same = as_v3(2, number);
    const std::string name(procedure_name(2, number, scratch));
    if (name == "ROOT" || name == "WRITECACHE") {
      EXPECT_FALSE(same) << name;
    } else {
      EXPECT_EQ(name == "STATFS" ? "FSSTAT" : name, procedure_names(3)[*same]);
    }
  }
  EXPECT_EQ(as_v3(2, 18), std::nullopt);
  EXPECT_EQ(as_v3(4, 1), std::nullopt);
}

TEST(NfsParser, NumbersWithoutNameStandForThemselves) {
  std::string scratch;
  EXPECT_EQ(status_name(0, scratch), "OK");
  EXPECT_EQ(status_name(10008, scratch), "ERR_JUKEBOX");
  EXPECT_EQ(status_name(12345, scratch), "12345");
  EXPECT_EQ(procedure_name(3, 22, scratch), "22");
  EXPECT_EQ(procedure_name(4, 2, scratch), "2");
  EXPECT_EQ(type_name(2), "directory");
  EXPECT_EQ(type_name(99), "");
}

}  // namespace
}  // namespace lapwing
