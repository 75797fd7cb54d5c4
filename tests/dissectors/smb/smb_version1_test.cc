// Version 1: chains of commands, files, pipes, logins.
#include <gmock/gmock.h>

#include "tests/dissectors/dialogue.h"
#include "tests/dissectors/smb/smb_wire.h"

namespace lapwing {
namespace {

using namespace test;
using namespace test::smb;
using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

TEST(Smb, ChainsOfVersion1AreFollowedForward) {
  const size_t second = 32 + 1 + 4 + 2;
  const std::string chain = head1(0x74, {}) + block1(andx(0x2f, second), "") + write_andx1(9, 0, "in a chain", second);
  for (size_t piece : {0, 1}) {
    Dialogue d(dissector("smb"));
    d.client(packet(chain), piece).finish();
    EXPECT_THAT(d.values("file.data"), ElementsAre("in a chain"));
    EXPECT_THAT(d.records, Contains(HasSubstr("SMB1_COMMAND_LOGOFF_ANDX")));
  }
  Dialogue d(dissector("smb"));
  d.client(packet(head1(0x74, {}) + block1(andx(0x74, 32), ""))).finish();
  EXPECT_THAT(d.records, SizeIs(1));
}

/// The number of a file that a chain opens is not known when the next command is sent.
constexpr uint16_t kOpenedBefore = 0xffff;

TEST(Smb, CommandsOfAChainAreAboutTheFileThatItOpens) {
  for (size_t piece : {0, 1}) {
    Dialogue d(dissector("smb"));
    for (const std::string name : {"\\a", "\\b"}) {
      const std::string create = chained1(nt_create1(name), 0x2f);
      d.client(packet(head1(0xa2, {}) + create + write_andx1(kOpenedBefore, 0, "of " + name, 32 + create.size())),
               piece);
      const std::string created = chained1(nt_created1(name == "\\a" ? 7 : 8), 0x2f);
      d.server(packet(head1(0xa2, {.response = true}) + created + block1(kNoAndx + zeros(8), "")), piece);
    }
    const std::string open = chained1(open1("\\c"), 0x2e), opened = chained1(opened1(9), 0x2e);
    d.client(packet(head1(0x2d, {}) + open + read_andx1(kOpenedBefore, 0, 100)), piece);
    d.server(packet(head1(0x2d, {.response = true}) + opened + read_data1("of \\c", 32 + opened.size())), piece);
    for (uint16_t file = 7; file <= 9; ++file) d.client(packet(head1(4, {.multiplex = file}) + close1(file)), piece);
    d.finish();
    EXPECT_THAT(d.values("file.name"), ElementsAre("\\a", "\\b", "\\c"));
    EXPECT_THAT(d.values("file.data"), ElementsAre("of \\a", "of \\b", "of \\c"));
    EXPECT_THAT(d.records, Contains(HasSubstr(R"("state":"CLOSED")")).Times(3));
    EXPECT_THAT(d.anomalies, IsEmpty());
  }
}

TEST(Smb, CommandsOfAChainAreInTheShareThatItConnectsTo) {
  for (size_t piece : {0, 1}) {
    Dialogue d(dissector("smb"));
    const std::string connect = chained1(tree_connect1("\\\\SRV\\C$", "?????"), 0x2d);
    std::string open = chained1(open1("\\a"), 0x2f, 32 + connect.size());
    const std::string write = write_andx1(kOpenedBefore, 0, "written", 32 + connect.size() + open.size());
    d.client(packet(head1(0x75, {.tree = 0xffff}) + connect + open + write), piece);
    const std::string connected = chained1(block1(kNoAndx + zeros(2), "A:" + zeros(1) + wide("NTFS") + zeros(2)), 0x2d);
    const std::string opened = chained1(opened1(7), 0x2f, 32 + connected.size());
    d.server(packet(head1(0x75, {.tree = 9, .response = true}) + connected + opened + block1(kNoAndx + zeros(8), "")),
             piece);
    d.client(packet(head1(4, {.multiplex = 2, .tree = 9}) + close1(7)), piece).finish();
    EXPECT_THAT(d.operations, Contains("smb 47 write C$\\a success"));
    EXPECT_THAT(d.records, Contains(AllOf(HasSubstr("SMB1_COMMAND_WRITE_ANDX"), HasSubstr(R"("tree_id":9)"),
                                          HasSubstr(R"("share":"\\\\SRV\\C$")"))));
    EXPECT_THAT(d.records, Contains(AllOf(HasSubstr("SMB1_COMMAND_OPEN_ANDX"), HasSubstr(R"("tree_id":9)"))));
    EXPECT_THAT(d.anomalies, IsEmpty());
  }
}

TEST(Smb, AChainIsAboutTheFileOfItsFirstCommandWhateverThoseBehindItSay) {
  const std::string lock = chained1(block1(kNoAndx + le(7, 2) + zeros(10), ""), 0x2f);
  const std::string write = write_andx1(5, 0, "written", 32 + lock.size());
  Dialogue d(dissector("smb"));
  d.client(packet(head1(0xa2, {}) + nt_create1("\\a")));
  d.server(packet(head1(0xa2, {.response = true}) + nt_created1(7)));
  d.client(packet(head1(0x24, {.multiplex = 2}) + lock + write));
  d.finish();
  EXPECT_THAT(d.values("file.name"), ElementsAre("\\a"));
}

TEST(Smb, WhatAChainWritesMayLieBehindWhatClosesTheFile) {
  const std::string close = close1(7);
  std::string write = chained1(block1(kNoAndx + le(7, 2) + zeros(14) + le(7, 2) + le(0, 2) + zeros(4), ""), 4);
  write.replace(1 + 22, 2, le(32 + write.size() + close.size(), 2));
  for (size_t piece : {0, 1}) {
    Dialogue d(dissector("smb"));
    d.client(packet(head1(0x2f, {}) + write + close + "written"), piece);
    d.finish();
    EXPECT_THAT(d.values("file.data"), ElementsAre("written"));
    EXPECT_THAT(d.records, Contains(AllOf(HasSubstr("fileinfo"), HasSubstr(R"("state":"CLOSED")"))));
  }
}

TEST(Smb, NamesEndWhereTheNextCommandOfAChainBegins) {
  // A count of bytes to the end, and no zero before that.
  const std::string open = block1(kNoAndx + zeros(26), "");
  std::string chain = head1(0x2d, {.unicode = false});
  for (const std::string name : {"\\a", "\\b", "\\c"}) {
    chain += chained1(open, 0x2d, chain.size() + name.size()).replace(31, 2, "\xff\xff") + name;
  }
  Dialogue d(dissector("smb"));
  d.client(packet(chain + block1(kNoAndx + zeros(26), "\\d" + zeros(1)))).finish();
  for (const std::string name : {"a", "b", "c", "d"}) {
    EXPECT_THAT(d.records, Contains(HasSubstr(R"("filename":"\\)" + name + '"'))) << name;
  }
}

/// Or each would have them read once more.
TEST(Smb, CommandsOfAChainDoNotShareTheirBytes) {
  constexpr size_t kCommands = 1000, kBytes = 60'000;
  std::string chain = head1(0x2f, {});
  for (size_t i = 0; i < kCommands; ++i) {
    const std::string empty = block1(kNoAndx + le(i, 2) + zeros(14) + le(kBytes, 2) + zeros(2) + zeros(4), "");
    std::string write = chained1(empty, 0x2f, chain.size());
    write.replace(1 + 22, 2, le(32 + kCommands * write.size(), 2));
    chain += write;
  }
  Dialogue d(dissector("smb"));
  d.client(packet(chain + std::string(kBytes, 'x'))).finish();
  EXPECT_THAT(d.records, Contains(HasSubstr("fileinfo")).Times(1));
  EXPECT_THAT(d.anomalies, Each(StartsWith("malformed_data")));
}

TEST(Smb, FilesOfVersion1AreReadAndWritten) {
  for (size_t piece : {0, 1, 3}) {
    Dialogue d(dissector("smb"));
    const auto ask = [&](uint8_t command, uint16_t multiplex, const std::string& block) {
      d.client(packet(head1(command, {.multiplex = multiplex}) + block), piece);
    };
    const auto answer = [&](uint8_t command, uint16_t multiplex, const std::string& block) {
      d.server(packet(head1(command, {.multiplex = multiplex, .response = true}) + block), piece);
    };
    ask(0x75, 1, tree_connect1("\\\\SRV\\C$", "?????"));
    answer(0x75, 1, block1(kNoAndx + zeros(2), "A:" + zeros(1) + wide("NTFS") + zeros(2)));
    ask(0xa2, 2, nt_create1("\\eicar"));
    answer(0xa2, 2, nt_created1(0x4001, 5));
    ask(0x2f, 3, write_andx1(0x4001, 0, std::string(600, 'w')));
    ask(0x2e, 4, read_andx1(0x4001, 0, 100));
    answer(0x2e, 4, read_data1(std::string(100, 'r')));
    ask(0x04, 5, block1(le(0x4001, 2) + zeros(4), ""));
    answer(0x04, 5, block1("", ""));
    d.finish();
    EXPECT_THAT(d.values("smb.share"), ElementsAre("\\\\SRV\\C$"));
    EXPECT_THAT(d.values("file.data"), ElementsAre(std::string(600, 'w'), std::string(100, 'r')));
    EXPECT_THAT(d.values("file.name"), Each("\\eicar"));
    EXPECT_THAT(d.records, Contains(AllOf(HasSubstr(R"("service":{"request":"?????","response":"A:"})"),
                                          HasSubstr(R"("tree_id":3)"))));
    EXPECT_THAT(d.records, Contains(AllOf(HasSubstr("NT_CREATE_ANDX"), HasSubstr(R"("fuid":"4001")"),
                                          HasSubstr(R"("created":1700000000)"))));
    EXPECT_THAT(d.anomalies, IsEmpty());
  }
}

TEST(Smb, PipesOfVersion1CarryCalls) {
  Dialogue d(dissector("smb"));
  const auto exchange = [&](uint8_t command, uint16_t multiplex, const std::string& ask, const std::string& answer) {
    d.client(packet(head1(command, {.multiplex = multiplex}) + ask));
    d.server(packet(head1(command, {.multiplex = multiplex, .response = true}) + answer));
  };
  exchange(0x75, 1, tree_connect1("\\\\SRV\\IPC$", "IPC"), block1(kNoAndx + zeros(2), "IPC" + zeros(1)));
  exchange(0xa2, 2, nt_create1("\\svcctl"), nt_created1(7));
  exchange(0x25, 3, transact1(7, rpc_bind(1)), transacted1(rpc_bound(1)));
  exchange(0x25, 4, transact1(7, rpc_request(2, 3, "in")), transacted1(piped_response(2, "out")));
  d.finish();
  EXPECT_THAT(d.values("smb.named_pipe"), ElementsAre("\\\\SRV\\IPC$"));
  EXPECT_THAT(d.values("dcerpc.opnum"), Contains("3"));
  EXPECT_THAT(d.records, Contains(AllOf(HasSubstr("SMB1_COMMAND_TRANS"), HasSubstr(R"("response":"RESPONSE")"))));
}

TEST(Smb, LoginsOfVersion1ShowTheirSoftware) {
  Dialogue d(dissector("smb"));
  const std::string dialects = std::string("\2LANMAN1.0\0\2NT LM 0.12\0", 23);
  d.client(message1(0x72, {}, "", dialects));
  d.server(message1(0x72, {.response = true}, le(1, 2) + le(3, 1) + zeros(31), ""));
  const std::string words = kNoAndx + zeros(10) + le(0, 2) + le(0, 2) + zeros(8);
  const std::string texts = aligned(32 + 1 + words.size() + 2, "ann") + wide("DOM") + zeros(2) + wide("Unix") +
                            zeros(2) + wide("Samba") + zeros(2);
  d.client(message1(0x73, {.multiplex = 2}, words, texts));
  d.server(message1(0x73, {.multiplex = 2, .status = 0x005b0002, .response = true}, kNoAndx + zeros(2),
                    aligned(32 + 1 + 6 + 2, "Windows") + wide("LM") + zeros(2)));
  d.finish();
  ASSERT_THAT(d.records, SizeIs(2));
  EXPECT_THAT(d.records[0], AllOf(HasSubstr(R"("dialect":"NT LM 0.12")"),
                                  HasSubstr(R"("client_dialects":["LANMAN1.0","NT LM 0.12"])")));
  EXPECT_THAT(d.records[1], AllOf(HasSubstr(R"("request":{"native_os":"Unix","native_lm":"Samba"})"),
                                  HasSubstr(R"("response":{"native_os":"Windows","native_lm":"LM"})"),
                                  HasSubstr(R"("user":"ann","domain":"DOM")")));
}

}  // namespace
}  // namespace lapwing
