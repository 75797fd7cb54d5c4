// Forwarded clients: the address that a proxy's header names, in records of what the proxy relayed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "export/eve/line.h"
#include "sensor/event/envelope.h"

namespace lapwing {

/// Keys "xff.*" of an eve-log section, and of its type "alert".
struct EveForwardedOptions {
  bool enabled = false;
  std::string mode, deployment, header;

  bool overwrites() const { return mode == "overwrite"; }
};

/// The client that a header's list of addresses names: behind a forward proxy the first, before a reverse proxy the
/// last. Nothing when it is no address; a port behind it is left out.
std::optional<IpAddress> forwarded_client(std::string_view header, const EveForwardedOptions& options);

/// With mode "overwrite" the client's address takes the place of the proxy's. `to_client`: the client is the receiver.
void overwrite_client(Envelope& envelope, const IpAddress& client, bool to_client);

}  // namespace lapwing
