// Allow rows: findings that the network's owner knows of and does not want told.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analytics/frame/surroundings.h"
#include "sensor/base/option_source.h"
#include "sensor/base/time.h"

namespace lapwing::analytics {

/// A host as a row names it: an address or network, or else a name or MAC address. What it does not say is any.
class HostPattern {
 public:
  HostPattern() = default;
  /// `below`: a name stands for all names below it too.
  HostPattern(std::string_view text, bool below);
  bool any() const { return text_.empty(); }
  bool matches(std::string_view host) const;

 private:
  std::string text_;  // in lower case
  Networks networks_;
  bool is_network_ = false, below_ = false;
};

/// [S] A row of the list "analytics.allow".
struct AllowRow {
  std::string detector;  // or any
  HostPattern subject, peer;
  std::optional<uint16_t> port;
  std::optional<Timestamp> until;  // of packet time
  std::string reason;
  SourceMark mark;

  /// Where it names peer or port, all objects are of that.
  bool hits(std::string_view of, std::string_view host, std::span<const std::string> objects, Timestamp time) const;
};
/// `detectors`: the names that rows may have. Throws SettingError at what is no row.
std::vector<AllowRow> read_allow(const OptionSource& source, std::span<const std::string_view> detectors);

/// "2026-12-31", which is over when the day is, or "2026-12-31T12:00:00Z"; UTC.
std::optional<Timestamp> parse_until(std::string_view text);

}  // namespace lapwing::analytics
