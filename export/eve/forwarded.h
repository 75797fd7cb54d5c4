// Forwarded clients: the address that a proxy's header names, in records of what the proxy relayed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sensor/base/ip_address.h"
#include "sensor/event/envelope.h"

namespace lapwing {

/// Keys "xff.*" of an eve-log section, and of its type "alert".
struct EveForwardedOptions {
  bool enabled = false;
  bool overwrites = false;  // the proxy's address; else a member of its own
  bool forward = false;     // the proxy stands before clients: the first address is meant, not the last
  std::string header;
};

/// The client that a header's list of addresses names: behind a forward proxy the first, before a reverse proxy the
/// last. Nothing when it is no address; a port behind it is left out.
std::optional<IpAddress> forwarded_client(std::string_view header, const EveForwardedOptions& options);

/// What a record shows of it: the client in the place of the proxy's address, or as a member of its own.
class ForwardedView {
 public:
  /// `to_client`: the client is the receiver. `seen` must outlive the view.
  ForwardedView(const Envelope& seen, std::string_view header, const EveForwardedOptions& options, bool to_client);
  const Envelope& envelope() const { return overwritten_ ? *overwritten_ : seen_; }
  const std::optional<IpAddress>& member() const { return member_; }

 private:
  const Envelope& seen_;
  std::optional<Envelope> overwritten_;
  std::optional<IpAddress> member_;
};

}  // namespace lapwing
