#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "dissectors/parts/handshake/messages.h"
#include "tests/dissectors/tls/tls_wire.h"

namespace lapwing::tls {
namespace {

using test::tls_message;
using testing::ElementsAre;

/// "type:body", with a '!' where it is too long.
std::vector<std::string> read(const std::string& bytes, size_t piece, size_t longest, size_t most = 100) {
  Messages messages;
  std::vector<std::string> out;
  for (size_t at = 0; at < bytes.size(); at += piece) {
    messages.read(to_bytes(std::string_view(bytes).substr(at, piece)), longest, [&](const Message& message) {
      out.push_back(std::to_string(message.type) + ":" + std::string(to_text(message.body)) +
                    (message.too_long ? "!" : ""));
      return out.size() < most;
    });
  }
  return out;
}

TEST(Messages, ArePutTogetherHoweverTheyAreCut) {
  const std::string bytes = tls_message(kClientHello, "hello") + tls_message(kServerHello, "") +
                            tls_message(kCertificate, std::string(300, 'c')) + tls_message(kServerHello, "end");
  const std::string long_one = "11:" + std::string(300, 'c');
  for (size_t piece = 1; piece <= bytes.size(); ++piece) {
    ASSERT_THAT(read(bytes, piece, 1000), ElementsAre("1:hello", "2:", long_one, "2:end")) << piece;
  }
}

TEST(Messages, WhatNobodyReadsIsNotKept) {
  const std::string bytes = tls_message(kServerKeyExchange, "secret") + tls_message(kClientHello, "a");
  EXPECT_THAT(read(bytes, 1, 100), ElementsAre("12:", "1:a"));
}

TEST(Messages, WhatIsTooLongIsPassedOver) {
  const std::string bytes = tls_message(kCertificate, std::string(11, 'c')) + tls_message(kClientHello, "a");
  EXPECT_THAT(read(bytes, 3, 10), ElementsAre("11:!", "1:a"));
}

TEST(Messages, NoMoreAreReadThanAreWanted) {
  const std::string bytes = tls_message(kClientHello, "a") + tls_message(kClientHello, "b");
  EXPECT_THAT(read(bytes, bytes.size(), 10, 1), ElementsAre("1:a"));
}

}  // namespace
}  // namespace lapwing::tls
