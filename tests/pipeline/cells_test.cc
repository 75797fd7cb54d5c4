// A stream is looked at in cells: what a rule asks for is found wherever in them it lies, once.
#include "signatures/match/stream_window.h"
#include "tests/pipeline/connection.h"

namespace lapwing {
namespace {

using namespace test;
using rules::kCell;

// "KEY", END 50 bytes behind it, a 7 90 bytes behind it, and more.
const std::string kCellRules =
    R"(alert tcp any any -> any any (content:"KEY"; isdataat:100,relative; sid:1;)
alert tcp any any -> any any (content:"KEY"; isdataat:!100,relative; sid:2;)
alert tcp any any -> any any (content:"KEY"; content:!"END"; within:100; sid:3;)
alert tcp any any -> any any (content:"KEY"; content:!"END"; within:50; sid:4;)
alert tcp any any -> any any (content:"KEY"; content:!"END"; distance:60; within:300; sid:5;)
alert tcp any any -> any any (content:"KEY"; byte_test:1,=,0x37,90,relative; sid:6;)
alert tcp any any -> any any (content:"KEY"; byte_jump:1,90,relative,multiplier 2; sid:7;)
alert tcp any any -> any any (content:"KEY"; base64_decode:bytes 8,offset 92,relative; base64_data; content:"secret"; sid:8;)
alert tcp any any -> any any (content:"KEY"; content:"END"; distance:0; sid:9;)
)";

class Cells : public Connection {
 protected:
  /// The signatures that a stream raises in which as much lies before "KEY" and behind what belongs to it.
  std::vector<int> raised(size_t before, size_t behind) {
    std::string part = "KEY" + std::string(50, '.') + "END" + std::string(37, '.') + "7.c2VjcmV0";
    return raised(std::string(before, 'x') + part + std::string(behind, 'y'));
  }
  std::vector<int> raised(const std::string& stream) {
    handshake();
    constexpr size_t kSegment = 700;
    for (size_t at = 0; at < stream.size(); at += kSegment) {
      say(Direction::to_server, stream.substr(at, kSegment));
      acknowledge(Direction::to_client);
    }
    std::vector<int> out;
    for (const auto& alert : alerts(kCellRules)) out.push_back(signature(alert));
    return out;
  }
};

TEST_F(Cells, WhatIsAskedForIsSeenWhole) {
  const std::vector<int> wanted = {1, 4, 5, 6, 7, 8, 9};
  for (size_t before = kCell - 400; before < kCell + 10; before += 7) {
    EXPECT_EQ(raised(before, 3 * kCell), wanted) << before;
  }
}

TEST_F(Cells, NothingComesBehindTheEnd) {
  const std::string last = "KEY" + std::string(20, '.');
  const std::vector<int> wanted = {2, 3, 4, 5};
  for (const size_t size : {2 * kCell - 1, 2 * kCell, 2 * kCell + 1, 2 * kCell + 15}) {
    EXPECT_EQ(raised(std::string(size - last.size(), 'x') + last), wanted) << size;
  }
}

}  // namespace
}  // namespace lapwing
