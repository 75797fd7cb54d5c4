#include <gtest/gtest.h>

#include "tests/dissectors/packets/packet_record.h"
#include "tests/support/packet_builder.h"

namespace lapwing {
namespace {

/// The record of what IP carries in a packet.
std::string sctp_record(const test::PacketBuilder& builder) {
  const test::BuiltFrame frame = builder.build();
  return test::packet_record(test::packet_row("sctp"), Bytes(frame.bytes).subspan(20), 4);
}

test::PacketBuilder packet(uint32_t tag) {
  test::PacketBuilder out;
  out.ipv4().sctp(5000, 5001, tag);
  return out;
}

TEST(Sctp, ShowsWhatAnAssociationBeginsWith) {
  const auto init = test::from_hex("00000007 00010000 000a 0800 00000009");
  EXPECT_EQ(sctp_record(packet(0).sctp_chunk(1, 0, init)),
            R"({"sctp":{"vtag":0,"chunk_cnt":1,"chunk_types":["INIT"],"has_init":true,"init":{"tag":7,"window":65536,)"
            R"("outbound_streams":10,"inbound_streams":2048,"tsn":9}}})");
  EXPECT_EQ(sctp_record(packet(7).sctp_chunk(2, 0, Bytes(init).first(15))),
            R"({"sctp":{"vtag":7,"chunk_cnt":1,"chunk_types":["INIT_ACK"],"has_init_ack":true}})");
}

TEST(Sctp, ShowsChunksAndTheirData) {
  const auto data = test::from_hex("00000001 0002 0003 00000033 616263");
  const auto interleaved = test::from_hex("00000001 0002 0000 00000003 00000033 6162");
  EXPECT_EQ(sctp_record(packet(7).sctp_chunk(0, 3, data).sctp_chunk(64, 2, interleaved).sctp_chunk(64, 0, interleaved)),
            R"({"sctp":{"vtag":7,"chunk_cnt":3,"chunk_types":["DATA","I_DATA","I_DATA"],"has_data":true,"data":[)"
            R"({"stream":2,"ppid":51,"size":3},{"stream":2,"ppid":51,"size":2},{"stream":2,"size":2}]}})");
  EXPECT_EQ(sctp_record(packet(7).sctp_chunk(6, 0, {}).sctp_chunk(99, 0, {})),
            R"({"sctp":{"vtag":7,"chunk_cnt":2,"chunk_types":["ABORT","UNKNOWN"],"has_abort":true}})");
}

TEST(Sctp, LeavesOutWhatFollowsABrokenChunk) {
  const auto bytes = test::from_hex("1388 1389 00000001 00000000 0b000004 03000003 0e000004");
  EXPECT_EQ(test::packet_record(test::packet_row("sctp"), bytes, 6),
            R"({"sctp":{"vtag":1,"chunk_cnt":1,"chunk_types":["COOKIE_ACK"]}})");
}

}  // namespace
}  // namespace lapwing
