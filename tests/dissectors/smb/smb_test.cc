#include <gmock/gmock.h>

#include <algorithm>

#include "sensor/flow/flow.h"
#include "tests/dissectors/caps.h"
#include "tests/dissectors/smb/smb_talk.h"
#include "tests/support/cost.h"

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
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

const DissectorRow& row() {
  return dissector("smb");
}

std::string repeat_message(size_t count, auto&& make) {
  return repeated(count, [&](size_t i) { return packet(make(i)); });
}

const CapReaches kReaches = {
    {"smb",
     "tx",
     {{"app-layer.protocols.smb.max-tx", "4"}},
     [](Dialogue& d) {
       d.client(repeat_message(5, [](size_t i) { return message2(13, {.message = i}, le(4, 2) + zeros(2)); }));
     }},
    {"smb",
     "handles",
     {{"app-layer.protocols.smb.max-guid-cache-size", "4"}},
     [](Dialogue& d) {
       d.client(repeat_message(5, [](size_t i) { return message2(9, {.message = i}, write2(file_id(i), 0, "x")); }));
     }},
    {"smb",
     "reads",
     {{"app-layer.protocols.smb.max-read-offset-cache-size", "4"}},
     [](Dialogue& d) {
       d.client(repeat_message(5, [](size_t i) { return message2(8, {.message = i}, read2(file_id(1), 9, 0)); }));
     }},
    {"smb",
     "trees",
     {{"app-layer.protocols.smb.max-tree-cache-size", "4"}},
     [](Dialogue& d) {
       for (uint32_t i = 0; i < 5; ++i) {
         d.client(packet(message2(3, {.message = i}, tree_connect2("\\\\a\\b"))));
         d.server(packet(message2(3, {.message = i, .tree = i, .flags = kResponse}, tree2(1))));
       }
     }},
    {"smb",
     "sessions",
     {{"app-layer.protocols.smb.max-session-cache-size", "4"}},
     [](Dialogue& d) {
       for (uint64_t i = 1; i < 6; ++i) {
         d.client(packet(message2(1, {.message = i, .session = 0}, session_setup2(ntlm_negotiate()))));
         d.server(packet(message2(1, {.message = i, .session = i, .status = kMoreProcessing, .flags = kResponse},
                                  session2(ntlm_challenge()))));
       }
     }},
    {"smb",
     "transactions",
     {},
     [](Dialogue& d) {
       for (uint16_t i = 0; i < 17; ++i) d.client(packet(head1(0x25, {.multiplex = i}) + transact1(7, "x", 9)));
     }},
    {"smb",
     "pipes",
     {{"app-layer.protocols.smb.max-dcerpc-frag-cache-size", "4"}},
     [](Dialogue& d) {
       d.client(
           repeat_message(5, [](size_t i) { return message2(9, {.message = i}, write2(file_id(i), 0, rpc_bind(1))); }));
     }},
    {"smb", "compressed", {}, [](Dialogue& d) { d.client(compressed2(message2(13, {}, le(4, 2) + zeros(2)), 64)); }},
    {"smb",
     "dialects",
     {},
     [](Dialogue& d) { d.client(packet(message2(0, {}, negotiate2(std::vector<uint16_t>(65, 0x202))))); }},
    {"smb",
     "message",
     {},
     [](Dialogue& d) { d.client(packet(message2(1, {}, session_setup2("x") + std::string(140'000, 'x')))); }},
};

TEST(Smb, ASessionOfNetbiosHasFlagsAboveTheLength) {
  const std::string name = "\x20" + std::string(32, 'A') + zeros(1);
  Dialogue d(row());
  d.client("\x81" + zeros(2) + "\x44" + name + name).server("\x82" + zeros(3));
  Talk talk(d);
  talk.tree().open(1, "a");
  std::string flagged = packet(message2(9, {.message = 100}, write2(file_id(1), 0, "abc")));
  flagged[1] = '\x02';
  d.client(flagged);
  talk.open(2, "after");
  d.finish();
  EXPECT_THAT(d.values("file.data"), ElementsAre("abc"));
  EXPECT_THAT(d.records, Contains(HasSubstr(R"("filename":"after")")));
  EXPECT_THAT(d.anomalies, IsEmpty());
}

TEST(Smb, LostBytesAtTheBeginningOfWhatAPipeIsToldLeaveItsOperation) {
  Dialogue d(row());
  Talk talk(d);
  talk.tree(2).open(1, "svcctl");
  const std::string ask = packet(message2(11, {.message = 9}, ioctl2(kTransceive, file_id(1), std::string(40, 'x'))));
  d.client(ask.substr(0, ask.size() - 30)).gap(Direction::to_server, 20).client(ask.substr(ask.size() - 10));
  talk.message = 9;
  talk.answer(11, controlled2(kTransceive, file_id(1), ""));
  const std::string last = packet(message2(11, {.message = 10}, ioctl2(kTransceive, file_id(1), std::string(40, 'x'))));
  d.client(last.substr(0, last.size() - 30)).finish();
  EXPECT_THAT(d.records, Contains(AllOf(HasSubstr("FSCTL_PIPE_TRANSCEIVE"), HasSubstr("STATUS_SUCCESS"))).Times(1));
  EXPECT_THAT(d.records, Contains(HasSubstr("FSCTL_PIPE_TRANSCEIVE")).Times(2));
  EXPECT_THAT(d.anomalies, IsEmpty());
}

TEST(Smb, BehindLostBytesTheNextMessageIsFound) {
  Dialogue d(row());
  Talk talk(d);
  talk.tree();
  const std::string first = packet(message2(13, {.message = 7}, zeros(4)));
  d.client(first.substr(0, 20)).gap(Direction::to_server, first.size() + 10).client("junk\0\0\0\x44\xfeSMB");
  talk.message = 20;
  talk.open(1, "found");
  d.finish();
  EXPECT_THAT(d.records, Contains(HasSubstr(R"("filename":"found")")));
}

TEST(Smb, AnAsynchronousAnswerIsWaitedFor) {
  Dialogue d(row());
  Talk talk(d);
  talk.tree().ask(15, zeros(32)).answer(15, zeros(9), kPending, kAsync).answer(15, zeros(9), 0, kAsync);
  d.finish();
  ASSERT_THAT(d.records, SizeIs(2));
  EXPECT_THAT(d.records[1], AllOf(HasSubstr(R"("command":"SMB2_COMMAND_CHANGE_NOTIFY","status":"STATUS_SUCCESS")"),
                                  HasSubstr(R"("tree_id":5)")));
}

TEST(Smb, NamesAndDeletionsAreTold) {
  Dialogue d(row());
  Talk talk(d);
  talk.tree().open(1, "old").exchange(17, set_info2(file_id(1), 10, rename_info2("new")), le(2, 2));
  talk.exchange(17, set_info2(file_id(1), 13, le(1, 1)), le(2, 2));
  d.finish();
  ASSERT_THAT(d.records, SizeIs(4));
  EXPECT_THAT(d.records[2], HasSubstr(R"("rename":{"from":"old","to":"new"})"));
  EXPECT_THAT(d.records[2], HasSubstr(R"("info_level":"SMB2_FILE_RENAME_INFO")"));
  EXPECT_THAT(d.records[3], AllOf(HasSubstr(R"("filename":"new")"), HasSubstr(R"("access":"delete on close")")));
}

TEST(Smb, WhoLogsInIsTold) {
  for (const uint32_t status : {0u, kLogonFailure}) {
    Dialogue d(row());
    d.client(packet(message2(1, {.message = 1, .session = 0, .tree = 0}, session_setup2(ntlm_negotiate()))));
    d.server(packet(message2(1, {.message = 1, .tree = 0, .status = kMoreProcessing, .flags = kResponse},
                             session2(ntlm_challenge()))));
    d.client(packet(message2(1, {.message = 2, .tree = 0}, session_setup2(ntlm_authenticate("DOM", "ann", "PC")))));
    d.server(packet(message2(1, {.message = 2, .tree = 0, .status = status, .flags = kResponse}, session2(""))));
    d.finish();
    ASSERT_THAT(d.records, SizeIs(2));
    EXPECT_THAT(d.records[0], AllOf(HasSubstr("STATUS_MORE_PROCESSING_REQUIRED"), HasSubstr(R"("session_id":119)"),
                                    Not(HasSubstr("ntlmssp\":{"))));
    EXPECT_THAT(d.records[1], HasSubstr(R"("ntlmssp":{"domain":"DOM","user":"ann","host":"PC")"));
    EXPECT_THAT(d.values("smb.ntlmssp_user"), ElementsAre("ann"));
    EXPECT_THAT(d.values("smb.ntlmssp_domain"), ElementsAre("DOM"));
  }
}

TEST(Smb, WhatIsAgreedOnIsTold) {
  Dialogue d(row());
  d.client(packet(message2(0, {.message = 0, .session = 0, .tree = 0}, negotiate2({0x202, 0x311}))));
  d.server(
      packet(message2(0, {.message = 0, .session = 0, .tree = 0, .flags = kResponse}, negotiated2(0x311, 1 << 25))));
  d.finish();
  ASSERT_THAT(d.records, SizeIs(1));
  EXPECT_THAT(d.records[0], AllOf(HasSubstr(R"("dialect":"3.11")"), HasSubstr(R"("client_dialects":["2.02","3.11"])"),
                                  HasSubstr(R"("max_read_size":33554432)"), HasSubstr(R"("cipher":"AES-128-GCM")"),
                                  HasSubstr(R"("signing":"required","signing_algorithm":"AES-CMAC")")));
  EXPECT_THAT(d.anomalies, ElementsAre("negotiate_max_read_size_too_large@0"));
}

TEST(Smb, WhatACompoundRenamesAndRemovesHasTheNumberThatTheAnswerTells) {
  Dialogue d(row());
  const auto ask = [](uint8_t level, const std::string& info, uint64_t at) {
    return compound({message2(5, {.message = at}, create2("a.txt")),
                     message2(17, {.message = at + 1, .flags = kRelated}, set_info2(kFileBefore, level, info)),
                     message2(6, {.message = at + 2, .flags = kRelated}, close2(kFileBefore))});
  };
  const auto answer = [](uint64_t at) {
    return compound({message2(5, {.message = at, .flags = kResponse}, created2(file_id(7))),
                     message2(17, {.message = at + 1, .flags = kResponse | kRelated}, le(2, 2)),
                     message2(6, {.message = at + 2, .flags = kResponse | kRelated}, closed2())});
  };
  d.client(ask(10, rename_info2("b.txt"), 1));
  d.server(answer(1));
  d.client(ask(13, "\1", 4));
  d.server(answer(4));
  d.finish();
  EXPECT_THAT(d.records, Contains(AllOf(HasSubstr(R"("to":"b.txt")"), HasSubstr(R"("fuid":"00000007-)"))));
  EXPECT_THAT(d.records,
              Contains(AllOf(HasSubstr("delete on close"), HasSubstr("SET_INFO"), HasSubstr(R"("fuid":"00000007-)"))));
}

TEST(Smb, CallsComeByWriteAndReadAndByTransceive) {
  for (size_t piece : {0, 1, 5}) {
    Dialogue d(row());
    Talk talk(d, piece);
    talk.tree(2).open(1, "svcctl").write(1, 0, rpc_bind(1)).read(1, 0, rpc_bound(1));
    talk.exchange(11, ioctl2(kTransceive, file_id(1), rpc_request(2, 15, "stub")),
                  controlled2(kTransceive, file_id(1), piped_response(2, "answer")));
    talk.close(1);
    d.finish();
    EXPECT_THAT(d.values("smb.named_pipe"), ElementsAre("\\\\srv\\share"));
    EXPECT_THAT(d.values("dcerpc.stub_data"), AllOf(Contains("stub"), Contains("answer")));
    EXPECT_THAT(d.records, Contains(HasSubstr(R"("res":{"frag_cnt":1,"stub_data_size":6})")));
    EXPECT_THAT(d.values("dcerpc.opnum"), Contains("15"));
    EXPECT_THAT(d.records, Contains(AllOf(HasSubstr(R"("command":"SMB2_COMMAND_WRITE","status":"STATUS_SUCCESS")"),
                                          HasSubstr(R"("request":"BIND")"), HasSubstr(R"("response":"BINDACK")"),
                                          HasSubstr("367abb81-9844-35f1-ad32-98f038001003"))));
    EXPECT_THAT(d.records, Contains(AllOf(HasSubstr(R"("command":"SMB2_COMMAND_IOCTL")"), HasSubstr(R"("opnum":15)"))));
    EXPECT_THAT(d.records, Each(Not(HasSubstr("FSCTL"))));
    EXPECT_THAT(d.anomalies, IsEmpty());
  }
}

TEST(Smb, AFailedTransceiveEndsItsCall) {
  Dialogue d(row());
  Talk talk(d);
  talk.tree(2).open(1, "svcctl");
  talk.exchange(11, ioctl2(kTransceive, file_id(1), rpc_request(2, 15, "stub")), zeros(8), 0xc00000b0);
  EXPECT_THAT(d.records, Contains(AllOf(HasSubstr("STATUS_PIPE_DISCONNECTED"), HasSubstr("UNREPLIED"))));
}

TEST(Smb, ACommandThatNobodyKnowsSpoilsNothingBehindIt) {
  for (size_t piece : {0, 1}) {
    for (uint16_t command : {uint16_t{0x13}, uint16_t{0x20}}) {
      Dialogue d(dissector("smb"));
      Talk talk(d, piece);
      talk.tree().open(7, "hidden");
      d.client(compound({message2(command, {.message = 10}, zeros(8)),
                         message2(9, {.message = 11}, write2(file_id(7), 0, "behind it"))}),
               piece);
      d.server(packet(message2(0x13, {.message = UINT64_MAX, .flags = kResponse}, le(4, 2) + zeros(10))), piece);
      talk.close(7);
      d.finish();
      EXPECT_THAT(d.values("file.data"), ElementsAre("behind it"));
      EXPECT_THAT(d.anomalies, IsEmpty());
    }
  }
}

TEST(Smb, PipesOfVersion2AreToldInMessagesOfAByte) {
  for (size_t piece : {0, 1}) {
    Dialogue d(dissector("smb"));
    Talk talk(d, piece);
    talk.tree(2).open(7, "svcctl");
    for (const std::string& pdu : {rpc_bind(1), rpc_request(2, 12, "in")}) {
      for (const char byte : pdu) talk.write(7, 0, std::string(1, byte));
    }
    talk.close(7);
    d.finish();
    EXPECT_THAT(d.records, Contains(AllOf(HasSubstr(R"("opnum":12)"), HasSubstr("svcctl"))));
    EXPECT_THAT(d.anomalies, IsEmpty());
  }
}

TEST(Smb, APipeThatSpeaksSomethingElseIsNoFile) {
  Dialogue d(row());
  Talk talk(d);
  talk.tree(2).open(1, "stdout").write(1, 0, "dir c:\\").read(1, 0, "Volume in drive").close(1);
  d.finish();
  EXPECT_THAT(d.values("file.data"), IsEmpty());
  EXPECT_THAT(d.records, SizeIs(3));
}

TEST(Smb, SizesBeyondWhatWasAgreedOnAreNotFollowed) {
  Dialogue d(row(), {{"app-layer.protocols.smb.max-read-size", "8"}, {"app-layer.protocols.smb.max-write-size", "8"}});
  Talk talk(d);
  talk.tree().open(1, "a").write(1, 0, "much too long").ask(8, read2(file_id(1), 9, 0));
  talk.ask(8, read2(file_id(1), 8, 0)).answer(8, data2("nine byte"));
  d.finish();
  EXPECT_THAT(d.values("file.data"), IsEmpty());
  EXPECT_THAT(d.anomalies, ElementsAre(StartsWith("write_request_too_large"), StartsWith("read_request_too_large"),
                                       StartsWith("read_response_too_large")));
}

TEST(Smb, QueuesAreBounded) {
  Dialogue d(row(), {{"app-layer.protocols.smb.max-write-queue-cnt", "2"},
                     {"app-layer.protocols.smb.max-read-queue-size", "4"}});
  Talk talk(d);
  talk.tree().open(1, "a").write(1, 10, "x").write(1, 20, "x").write(1, 30, "x");
  talk.read(1, 10, "abc").read(1, 20, "def");
  d.finish();
  EXPECT_THAT(d.anomalies, ElementsAre(StartsWith("write_queue_cnt_exceeded"), StartsWith("read_queue_size_exceeded")));
  EXPECT_THAT(d.values("file.data"),
              ElementsAre(zeros(10) + "x" + zeros(9) + "x" + zeros(9) + "x", zeros(10) + "abc" + zeros(7) + "def"))
      << "the holes are given up";
  Dialogue other(row(), {{"app-layer.protocols.smb.max-read-queue-cnt", "1"},
                         {"app-layer.protocols.smb.max-write-queue-size", "4"}});
  Talk again(other);
  again.tree().open(1, "a").write(1, 10, "abc").write(1, 20, "def").read(1, 10, "x").read(1, 20, "x");
  other.finish();
  EXPECT_THAT(other.anomalies,
              ElementsAre(StartsWith("write_queue_size_exceeded"), StartsWith("read_queue_cnt_exceeded")));
}

TEST(Smb, ACompoundOverlapsNothingAndLoopsNowhere) {
  for (const uint32_t next : {1u, 8u, 63u, 1000u, UINT32_MAX}) {
    Dialogue d(row());
    d.client(packet(message2(13, {.message = 1}, zeros(40), next)));
    d.client(packet(message2(13, {.message = 2}, zeros(4))));
    d.finish();
    EXPECT_THAT(d.records, SizeIs(2)) << next;
    EXPECT_THAT(d.anomalies, SizeIs(1));
  }
}

TEST(Smb, MessagesOfACompoundAreInTheShareThatItConnectsTo) {
  const auto related = [](uint64_t message) {
    return Head2{.message = message, .session = UINT64_MAX, .tree = UINT32_MAX, .flags = kRelated};
  };
  const auto answer = [](Head2 head) {
    head.flags |= kResponse;
    return head;
  };
  for (size_t piece : {0, 1}) {
    for (const bool pipe : {false, true}) {
      Dialogue d(row());
      d.client(compound({message2(3, {.message = 1, .tree = 0}, tree_connect2(pipe ? "\\\\s\\IPC$" : "\\\\s\\C$")),
                         message2(5, related(2), create2("svcctl", 0, 5)),
                         message2(9, related(3), write2(kFileBefore, 0, pipe ? rpc_bind(1) : "sixteen bytes ...")),
                         message2(6, related(4), close2(kFileBefore))}),
               piece);
      d.server(compound({message2(3, {.message = 1, .tree = 8, .flags = kResponse}, tree2(pipe ? 2 : 1)),
                         message2(5, answer(related(2)), created2(file_id(4))),
                         message2(9, answer(related(3)), written2()), message2(6, answer(related(4)), closed2())}),
               piece);
      d.finish();
      EXPECT_THAT(d.records, Contains(AllOf(HasSubstr("SMB2_COMMAND_CREATE"), HasSubstr(R"("tree_id":8)"))));
      EXPECT_THAT(d.records, Contains(AllOf(HasSubstr("SMB2_COMMAND_CLOSE"), HasSubstr(R"("tree_id":8)"))));
      // They end before the number is known.
      EXPECT_THAT(d.records, Contains(AllOf(HasSubstr("SMB2_COMMAND_WRITE"),
                                            HasSubstr(pipe ? R"("request":"BIND")" : R"("share":"\\\\s\\C$")"))));
      EXPECT_THAT(d.operations, Contains(pipe ? "smb 5 open IPC$\\svcctl success" : "smb 9 write C$\\svcctl success"));
      EXPECT_THAT(d.anomalies, IsEmpty());
    }
  }
}

/// A flow whose first bytes were missed is turned by them.
TEST(Smb, WhoSendsAMessageItsHeaderSays) {
  using enum Direction;
  const std::string ask2 = packet(message2(3, {}, tree_connect2("\\\\a\\b"))),
                    answer2 = packet(message2(3, {.flags = kResponse | kAsync}, tree2(1))),
                    ask1 = packet(head1(4, {}) + close1(7)),
                    answer1 = packet(head1(4, {.response = true}) + block1("", ""));
  for (const std::string& ask : {ask1, ask2}) {
    EXPECT_EQ(probe(row(), to_server, ask), Likelihood::sure);
    EXPECT_EQ(probe(row(), to_client, ask), Likelihood::maybe);
  }
  for (const std::string& answer : {answer1, answer2}) {
    EXPECT_EQ(probe(row(), to_client, answer), Likelihood::sure);
    EXPECT_EQ(probe(row(), to_server, answer), Likelihood::maybe);
    for (size_t size = 1; size < answer.size(); ++size) {
      const Likelihood verdict = probe(row(), to_server, answer.substr(0, size));
      EXPECT_TRUE(verdict == Likelihood::more || verdict == Likelihood::maybe) << size;
    }
  }
  // Either side takes a lock back so, and what is encrypted says nothing.
  const std::string locking = packet(head1(0x24, {}) + block1(kNoAndx + zeros(12), "")),
                    encrypted = packet("\xfdSMB" + zeros(60));
  for (const std::string& either : {locking, encrypted}) {
    EXPECT_EQ(probe(row(), to_server, either), Likelihood::sure);
    EXPECT_EQ(probe(row(), to_client, either), Likelihood::sure);
  }
}

TEST(Smb, MessagesOfTheWrongSideAreTold) {
  Dialogue d(row());
  d.client(packet(message2(13, {.message = 1}, zeros(4))));
  d.client(packet(message2(13, {.message = 1, .flags = kResponse}, zeros(4))));
  d.server(packet(message2(13, {.message = 2}, zeros(4))));
  d.finish();
  EXPECT_THAT(d.anomalies, ElementsAre("response_to_server@0", "request_to_client@0"));
  EXPECT_THAT(d.records, SizeIs(1));
}

TEST(Smb, RecordsAreThoseThatOptionsName) {
  Dialogue d(row(), {{"app-layer.protocols.smb.record.types", "create"}});
  Talk talk(d);
  talk.tree().open(1, "a").write(1, 0, "x").close(1);
  d.finish();
  ASSERT_THAT(d.records, SizeIs(2));
  EXPECT_THAT(d.records[0], HasSubstr("CREATE"));
  EXPECT_THAT(d.records[1], HasSubstr("fileinfo"));
}

/// The longest answer that is followed, however it is cut, is neither kept nor looked at again.
TEST(Smb, LongReadsArePassedOnAsTheyCome) {
  struct Case {
    size_t size, piece;
  };
  constexpr size_t kLongest = (1 << 24) - 1 - 80;  // the header of a packet has 24 bits for the rest of it
  for (const auto& [size, piece] : {Case{kLongest, 1024}, Case{1 << 18, 1}}) {
    Dialogue d(row());
    Talk talk(d);
    talk.tree().open(1, "big").ask(8, read2(file_id(1), static_cast<uint32_t>(size), 0));
    const std::string answer =
        packet(message2(8, {.message = talk.message, .flags = kResponse}, data2(std::string(size, 'x'))));
    const uint64_t before = d.worked;
    d.server(answer, piece);
    // A look costs a unit at least.
    EXPECT_LT(d.worked - before, 2 * answer.size() * std::max<size_t>(FlowCosts::kWorkUnit / piece, 1));
    talk.close(1);
    EXPECT_THAT(d.records, Contains(HasSubstr("\"size\":" + std::to_string(size))));
  }
}

}  // namespace
}  // namespace lapwing
