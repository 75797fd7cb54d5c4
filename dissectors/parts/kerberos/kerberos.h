// The part `kerberos`: what messages and tickets of Kerberos (RFC 4120) say in clear. Pure functions from bytes to
// messages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dissectors/contract/likelihood.h"
#include "sensor/base/bytes.h"
#include "sensor/event/part.h"

namespace lapwing::kerberos {

inline constexpr Part part{.name = "kerberos", .help = "what messages and tickets of Kerberos say in clear"};

/// RFC 4120 5.10; each is the application tag of its message as well.
enum class Type : uint8_t {
  none = 0,
  as_request = 10,
  as_reply = 11,
  tgs_request = 12,
  tgs_reply = 13,
  ap_request = 14,
  ap_reply = 15,
  safe = 20,
  priv = 21,
  cred = 22,
  error = 30,
};

/// Elements of one list that are kept: components of a name, types that are asked for. Others are counted.
inline constexpr size_t kEntries = 64;

/// [W] A PrincipalName (RFC 4120 5.2.2).
struct Principal {
  std::string text;            // its components with "/" between them
  std::vector<uint32_t> ends;  // of each in it

  size_t size() const { return ends.size(); }
  bool empty() const { return ends.empty(); }
  std::string_view operator[](size_t component) const {
    const size_t begin = component == 0 ? 0 : ends[component - 1] + 1;
    return std::string_view(text).substr(begin, ends[component] - begin);
  }
  /// Keeps capacities.
  void clear() {
    text.clear();
    ends.clear();
  }
};

/// [W] What a ticket (RFC 4120 5.3) says of itself; whose it is, and for how long, is encrypted.
struct Ticket {
  std::string realm;
  Principal service;
  std::optional<int32_t> encryption;  // type of its encrypted part
  std::optional<uint32_t> key_version;

  bool empty() const { return realm.empty() && service.empty() && !encryption; }
  void clear() {
    realm.clear();
    service.clear();
    encryption.reset();
    key_version.reset();
  }
};

/// [W] Times are seconds since 1970.
struct Message {
  Type type = Type::none;
  Principal client, service;          // of a reply, `service` is its ticket's
  std::string client_realm, realm;    // `realm`: the service's, which a reply has in its ticket
  Ticket ticket;                      // of a reply or an AP-REQ; of a TGS-REQ, that with which it is asked
  std::optional<int32_t> encryption;  // of a reply's encrypted part, or of what an AP-REQ proves itself by

  // Of a request (RFC 4120 5.4.1).
  std::optional<uint32_t> options;  // KDCOptions or APOptions; bit 0 of the specification is the highest
  std::optional<int64_t> from, till, renew_till;
  std::optional<uint32_t> nonce;
  std::vector<int32_t> encryptions;             // it would like, or that the KDC offers in an error
  std::vector<int32_t> preauthentication;       // types of PA-DATA, of an error those that the KDC would take
  std::optional<int32_t> timestamp_encryption;  // of PA-ENC-TIMESTAMP: by the client's key
  Principal on_behalf;                          // of PA-FOR-USER (MS-SFU 2.2.1): for whom a service asks
  std::string on_behalf_realm;
  std::string netbios_name;  // of the host that asks, among its addresses
  uint32_t additional_tickets = 0;

  // Of an error (RFC 4120 5.9.1).
  std::optional<int32_t> error;
  std::string error_text;
  std::optional<int64_t> server_time, client_time;
  std::optional<uint32_t> status;  // NTSTATUS (MS-KILE 2.2.1)

  uint32_t passed_over = 0;  // elements of lists beyond kEntries
  /// Keeps capacities.
  void clear();
};

/// Reads the message that `bytes` are. False: it is malformed, and what of it is sound was read; its type is none where
/// it is no message of Kerberos at all. Elements are descended into to a fixed depth, whatever is in them.
bool read(Bytes bytes, Message& out);

/// The content of a KerberosTime (RFC 4120 5.2.3), "19700101000000Z".
std::optional<int64_t> time(std::string_view text);

/// Whether `bytes` begin as a message does: by its tag, a sequence, the version and the type once more. Those before
/// kHead suffice to tell: sure or no; fewer may be `more`.
inline constexpr size_t kHead = 2 * 6 + 2 * 13, kShortestHead = 2 * 2 + 2 * 5;
Likelihood begins(Bytes bytes);

}  // namespace lapwing::kerberos
