// The header of a syslog message (RFC 5424, section 6.2).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sensor/base/time.h"

namespace lapwing {

/// The numbers of RFC 5424, tables 1 and 2, by the names of syslog.conf and Suricata, in any case.
std::optional<uint8_t> syslog_facility(std::string_view name);
std::optional<uint8_t> syslog_severity(std::string_view name);

/// Whether `text` may stand in a header as it is: 1 to `limit` printable characters of ASCII, no space.
bool is_syslog_name(std::string_view text, size_t limit);
inline constexpr size_t kSyslogHostnameMax = 255, kSyslogAppNameMax = 48, kSyslogMsgIdMax = 32;

/// What all messages of an output share.
class SyslogHeader {
 public:
  /// A host name that may not stand there as it is, is made to; the application's must be a syslog name.
  SyslogHeader(uint8_t facility, uint8_t severity, std::string_view hostname, std::string_view app_name, uint64_t pid);
  /// Header, nil structured data and the space before MSG.
  void write(std::string& out, Timestamp time, std::string_view msgid) const;

 private:
  std::string begin_, middle_;  // around the timestamp
};

}  // namespace lapwing
