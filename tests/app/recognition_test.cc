// Whom the first bytes of a flow are taken for, when many protocols might be it.
#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/app/made_up.h"
#include "tests/app/talk.h"

namespace lapwing::test {
namespace {

constexpr Direction kClient = Direction::to_server, kServer = Direction::to_client;

Likelihood sure_of_own_number(size_t number, const Chunk& first) {
  return first.data[0] == number ? Likelihood::sure : Likelihood::no;
}

TEST(Recognition, TellsMoreProtocolsApartThanAWordHasBits) {
  const MadeUp<kMaxProtocols> all(&sure_of_own_number);
  for (size_t number : {0, 63, 64, 127}) {
    Talk talk(AppConfig::read(Setting{}, all.rows()));
    talk.say(kClient, std::string(20, static_cast<char>(number)));
    EXPECT_EQ(talk.protocol(), "made-up-" + std::to_string(number));
  }
}

TEST(Recognition, RefusesMoreThanItCanTellApart) {
  const MadeUp<kMaxProtocols + 1> all(&sure_of_own_number);
  EXPECT_THROW(AppConfig::read(Setting{}, all.rows()), std::length_error);

  static constexpr std::array<FrameKind, kMaxFrameKinds + 1> kKinds{};
  Protocol framed{.name = "framed", .frames = kKinds};
  DissectorRow row = *MadeUp<1>(&sure_of_own_number).rows()[0];
  About about{.name = "framed"};
  row.about = &about;
  row.protocol = &framed;
  const DissectorRow* rows[] = {&row};
  EXPECT_THROW(AppConfig::read(Setting{}, rows), std::length_error);
  framed.frames = framed.frames.first(kMaxFrameKinds);
  EXPECT_NO_THROW(AppConfig::read(Setting{}, rows));
}

}  // namespace
}  // namespace lapwing::test
