#include <gmock/gmock.h>

#include "dissectors/protocols/portmap/portmap_parser.h"
#include "tests/dissectors/caps.h"
#include "tests/dissectors/dialogue.h"
#include "tests/dissectors/parts/rpc_wire.h"
#include "tests/support/cost.h"

namespace lapwing {
namespace {

using namespace test;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr uint32_t kPortmap = 100000;

std::string mapping(uint32_t program, uint32_t version, uint32_t protocol, uint32_t port) {
  return xdr(program) + xdr(version) + xdr(protocol) + xdr(port);
}
std::string binding(uint32_t program, uint32_t version, const std::string& transport, const std::string& address) {
  return xdr(program) + xdr(version) + xdr_text(transport) + xdr_text(address) + xdr_text("root");
}

struct Talk {
  Dialogue d{dissector("portmap")};
  uint32_t xid = 0;

  Talk& say(uint32_t version, uint32_t procedure, const std::string& arguments, const std::string& results) {
    ++xid;
    d.datagram(kClient, rpc_call(xid, kPortmap, version, procedure, arguments, kRpcNull));
    d.datagram(kServer, rpc_reply(xid, results));
    return *this;
  }
};

TEST(Portmap, APortIsAskedFor) {
  Talk talk;
  talk.say(2, 3, mapping(100003, 3, 6, 0), xdr(2049));
  EXPECT_THAT(talk.d.records,
              ElementsAre(R"({"rpc":{"xid":1,"status":"ACCEPTED","auth_type":"NULL"},)"
                          R"("portmap":{"version":2,"procedure":"GETPORT","asked":{"program":100003,"name":"nfs",)"
                          R"("program_version":3,"protocol":"tcp"},"port":2049}})"));
  EXPECT_THAT(talk.d.values("portmap.program"), ElementsAre("100003"));
  EXPECT_THAT(talk.d.values("portmap.port"), ElementsAre("2049"));
}

TEST(Portmap, RpcbindWritesAddresses) {
  Talk talk;
  talk.say(4, 3, binding(100005, 3, "tcp6", ""), xdr_text("::.78.80"));
  talk.say(3, 3, binding(100005, 3, "udp", ""), xdr_text(""));
  ASSERT_THAT(talk.d.records, SizeIs(2));
  EXPECT_THAT(talk.d.records[0],
              AllOf(HasSubstr(R"("procedure":"GETADDR","asked":{"program":100005,"name":"mountd","program_version":3,)"
                              R"("protocol":"tcp6","owner":"root"})"),
                    HasSubstr(R"("port":20048,"address":"::.78.80")")));
  EXPECT_THAT(talk.d.records[1], HasSubstr(R"("owner":"root"},"address":""})"));
}

TEST(Portmap, AllProgramsAreListed) {
  Talk talk;
  talk.say(2, 4, "", xdr(1) + mapping(100000, 2, 17, 111) + xdr(1) + mapping(7, 1, 200, 9) + xdr(0));
  talk.say(4, 4, "", xdr(1) + binding(100003, 4, "tcp", "0.0.0.0.8.1") + xdr(0));
  talk.say(4, 11, binding(100003, 4, "tcp", ""),
           xdr(1) + xdr_text("10.0.0.1.8.1") + xdr_text("tcp") + xdr(3) + xdr_text("inet") + xdr_text("tcp") + xdr(0));
  ASSERT_THAT(talk.d.records, SizeIs(3));
  EXPECT_THAT(
      talk.d.records[0],
      HasSubstr(R"("mappings":[{"program":100000,"name":"portmapper","program_version":2,"protocol":"udp","port":111},)"
                R"({"program":7,"program_version":1,"protocol":"200","port":9}])"));
  EXPECT_THAT(talk.d.records[1], HasSubstr(R"("port":2049,"address":"0.0.0.0.8.1","owner":"root"}])"));
  EXPECT_THAT(talk.d.records[2], HasSubstr(R"("mappings":[{"program":100003,"name":"nfs","program_version":4,)"
                                           R"("protocol":"tcp","port":2049,"address":"10.0.0.1.8.1"}])"));
}

TEST(Portmap, ProgramsAreSetAndCalled) {
  Talk talk;
  talk.say(2, 1, mapping(100300, 1, 6, 4045), xdr(1)).say(2, 2, mapping(100300, 1, 0, 0), xdr(0));
  talk.say(2, 5, xdr(100005) + xdr(1) + xdr(5) + xdr_text("x"), xdr(635) + xdr_text("exports"));
  talk.say(4, 5, xdr(100005) + xdr(1) + xdr(5) + xdr_text("x"), xdr_text("10.0.0.1.2.123") + xdr_text(""));
  ASSERT_THAT(talk.d.records, SizeIs(4));
  EXPECT_THAT(talk.d.records[0], AllOf(HasSubstr(R"("procedure":"SET")"), HasSubstr(R"("done":true)")));
  EXPECT_THAT(talk.d.records[1], AllOf(HasSubstr(R"("procedure":"UNSET")"), HasSubstr(R"("done":false)")));
  EXPECT_THAT(talk.d.records[2], AllOf(HasSubstr("CALLIT"), HasSubstr(R"("called":5,"port":635)")));
  EXPECT_THAT(talk.d.records[3], AllOf(HasSubstr("BCAST"), HasSubstr(R"("port":635)")));
  EXPECT_THAT(talk.d.anomalies, IsEmpty());
}

TEST(Portmap, PortsOfUniversalAddresses) {
  using portmap::port_of;
  EXPECT_EQ(port_of("192.0.2.1.8.1"), 2049);
  EXPECT_EQ(port_of("::1.255.255"), 65535);
  EXPECT_EQ(port_of("/run/rpcbind.sock"), std::nullopt);
  for (const char* text : {"", ".", "1.2", "a.256.1", "a.1.-1", "a..1", "a.1."})
    EXPECT_EQ(port_of(text), std::nullopt) << text;
}

TEST(Portmap, ProgramsHaveNames) {
  EXPECT_EQ(portmap::program_name(100000), "portmapper");
  EXPECT_EQ(portmap::program_name(100005), "mountd");
  EXPECT_EQ(portmap::program_name(1), "");
  EXPECT_EQ(portmap::program_name(UINT32_MAX), "");
}

TEST(Portmap, WhatCannotBeIsMalformed) {
  Talk talk;
  talk.say(2, 3, xdr(1), xdr(1)).say(4, 3, binding(1, 1, "tcp", ""), xdr(0xffffffff));
  EXPECT_THAT(talk.d.anomalies, ElementsAre("malformed_data@0", "malformed_data@1"));
}

TEST(Portmap, ACallIsToldFromOthers) {
  EXPECT_EQ(probe(dissector("portmap"), kClient, rpc_call(1, kPortmap, 2, 4), true), Likelihood::sure);
  EXPECT_EQ(probe(dissector("portmap"), kClient, rpc_call(1, 100003, 2, 4), true), Likelihood::no);
}

const CapReaches kReaches = {
    {"portmap",
     "tx",
     {},
     [](Dialogue& d) {
       for (uint32_t i = 0; i < 1025; ++i) d.datagram(kClient, rpc_call(i, kPortmap, 2, 4));
     }},
    {"portmap",
     "entries",
     {},
     [](Dialogue& d) {
       std::string list;
       for (uint32_t i = 0; i < 257; ++i) list += xdr(1) + mapping(i, 1, 6, i);
       d.datagram(kClient, rpc_call(1, kPortmap, 2, 4)).datagram(kServer, rpc_reply(1, list + xdr(0)));
     }},
};

TEST(Portmap, CostGrowsWithWhatIsSaid) {
  const auto make = [](size_t n) {
    return [n] {
      Dialogue d(dissector("portmap"));
      for (uint32_t i = 0; i < n; ++i) d.client(rpc_record(rpc_call(i, kPortmap, 2, 3, mapping(i, 1, 6, 0))));
      d.finish();
    };
  };
  EXPECT_LT(growth(make, 4000), kDoubled);
}

}  // namespace
}  // namespace lapwing
