// The security layer that a login by SASL may leave behind: buffers with their length before them (RFC 4422 3.7), in
// which messages are signed, or encrypted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "dissectors/protocols/ldap/ldap_walker.h"
#include "sensor/base/bytes.h"
#include "sensor/base/named_value.h"

namespace lapwing::ldap {

enum class Protection : uint8_t { none, signed_only, sealed };
std::span<const NamedValue> protection_names();
std::string_view protection_name(uint64_t protection, std::string& scratch);

/// A buffer, by its beginning.
struct Buffer {
  uint64_t size = 0;   // bytes, with the length
  size_t front = 0;    // of them, before what can be read
  uint64_t plain = 0;  // that can be read
  Protection protection = Protection::sealed;
  std::string_view mechanism;  // by which it is wrapped; empty: not known
};

/// No message begins with this: a buffer is shorter than 16 MiB.
inline constexpr uint8_t kBufferStart = 0;

/// `goes_on`: a signed message that an earlier buffer began is not over. `bad`: it is no buffer.
Verdict read_buffer(Bytes front, bool goes_on, Buffer& out);

/// What a client chose with the last token of GSSAPI (RFC 4752 3.1), where it shows.
std::optional<Protection> chosen_protection(Bytes token);

}  // namespace lapwing::ldap
