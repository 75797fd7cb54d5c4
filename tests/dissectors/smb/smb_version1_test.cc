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

TEST(Smb, OldCommandsOfVersion1NameTheirPaths) {
  Dialogue d(dissector("smb"));
  uint16_t multiplex = 1;
  const auto tell = [&](uint8_t command, const std::string& words, const std::string& bytes) {
    const Head1 head{.multiplex = ++multiplex, .unicode = false};
    d.client(packet(head1(command, head) + block1(words, bytes)));
    d.server(packet(head1(command, {.multiplex = multiplex, .response = true, .unicode = false}) + block1("", "")));
  };
  const auto path = [](std::string_view name) { return "\4" + std::string(name) + '\0'; };
  tell(0x08, "", path("\\asked"));
  tell(0x09, zeros(16), path("\\set"));
  tell(0x10, "", path("\\there"));
  tell(0x81, zeros(4), path("\\*.doc") + std::string("\5\0\0", 3));
  tell(0xa5, zeros(2) + le(0x104, 2) + zeros(4), path("\\old") + path("\\new"));
  tell(0xa5, zeros(2) + le(0x103, 2) + zeros(4), path("\\linked") + path("\\link"));
  d.finish();
  for (std::string_view name : {"asked", "set", "there", "*.doc", "linked"}) {
    EXPECT_THAT(d.records, Contains(HasSubstr("\"filename\":\"\\\\" + std::string(name) + "\"")));
  }
  EXPECT_THAT(d.records, Contains(HasSubstr(R"("rename":{"from":"\\old","to":"\\new"})")));
  EXPECT_THAT(d.anomalies, IsEmpty());
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
    EXPECT_THAT(d.records, Each(HasSubstr(R"("session_id":100)")));
    EXPECT_THAT(d.records, Contains(AllOf(HasSubstr("fileinfo"), HasSubstr("STATUS_SUCCESS"))).Times(2));
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

/// A client and a server of version 1, in the share `service` and with one file or pipe open.
struct Talk1 {
  Talk1(Dialogue& dialogue, const std::string& service, const std::string& name, size_t piece_size)
      : d(dialogue), piece(piece_size) {
    const std::string given = service + zeros(1) + (service == "IPC" ? "" : wide("NTFS") + zeros(2));
    exchange(0x75, tree_connect1("\\\\SRV\\X$", service), block1(kNoAndx + zeros(2), given));
    exchange(0xa2, nt_create1(name), nt_created1(7));
  }
  Talk1& ask(uint8_t command, const std::string& block) {
    d.client(packet(head1(command, {.multiplex = multiplex}) + block), piece);
    return *this;
  }
  Talk1& answer(uint8_t command, const std::string& block) {
    d.server(packet(head1(command, {.multiplex = multiplex, .response = true}) + block), piece);
    return *this;
  }
  Talk1& exchange(uint8_t command, const std::string& request, const std::string& response) {
    ++multiplex;
    return ask(command, request).answer(command, response);
  }
  /// What a pipe is told by WRITE_ANDX, and answers to READ_ANDX.
  Talk1& call(const std::vector<std::string>& writes, const std::string& response) {
    for (const std::string& block : writes) exchange(0x2f, block, block1(kNoAndx + zeros(8), ""));
    return exchange(0x2e, read_andx1(7, 0, 1024), read_data1(response));
  }

  Dialogue& d;
  size_t piece;
  uint16_t multiplex = 0;
};

std::vector<std::string> split(const std::string& text, size_t size) {
  std::vector<std::string> out;
  for (size_t at = 0; at < text.size(); at += size) out.push_back(text.substr(at, size));
  return out;
}

void expect_call(const Dialogue& d, std::string_view command) {
  const auto of = [&](std::string_view what) { return AllOf(HasSubstr(command), HasSubstr(what)); };
  EXPECT_THAT(d.records, Contains(of(R"("service":"svcctl"}],"response":"BINDACK")")));
  EXPECT_THAT(d.records, Contains(of(R"("request":"REQUEST","opnum":12)")));
  EXPECT_THAT(d.values("dcerpc.stub_data"), Contains("in"));
  EXPECT_THAT(d.anomalies, IsEmpty());
}

TEST(Smb, PipesAreToldInMessagesOfAByte) {
  for (size_t piece : {0, 1}) {
    for (size_t size : {1, 5, 15, 16}) {
      Dialogue d(dissector("smb"));
      Talk1 talk(d, "IPC", "\\svcctl", piece);
      const auto writes = [&](const std::string& pdu) {
        std::vector<std::string> out;
        for (const std::string& some : split(pdu, size)) out.push_back(write_andx1(7, 0, some));
        return out;
      };
      talk.call(writes(rpc_bind(1)), rpc_bound(1)).call(writes(rpc_request(2, 12, "in")), piped_response(2, "out"));
      d.finish();
      expect_call(d, "SMB1_COMMAND_WRITE_ANDX");
    }
  }
}

TEST(Smb, MessagesToAPipeMayBeCounted) {
  for (size_t piece : {0, 1}) {
    Dialogue d(dissector("smb"));
    Talk1 talk(d, "IPC", "\\svcctl", piece);
    const auto counted = [](const std::string& pdu) {
      return std::vector{write_andx1(7, 0, le(pdu.size(), 2) + pdu).replace(1 + 14, 2, le(0x000c, 2))};
    };
    talk.call(counted(rpc_bind(1)), rpc_bound(1)).call(counted(rpc_request(2, 12, "in")), piped_response(2, "out"));
    d.finish();
    expect_call(d, "SMB1_COMMAND_WRITE_ANDX");
  }
}

TEST(Smb, TransactionsComeInAnyOrder) {
  for (size_t first : {0, 8, 20}) {
    for (bool backwards : {false, true}) {
      Dialogue d(dissector("smb"));
      Talk1 talk(d, "IPC", "\\svcctl", 0);
      const auto call = [&](const std::string& pdu, const std::string& response) {
        ++talk.multiplex;
        talk.ask(0x25, transact1(7, pdu.substr(0, first), pdu.size())).answer(0x25, block1("", ""));
        const std::string middle = secondary1(first, pdu.substr(first, 3), pdu.size()),
                          last = secondary1(first + 3, pdu.substr(first + 3), pdu.size());
        talk.ask(0x26, backwards ? last : middle).ask(0x26, backwards ? middle : last);
        talk.answer(0x25, transacted1(response));
      };
      call(rpc_bind(1), rpc_bound(1));
      call(rpc_request(2, 12, "in"), piped_response(2, "out"));
      d.finish();
      expect_call(d, "SMB1_COMMAND_TRANS");
    }
  }
}

TEST(Smb, PipesAreWrittenToAndReadByTransactions) {
  for (bool raw : {false, true}) {
    Dialogue d(dissector("smb"));
    Talk1 talk(d, "IPC", "\\svcctl", 0);
    const auto call = [&](const std::string& pdu, const std::string& response) {
      talk.exchange(0x25, transact1(7, pdu, 0, raw ? 0x31 : 0x37), transacted1(""));
      talk.exchange(0x25, transact1(7, "", 0, raw ? 0x11 : 0x36), transacted1(response));
    };
    call(rpc_bind(1), rpc_bound(1));
    call(rpc_request(2, 12, "in"), piped_response(2, "out"));
    d.finish();
    expect_call(d, "SMB1_COMMAND_TRANS");
  }
}

TEST(Smb, WhatATransactionRenamesMayComeLater) {
  const std::string to = wide("\\new"), info = zeros(8) + le(to.size(), 4) + to;
  const std::string parameters = le(1010, 2) + zeros(4) + wide("\\old") + zeros(2);
  for (size_t first : {size_t{0}, size_t{9}, info.size()}) {
    Dialogue d(dissector("smb"));
    Talk1 talk(d, "A:", "\\file", 0);
    ++talk.multiplex;
    talk.ask(0x32, transact2(6, parameters, info.substr(0, first), info.size()));
    if (first < info.size()) {
      talk.answer(0x32, block1("", ""));
      talk.ask(0x33, secondary1(first, info.substr(first), info.size(), parameters.size(), true));
    }
    talk.answer(0x32, transacted2(zeros(2)));
    d.finish();
    EXPECT_THAT(d.records, Contains(AllOf(HasSubstr("SMB1_COMMAND_TRANS2"), HasSubstr("STATUS_SUCCESS"),
                                          HasSubstr(R"("rename":{"from":"\\old","to":"\\new"})"))));
    EXPECT_THAT(d.anomalies, IsEmpty());
  }
}

TEST(Smb, WhatSecondaryRequestsSayBeyondTheWholeIsMalformed) {
  Dialogue d(dissector("smb"));
  Talk1 talk(d, "A:", "\\file", 0);
  ++talk.multiplex;
  talk.ask(0x32, transact2(6, le(1010, 2) + zeros(6), "", 20)).ask(0x33, secondary1(15, "too long", 20, 8, true));
  d.finish();
  EXPECT_THAT(d.anomalies, Each(StartsWith("malformed_data")));
  EXPECT_THAT(d.anomalies, SizeIs(1));
}

TEST(Smb, WhatIsMissingOfATransactionTakesNoMemory) {
  constexpr size_t kWhole = 65'000;
  constexpr uint16_t kTransactions = 16;
  Heard heard;
  FlowDriver flow({.known = "smb"}, heard);
  for (uint16_t i = 1; i <= kTransactions; ++i) {
    flow.say(kClient, packet(head1(0x25, {.multiplex = i}) + transact1(7, "a", kWhole)));
    flow.say(kClient, packet(head1(0x26, {.multiplex = i}) + secondary1(kWhole - 1, "b", kWhole)));
  }
  EXPECT_LT(flow.app().counters().memuse, kTransactions * kWhole / 4);
}

TEST(Smb, TransactionsOpenFiles) {
  Dialogue d(dissector("smb"));
  Talk1 talk(d, "A:", "\\file", 0);
  const auto write = [&](uint16_t file) {
    talk.exchange(0x2f, write_andx1(file, 0, "of " + std::to_string(file)), block1(kNoAndx + zeros(8), ""));
    talk.exchange(0x04, close1(file), block1("", ""));
  };
  talk.exchange(0x32, transact2(0, zeros(28) + wide("\\opened") + zeros(2), "", 0), transacted2(le(8, 2) + zeros(28)));
  write(8);
  const std::string name = wide("\\created");
  const std::string create =
      zeros(8) + le(0x20089, 4) + zeros(16) + le(2, 4) + zeros(12) + le(name.size(), 4) + zeros(6) + name;
  const size_t at = 32 + 1 + 38 + 2;
  const std::string words =
      zeros(3) + le(create.size(), 4) + zeros(12) + le(create.size(), 4) + le(at, 4) + zeros(8) + zeros(1) + le(1, 2);
  const std::string created = zeros(2) + le(9, 2) + le(2, 4) + zeros(60);
  talk.exchange(
      0xa0, block1(words, create),
      block1(zeros(3) + le(created.size(), 4) + zeros(4) + le(created.size(), 4) + le(32 + 1 + 36 + 2, 4) + zeros(17),
             created));
  write(9);
  d.finish();
  EXPECT_THAT(d.values("file.name"), ElementsAre("\\opened", "\\created"));
  EXPECT_THAT(d.values("file.data"), ElementsAre("of 8", "of 9"));
  EXPECT_THAT(d.records, Contains(AllOf(HasSubstr("SMB1_COMMAND_NT_TRANS"), HasSubstr(R"("filename":"\\created")"),
                                        HasSubstr(R"("fuid":"0009")"))));
  EXPECT_THAT(d.anomalies, IsEmpty());
}

TEST(Smb, SharesAreConnectedToWithoutChains) {
  Dialogue d(dissector("smb"));
  const std::string path = "\x04\\\\SRV\\C$" + zeros(1), password = "\x04" + zeros(1),
                    service = le(4, 1) + "A:" + zeros(1);
  d.client(message1(0x70, {.tree = 0xffff, .unicode = false}, "", path + password + service));
  d.server(message1(0x70, {.tree = 0xffff, .response = true}, le(4356, 2) + le(9, 2), ""));
  d.client(packet(head1(0x2d, {.multiplex = 2, .tree = 9}) + open1("\\a")));
  d.server(packet(head1(0x2d, {.multiplex = 2, .tree = 9, .response = true}) + opened1(7)));
  d.client(packet(head1(0x2f, {.multiplex = 3, .tree = 9}) + write_andx1(7, 0, "written")));
  d.finish();
  EXPECT_THAT(d.values("smb.share"), ElementsAre("\\\\SRV\\C$"));
  EXPECT_THAT(d.operations, Contains(HasSubstr("write C$\\a")));
  EXPECT_THAT(d.anomalies, IsEmpty());
}

TEST(Smb, LocksAreAskedForWithWhatIsReadAndWritten) {
  for (size_t piece : {0, 1}) {
    Dialogue d(dissector("smb"));
    Talk1 talk(d, "A:", "\\file", piece);
    const auto buffer = [](const std::string& bytes) { return le(1, 1) + le(bytes.size(), 2) + bytes; };
    const std::string extent = le(7, 2) + le(5, 2) + zeros(6);
    talk.exchange(0x14, block1(extent, buffer("wrote")), block1(le(5, 2), ""));
    talk.exchange(0x13, block1(extent, ""), block1(le(5, 2) + zeros(8), buffer("reads")));
    talk.exchange(0x04, close1(7), block1("", ""));
    d.finish();
    EXPECT_THAT(d.values("file.data"), ElementsAre("wrote", "reads"));
    EXPECT_THAT(d.anomalies, IsEmpty());
  }
}

TEST(Smb, WhatIsReadAndWrittenRawHasNoHeader) {
  for (size_t piece : {0, 1}) {
    Dialogue d(dissector("smb"));
    Talk1 talk(d, "A:", "\\file", piece);
    const auto raw_write = [](uint32_t offset, size_t count) {
      return block1(le(7, 2) + le(count, 2) + zeros(2) + le(offset, 4) + zeros(14), "");
    };
    const auto raw_read = [](uint32_t offset) { return block1(le(7, 2) + le(offset, 4) + le(100, 2) + zeros(8), ""); };
    const std::string ready = block1(le(0xffff, 2), "");
    talk.exchange(0x1d, raw_write(0, 5), ready);
    d.client(packet("wrote"), piece);
    talk.exchange(0x1d, raw_write(5, 6), ready);
    d.client(packet("\xffSMB\x2f!"), piece);
    talk.ask(0x1a, raw_read(0));
    d.server(packet("reads"), piece);
    talk.ask(0x1a, raw_read(5));
    d.server(packet(""), piece);
    talk.exchange(0x1a, raw_read(5), block1("", ""));
    talk.exchange(0x04, close1(7), block1("", ""));
    d.finish();
    EXPECT_THAT(d.values("file.data"), ElementsAre("wrote\xffSMB\x2f!", "reads"));
    EXPECT_THAT(d.anomalies, IsEmpty());
  }
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
