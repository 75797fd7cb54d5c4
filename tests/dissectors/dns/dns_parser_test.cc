#include <gmock/gmock.h>

#include "dissectors/protocols/dns/dns_parser.h"
#include "tests/dissectors/dns/dns_wire.h"

namespace lapwing {
namespace {

using namespace dns;
using namespace test;

std::string text(const Message& message, const Name& name) {
  return std::string(to_text(message.text_of(name)));
}

TEST(DnsParser, ReadsQuestionsInTheCaseTheyCameIn) {
  const std::string wire =
      dns_header(7, 0x0100, 2) + dns_question(dns_name("WwW.Example.org"), kA) + dns_question(dns_name(""), kNs);
  Message message;
  ASSERT_TRUE(parse(to_bytes(wire), message));
  ASSERT_EQ(message.questions.size(), 2u);
  EXPECT_EQ(text(message, message.questions[0].name), "WwW.Example.org");
  EXPECT_EQ(text(message, message.questions[1].name), "");
  EXPECT_EQ(message.faults, 0);
}

TEST(DnsParser, FollowsPointersBackAndForth) {
  // The answer's owner points at the question, whose last label is reused for its data.
  const std::string wire = dns_header(7, 0x8180, 1, 1) + dns_question(dns_name("a.example.org"), kCname) +
                           dns_record(dns_pointer(12), kCname, std::string("\1b") + dns_pointer(14));
  Message message;
  ASSERT_TRUE(parse(to_bytes(wire), message));
  ASSERT_EQ(message.answers().size(), 1u);
  EXPECT_EQ(text(message, message.answers()[0].name), "a.example.org");
  EXPECT_EQ(text(message, message.answers()[0].host), "b.example.org");
}

TEST(DnsParser, APointerToItselfIsALoopAndEndsTheName) {
  const std::string self = dns_header(1, 0, 1) + dns_pointer(12) + be16(kA) + be16(1);
  Message message;
  EXPECT_FALSE(parse(to_bytes(self), message));
  EXPECT_TRUE(message.faults & kInfiniteLoop);
  const std::string behind = dns_header(1, 0x8000, 1, 1) + dns_question(dns_name("a"), kA) +
                             dns_record(std::string("\1x") + dns_pointer(33), kA, "abcd") + "\0\0";
  ASSERT_TRUE(parse(to_bytes(behind), message));
}

TEST(DnsParser, PointersThatChaseEachOtherStopAtTheLabelLimit) {
  // 12 -> 14 -> 12 -> ...
  const std::string wire = dns_header(1, 0, 1) + dns_pointer(14) + dns_pointer(12) + be16(kA) + be16(1);
  Message message;
  parse(to_bytes(wire), message);
  EXPECT_TRUE(message.faults & kTooManyLabels);
}

TEST(DnsParser, LongNamesAreCutAndSaySo) {
  std::string name;
  for (int i = 0; i < 40; ++i) name += static_cast<char>(60) + std::string(60, 'x');
  const std::string wire = dns_header(1, 0, 1) + dns_question(name + '\0', kA);
  Message message;
  ASSERT_TRUE(parse(to_bytes(wire), message));
  EXPECT_EQ(message.questions[0].name.size, kMaxName);
  EXPECT_TRUE(message.questions[0].name.truncated);
  EXPECT_TRUE(message.faults & kNameTooLong);
}

TEST(DnsParser, NamesOfOneMessageShareABudget) {
  std::string name;
  for (int i = 0; i < 17; ++i) name += static_cast<char>(60) + std::string(60, 'x');
  name += '\0';
  std::string wire = dns_header(1, 0, 5000) + dns_question(name, kA);
  for (int i = 1; i < 5000; ++i) wire += dns_question(dns_pointer(12), kA);
  Message message;
  ASSERT_TRUE(parse(to_bytes(wire), message));
  EXPECT_EQ(message.questions.size(), 5000u);
  EXPECT_LE(message.followed, kMaxFollowed * wire.size() + kMaxName + name.size());
  EXPECT_TRUE(message.questions.back().name.truncated);
}

TEST(DnsParser, WhatPointersNameIsReadOnceAndSharedWhereItIsWhole) {
  // The name lies in a TXT record, where nothing but pointers finds it.
  const std::string name = dns_name("deep.down.example.org");
  const std::string head = dns_header(1, 0x8180, 0, 803);
  std::string wire = head + dns_record(dns_name(""), kTxt, "\1x" + name + '\0');
  const size_t at = head.size() + 11 + 2;
  for (int i = 0; i < 800; ++i) wire += dns_record(dns_pointer(static_cast<unsigned>(at)), kA, "\1\2\3\4");
  wire += dns_record(std::string("\1a") + dns_pointer(static_cast<unsigned>(at + 5)), kA, "\1\2\3\4");
  wire += dns_record(dns_pointer(static_cast<unsigned>(wire.size() - 18)), kA, "\1\2\3\4");
  Message message;
  ASSERT_TRUE(parse(to_bytes(wire), message));
  ASSERT_EQ(message.answers().size(), 803u);
  EXPECT_EQ(message.faults, 0);
  EXPECT_EQ(text(message, message.answers()[700].name), "deep.down.example.org");
  EXPECT_EQ(text(message, message.answers()[801].name), "a.down.example.org");
  EXPECT_EQ(text(message, message.answers()[802].name), "a.down.example.org");
  EXPECT_EQ(message.answers()[1].name.at, message.answers()[800].name.at);
  EXPECT_LE(message.text.size(), 64u);
  EXPECT_LE(message.followed, 2 * name.size());
}

TEST(DnsParser, NamesOfLegalLengthNeverFindTheirTextCut) {
  std::string name;
  for (int i = 0; i < 127; ++i) name += std::string("\1") + static_cast<char>('a' + i % 26);
  std::string wire = dns_header(1, 0x8180, 1, 4000) + dns_question(name + '\0', kCname);
  for (int i = 0; i < 4000; ++i) {
    wire += dns_record(std::string("\1x") + dns_pointer(14), kCname, std::string("\1y") + dns_pointer(14));
  }
  Message message;
  ASSERT_TRUE(parse(to_bytes(wire), message));
  EXPECT_EQ(message.faults, 0);
  EXPECT_EQ(message.answers().back().host.size, 253u);
  EXPECT_FALSE(message.answers().back().host.truncated);
}

TEST(DnsParser, ANameWithoutALoopIsNoLongerThanItsMessage) {
  const std::string loop = dns_header(1, 0, 1) + std::string("\5abcde") + dns_pointer(12) + be16(kA) + be16(1);
  Message message;
  ASSERT_TRUE(parse(to_bytes(loop), message));
  EXPECT_EQ(message.questions[0].name.size, loop.size());
  EXPECT_TRUE(message.questions[0].name.truncated);
  EXPECT_TRUE(message.faults & kTooManyLabels);
}

TEST(DnsParser, KnowsEveryShapeOfData) {
  const std::string soa = dns_name("ns.x") + dns_name("root.x") + be32(1) + be32(2) + be32(3) + be32(4) + be32(5);
  const std::string srv = be16(10) + be16(20) + be16(5060) + dns_name("sip.x");
  const std::string wire =
      dns_header(1, 0x8180, 0, 9) + dns_record(dns_name("a"), kA, "\1\2\3\4") +
      dns_record(dns_name("a"), kAaaa, std::string(16, '\1')) +
      dns_record(dns_name("a"), kMx, be16(5) + dns_name("mx.x")) +
      dns_record(dns_name("a"), kTxt, std::string("\3one\3two")) + dns_record(dns_name("a"), kSoa, soa) +
      dns_record(dns_name("a"), kSrv, srv) + dns_record(dns_name("a"), kSshfp, "\1\2fp") +
      dns_record(dns_name(""), kOpt, be16(10) + be16(2) + "ab") + dns_record(dns_name("a"), 65, "whatever");
  Message message;
  ASSERT_TRUE(parse(to_bytes(wire), message));
  EXPECT_EQ(message.faults, 0);
  const auto answers = message.answers();
  ASSERT_EQ(answers.size(), 9u);
  EXPECT_EQ(answers[2].shape, RecordShape::host);
  EXPECT_EQ(text(message, answers[2].host), "mx.x");
  EXPECT_EQ(answers[3].shape, RecordShape::strings);
  Bytes strings = answers[3].data, string;
  ASSERT_TRUE(next_string(strings, string));
  EXPECT_EQ(to_text(string), "one");
  ASSERT_TRUE(next_string(strings, string));
  EXPECT_EQ(to_text(string), "two");
  EXPECT_FALSE(next_string(strings, string));
  EXPECT_EQ(text(message, answers[4].mailbox), "root.x");
  EXPECT_EQ(answers[4].data.size(), 20u);
  EXPECT_EQ(text(message, answers[5].host), "sip.x");
  EXPECT_EQ(answers[7].shape, RecordShape::options);
  EXPECT_EQ(answers[8].shape, RecordShape::opaque);
}

TEST(DnsParser, EmptyDataIsNoError) {
  const std::string wire =
      dns_header(1, 0x8180, 0, 2) + dns_record(dns_name("a"), kA, "") + dns_record(dns_name("a"), kTxt, "");
  Message message;
  ASSERT_TRUE(parse(to_bytes(wire), message));
  EXPECT_EQ(message.faults, 0);
  EXPECT_EQ(message.answers().size(), 2u);
}

TEST(DnsParser, ABrokenSectionIsDroppedAndTheOnesBeforeItStay) {
  const std::string start =
      dns_header(1, 0x8180, 1, 1, 1, 1) + dns_question(dns_name("a"), kA) + dns_record(dns_pointer(12), kA, "\1\2\3\4");
  const std::string authority = dns_record(dns_pointer(12), kNs, dns_name("ns"));
  Message message;
  ASSERT_TRUE(parse(to_bytes(start + authority + "\1"), message));
  EXPECT_EQ(message.faults & (kInvalidAuthorities | kInvalidAdditionals), kInvalidAdditionals);
  EXPECT_EQ(message.authorities().size(), 1u);
  ASSERT_TRUE(parse(to_bytes(start + authority.substr(0, authority.size() - 1)), message));
  EXPECT_EQ(message.faults & (kInvalidAuthorities | kInvalidAdditionals), kInvalidAuthorities);
  EXPECT_EQ(message.answers().size(), 1u);
  EXPECT_TRUE(message.authorities().empty());
  ASSERT_TRUE(parse(to_bytes(start.substr(0, start.size() - 1)), message));
  EXPECT_TRUE(message.faults & kMalformedAnswers);
}

TEST(DnsParser, EveryPrefixOfAMessageIsSafe) {
  const std::string wire = dns_header(1, 0x8180, 1, 2) + dns_question(dns_name("a.b"), kMx) +
                           dns_record(dns_pointer(12), kMx, be16(1) + "\1m" + dns_pointer(12)) +
                           dns_record(dns_pointer(12), kTxt, std::string("\2ab\5cdefg"));
  Message message;
  for (size_t size = 0; size <= wire.size(); ++size) {
    const std::string prefix = wire.substr(0, size);
    EXPECT_EQ(parse(to_bytes(prefix), message), size >= 21) << size;
  }
}

TEST(DnsNames, KnowTheRegistryAndFallBackToNumbers) {
  std::string scratch;
  EXPECT_EQ(type_name(65, scratch), "HTTPS");
  EXPECT_EQ(type_name(54, scratch), "54");
  EXPECT_EQ(type_name(65535, scratch), "65535");
  EXPECT_EQ(rcode_name(3, scratch), "NXDOMAIN");
  EXPECT_EQ(rcode_name(11, scratch), "11");
}

}  // namespace
}  // namespace lapwing
