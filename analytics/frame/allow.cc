#include "analytics/frame/allow.h"

#include <time.h>

#include <algorithm>

#include "analytics/frame/evidence.h"
#include "analytics/frame/rows.h"
#include "sensor/base/text.h"

namespace lapwing::analytics {

HostPattern::HostPattern(std::string_view text, bool below)
    : text_(to_lower(text)), is_network_(networks_.add(text)), below_(below) {
  if (below_ && text_.starts_with("*.")) text_.erase(0, 2);
}

bool HostPattern::matches(std::string_view host) const {
  if (is_network_) {
    const auto address = IpAddress::parse(host);
    return address && networks_.contain(*address);
  }
  if (host.size() < text_.size() || !equal_nocase(host.substr(host.size() - text_.size()), text_)) return false;
  return host.size() == text_.size() || (below_ && host[host.size() - text_.size() - 1] == '.');
}

bool AllowRow::hits(std::string_view of, std::string_view host, std::span<const std::string> objects,
                    Timestamp time) const {
  if (until && time >= *until) return false;
  if (!detector.empty() && detector != of) return false;
  if (!subject.any() && !subject.matches(host)) return false;
  if (peer.any() && !port) return true;
  return !objects.empty() && std::ranges::all_of(objects, [&](const std::string& object) {
    return (peer.any() || peer.matches(host_of(object))) && (!port || port_of(object) == port);
  });
}

std::vector<AllowRow> read_allow(const OptionSource& source, std::span<const std::string_view> detectors) {
  std::vector<AllowRow> out;
  for_each_row(
      source, "analytics.allow", {"detector", "subject", "peer", "port", "until", "reason"}, [&](const Setting& row) {
        AllowRow& made = out.emplace_back();
        made.mark = row.mark;
        if (const Setting* node = row.find("detector")) {
          made.detector = node->as_text();
          if (std::ranges::find(detectors, made.detector) == detectors.end()) {
            std::string all;
            for (std::string_view name : detectors) all += (all.empty() ? "" : ", ") + std::string(name);
            node->fail("'" + made.detector + "' is no detector; there are " + all);
          }
        }
        const auto host = [&](std::string_view key, bool below) {
          const Setting* node = row.find(key);
          if (!node) return HostPattern();
          const std::string& text = node->as_text();
          if (text.empty() || text.find_first_of(" \t,") != std::string::npos) {
            node->fail("'" + text + "' is no host; write 10.0.0.5, 10.0.0.0/8" + (below ? " or example.com" : ""));
          }
          HostPattern pattern(text, below);
          if (text.find('/') != std::string::npos && !Networks().add(text)) {
            node->fail("'" + text + "' is no network; write 10.0.0.0/8 or fd00::/8");
          }
          return pattern;
        };
        made.subject = host("subject", false);
        made.peer = host("peer", true);
        if (const Setting* node = row.find("port")) {
          const uint64_t port = node->as_integer();
          if (port > 65535) node->fail("'" + node->scalar + "' is no port; write 0 to 65535");
          made.port = static_cast<uint16_t>(port);
        }
        if (const Setting* node = row.find("until")) {
          made.until = parse_until(node->as_text());
          if (!made.until) node->fail("'" + node->scalar + "' is no time; write 2026-12-31 or 2026-12-31T12:00:00Z");
        }
        made.reason = required(row, "reason").as_text();
        if (made.detector.empty() && made.subject.any() && made.peer.any() && !made.port) {
          row.fail("the row would hide all findings; say which: detector, subject, peer or port");
        }
      });
  return out;
}

std::optional<Timestamp> parse_until(std::string_view text) {
  const std::string copy(text);
  constexpr int64_t kDay = 86'400;
  for (const auto& [form, more] : {std::pair("%Y-%m-%d", kDay), {"%Y-%m-%dT%H:%M:%SZ", int64_t{0}}}) {
    tm parts{};
    const char* end = strptime(copy.c_str(), form, &parts);
    if (!end || *end != 0) continue;
    const tm asked = parts;
    const time_t seconds = timegm(&parts);
    // 31 February would be a day of March.
    if (parts.tm_mday != asked.tm_mday || parts.tm_mon != asked.tm_mon) continue;
    return Timestamp::from_seconds(seconds + more);
  }
  return std::nullopt;
}

}  // namespace lapwing::analytics
