#include "dissectors/parts/onc_rpc/onc_rpc.h"

#include <gmock/gmock.h>

#include <array>
#include <string>
#include <vector>

#include "dissectors/parts/onc_rpc/messages.h"
#include "tests/dissectors/parts/rpc_wire.h"
#include "tests/support/cost.h"

namespace lapwing {
namespace {

using namespace test;
using namespace onc_rpc;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr uint32_t kProgram = 100003;

TEST(Xdr, ReadsNothingBeyondWhatIsThere) {
  const std::string wire = xdr(7) + xdr_text("abcde") + xdr64(1ull << 40);
  XdrReader reader(to_bytes(wire));
  EXPECT_EQ(reader.u32(), 7u);
  EXPECT_EQ(reader.text(5), "abcde");
  EXPECT_EQ(reader.u64(), 1ull << 40);
  EXPECT_TRUE(reader.whole());
  EXPECT_EQ(reader.position(), wire.size());
  EXPECT_EQ(reader.u64(), 0u);
  EXPECT_EQ(reader.missing(), 8u);
  EXPECT_EQ(reader.u32(), 0u);
  EXPECT_EQ(reader.missing(), 8u);
  EXPECT_TRUE(reader.ok());
}

TEST(Xdr, ALengthThatNoneMayHaveIsRefusedAtOnce) {
  XdrReader reader(to_bytes(std::string_view("\xff\xff\xff\xff", 4)));
  EXPECT_TRUE(reader.opaque(400).empty());
  EXPECT_FALSE(reader.ok());
  const std::string wire = xdr(5) + "ab";
  XdrReader shorter(to_bytes(wire));
  shorter.opaque(400);
  EXPECT_TRUE(shorter.ok());
  EXPECT_EQ(shorter.missing(), 6u);
}

TEST(OncRpc, TheHeadOfACallSaysWhoAsks) {
  const std::string wire = rpc_call(9, kProgram, 3, 1);
  XdrReader reader(to_bytes(wire));
  const Call call = read_call(reader);
  ASSERT_TRUE(reader.whole());
  EXPECT_EQ(reader.position(), wire.size());
  EXPECT_EQ(call.xid, 9u);
  EXPECT_EQ(call.version, 3u);
  EXPECT_EQ(call.machine, "client");
  Identity identity;
  identity.take(call);
  EXPECT_EQ(identity.uid, 1000u);
  EXPECT_THAT(identity.groups, ElementsAre(4, 24));
}

TEST(OncRpc, CredentialsThatAreNoneTellNothing) {
  const std::string wire = rpc_call(9, kProgram, 3, 1, "", xdr(1) + xdr_text(xdr(7) + xdr(70)));
  XdrReader reader(to_bytes(wire));
  const Call call = read_call(reader);
  EXPECT_TRUE(reader.whole());
  EXPECT_EQ(call.machine, "");
  const std::string gss = rpc_call(9, kProgram, 3, 1, "", rpc_gss(3));
  XdrReader other(to_bytes(gss));
  EXPECT_EQ(read_call(other).gss->service, GssService::privacy);
}

TEST(OncRpc, AnAnswerSaysWhyThereAreNoResults) {
  const auto read = [](const std::string& wire) {
    XdrReader reader(to_bytes(wire));
    const Reply reply = read_reply(reader);
    EXPECT_TRUE(reader.whole());
    EXPECT_EQ(reader.position(), wire.size());
    return reply;
  };
  EXPECT_TRUE(read(rpc_reply(1)).has_results());
  EXPECT_FALSE(read(rpc_reply(1, "", 1)).has_results());
  EXPECT_EQ(read(rpc_reply(1, xdr(2) + xdr(4), 2)).highest, 4u);
  const Reply denied = read(xdr(1) + xdr(1) + xdr(1) + xdr(1) + xdr(5));
  EXPECT_TRUE(denied.denied);
  EXPECT_EQ(denied.why, 5u);
}

TEST(OncRpc, ACallIsToldFromOtherBytes) {
  const std::string call = rpc_record(rpc_call(9, kProgram, 3, 1));
  EXPECT_EQ(judge(to_bytes(call), kProgram, true), Likelihood::sure);
  EXPECT_EQ(judge(to_bytes(call), kProgram + 2, true), Likelihood::no);
  EXPECT_EQ(judge(to_bytes(call).first(30), kProgram, true), Likelihood::more);
  EXPECT_EQ(judge(to_bytes(call).subspan(4), kProgram, false), Likelihood::sure);
  EXPECT_EQ(judge(to_bytes(call).subspan(4, 20), kProgram, false), Likelihood::no);
  for (size_t fragment : {1, 3, 11, 17}) {
    const std::string cut = rpc_record(rpc_call(9, kProgram, 3, 1), fragment);
    EXPECT_EQ(judge(to_bytes(cut), kProgram, true), Likelihood::sure) << fragment;
    EXPECT_EQ(judge(to_bytes(cut), kProgram + 2, true), Likelihood::no) << fragment;
  }
  const std::string reply = rpc_record(rpc_reply(9));
  EXPECT_EQ(judge(to_bytes(reply), kProgram, true), Likelihood::maybe);
  EXPECT_EQ(judge(to_bytes(std::string_view("GET / HTTP/1.1\r\nHost: a\r\n\r\n")), kProgram, true), Likelihood::no);
}

/// The mark behind a fragment may yet be none: were the fragment believed, it would depend on how the bytes were cut.
TEST(OncRpc, AFragmentAloneTellsNothingYet) {
  const std::string refusal = xdr(9) + xdr(1) + xdr(1) + xdr(1) + xdr(5);
  const std::string cut = xdr(static_cast<uint32_t>(refusal.size())) + refusal;
  EXPECT_EQ(judge(to_bytes(cut), kProgram, true), Likelihood::more);
  EXPECT_EQ(judge(to_bytes(cut + xdr(0x80000004) + xdr(0)), kProgram, true), Likelihood::maybe);
  EXPECT_EQ(judge(to_bytes(cut + "OOOO"), kProgram, true), Likelihood::no);
}

/// Notes what is read. Bodies are bytes behind their number, one by one.
struct Notes final : Carrier {
  void call(const Call& head, const Span& span, Direction) override {
    said.push_back("call " + std::to_string(head.xid) + " at " + std::to_string(span.begin));
  }
  void reply(const Reply& head, const Span&, Direction) override {
    said.push_back("reply " + std::to_string(head.xid));
  }
  Taken body(Bytes bytes, bool, Direction) override {
    ++asked;
    size_t used = 0;
    while (true) {
      XdrReader reader(Messages::unit(bytes.subspan(used)));
      looked += 1;
      const std::string_view text = reader.text(1 << 20);
      if (reader.missing()) return {used, used == bytes.size() ? 0 : reader.missing()};
      if (!reader.ok()) return {bytes.size(), 0};
      used += reader.position();
      said.emplace_back(text.substr(0, 20));
      if (used == bytes.size()) return {used, 0};
    }
  }
  bool lose(uint64_t count, Direction) override {
    said.push_back("lost " + std::to_string(count));
    return goes_on;
  }
  void end(bool whole, Direction) override { said.push_back(whole ? "end" : "broken"); }
  void fault(Fault fault, Direction) override { said.push_back(fault == Fault::unit ? "too long" : "malformed"); }
  Likelihood begins(Bytes bytes, Direction) override { return judge(bytes, kProgram, true); }
  void record(const Span&, Direction) override {}
  void record_over(uint64_t, Direction) override {}

