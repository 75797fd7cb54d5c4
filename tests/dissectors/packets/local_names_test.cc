#include "dissectors/packets/local_names/local_names.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/dissectors/packets/packet_record.h"
#include "tests/support/packet_builder.h"

namespace lapwing {
namespace {

using test::from_hex;

std::string names_record(std::string_view hex) {
  return test::packet_record(test::packet_row("local_names"), from_hex(hex), 4);
}

/// "nas" with a last byte, as NetBIOS writes it.
std::string netbios(std::string_view last) {
  std::string out = "20 454f45424644";
  for (int i = 0; i < 12; ++i) out += "4341";
  return out + std::string(last) + "00";
}

constexpr std::string_view kNas = "036e417300";  // nAs

TEST(LocalNames, WhoAsksAndWhoAnswers) {
  EXPECT_TRUE(test::packet_row("local_names").protocol->records.empty());
  EXPECT_EQ(names_record("cdab14eb00000000 0001 0000 0001 0000 0000 0000 " + std::string(kNas) + "00010001"),
            R"({"local_names":{"service":"llmnr","kind":"query","questions":[{"name":"nas"}]}})");
  EXPECT_EQ(names_record("14ebcdab00000000 0001 8000 0001 0001 0000 0000 " + std::string(kNas) +
                         "00010001 c00c 0001 0001 0000001e 0004 0a000002"),
            R"({"local_names":{"service":"llmnr","kind":"response","questions":[{"name":"nas"}],)"
            R"("answers":[{"name":"nas","address":"10.0.0.2"}]}})");
  EXPECT_EQ(names_record("14e914e900000000 0000 8400 0000 0001 0000 0000 " + std::string(kNas) +
                         "001c 8001 0000001e 0010 fd000009000000000000000000000002"),
            R"({"local_names":{"service":"mdns","kind":"response",)"
            R"("answers":[{"name":"nas","address":"fd00:0009:0000:0000:0000:0000:0000:0002"}]}})");
}

TEST(LocalNames, NamesOfNetbios) {
  EXPECT_EQ(names_record("0089008900000000 0001 0110 0001 0000 0000 0000 " + netbios("4341") + "00200001"),
            R"({"local_names":{"service":"nbns","kind":"query","broadcast":true,"questions":[{"name":"nas"}]}})");
  EXPECT_EQ(names_record("0089008900000000 0001 2910 0001 0000 0000 0001 " + netbios("4141") +
                         "00200001 c00c 0020 0001 000493e0 0006 0000 0a000002"),
            R"({"local_names":{"service":"nbns","kind":"registration","broadcast":true,"questions":[{"name":"nas"}],)"
            R"("answers":[{"name":"nas","address":"10.0.0.2"}]}})");
  const std::string answer = "0001 8500 0000 0001 0000 0000 ";
  EXPECT_NE(names_record("0089008900000000" + answer + netbios("4141") + "00200001 000000a5 0006 0000 0a000002"),
            "none");
  // Names of groups and of browsers are no host's.
  EXPECT_EQ(names_record("0089008900000000" + answer + netbios("4141") + "00200001 000000a5 0006 8000 0a000002"),
            "none");
  EXPECT_EQ(names_record("0089008900000000" + answer + netbios("424e") + "00200001 000000a5 0006 0000 0a000002"),
            "none");
}

TEST(LocalNames, WhoTakesANameAsksForItFirst) {
  EXPECT_EQ(names_record("14e914e900000000 0000 0000 0001 0000 0001 0000 " + std::string(kNas) +
                         "00ff0001 c00c 0001 0001 00000078 0004 0a000002"),
            R"({"local_names":{"service":"mdns","kind":"registration","questions":[{"name":"nas"}],)"
            R"("answers":[{"name":"nas","address":"10.0.0.2"}]}})");
}

TEST(LocalNames, ReadsNothingElse) {
  // Of services, of no such name, with a loop, with a broken label, and of another port.
  EXPECT_EQ(names_record("14e914e900000000 0000 0000 0001 0000 0000 0000 " + std::string(kNas) + "000c0001"), "none");
  EXPECT_EQ(names_record("0089008900000000 0001 8503 0000 0001 0000 0000 " + netbios("4141") +
                         "00200001 000000a5 0006 0000 0a000002"),
            "none");
  EXPECT_EQ(names_record("cdab14eb00000000 0001 0000 0001 0000 0000 0000 c00c 00010001"), "none");
  EXPECT_EQ(names_record("cdab14eb00000000 0001 0000 0001 0000 0000 0000 43616263 00 00010001"), "none");
  EXPECT_EQ(names_record("cdab003500000000 0001 0000 0001 0000 0000 0000 " + std::string(kNas) + "00010001"), "none");
}

/// Pointers that all records follow: what is read of a message stays in proportion.
TEST(LocalNames, NamesOfAllRecordsAreBounded) {
  std::string hex = "cdab14eb00000000 0001 8000 0001 ffff 0000 0000 ";
  for (int i = 0; i < 3; ++i) {
    hex += "3f";
    for (int c = 0; c < 63; ++c) hex += "61";
  }
  hex += "00 00010001";
  for (int i = 0; i < 4000; ++i) hex += "c00c 0001 0001 0000001e 0004 0a000002";
  const auto bytes = from_hex(hex);
  Transaction* tx = test::packet_row("local_names").read(bytes, 4);
  ASSERT_TRUE(tx);
  const auto& message = static_cast<const local_names::Message&>(*tx);
  EXPECT_EQ(message.answers.size(), 42U);
  EXPECT_LT(message.text.size(), 8192U + 255);
  EXPECT_TRUE(message.cut);
}

/// Multicast DNS ignores the questions of an answer (RFC 6762 section 6), and takes the last record as well as the
/// first.
TEST(LocalNames, NothingIsHiddenBehindManyQuestionsAndRecords) {
  std::string hex = "14e914e900000000 0000 8400 0014 0064 0000 0000 " + std::string(kNas) + "00010001";
  for (int i = 1; i < 20; ++i) hex += "c00c 0001 0001";
  for (int i = 0; i < 100; ++i) hex += "c00c 0001 0001 0000001e 0004 0a000002";
  const auto bytes = from_hex(hex);
  Transaction* tx = test::packet_row("local_names").read(bytes, 4);
  ASSERT_TRUE(tx);
  const auto& message = static_cast<const local_names::Message&>(*tx);
  EXPECT_EQ(message.questions.size(), 20U);
  EXPECT_EQ(message.answers.size(), 100U);
  EXPECT_FALSE(message.cut);
}

}  // namespace
}  // namespace lapwing
