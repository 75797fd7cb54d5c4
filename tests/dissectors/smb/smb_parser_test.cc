#include "dissectors/protocols/smb/smb_parser.h"

#include <gmock/gmock.h>

#include "dissectors/protocols/smb/recent.h"
#include "dissectors/protocols/smb/smb1_messages.h"
#include "dissectors/protocols/smb/smb2_messages.h"
#include "dissectors/protocols/smb/smb_names.h"
#include "tests/dissectors/smb/smb_wire.h"

namespace lapwing::smb {
namespace {

using namespace test::smb;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(SmbParser, AMessageBeginsWithItsMagicAndRoomForItsHeader) {
  const std::string first = packet(message2(0, {}, negotiate2({0x311})));
  EXPECT_EQ(begins_message(to_bytes(first)), Likelihood::sure);
  for (size_t size = 0; size < 18; ++size) {
    EXPECT_EQ(begins_message(to_bytes(first).first(size)), Likelihood::more) << size;
  }
  EXPECT_EQ(begins_message(to_bytes(message1(0x72, {}, "", "\2NT LM 0.12"))), Likelihood::sure);
  EXPECT_EQ(begins_message(to_bytes(packet("\xfdSMB" + zeros(60)))), Likelihood::sure);
  EXPECT_EQ(begins_message(to_bytes(packet("\xfeSMB" + zeros(30)))), Likelihood::no);
  EXPECT_EQ(begins_message(to_bytes(packet("\xfeSMB" + zeros(60)))), Likelihood::no);
  EXPECT_EQ(begins_message(to_bytes(packet(message2(0x14, {}, zeros(40))))), Likelihood::no);
  EXPECT_EQ(begins_message(to_bytes("\x85")), Likelihood::no);
}

TEST(SmbParser, TimesAndNumbersOfFilesAreShownAsSuricataShowsThem) {
  EXPECT_EQ(unix_time(0), 0u);
  EXPECT_EQ(unix_time((11'644'473'600 + 5) * 10'000'000), 5u);
  const uint8_t guid[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  EXPECT_EQ(guid_text(guid), "03020100-0504-0706-0908-0b0a0f0e0d0c");
}

TEST(SmbParser, TextsOfUnicodeAreAligned) {
  const std::string bytes = "x" + aligned(1, "ab") + "rest";
  LittleReader reader(to_bytes(bytes));
  reader.skip(1);
  EXPECT_EQ(take_text(reader, true), "ab");
  EXPECT_EQ(to_text(reader.rest()), "rest");
  EXPECT_EQ(take_text(reader, false), "rest");
  EXPECT_EQ(reader.left(), 0u);
  EXPECT_TRUE(reader.ok());
}

TEST(SmbParser, NamesOfNetbios) {
  EXPECT_EQ(netbios_name(to_bytes("\x20"
                                  "EDEBEDEIEFCACACACACACACACACACACA" +
                                  zeros(1))),
            "CACHE");
  EXPECT_EQ(netbios_name(to_bytes("\x20"
                                  "edebedeiefcacacacacacacacacacaca" +
                                  zeros(1))),
            "");
  EXPECT_EQ(netbios_name(to_bytes("\x1f")), "");
}

TEST(SmbParser, NumbersWithoutANameAreNumbers) {
  std::string scratch;
  EXPECT_EQ(status_name(0xc0000022, scratch), "STATUS_ACCESS_DENIED");
  EXPECT_EQ(status_name(0xefffffff, scratch), "4026531839");
  EXPECT_EQ(command_name(2, 5, scratch), "SMB2_COMMAND_CREATE");
  EXPECT_EQ(command_name(2, 99, scratch), "99");
  EXPECT_EQ(command_name(1, 0x72, scratch), "SMB1_COMMAND_NEGOTIATE_PROTOCOL");
  EXPECT_EQ(command_name(1, 0xd0, scratch), "208");
  EXPECT_EQ(dialect_name(0x302, scratch), "3.02");
  EXPECT_EQ(control_name(kTransceive, scratch), "FSCTL_PIPE_TRANSCEIVE");
  EXPECT_EQ(dos_error_name(2, 91, scratch), "SRV_BADUID");
  EXPECT_EQ(dos_error_name(1, 5, scratch), "DOS_ACCESS_DENIED");
  EXPECT_EQ(dos_error_name(3, 19, scratch), "UNKNOWN_03_0013");
  EXPECT_EQ(disposition_name(7), "UNKNOWN");
}

TEST(SmbParser, WhatDialect311NegotiatesIsRead) {
  const std::string answer = message2(0, {.flags = kResponse}, negotiated2(0x311));
  const auto said = v2::read_negotiate_response(to_bytes(answer));
  ASSERT_TRUE(said);
  EXPECT_THAT(said->contexts.ciphers, ElementsAre(2));
  EXPECT_THAT(said->contexts.signings, ElementsAre(1));
  EXPECT_EQ(to_text(said->guid), "serverguid.16byt");
  const std::string older = message2(0, {.flags = kResponse}, negotiated2(0x302));
  EXPECT_THAT(v2::read_negotiate_response(to_bytes(older))->contexts.ciphers, IsEmpty());
}

TEST(SmbParser, NothingIsHiddenBehindContextsThatNobodyKnows) {
  constexpr unsigned kUnknown = 40;
  std::string body = negotiated2(0x311);
  body.replace(6, 2, le(kUnknown + 1, 2));
  std::string contexts;
  for (unsigned i = 0; i < kUnknown; ++i) contexts += le(0x7777, 2) + zeros(6);
  body.resize(64);
  body += contexts + le(2, 2) + le(4, 2) + zeros(4) + le(1, 2) + le(2, 2);
  const auto said = v2::read_negotiate_response(to_bytes(message2(0, {.flags = kResponse}, body)));
  ASSERT_TRUE(said);
  EXPECT_THAT(said->contexts.ciphers, ElementsAre(2));
}

/// A message that says how long it is, but breaks off, says nothing.
TEST(SmbParser, NothingIsReadOfMessagesThatBreakOff) {
  const auto cut = [](const std::string& whole, auto&& read) {
    EXPECT_TRUE(read(to_bytes(whole)));
    for (size_t size = kHeader2; size < whole.size(); ++size) {
      EXPECT_FALSE(read(to_bytes(whole).first(size))) << size;
    }
  };
  const std::string file = file_id(1);
  cut(message2(0, {}, negotiate2({0x202})), v2::read_negotiate_request);
  cut(message2(1, {}, session_setup2("token")), v2::read_session_setup_request);
  cut(message2(1, {}, session2("token")), v2::read_session_setup_response);
  cut(message2(3, {}, tree_connect2("\\\\a\\b")), v2::read_tree_connect_request);
  cut(message2(5, {}, create2("a")), v2::read_create_request);
  cut(message2(17, {}, set_info2(file, 10, rename_info2("b"))), v2::read_set_info_request);
}

TEST(SmbParser, DataThatLiesWithinItsOwnHeadIsRefused) {
  std::string write = message2(9, {}, write2(file_id(1), 0, "x"));
  ASSERT_TRUE(v2::read_write_request(to_bytes(write)));
  write[66] = 111;
  EXPECT_FALSE(v2::read_write_request(to_bytes(write)));
  std::string read = message2(8, {}, data2("x"));
  ASSERT_TRUE(v2::read_read_response(to_bytes(read)));
  read[66] = 79;
  EXPECT_FALSE(v2::read_read_response(to_bytes(read)));
}

TEST(SmbParser, AChainLeadsBackNowhere) {
  const std::string message = head1(0x73, {}) + block1(andx(0x75, 32), "");
  const auto block = v1::read_block(to_bytes(message), kHeader1);
  ASSERT_TRUE(block);
  EXPECT_FALSE(v1::next_command(*block));
}

TEST(SmbParser, ACommandOfAChainBeginsBehindTheWordsOfTheOneBefore) {
  for (size_t at : {38, 39}) {  // a byte of the count, and behind it
    const std::string message = head1(0x73, {}) + block1(andx(0x75, at), "");
    const auto block = v1::read_block(to_bytes(message), kHeader1);
    ASSERT_TRUE(block);
    EXPECT_EQ(v1::next_command(*block).has_value(), at == 39);
  }
}

TEST(SmbParser, OffsetsOf64BitsAreRead) {
  const std::string message = head1(0x2f, {}) + write_andx1(7, uint64_t{1} << 63, "ab");
  const auto block = v1::read_block(to_bytes(message), kHeader1);
  const auto extent = v1::read_write_request(v1::Command::write_andx, *block);
  ASSERT_TRUE(extent);
  EXPECT_EQ(extent->file, 7);
  EXPECT_EQ(extent->offset, uint64_t{1} << 63);
  EXPECT_EQ(message.substr(extent->data), "ab");
}

TEST(Recent, TheLongestUnusedIsTheOldest) {
  Recent<uint64_t, std::string> recent;
  for (uint64_t i = 0; i < 100; ++i) recent.add(i, std::to_string(i));
  EXPECT_EQ(*recent.use(0), "0");
  EXPECT_EQ(recent.oldest_key(), 1u);
  EXPECT_EQ(recent.latest(), "0");
  EXPECT_EQ(*recent.find(1), "1");
  EXPECT_EQ(recent.oldest_key(), 1u);
  for (uint64_t i = 1; i < 99; ++i) recent.erase(i);
  EXPECT_EQ(recent.oldest(), "99");
  EXPECT_EQ(recent.size(), 2u);
  EXPECT_EQ(recent.find(50), nullptr);
  recent.erase(50);
  recent.add(50, "again");
  EXPECT_EQ(recent.latest(), "again");
  for (uint64_t i : {99, 0, 50}) recent.erase(i);
  EXPECT_TRUE(recent.empty());
  EXPECT_EQ(recent.find(0), nullptr);
}

}  // namespace
}  // namespace lapwing::smb
