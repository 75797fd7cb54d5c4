#include "export/outputs/syslog/syslog_header.h"

#include <algorithm>
#include <utility>

#include "sensor/base/text.h"

namespace lapwing {
namespace {

using Name = std::pair<std::string_view, uint8_t>;

constexpr Name kFacilities[] = {
    {"kern", 0},    {"user", 1},    {"mail", 2},    {"daemon", 3},    {"auth", 4},    {"syslog", 5},  {"lpr", 6},
    {"news", 7},    {"uucp", 8},    {"cron", 9},    {"authpriv", 10}, {"ftp", 11},    {"local0", 16}, {"local1", 17},
    {"local2", 18}, {"local3", 19}, {"local4", 20}, {"local5", 21},   {"local6", 22}, {"local7", 23}, {"security", 4}};
constexpr Name kSeverities[] = {{"emergency", 0}, {"alert", 1},  {"critical", 2}, {"error", 3},
                                {"warning", 4},   {"notice", 5}, {"info", 6},     {"debug", 7}};

template <size_t N>
std::optional<uint8_t> number_of(const Name (&names)[N], std::string_view name) {
  for (const auto& [known, number] : names) {
    if (equal_nocase(known, name)) return number;
  }
  return std::nullopt;
}

bool printable(char c) {
  return c > ' ' && c <= '~';  // PRINTUSASCII
}

}  // namespace

std::optional<uint8_t> syslog_facility(std::string_view name) {
  return number_of(kFacilities, name);
}

std::optional<uint8_t> syslog_severity(std::string_view name) {
  return number_of(kSeverities, name);
}

bool is_syslog_name(std::string_view text, size_t limit) {
  return !text.empty() && text.size() <= limit && std::ranges::all_of(text, printable);
}

SyslogHeader::SyslogHeader(uint8_t facility, uint8_t severity, std::string_view hostname, std::string_view app_name,
                           uint64_t pid) {
  std::string host(hostname.substr(0, kSyslogHostnameMax));
  std::ranges::replace_if(
      host, [](char c) { return !printable(c); }, '_');
  if (host.empty()) host = "-";
  begin_ = "<" + std::to_string(facility * 8 + severity) + ">1 ";
  middle_ = " " + host + " " + std::string(app_name) + " " + std::to_string(pid) + " ";
}

void SyslogHeader::write(std::string& out, Timestamp time, std::string_view msgid) const {
  char text[kIso8601Size];
  char* end = write_iso8601(time, text);
  constexpr size_t kOffset = 5;  // "+0000", which RFC 3339 does not write so
  out += begin_;
  out.append(text, static_cast<size_t>(end - text) - kOffset).append("Z").append(middle_);
  msgid = msgid.substr(0, kSyslogMsgIdMax);
  out.append(msgid.empty() ? "-" : msgid).append(" - ");
}

}  // namespace lapwing
