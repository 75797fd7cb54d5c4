#include "analytics/frame/vendors.h"

#include <gtest/gtest.h>

#include <fstream>
#include <stdexcept>

namespace lapwing::analytics {
namespace {

// Assignments as the IEEE writes them, of names that it has not given.
constexpr std::string_view kCsv =
    "Registry,Assignment,Organization Name,Organization Address\r\n"
    "MA-L,0017F2,Lapwing Works,1 Marsh Road Exampletown US 12345 \r\n"
    "MA-L,0050C2,IEEE Registration Authority,elsewhere\r\n"
    "MA-L,A4B197,\"Reed, Sedge & \"\"Co\"\"\",\"2 Marsh Road,\r\nsecond floor\"\r\n"
    "MA-M,0050C27,Of a small block,there\r\n"
    "MA-S,0050C27D5,Of the smallest,there\r\n"
    "MA-L,0017F2,A later one,there\r\n"
    "MA-L,zzzzzz,No number,there\r\n"
    "MA-L,00,Too short,there\r\n"
    "MA-L,0017F3,,there\r\n";
constexpr std::string_view kText =
    "OUI/MA-L                    Organization\n"
    "00-17-F2   (hex)\t\tLapwing Works\n"
    "0017F2     (base 16)\t\tLapwing Works\n"
    "\t\t\t\t1 Marsh Road\n";

Vendors of(std::string_view registry) {
  Vendors out;
  out.add(registry);
  out.seal();
  return out;
}

TEST(VendorsTest, AreFoundByTheLongestAssignment) {
  const Vendors vendors = of(kCsv);
  EXPECT_EQ(vendors.assignments(), 5u);
  EXPECT_EQ(vendors.of("00:17:f2:01:02:03"), "Lapwing Works") << "the first that was added";
  EXPECT_EQ(vendors.of("A4:B1:97:01:02:03"), "Reed, Sedge & \"Co\"");
  EXPECT_EQ(vendors.of("00:50:c2:01:02:03"), "IEEE Registration Authority");
  EXPECT_EQ(vendors.of("00:50:c2:71:02:03"), "Of a small block");
  EXPECT_EQ(vendors.of("00:50:c2:7d:5f:ff"), "Of the smallest");
  EXPECT_EQ(vendors.of("00:50:c2:7d:6f:ff"), "Of a small block");
}

TEST(VendorsTest, OfWhatTheIeeeDoesNotAssignThereIsNone) {
  const Vendors vendors = of("MA-L,0017F2,Lapwing Works,\nMA-L,0217F2,Local,\nMA-L,0117F2,Group,\n");
  for (std::string_view station : {"00:17:f3:01:02:03", "02:17:f2:01:02:03", "01:17:f2:01:02:03", "", "00:17:f2",
                                   "00-17-f2-01-02-03", "00:17:f2:01:02:0g", "00:17:f2:01:02:03:04"}) {
    EXPECT_EQ(vendors.of(station), "") << station;
  }
}

TEST(VendorsTest, TheTextOfTheRegistryIsReadToo) {
  const Vendors vendors = of(kText);
  EXPECT_EQ(vendors.assignments(), 1u);
  EXPECT_EQ(vendors.of("00:17:f2:01:02:03"), "Lapwing Works");
}

TEST(VendorsTest, NamesAreShortAndWhole) {
  std::string name;
  while (name.size() < 63) name += "a";
  const Vendors vendors = of("MA-L,0017F2," + name + "\xc3\xa9tude\x01\n");
  EXPECT_EQ(vendors.of("00:17:f2:01:02:03"), name) << "the character at the end is left out as a whole";
}

TEST(VendorsTest, WhatIsNoRegistryIsRefused) {
  const std::string folder = testing::TempDir() + "lapwing_vendors_test";
  std::filesystem::create_directories(folder);
  const auto refused = [](const std::string& path) {
    try {
      Vendors::read(path);
    } catch (const std::runtime_error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_NE(refused(folder + "/absent.csv").find("absent.csv: No such file"), std::string::npos);
  EXPECT_NE(refused(folder).find("has no assignment"), std::string::npos) << "an empty folder";
  std::ofstream(folder + "/oui.csv") << kCsv;
  std::ofstream(folder + "/mam.csv") << "MA-M,A4B1971,Of another file,\n";
  const Vendors vendors = Vendors::read(folder);
  EXPECT_EQ(vendors.of("a4:b1:97:11:02:03"), "Of another file");
  EXPECT_EQ(vendors.of("00:17:f2:01:02:03"), "Lapwing Works");
  std::ofstream(folder + "/other.txt") << "name = value\n";
  EXPECT_NE(refused(folder + "/other.txt").find("has no assignment"), std::string::npos);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace lapwing::analytics
