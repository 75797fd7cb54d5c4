#include "export/eve/forwarded.h"

#include <algorithm>

#include "sensor/base/text.h"

namespace lapwing {
namespace {

/// "1.2.3.4", "1.2.3.4:80", "2001:db8::1", "[2001:db8::1]:80", each perhaps in quotes.
std::optional<IpAddress> parse_client(std::string_view text) {
  text = trim(text);
  if (text.starts_with('"')) text = trim(text.substr(1, text.find('"', 1) - 1));
  if (text.starts_with('[')) return IpAddress::parse(text.substr(1, text.find(']') - 1));
  if (std::count(text.begin(), text.end(), ':') == 1) text = text.substr(0, text.find(':'));
  return IpAddress::parse(text);
}

}  // namespace

std::optional<IpAddress> forwarded_client(std::string_view header, const EveForwardedOptions& options) {
  if (!options.enabled || header.empty()) return std::nullopt;
  if (options.forward) return parse_client(header.substr(0, header.find(',')));
  size_t comma = header.rfind(',');
  return parse_client(header.substr(comma == std::string_view::npos ? 0 : comma + 1));
}

ForwardedView::ForwardedView(const Envelope& seen, std::string_view header, const EveForwardedOptions& options,
                             bool to_client)
    : seen_(seen), member_(forwarded_client(header, options)) {
  if (!member_ || !options.overwrites) return;
  overwritten_ = seen;
  (to_client ? overwritten_->dest : overwritten_->src) = *member_;
  member_.reset();
}

}  // namespace lapwing
