// Version 2: by datagrams, with handles of one length.
#include <gmock/gmock.h>

#include "tests/dissectors/dialogue.h"
#include "tests/dissectors/parts/rpc_wire.h"

namespace lapwing {
namespace {

using namespace test;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::string handle2(char c) {
  return std::string(32, c);
}
std::string fattr2(uint32_t size) {
  return xdr(1) + xdr(0100600) + xdr(1) + xdr(0) + xdr(0) + xdr(size) + std::string(16, '\0') + xdr(3) +
         std::string(24, '\0');
}

TEST(Nfs, Version2HasHandlesOfOneLength) {
  Dialogue d(dissector("nfs"), {{"app-layer.protocols.nfs.version2-writes", "yes"}});
  const auto say = [&](uint32_t xid, uint32_t procedure, const std::string& arguments, const std::string& results) {
    d.datagram(kClient, rpc_call(xid, kNfs, 2, procedure, arguments));
    d.datagram(kServer, rpc_reply(xid, results));
  };
  say(1, 4, handle2('d') + xdr_text("a.txt"), xdr(0) + handle2('f') + fattr2(5));
  say(2, 6, handle2('f') + xdr(0) + xdr(8) + xdr(0), xdr(0) + fattr2(5) + xdr_text("hello"));
  say(3, 8, handle2('f') + xdr(0) + xdr(0) + xdr(3) + xdr_text("abc"), xdr(0) + fattr2(5));
  say(4, 17, handle2('f'), xdr(0) + std::string(20, '\0'));
  d.finish();
  ASSERT_THAT(d.records, SizeIs(6));
  EXPECT_THAT(d.records[0], AllOf(HasSubstr(R"("version":2,"procedure":"LOOKUP","filename":"a.txt")")));
  EXPECT_THAT(d.records[1], AllOf(HasSubstr(R"("filename":"a.txt")"), HasSubstr("CLOSED"), HasSubstr(R"("size":5)")));
  EXPECT_THAT(d.records[2], HasSubstr(R"("read":{"first":true,"last":true)"));
  EXPECT_THAT(d.records[3], HasSubstr("STATFS"));
  EXPECT_THAT(d.records[5], HasSubstr(R"("write":)"));
  EXPECT_THAT(d.values("file.data"), ElementsAre("hello", "abc"));
  EXPECT_THAT(d.anomalies, IsEmpty());
}

TEST(Nfs, WritesOfVersion2AreFilesOnlyWhereTheyShallBe) {
  Dialogue d(dissector("nfs"));
  d.datagram(kClient, rpc_call(3, kNfs, 2, 8, handle2('f') + xdr(0) + xdr(0) + xdr(3) + xdr_text("abc")));
  d.datagram(kServer, rpc_reply(3, xdr(0) + fattr2(5)));
  ASSERT_THAT(d.records, SizeIs(1));
  EXPECT_THAT(d.records[0], AllOf(HasSubstr(R"("procedure":"WRITE")"), HasSubstr(R"("file_tx":false)")));
}

}  // namespace
}  // namespace lapwing