  std::vector<std::string> said;
  size_t asked = 0, looked = 0;
  bool goes_on = false;
};

struct Lab {
  Notes notes;
  Messages messages{notes};
  uint64_t offset = 0;

  Lab& say(std::string_view bytes, size_t piece = 0) {
    std::string waiting;
    if (piece == 0) piece = std::max<size_t>(bytes.size(), 1);
    for (size_t at = 0; at < bytes.size(); at += piece) {
      waiting += bytes.substr(at, piece);
      const Step step = messages.data({.data = to_bytes(waiting), .offset = offset});
      offset += step.used;
      waiting.erase(0, step.used);
    }
    return *this;
  }
  Lab& gap(uint64_t lost) {
    messages.gap(Direction::to_server, lost);
    offset += lost;
    return *this;
  }
};

TEST(Messages, FragmentsAreJoinedHoweverTheyAreCut) {
  const std::string first = rpc_call(1, kProgram, 3, 1, xdr_text("one") + xdr_text("and two"));
  const std::string second = rpc_reply(2, xdr_text("three"));
  for (size_t fragment : {size_t{0}, size_t{1}, size_t{3}, size_t{50}}) {
    for (size_t piece : {size_t{0}, size_t{1}, size_t{7}}) {
      Lab lab;
      lab.say(rpc_record(first, fragment) + rpc_record(second, fragment), piece);
      EXPECT_THAT(lab.notes.said, ElementsAre("call 1 at 0", "one", "and two", "end", "reply 2", "three", "end"))
          << fragment << " " << piece;
    }
  }
}

TEST(Messages, FragmentsWithoutBytesSayNothing) {
  Lab lab;
  std::string wire;
  for (int i = 0; i < 1000; ++i) wire += xdr(0);
  lab.say(wire + rpc_record(rpc_call(1, kProgram, 3, 1, xdr_text("x"))) + xdr(0x80000000));
  EXPECT_THAT(lab.notes.said, ElementsAre("call 1 at 0", "x", "end", "malformed"));
}

TEST(Messages, LostBytesBreakTheMessageTheyBelongTo) {
  const std::string call = rpc_record(rpc_call(1, kProgram, 3, 1, xdr_text("one")));
  Lab lab;
  lab.say(call.substr(0, call.size() - 8)).gap(8).say(call);
  EXPECT_THAT(lab.notes.said,
              ElementsAre("call 1 at 0", "lost 8", "broken", "call 1 at " + std::to_string(call.size()), "one", "end"));
}

TEST(Messages, ALossOverTheEndOfARecordIsSought) {
  const std::string call = rpc_record(rpc_call(1, kProgram, 3, 1, xdr_text("one")));
  for (size_t piece : {size_t{0}, size_t{1}, size_t{5}}) {
    Lab lab;
    lab.say(call.substr(0, call.size() - 8)).gap(20).say("junk that is no record" + call, piece);
    EXPECT_THAT(lab.notes.said, ElementsAre("call 1 at 0", "broken", testing::StartsWith("call 1 at "), "one", "end"));
  }
}

TEST(Messages, ARecordThatNoneMayHaveIsNotWaitedFor) {
  Lab lab;
  lab.say(xdr(0xffffffff) + rpc_record(rpc_call(1, kProgram, 3, 1, xdr_text("one"))));
  EXPECT_THAT(lab.notes.said, ElementsAre("malformed", "call 1 at 4", "one", "end"));
}

TEST(Messages, WhatIsKeptHasABoundHoweverItComes) {
  const std::string call = rpc_call(1, kProgram, 3, 1, xdr_text("one") + xdr_text(std::string(70'000, 'a')));
  for (size_t piece : {size_t{0}, size_t{1000}, size_t{7}}) {
    Lab lab;
    lab.say(rpc_record(call), piece).say(rpc_record(rpc_reply(1)));
    EXPECT_THAT(lab.notes.said, ElementsAre("call 1 at 0", "one", "too long", "broken", "reply 1", "end")) << piece;
  }
}

TEST(Messages, AFieldThatComesByteByByteIsNotReadAnewWithEach) {
  Lab lab;
  lab.say(rpc_record(rpc_call(1, kProgram, 3, 1, xdr_text(std::string(16'000, 'a')))), 1);
  EXPECT_THAT(lab.notes.said, ElementsAre("call 1 at 0", std::string(20, 'a'), "end"));
  EXPECT_LT(lab.notes.looked, 6u);
}

TEST(Messages, CostGrowsWithWhatIsSaid) {
  const std::string fragments = rpc_record(rpc_call(1, kProgram, 3, 1, xdr_text(std::string(200, 'a'))), 1);
  const auto make = [&](size_t n) {
    return [&fragments, n] {
      Lab lab;
      for (size_t i = 0; i < n; ++i) lab.say(fragments);
    };
  };
  EXPECT_LT(growth(make, 200), kDoubled);
}

}  // namespace
}  // namespace lapwing
