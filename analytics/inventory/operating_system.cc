// Operating systems by what software says of the one that it runs on.
#include <array>
#include <string_view>

#include "analytics/inventory/host.h"

namespace lapwing::analytics {
namespace {

enum System : uint8_t { kUnknown, kWindows, kMacOs, kIos, kAndroid, kChromeOs, kLinux, kFreeBsd, kOpenBsd };
constexpr std::string_view kNames[] = {"",         "Windows", "macOS",   "iOS",    "Android",
                                       "ChromeOS", "Linux",   "FreeBSD", "OpenBSD"};

struct Row {
  std::string_view has;
  System system;
};
/// The first that is found tells: Android's agents name Linux too, and those of iOS "like Mac OS X".
constexpr Row kRows[] = {
    {"Windows", kWindows}, {"Microsoft", kWindows}, {"Win32", kWindows},  {"Win64", kWindows},   {"WinHTTP", kWindows},
    {"iPhone", kIos},      {"iPad", kIos},          {"Mac OS X", kMacOs}, {"macOS", kMacOs},     {"Darwin", kMacOs},
    {"Android", kAndroid}, {"Dalvik", kAndroid},    {"CrOS", kChromeOs},  {"FreeBSD", kFreeBsd}, {"OpenBSD", kOpenBsd},
    {"Debian", kLinux},    {"Ubuntu", kLinux},      {"CentOS", kLinux},   {"Red Hat", kLinux},   {"Fedora", kLinux},
    {"Linux", kLinux},     {"linux-gnu", kLinux},
};

}  // namespace

uint8_t operating_system_of(std::string_view software) {
  for (const Row& row : kRows) {
    if (software.find(row.has) != std::string_view::npos) return row.system;
  }
  return kUnknown;
}

std::string_view operating_system_name(uint8_t system) {
  return kNames[system];
}

}  // namespace lapwing::analytics
