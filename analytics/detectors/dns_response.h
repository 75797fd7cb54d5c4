// DnsResponse: what detectors judge of DNS: names that were asked for and answered.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "analytics/frame/detector.h"
#include "analytics/frame/fields.h"

namespace lapwing::analytics {

/// [W] Views live until the next is read. Of messages with several questions, which no resolver asks, the first counts.
struct DnsResponse {
  std::string_view name;    // in lower case
  std::string_view domain;  // its end that one can register: "example.co.uk"
  std::string_view labels;  // what stands before that, without the last dot
  uint16_t type = 0;
  uint8_t rcode = 0;
  IpAddress client, server;
};

/// [W]
class DnsResponses {
 public:
  static constexpr std::string_view kFields[] = {"dns.qr", "dns.rcode", "dns.queries.rrname", "dns.queries.rrtype"};

  explicit DnsResponses(const Surroundings& surroundings) : surroundings_(surroundings) {}

  /// Null: no response to a host inside, or of a name that says nothing of who asks for it: one without a domain, of
  /// the own link, or of an address, as reverse look-ups and block lists have them.
  const DnsResponse* read(const Observed& observed);
  /// The end of a name in lower case that one can register, or "".
  std::string_view domain_of(std::string_view name);

 private:
  /// The size of the domain behind a name, by its hash.
  struct Known {
    uint64_t hash = 0;
    uint8_t size = 0;
  };
  static constexpr size_t kKnown = 1024, kMostName = 255;  // RFC 1035 2.3.4

  const Surroundings surroundings_;
  FieldReader response_{kFields[0]}, rcode_{kFields[1]}, name_{kFields[2]}, type_{kFields[3]};
  std::vector<Known> known_ = std::vector<Known>(kKnown);
  std::array<char, kMostName> text_{};
  DnsResponse found_;
};

/// Whether the first labels are an address: four octets, or the half bytes of IPv6.
bool names_address(std::string_view labels);
/// Whether they are what names a thing and tells nothing that one could choose: a digest of MD5, SHA-1 or SHA-256 in
/// hexadecimal, or a UUID (RFC 9562 4), with a few characters behind it at most.
bool names_digest(std::string_view labels);
/// Whether a label says that text below it is a key, a policy or a proof of mail or of certificates (RFC 8552 4.1.2).
bool names_policy(std::string_view labels);
/// Whether they have a name of a host elsewhere in them: so asks who appends `domain`, or what it searches below it, to
/// names that it does not find, and who looks names up in a list of them.
bool names_elsewhere(std::string_view labels, std::string_view domain);

}  // namespace lapwing::analytics
