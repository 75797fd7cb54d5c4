// Mention: hosts that a text names, for who reads it and calls them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sensor/base/ip_address.h"

namespace lapwing::analytics {

/// Who is told of them [W]. Views live as long as the call.
class MentionSink {
 public:
  virtual ~MentionSink() = default;
  virtual void address(const IpAddress& address) = 0;
  /// In lower case; what merely looks like one, as a file does, is told too.
  virtual void name(std::string_view name) = 0;
};

/// Addresses in dotted and bracketed form, and as the numbers that clients take behind "//"; names but for those by
/// which a request of HTTP says where it goes and comes from (RFC 9110 7.2, 10.1.3; RFC 6454 7). Linear in the text.
void mentions(std::string_view text, MentionSink& sink);

/// Hashes of a name and of three of its ends that have two labels at least: who is told to ask for what lies below a
/// name writes into it what it knows. 0: none.
using NameEnds = std::array<uint64_t, 4>;
NameEnds name_ends(std::string_view name, uint64_t seed);

}  // namespace lapwing::analytics
