#include "dissectors/parts/mime/mime_columns.h"

#include <algorithm>

#include "sensor/base/text.h"

namespace lapwing::mime {

namespace read {

/// Suricata's words.
std::string_view status(const Message& message) {
  constexpr std::string_view kNames[] = {"NONE", "HEADER_STARTED", "BODY_STARTED", "PARSE_DONE"};
  return kNames[static_cast<size_t>(message.status)];
}

std::optional<std::string> subject_text(const Message& message) {
  const auto& subject = message.subject;
  if (!subject || subject->find("=?") == std::string::npos) return {};
  return decode_words(*subject);
}

std::string subject_md5(const Message& message) {
  const auto& subject = message.subject;
  return subject ? to_hex(file::digest(file::Algorithm::md5, to_bytes(*subject)).view()) : std::string();
}

std::vector<std::string_view> path(const Message& message) {
  std::vector<std::string_view> out;
  for (const std::string& hop : message.received) {
    const std::string_view address = hop_address(hop);
    if (!address.empty()) out.push_back(address);
  }
  return out;
}

Bytes content(const file::File& file) {
  return file.seen();
}

}  // namespace read

RecordExtent record_extent(const Config& config) {
  RecordExtent out{.extended = config.extended};
  for (std::string name : config.custom) {
    std::ranges::replace(name, '-', '_');
    out.names.push_back(to_lower(name));
  }
  for (const std::string& what : config.digests) out.names.push_back(to_lower(what) + "_md5");
  return out;
}

}  // namespace lapwing::mime
