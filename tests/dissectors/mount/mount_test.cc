#include <gmock/gmock.h>

#include "tests/dissectors/caps.h"
#include "tests/dissectors/dialogue.h"
#include "tests/dissectors/parts/rpc_wire.h"
#include "tests/support/cost.h"

namespace lapwing {
namespace {

using namespace test;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr uint32_t kMount = 100005;

std::string call(uint32_t xid, uint32_t version, uint32_t procedure, const std::string& arguments = {}) {
  return rpc_record(rpc_call(xid, kMount, version, procedure, arguments));
}
std::string reply(uint32_t xid, const std::string& results) {
  return rpc_record(rpc_reply(xid, results));
}

TEST(Mount, APathBecomesAHandle) {
  Dialogue d(dissector("mount"));
  d.client(call(1, 3, 1, xdr_text("/srv/home")));
  d.server(reply(1, xdr(0) + xdr_text("HNDL") + xdr(2) + xdr(1) + xdr(390003)));
  EXPECT_THAT(d.records, ElementsAre(R"({"rpc":{"xid":1,"status":"ACCEPTED","auth_type":"UNIX",)"
                                     R"("creds":{"machine_name":"client","uid":1000,"gid":100,"groups":[4,24]}},)"
                                     R"("mount":{"version":3,"procedure":"MNT","path":"/srv/home","status":"OK",)"
                                     R"("handle":"484e444c","flavors":["UNIX","390003"]}})"));
  EXPECT_THAT(d.values("mount.path"), ElementsAre("/srv/home"));
}

TEST(Mount, OlderVersionsHaveHandlesOfOneLength) {
  Dialogue d(dissector("mount"));
  d.datagram(kClient, rpc_call(1, kMount, 1, 1, xdr_text("/a")))
      .datagram(kServer, rpc_reply(1, xdr(0) + std::string(32, 'h')));
  d.datagram(kClient, rpc_call(2, kMount, 1, 1, xdr_text("/b"))).datagram(kServer, rpc_reply(2, xdr(13)));
  d.datagram(kClient, rpc_call(3, kMount, 1, 3, xdr_text("/a"))).datagram(kServer, rpc_reply(3));
  ASSERT_THAT(d.records, SizeIs(3));
  EXPECT_THAT(d.records[0], HasSubstr(R"("status":"OK","handle":"6868)"));
  EXPECT_THAT(d.records[1], HasSubstr(R"("path":"/b","status":"ERR_ACCES"})"));
  EXPECT_THAT(d.records[2], HasSubstr(R"("procedure":"UMNT","path":"/a"})"));
  EXPECT_THAT(d.anomalies, IsEmpty());
}

TEST(Mount, ExportsAndMountsAreListed) {
  Dialogue d(dissector("mount"));
  const std::string groups = xdr(1) + xdr_text("10.0.0.0/8") + xdr(1) + xdr_text("@trusted") + xdr(0);
  d.client(call(1, 3, 5))
      .server(reply(1, xdr(1) + xdr_text("/srv") + groups + xdr(1) + xdr_text("/all") + xdr(0) + xdr(0)), 5);
  d.client(call(2, 3, 2)).server(reply(2, xdr(1) + xdr_text("host") + xdr_text("/srv") + xdr(0)));
  ASSERT_THAT(d.records, SizeIs(2));
  EXPECT_THAT(d.records[0],
              HasSubstr(R"("exports":[{"path":"/srv","groups":["10.0.0.0/8","@trusted"]},{"path":"/all"}])"));
  EXPECT_THAT(d.records[1], HasSubstr(R"("mounts":[{"host":"host","path":"/srv"}])"));
}

TEST(Mount, WhatHasNoAnswerIsToldAtTheEnd) {
  Dialogue d(dissector("mount"));
  d.client(call(1, 3, 1, xdr_text("/srv"))).client(call(2, 3, 9));
  d.finish();
  ASSERT_THAT(d.records, SizeIs(2));
  EXPECT_THAT(d.records[0], HasSubstr(R"("rpc":{"xid":1,"auth_type")"));
  EXPECT_THAT(d.records[1], HasSubstr(R"("procedure":"9")"));
}

TEST(Mount, WhatCannotBeIsMalformed) {
  Dialogue d(dissector("mount"));
  d.client(call(1, 3, 1, xdr(0xffffffff))).client(call(2, 3, 1, xdr_text("/a")));
  d.server(reply(2, xdr(0) + xdr(65) + std::string(68, 'h')));
  d.server(rpc_record("too short to be anything"));
  EXPECT_THAT(d.anomalies, ElementsAre("malformed_data@0", "malformed_data@1"));
}

TEST(Mount, SealedBodiesAreReadAndEncryptedOnesAreNot) {
  Dialogue d(dissector("mount"));
  const std::string path = xdr_text("/srv");
  d.client(rpc_record(rpc_call(1, kMount, 3, 1, xdr(12) + xdr(1) + path + xdr_text("sum"), rpc_gss(2))));
  d.client(rpc_record(rpc_call(2, kMount, 3, 1, xdr_text("sealed"), rpc_gss(3))));
  d.finish();
  ASSERT_THAT(d.records, SizeIs(2));
  EXPECT_THAT(d.records[0], HasSubstr(R"("path":"/srv")"));
  EXPECT_THAT(d.records[1], HasSubstr(R"("mount":{"version":3,"procedure":"MNT"})"));
  EXPECT_THAT(d.anomalies, IsEmpty());
}

TEST(Mount, ACallIsToldFromOthers) {
  EXPECT_EQ(probe(dissector("mount"), kClient, call(1, 3, 1, xdr_text("/"))), Likelihood::sure);
  EXPECT_EQ(probe(dissector("mount"), kClient, rpc_record(rpc_call(1, 100003, 3, 1))), Likelihood::no);
  EXPECT_EQ(probe(dissector("mount"), kServer, rpc_reply(1), true), Likelihood::maybe);
}

TEST(Mount, EmptyFragmentsAreNotWaitedForWithoutEnd) {
  Dialogue d(dissector("mount"));
  d.client(call(1, 3, 1, xdr_text("/a")));
  for (int i = 0; i < 100; ++i) d.client(xdr(0));
  EXPECT_THAT(d.anomalies, ElementsAre("malformed_data@0"));
  d.client(call(2, 3, 1, xdr_text("/b"))).finish();
  EXPECT_THAT(d.values("mount.path"), ElementsAre("/a", "/b"));
}

const CapReaches kReaches = {
    {"mount",
     "tx",
     {},
     [](Dialogue& d) {
       for (uint32_t i = 0; i < 1025; ++i) d.client(call(i, 3, 1, xdr_text("/")));
     }},
    {"mount",
     "entries",
     {},
     [](Dialogue& d) {
       std::string list;
       for (int i = 0; i < 257; ++i) list += xdr(1) + xdr_text("/a") + xdr(0);
       d.client(call(1, 3, 5)).server(reply(1, list + xdr(0)));
     }},
    {"mount",
     "unit",
     {},
     [](Dialogue& d) {
       std::string groups;
       for (int i = 0; i < 9000; ++i) groups += xdr(1) + xdr_text("host");
       d.client(call(1, 3, 5)).server(reply(1, xdr(1) + xdr_text("/a") + groups + xdr(0) + xdr(0)), 4096);
     },
     "onc_rpc"},
};

TEST(Mount, CostGrowsWithWhatIsSaid) {
  const auto make = [](size_t n) {
    return [n] {
      Dialogue d(dissector("mount"));
      std::string list;
      for (size_t i = 0; i < n; ++i) list += xdr(1) + xdr_text("/a") + xdr(1) + xdr_text("b") + xdr(0);
      d.client(call(1, 3, 5)).server(reply(1, list + xdr(0)), 1400);
      d.finish();
    };
  };
  EXPECT_LT(growth(make, 10'000), kDoubled);
}

TEST(Mount, AListIsNotReadAnewWithEachOfItsFields) {
  for (size_t fragment : {size_t{0}, size_t{4}}) {
    const auto make = [fragment](size_t n) {
      const std::string groups = repeated(n, [](size_t) { return xdr(1) + xdr_text(""); });
      const std::string list = xdr(1) + xdr_text("/a") + groups + xdr(0) + xdr(0);
      return [wire = rpc_record(rpc_reply(1, list), fragment)] {
        Dialogue d(dissector("mount"));
        d.client(call(1, 3, 5)).server(wire, 1400).finish();
      };
    };
    EXPECT_LT(growth(make, 900), kDoubled) << fragment;
  }
}

}  // namespace
}  // namespace lapwing
