#include "sensor/base/base64.h"

#include <gtest/gtest.h>

#include "sensor/base/text.h"

namespace lapwing {
namespace {

TEST(Base64, HasTheVectorsOfRfc4648PaddedOrNot) {
  for (const std::string_view plain : {"", "f", "fo", "foo", "foob", "fooba", "foobar", "\xff\xfe\xfb"}) {
    const std::string coded = to_base64(to_bytes(plain));
    EXPECT_EQ(from_base64(coded), plain);
    EXPECT_EQ(from_base64(coded.substr(0, coded.find('='))), plain);
  }
}

TEST(Base64, IsTheWholeTextOrNothing) {
  for (const char* wrong : {"Z", "Zm9vY", "Zm9v!", "Zm 9v", "Zg===", "Zg=a", "\xff", "Zm9v\n"}) {
    EXPECT_EQ(from_base64(wrong), std::nullopt) << wrong;
  }
}

}  // namespace
}  // namespace lapwing
