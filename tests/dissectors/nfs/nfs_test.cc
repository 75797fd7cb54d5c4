#include <gmock/gmock.h>

#include "dissectors/protocols/nfs/nfs.h"
#include "tests/dissectors/caps.h"
#include "tests/dissectors/dialogue.h"
#include "tests/dissectors/parts/ntlmssp_wire.h"
#include "tests/dissectors/parts/rpc_wire.h"
#include "tests/support/cost.h"

namespace lapwing {
namespace {

using namespace test;
using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

const std::string kDirectory = xdr_text("DIRECTORY-HANDLE"), kFile = xdr_text("FILE-HANDLE!");

/// RFC 1813 2.5.5.
std::string fattr3(uint64_t size) {
  return xdr(1) + xdr(0100644) + xdr(1) + xdr(1000) + xdr(100) + xdr64(size) + xdr64(size) + xdr64(0) + xdr64(5) +
         xdr64(77) + xdr(1) + xdr(0) + xdr(2) + xdr(0) + xdr(3) + xdr(0);
}
std::string after(uint64_t size) {
  return xdr(1) + fattr3(size);
}
const std::string kNoChange = xdr(0) + xdr(0);

std::string call3(uint32_t xid, uint32_t procedure, const std::string& arguments,
                  const std::string& credentials = kRpcSys) {
  return rpc_record(rpc_call(xid, kNfs, 3, procedure, arguments, credentials));
}
std::string reply(uint32_t xid, const std::string& results) {
  return rpc_record(rpc_reply(xid, results));
}
std::string lookup(uint32_t xid, const std::string& name) {
  return call3(xid, 3, kDirectory + xdr_text(name));
}
std::string found(uint32_t xid, const std::string& handle = kFile, uint64_t size = 9) {
  return reply(xid, xdr(0) + handle + after(size) + xdr(0));
}
std::string read3(uint32_t xid, uint64_t offset, uint32_t count, const std::string& handle = kFile) {
  return call3(xid, 6, handle + xdr64(offset) + xdr(count));
}
std::string data3(uint32_t xid, const std::string& data, bool last, uint64_t size = 9) {
  return reply(xid, xdr(0) + after(size) + xdr(static_cast<uint32_t>(data.size())) + xdr(last) + xdr_text(data));
}
std::string write3(uint32_t xid, uint64_t offset, const std::string& data, uint32_t stable = 0,
                   const std::string& handle = kFile) {
  return call3(xid, 7, handle + xdr64(offset) + xdr(static_cast<uint32_t>(data.size())) + xdr(stable) + xdr_text(data));
}
std::string written3(uint32_t xid, uint32_t status = 0) {
  return reply(xid, xdr(status) + kNoChange + xdr(0) + xdr(0) + xdr64(0));
}

TEST(Nfs, ACallAndItsAnswerAreARecord) {
  Dialogue d(dissector("nfs"));
  d.client(lookup(7, "notes.txt")).server(found(7));
  EXPECT_THAT(d.records,
              ElementsAre(R"({"rpc":{"xid":7,"status":"ACCEPTED","auth_type":"UNIX",)"
                          R"("creds":{"machine_name":"client","uid":1000,"gid":100,"groups":[4,24]}},)"
                          R"("nfs":{"version":3,"procedure":"LOOKUP","filename":"notes.txt","hhash":"83cc31db","id":1,)"
                          R"("file_tx":false,"type":"response","status":"OK"}})"));
}

TEST(Nfs, AttributesAreShownWhereTheyAreAskedFor) {
  Dialogue d(dissector("nfs"), {{"app-layer.protocols.nfs.record.extended", "yes"}});
  d.client(lookup(7, "notes.txt")).server(found(7));
  ASSERT_THAT(d.records, SizeIs(1));
  EXPECT_THAT(d.records[0],
              AllOf(HasSubstr(R"("attributes":{"type":"file","mode":"0644","size":9,"links":1,"uid":1000,)"
                              R"("gid":100,"fileid":77,"accessed":1,"modified":2,"changed":3})"),
                    HasSubstr(R"("groups":[4,24])")));
}

TEST(Nfs, AFileIsReadInWhateverOrder) {
  Dialogue d(dissector("nfs"));
  d.client(lookup(1, "notes.txt")).server(found(1));
  d.client(read3(2, 0, 5) + read3(3, 5, 5)).server(data3(3, "data", true) + data3(2, "some ", false));
  d.finish();
  ASSERT_THAT(d.records, SizeIs(3));
  EXPECT_THAT(d.records[1], AllOf(HasSubstr(R"("fileinfo":{"filename":"notes.txt","gaps":false,"state":"CLOSED")"),
                                  HasSubstr(R"("size":9)")));
  EXPECT_THAT(
      d.records[2],
      AllOf(HasSubstr(R"("procedure":"READ","filename":"notes.txt")"), HasSubstr(R"("file_tx":true)"),
            HasSubstr(R"("read":{"first":true,"last":true,"last_xid":2,"chunks":2})"), HasSubstr(R"("xid":2)")));
  EXPECT_THAT(d.values("file.data"), ElementsAre("some data"));
  EXPECT_THAT(d.anomalies, IsEmpty());
}

TEST(Nfs, AFileIsWrittenUntilItIsCommitted) {
  Dialogue d(dissector("nfs"));
  d.client(write3(1, 4096, "end") + write3(2, 0, std::string(4096, 'a'))).server(written3(1) + written3(2));
  EXPECT_THAT(d.records, IsEmpty());
  d.client(call3(3, 21, kFile + xdr64(0) + xdr(0)));
  ASSERT_THAT(d.records, SizeIs(1));
  EXPECT_THAT(d.records[0], AllOf(HasSubstr("fileinfo"), HasSubstr(R"("size":4099)"), HasSubstr("CLOSED")));
  d.server(reply(3, xdr(0) + kNoChange + xdr64(0)));
  ASSERT_THAT(d.records, SizeIs(2));
  EXPECT_THAT(d.records[1], AllOf(HasSubstr(R"("procedure":"WRITE")"), HasSubstr(R"("status":"OK")"),
                                  HasSubstr(R"("write":{"first":true,"last":true,"last_xid":3,"chunks":2})")));
  EXPECT_THAT(d.values("file.data"), ElementsAre(std::string(4096, 'a') + "end"));
}

TEST(Nfs, WhatIsWrittenSynchronouslyEndsWithAPageThatIsNotFull) {
  Dialogue d(dissector("nfs"));
  d.client(write3(1, 0, std::string(4096, 'a'), 2)).server(written3(1));
  EXPECT_THAT(d.records, IsEmpty());
  d.client(write3(2, 4096, "end", 2)).server(written3(2, 28));
  ASSERT_THAT(d.records, SizeIs(2));
  EXPECT_THAT(d.records[1], AllOf(HasSubstr(R"("status":"ERR_NOSPC")"), HasSubstr(R"("chunks":2)")));
}

TEST(Nfs, WhatIsNeverCommittedEndsWithTheFlow) {
  Dialogue d(dissector("nfs"));
  d.client(write3(1, 0, "some"));
  d.finish();
  ASSERT_THAT(d.records, SizeIs(2));
  EXPECT_THAT(d.records[0], HasSubstr(R"("state":"TRUNCATED")"));
  EXPECT_THAT(d.records[1], Not(HasSubstr(R"("status":"OK")")));
}

TEST(Nfs, AReadThatFailsIsARecordWithoutAFile) {
  Dialogue d(dissector("nfs"));
  d.client(read3(1, 0, 10)).server(reply(1, xdr(70) + xdr(0)));
  ASSERT_THAT(d.records, SizeIs(1));
  EXPECT_THAT(d.records[0], AllOf(HasSubstr(R"("procedure":"READ")"), HasSubstr(R"("status":"ERR_STALE")")));
}

TEST(Nfs, BothNamesOfARenameAreTold) {
  Dialogue d(dissector("nfs"));
  d.client(call3(1, 14, kDirectory + xdr_text("old") + kDirectory + xdr_text("new")))
      .server(reply(1, xdr(13) + kNoChange + kNoChange));
  d.client(call3(2, 9, kDirectory + xdr_text("dir") + xdr(0))).server(reply(2, xdr(0) + xdr(0) + xdr(0) + kNoChange));
  ASSERT_THAT(d.records, SizeIs(2));
  EXPECT_THAT(d.records[0], AllOf(HasSubstr(R"("rename":{"from":"old","to":"new"})"), HasSubstr("ERR_ACCES")));
  EXPECT_THAT(d.records[1], AllOf(HasSubstr("MKDIR"), Not(HasSubstr("rename"))));
}

TEST(Nfs, NamesAreLearnedFromDirectories) {
  Dialogue d(dissector("nfs"));
  const auto entry = [](const std::string& name, const std::string& handle) {
    return xdr(1) + xdr64(1) + xdr_text(name) + xdr64(1) + xdr(0) + xdr(1) + handle;
  };
  d.client(call3(1, 17, kDirectory + xdr64(0) + xdr64(0) + xdr(4096) + xdr(8192)));
  d.server(reply(1, xdr(0) + xdr(0) + xdr64(0) + entry("other", xdr_text("x")) + entry("notes.txt", kFile) + xdr(0) +
                        xdr(1)),
           3);
  d.client(call3(2, 4, kFile + xdr(1))).server(reply(2, xdr(0) + xdr(0) + xdr(1)));
  ASSERT_THAT(d.records, SizeIs(2));
  EXPECT_THAT(d.records[1], HasSubstr(R"("procedure":"ACCESS","filename":"notes.txt")"));
  EXPECT_THAT(d.anomalies, IsEmpty());
}

TEST(Nfs, AttributesAloneHaveNoRecord) {
  Dialogue d(dissector("nfs"));
  d.client(call3(1, 1, kFile)).server(reply(1, xdr(0) + fattr3(9)));
  d.client(call3(2, 0, "")).server(reply(2, ""));
  ASSERT_THAT(d.records, SizeIs(1));
  EXPECT_THAT(d.records[0], HasSubstr(R"("procedure":"NULL")"));
}

TEST(Nfs, ACallWithoutResultsSaysWhy) {
  Dialogue d(dissector("nfs"));
  d.client(lookup(1, "a")).server(rpc_record(rpc_reply(1, xdr(4) + xdr(4), 2)));
  d.client(lookup(2, "b")).server(rpc_record(xdr(2) + xdr(1) + xdr(1) + xdr(1) + xdr(5)));
  ASSERT_THAT(d.records, SizeIs(2));
  EXPECT_THAT(d.records[0],
              AllOf(HasSubstr(R"("status":"ACCEPTED","reason":"PROG_MISMATCH")"), Not(HasSubstr("\"OK\""))));
  EXPECT_THAT(d.records[1], HasSubstr(R"("status":"DENIED","reason":"TOOWEAK")"));
}

TEST(Nfs, ADatagramThatComesOnceMoreIsNoNewCall) {
  Dialogue d(dissector("nfs"));
  const std::string call = rpc_call(1, kNfs, 3, 12, kDirectory + xdr_text("a"));
  d.datagram(kClient, call).datagram(kClient, call).datagram(kServer, rpc_reply(1, xdr(0) + kNoChange));
  // One with another name is, whatever number it says it has.
  d.datagram(kClient, call).datagram(kClient, rpc_call(1, kNfs, 3, 12, kDirectory + xdr_text("b")));
  d.finish();
  ASSERT_THAT(d.records, SizeIs(3));
  EXPECT_THAT(d.records[2], HasSubstr(R"("filename":"b")"));
}

// Version 4.
const std::string kState(16, 's');
std::string putfh(const std::string& handle) {
  return xdr(22) + handle;
}
std::string compound(uint32_t xid, const std::vector<std::string>& operations,
                     const std::string& credentials = kRpcSys) {
  std::string out = xdr_text("tag") + xdr(1) + xdr(static_cast<uint32_t>(operations.size()));
  for (const std::string& one : operations) out += one;
  return rpc_record(rpc_call(xid, kNfs, 4, 1, out, credentials));
}
std::string outcomes(uint32_t xid, const std::vector<std::string>& operations, uint32_t status = 0) {
  std::string out = xdr(status) + xdr_text("tag") + xdr(static_cast<uint32_t>(operations.size()));
  for (const std::string& one : operations) out += one;
  return reply(xid, out);
}
std::string done(uint32_t operation, const std::string& results = {}) {
  return xdr(operation) + xdr(0) + results;
}
std::string open4(const std::string& name) {
  return xdr(18) + xdr(0) + xdr(1) + xdr(0) + xdr64(1) + xdr_text("owner") + xdr(0) + xdr(0) + xdr_text(name);
}
std::string opened() {
  return done(18, kState + xdr(1) + xdr64(1) + xdr64(2) + xdr(0) + xdr(0) + xdr(0));
}
const std::string kSequence = xdr(53) + std::string(16, 'i') + xdr(1) + xdr(0) + xdr(0) + xdr(0);
std::string sequenced() {
  return done(53, std::string(16, 'i') + std::string(20, '\0'));
}
std::string changed() {
  return xdr(1) + xdr64(1) + xdr64(2);
}

TEST(Nfs, AFileOfVersion4IsNamedByItsOpen) {
  Dialogue d(dissector("nfs"));
  d.client(compound(1, {kSequence, putfh(kDirectory), open4("notes.txt"), xdr(10)}));
  d.server(outcomes(1, {sequenced(), done(22), opened(), done(10, kFile)}));
  EXPECT_THAT(d.records, IsEmpty());
  d.client(compound(2, {kSequence, putfh(kFile), xdr(25) + kState + xdr64(0) + xdr(100)}));
  d.server(outcomes(2, {sequenced(), done(22), done(25, xdr(1) + xdr_text("hello"))}));
  ASSERT_THAT(d.records, SizeIs(2));
  EXPECT_THAT(d.records[0], AllOf(HasSubstr(R"("filename":"notes.txt")"), HasSubstr("CLOSED")));
  EXPECT_THAT(d.records[1], AllOf(HasSubstr(R"("version":4,"procedure":"READ")"), HasSubstr(R"("minor_version":1)"),
                                  HasSubstr(R"("read":{"first":true,"last":true,"last_xid":2,"chunks":1})")));
  EXPECT_THAT(d.values("file.data"), ElementsAre("hello"));
}

TEST(Nfs, ACompoundReadsWhatItHasJustLookedUp) {
  Dialogue d(dissector("nfs"));
  const std::string root = xdr(24), read = xdr(25) + kState + xdr64(0) + xdr(100);
  const auto lookup4 = [](const std::string& name) { return xdr(15) + xdr_text(name); };
  const auto results = [](const std::string& data, bool last = true) { return done(25, xdr(last) + xdr_text(data)); };
  d.client(compound(1, {root, lookup4("docs"), lookup4("letter.txt"), xdr(10), xdr(3) + xdr(1), read}) +
           compound(2, {root, lookup4("docs"), lookup4("notes.txt"), read}) +
           compound(3, {putfh(kDirectory), xdr(32), lookup4("list"), read, xdr(31), open4("plan"), read}));
  d.server(outcomes(3, {done(24), done(32), done(15), results("list"), done(31), opened(), results("plan")}) +
           outcomes(2, {done(24), done(15), done(15), results("notes")}) +
           outcomes(1, {done(24), done(15), done(15), done(10, kFile), done(3, xdr(1) + xdr(1)), results("letter")}));
  d.client(compound(4, {putfh(kFile), read})).server(outcomes(4, {done(22), results("again")}));
  EXPECT_THAT(d.values("file.name"), ElementsAre("list", "plan", "notes.txt", "letter.txt", "letter.txt"));
  EXPECT_THAT(d.values("file.data"), ElementsAre("list", "plan", "notes", "letter", "again"));
  // What only stands for a handle is not shown as one.
  ASSERT_THAT(d.records, SizeIs(10));
  for (size_t i = 0; i < 6; ++i) EXPECT_THAT(d.records[i], Not(HasSubstr("hhash")));
  for (size_t i : {7, 9}) EXPECT_THAT(d.records[i], HasSubstr(R"("hhash":"83cc31db")"));
  // Where more follows, it is that of the same file.
  d.client(compound(5, {root, lookup4("long"), xdr(25) + kState + xdr64(0) + xdr(4)}));
  d.server(outcomes(5, {done(24), done(15), results("some", false)}));
  d.client(compound(6, {root, lookup4("long"), xdr(25) + kState + xdr64(4) + xdr(4)}));
  d.server(outcomes(6, {done(24), done(15), results("more")}));
  EXPECT_THAT(d.records.back(), AllOf(HasSubstr(R"("filename":"long")"), HasSubstr(R"("chunks":2)")));
  EXPECT_THAT(d.values("file.data"), Contains("somemore"));
}

TEST(Nfs, AFileThatIsLookedUpAndThenKnownByItsHandleIsOne) {
  const std::string root = xdr(24), look = xdr(15) + xdr_text("long"), get = xdr(10);
  const auto read = [](uint64_t offset) { return xdr(25) + kState + xdr64(offset) + xdr(4); };
  const auto data = [](const std::string& bytes, bool last = false) { return done(25, xdr(last) + xdr_text(bytes)); };
  Dialogue d(dissector("nfs"));
  d.client(compound(1, {root, look, read(0), get}));
  d.server(outcomes(1, {done(24), done(15), data("what"), done(10, kFile)}));
  d.client(compound(2, {putfh(kFile), read(4)})).server(outcomes(2, {done(22), data(" is ")}));
  d.client(compound(3, {root, look, read(8)})).server(outcomes(3, {done(24), done(15), data("long", true)}));
  EXPECT_THAT(d.values("file.data"), ElementsAre("what is long"));
  EXPECT_THAT(d.records.back(),
              AllOf(HasSubstr(R"("filename":"long","hhash":"83cc31db")"), HasSubstr(R"("chunks":3)")));
  EXPECT_THAT(d.records, SizeIs(2));

  // Once it is gone its name may be another's.
  d.client(compound(4, {root, xdr(28) + xdr_text("long"), look, read(0)}));
  d.server(outcomes(4, {done(24), done(28, changed()), done(15), data("other", true)}));
  EXPECT_THAT(d.records.back(), AllOf(HasSubstr(R"("filename":"long")"), Not(HasSubstr("hhash"))));
  EXPECT_THAT(d.anomalies, IsEmpty());
}

TEST(Nfs, AFileOfVersion4IsWrittenUntilItIsClosed) {
  Dialogue d(dissector("nfs"));
  const std::string write = xdr(38) + kState + xdr64(0) + xdr(0) + xdr_text("hello");
  d.client(compound(1, {kSequence, putfh(kFile), write, xdr(9) + xdr(0)}), 7);
  d.server(outcomes(1, {sequenced(), done(22), done(38, xdr(5) + xdr(0) + xdr64(0)), done(9, xdr(0) + xdr_text(""))}));
  d.client(compound(2, {kSequence, putfh(kFile), xdr(4) + xdr(1) + kState}));
  d.server(outcomes(2, {sequenced(), done(22), done(4, kState)}));
  ASSERT_THAT(d.records, SizeIs(2));
  EXPECT_THAT(d.records[1], AllOf(HasSubstr(R"("procedure":"WRITE")"), HasSubstr(R"("status":"OK")"),
                                  HasSubstr(R"("write":{"first":true,"last":true,"last_xid":2,"chunks":1})")));
  EXPECT_THAT(d.values("file.data"), ElementsAre("hello"));
  EXPECT_THAT(d.anomalies, IsEmpty());
}

TEST(Nfs, AFileOfVersion4IsOverWithASynchronousPageThatIsNotFull) {
  Dialogue d(dissector("nfs"));
  d.client(compound(1, {putfh(kFile), xdr(38) + kState + xdr64(0) + xdr(2) + xdr_text("hello")}));
  d.server(outcomes(1, {done(22), done(38, xdr(5) + xdr(2) + xdr64(0))}));
  ASSERT_THAT(d.records, SizeIs(2));
  EXPECT_THAT(d.records[1], AllOf(HasSubstr(R"("status":"OK")"), HasSubstr(R"("last":true)")));
}

TEST(Nfs, OperationsThatMakeAndTakeNamesAreTransactions) {
  Dialogue d(dissector("nfs"));
  const std::string create = xdr(6) + xdr(2) + xdr_text("dir") + xdr(0) + xdr_text("");
  d.client(compound(
      1, {kSequence, putfh(kDirectory), create, xdr(28) + xdr_text("gone"), xdr(29) + xdr_text("a") + xdr_text("b")}));
  d.server(
      outcomes(1, {sequenced(), done(22), done(6, changed() + xdr(0)), done(28, changed()), xdr(29) + xdr(66)}, 66));
  ASSERT_THAT(d.records, SizeIs(3));
  EXPECT_THAT(d.records[0], AllOf(HasSubstr(R"("procedure":"CREATE","filename":"dir")"), HasSubstr("\"OK\"")));
  EXPECT_THAT(d.records[1], AllOf(HasSubstr(R"("procedure":"REMOVE","filename":"gone")"), HasSubstr("\"OK\"")));
  EXPECT_THAT(d.records[2], AllOf(HasSubstr(R"("rename":{"from":"a","to":"b"})"), HasSubstr("ERR_NOTEMPTY")));
}

TEST(Nfs, MoreOperationsAreRecordedWhereTheyAreAskedFor) {
  Dialogue d(dissector("nfs"), {{"app-layer.protocols.nfs.record.operations", "open"}});
  d.client(compound(1, {putfh(kDirectory), open4("a"), xdr(28) + xdr_text("gone")}));
  d.server(outcomes(1, {done(22), opened(), done(28, changed())}));
  ASSERT_THAT(d.records, SizeIs(1));
  EXPECT_THAT(d.records[0], AllOf(HasSubstr(R"("procedure":"OPEN","filename":"a")")));
}

TEST(Nfs, BothSidesSayWhatTheyRun) {
  Dialogue d(dissector("nfs"));
  const std::string made = xdr(1) + xdr_text("kernel.org");
  d.client(compound(
      1, {xdr(42) + xdr64(1) + xdr_text("me") + xdr(0) + xdr(0) + made + xdr_text("Linux 6.1") + xdr64(0) + xdr(0)}));
  d.server(outcomes(1, {done(42, xdr64(1) + xdr(1) + xdr(0) + xdr(0) + xdr64(1) + xdr_text("o") + xdr_text("s") + made +
                                     xdr_text("Linux 5.4") + xdr64(0) + xdr(0))}));
  EXPECT_THAT(d.records, IsEmpty());
  EXPECT_THAT(d.anomalies, IsEmpty());

  struct Sink final : SightingSink {
    void binding(const BindingSeen&) override {}
    void operation(const OperationSeen&) override {}
    void software(const SoftwareSeen& one) override {
      seen.push_back(std::to_string(int(one.side)) + " " + std::string(one.value));
    }
    std::vector<std::string> seen;
  } sink;
  nfs::Exchange exchange;
  exchange.software = "Linux 6.1\nLinux 5.4";
  nfs::sightings({.tx = &exchange, .direction = kClient}, sink);
  nfs::sightings({.tx = &exchange, .direction = kServer}, sink);
  EXPECT_THAT(sink.seen, ElementsAre("1 Linux 6.1", "2 Linux 5.4"));
}

TEST(Nfs, CallsAboutAccessControlListsMayComeFirst) {
  constexpr uint32_t kAcl = 100227;
  const std::string acl = rpc_record(rpc_call(1, kAcl, 3, 1, kFile + xdr(5))),
                    other = rpc_record(rpc_call(1, 100021, 4, 0));
  const std::string own = rpc_record(rpc_call(2, kNfs, 3, 0));
  const auto verdict = [](const std::string& text) {
    return dissector("nfs").probe({.data = to_bytes(text), .direction = kClient});
  };
  for (size_t size = 1; size <= 2 * acl.size(); ++size) {
    EXPECT_EQ(verdict((acl + acl).substr(0, size)), Likelihood::more) << size;
  }
  EXPECT_EQ(verdict(acl + acl + own), Likelihood::sure);
  EXPECT_EQ(verdict(acl + other), Likelihood::no);
  EXPECT_EQ(verdict(other), Likelihood::no);
}

TEST(Nfs, ALoginByGssIsTold) {
  const auto answer = [](uint32_t xid, uint32_t major, const std::string& token) {
    return reply(xid, xdr_text("ctx!") + xdr(major) + xdr(0) + xdr(128) + xdr_text(token));
  };
  Dialogue d(dissector("nfs"));
  d.client(call3(1, 0, xdr_text(ntlm_negotiate()), rpc_gss(1, 1)));
  d.server(answer(1, 1, ntlm_challenge(wide("LAB"), ntlm_pair(1, wide("FILES")))));
  d.client(call3(2, 0, xdr_text(ntlm_authenticate()), rpc_gss(1, 2))).server(answer(2, 0, ""));
  d.client(call3(3, 0, xdr_text(krb_ap_request("LAB.EXAMPLE", {"nfs", "files"}, 18)), rpc_gss(1, 1)));
  d.server(answer(3, 0x000d0000, ""));
  d.client(call3(4, 0, xdr_text("what"), rpc_gss(1, 2, "another"))).server(answer(4, 0, ""));
  ASSERT_THAT(d.records, SizeIs(4));
  EXPECT_THAT(d.records[0], AllOf(HasSubstr(R"("login":{"mechanism":"ntlmssp")"), Not(HasSubstr("outcome"))));
  EXPECT_THAT(d.records[1],
              AllOf(HasSubstr(R"("outcome":"success")"), HasSubstr(R"("user":"ann")"), HasSubstr("FILES")));
  EXPECT_THAT(d.records[2], AllOf(HasSubstr(R"("outcome":"failure")"), HasSubstr(R"("snames":["nfs","files"])")));
  EXPECT_THAT(d.records[3], Not(HasSubstr("login")));
  EXPECT_THAT(d.logins, ElementsAre("ann success", " failure"));
}

TEST(Nfs, WhatIsSealedCanBeReadAndWhatIsEncryptedCannot) {
  Dialogue d(dissector("nfs"));
  const std::string body = kDirectory + xdr_text("notes.txt");
  d.client(call3(1, 3, xdr(static_cast<uint32_t>(body.size() + 4)) + xdr(1) + body + xdr_text("checksum"), rpc_gss(2)));
  d.server(reply(1, xdr(100) + xdr(1) + xdr(0) + kFile + xdr(0) + xdr(0) + xdr_text("checksum")));
  d.client(call3(2, 3, xdr_text("who knows what"), rpc_gss(3))).server(reply(2, xdr_text("or that")));
  d.client(call3(3, 0, xdr_text("token"), rpc_gss(1, 1)))
      .server(reply(3, xdr_text("context") + xdr(0) + xdr(0) + xdr(128) + xdr_text("")));
  ASSERT_THAT(d.records, SizeIs(3));
  EXPECT_THAT(d.records[0], AllOf(HasSubstr(R"("auth_type":"GSS","gss_service":"integrity")"), HasSubstr("notes.txt")));
  EXPECT_THAT(d.records[1],
              AllOf(HasSubstr(R"("gss_service":"privacy")"), HasSubstr(R"("procedure":"LOOKUP","filename":"")")));
  EXPECT_THAT(d.records[2], HasSubstr("NULL"));
  EXPECT_THAT(d.anomalies, IsEmpty());
}

TEST(Nfs, LostBytesOfAFileAreAHoleInIt) {
  Dialogue d(dissector("nfs"));
  const std::string answer = data3(1, std::string(10'000, 'x'), true, 10'000);
  d.client(read3(1, 0, 10'000)).server(answer.substr(0, 2000)).gap(kServer, 3000).server(answer.substr(5000));
  ASSERT_THAT(d.records, SizeIs(2));
  EXPECT_THAT(d.records[0], AllOf(HasSubstr(R"("gaps":true,"state":"TRUNCATED")"), HasSubstr(R"("size":10000)")));
  EXPECT_THAT(d.anomalies, IsEmpty());
}

TEST(Nfs, OffsetsThatNoFileHasAreMalformed) {
  for (const uint64_t offset : {uint64_t{1} << 63, UINT64_MAX - 2, UINT64_MAX}) {
    Dialogue d(dissector("nfs"));
    d.client(write3(1, offset, "abcd")).finish();
    EXPECT_THAT(d.anomalies, ElementsAre("malformed_data@0"));
  }
  Dialogue d(dissector("nfs"));
  d.client(write3(1, (uint64_t{1} << 63) - 100, "abcd") + write3(2, 0, "abcd")).finish();
  EXPECT_THAT(d.anomalies, IsEmpty());
}

TEST(Nfs, LengthsThatNobodyMeansAreMalformed) {
  Dialogue d(dissector("nfs"));
  d.client(call3(1, 3, kDirectory + xdr(0xfffffff0) + "abc")).client(call3(2, 3, xdr(0x80000000) + "abc"));
  d.client(rpc_record(rpc_call(3, kNfs, 3, 3).substr(0, 20)));
  d.client(lookup(4, "a")).server(reply(4, xdr(0) + xdr(9)));
  d.client(rpc_record(rpc_call(5, kNfs, 4, 1, xdr_text("") + xdr(0) + xdr(0xffffffff) + putfh(kFile))));
  d.finish();
  EXPECT_THAT(d.anomalies, ElementsAre("malformed_data@0", "malformed_data@1", "malformed_data@2", "malformed_data@3"));
}

TEST(Nfs, CallsOfTheServerAreNotItsClients) {
  Dialogue d(dissector("nfs"));
  d.client(lookup(1, "a")).server(rpc_record(rpc_call(1, 0x40000000, 1, 1, xdr(0)))).server(found(1));
  d.client(rpc_record(rpc_reply(1, xdr(0))));
  EXPECT_THAT(d.records, SizeIs(1));
  EXPECT_THAT(d.anomalies, IsEmpty());
}

TEST(Nfs, AFlowMayBeginInTheMiddle) {
  Dialogue d(dissector("nfs"));
  d.late = true;
  d.client(std::string(100, 'x') + lookup(1, "a")).server(std::string(50, '\0') + found(1));
  EXPECT_THAT(d.records, SizeIs(1));
}

const CapReaches kReaches = {
    {"nfs",
     "tx",
     {{"app-layer.protocols.nfs.max-tx", "8"}},
     [](Dialogue& d) {
       for (uint32_t i = 0; i < 9; ++i) d.client(lookup(i, "a"));
     }},
    {"nfs",
     "names",
     {},
     [](Dialogue& d) {
       for (uint32_t i = 0; i < 4097; ++i) d.client(lookup(i, "a")).server(found(i, xdr_text(std::to_string(i))));
     }},
    {"nfs",
     "handles",
     {},
     [](Dialogue& d) {
       for (uint32_t i = 0; i < 1025; ++i) {
         d.client(compound(i, {xdr(24), xdr(15) + xdr_text(std::to_string(i)), xdr(10)}));
         d.server(outcomes(i, {done(24), done(15), done(10, kFile)}));
       }
     }},
    {"nfs",
     "files",
     {},
     [](Dialogue& d) {
       for (uint32_t i = 0; i < 257; ++i)
         d.client(read3(i, 0, 5, xdr_text(std::to_string(i)))).server(data3(i, "a", false));
     }},
    {"nfs",
     "operations",
     {},
     [](Dialogue& d) { d.client(compound(1, std::vector<std::string>(65, xdr(28) + xdr_text("a")))); }},
    {"nfs",
     "unit",
     {},
     [](Dialogue& d) {
       const std::string attributes(64 << 10, 'a');
       const std::string wire = compound(1, {putfh(kFile), xdr(34) + kState + xdr(0) + xdr_text(attributes), xdr(10)});
       d.client(wire, 30'000);
     },
     "onc_rpc"},
};

TEST(Nfs, ManyCallsWithoutAnswerAreToldOnce) {
  Dialogue d(dissector("nfs"), {{"app-layer.protocols.nfs.max-tx", "8"}});
  for (uint32_t i = 0; i < 100; ++i) d.client(lookup(i, "a"));
  d.finish();
  EXPECT_THAT(d.anomalies, ElementsAre("too_many_transactions@0"));
  EXPECT_EQ(d.capped("tx"), 92u);
  EXPECT_THAT(d.records, SizeIs(100));
}

TEST(Nfs, ACallIsToldFromOthers) {
  EXPECT_EQ(probe(dissector("nfs"), kClient, lookup(1, "a")), Likelihood::sure);
  EXPECT_EQ(probe(dissector("nfs"), kClient, lookup(1, "a").substr(4), true), Likelihood::sure);
  EXPECT_EQ(probe(dissector("nfs"), kClient, rpc_record(rpc_call(1, 100005, 3, 1))), Likelihood::no);
  EXPECT_EQ(probe(dissector("nfs"), kServer, found(1)), Likelihood::maybe);
  EXPECT_EQ(probe(dissector("nfs"), kServer, found(1).substr(0, 9)), Likelihood::more);
  EXPECT_EQ(probe(dissector("nfs"), kServer, lookup(1, "a")), Likelihood::no);
  EXPECT_EQ(probe(dissector("nfs"), kClient, found(1)), Likelihood::no);
}

TEST(Nfs, AnAnswerThatItsProgramIsUnknownIsNoSignOfNfs) {
  const std::string unknown = rpc_reply(1, "", 1);
  EXPECT_EQ(probe(dissector("nfs"), kServer, unknown, true), Likelihood::no);
  EXPECT_EQ(probe(dissector("nfs"), kServer, rpc_record(unknown)), Likelihood::more);
  EXPECT_EQ(probe(dissector("nfs"), kServer, rpc_record(unknown) + found(2)), Likelihood::maybe);
  EXPECT_EQ(probe(dissector("nfs"), kServer, rpc_record(unknown) + rpc_record(unknown, 8)), Likelihood::more);
  EXPECT_EQ(probe(dissector("nfs"), kServer, rpc_record(unknown) + "GET / HTTP/1.1\r\n"), Likelihood::no);
}

struct Shape {
  std::string_view name;
  size_t n;
  void (*talk)(Dialogue& d, size_t n);
};
constexpr Shape kShapes[] = {
    {"calls without answer", 1500,
     [](Dialogue& d, size_t n) {
       for (uint32_t i = 0; i < n; ++i) d.client(lookup(i, "a"));
     }},
    {"calls that are answered from the last on", 1200,
     [](Dialogue& d, size_t n) {
       for (uint32_t i = 0; i < n; ++i) d.client(lookup(i, "a"));
       for (uint32_t i = 0; i < n; ++i) d.server(found(static_cast<uint32_t>(n) - i));
     }},
    {"handles", 5000,
     [](Dialogue& d, size_t n) {
       for (uint32_t i = 0; i < n; ++i)
         d.client(lookup(1, "a")).server(found(1, xdr_text("handle" + std::to_string(i))));
     }},
    {"files", 600,
     [](Dialogue& d, size_t n) {
       for (uint32_t i = 0; i < n; ++i) d.client(write3(i, 0, "abcd", 0, xdr_text("handle" + std::to_string(i))));
     }},
    {"operations of a compound", 4000,
     [](Dialogue& d, size_t n) { d.client(compound(1, std::vector<std::string>(n, xdr(28) + xdr_text("a"))), 1400); }},
    {"entries of a directory byte by byte", 150,
     [](Dialogue& d, size_t n) {
       std::string entries;
       for (size_t i = 0; i < n; ++i) entries += xdr(1) + xdr64(i) + xdr_text("name") + xdr64(i) + xdr(0) + xdr(0);
       d.client(call3(1, 17, kDirectory + xdr64(0) + xdr64(0) + xdr(1) + xdr(1)));
       d.server(reply(1, xdr(0) + xdr(0) + xdr64(0) + entries + xdr(0) + xdr(1)), 1);
     }},
    {"bytes of a file one by one", 4000, [](Dialogue& d, size_t n) { d.client(write3(1, 0, std::string(n, 'a')), 1); }},
    {"fragments of a byte", 4000,
     [](Dialogue& d, size_t n) {
       d.client(rpc_record(rpc_call(1, kNfs, 3, 3, kDirectory + xdr_text("a") + std::string(n, '\0')), 1), 1400);
     }},
    {"a large file", 1 << 20, [](Dialogue& d, size_t n) { d.client(write3(1, 0, std::string(n, 'a')), 65'536); }},
};

TEST(Nfs, CostGrowsWithWhatIsSaid) {
  for (const Shape& shape : kShapes) {
    const auto make = [&](size_t n) {
      return [&shape, n] {
        Dialogue d(dissector("nfs"));
        shape.talk(d, n);
        d.finish();
      };
    };
    EXPECT_LT(growth(make, shape.n), kDoubled) << shape.name;
  }
}

}  // namespace
}  // namespace lapwing
