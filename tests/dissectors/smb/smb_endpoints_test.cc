// What the endpoint mapper hands out by a pipe.
#include <gtest/gtest.h>

#include "tests/dissectors/dcerpc/dcerpc_wire.h"
#include "tests/dissectors/smb/smb_wire.h"
#include "tests/support/flow_driver.h"

namespace lapwing::test {
namespace {

TEST(SmbEndpoints, FlowsToPortsThatAPipeNamesAreExpected) {
  Heard heard;
  FlowDriver flow({.known = "smb", .contents = false}, heard);
  uint64_t message = 0;
  const auto exchange = [&](uint16_t command, const std::string& ask, const std::string& answer) {
    flow.say(Direction::to_server, smb::packet(smb::message2(command, {.message = ++message}, ask)));
    flow.say(Direction::to_client,
             smb::packet(smb::message2(command, {.message = message, .flags = smb::kResponse}, answer)));
  };
  const auto transceive = [&](const std::string& ask, const std::string& answer) {
    exchange(11, smb::ioctl2(smb::kTransceive, smb::file_id(1), ask),
             smb::controlled2(smb::kTransceive, smb::file_id(1), answer));
  };
  exchange(3, smb::tree_connect2("\\\\srv\\IPC$"), smb::tree2(2));
  exchange(5, smb::create2("epmapper"), smb::created2(smb::file_id(1)));
  transceive(rpc_bind(1, {kMapper}), rpc_bind_ack(1, {0}));
  const uint64_t before = flow.app().counters().expectations;
  transceive(rpc_request(2, 0, 3, "map"), rpc_response(2, rpc_towers(kSamr, {49668, 65536 + 49669})));
  EXPECT_EQ(flow.app().counters().expectations - before, 2u);
}

}  // namespace
}  // namespace lapwing::test
