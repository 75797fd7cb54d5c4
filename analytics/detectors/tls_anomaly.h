// TlsAnomaly: servers outside whose certificates and versions honest servers seldom have.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include "analytics/detectors/peer.h"
#include "analytics/frame/detector.h"
#include "analytics/frame/fields.h"
#include "analytics/shape/delta_table.h"
#include "analytics/shape/fan.h"
#include "analytics/shape/rhythm.h"
#include "analytics/shape/samples.h"
#include "analytics/shape/table.h"

namespace lapwing::analytics {

/// One finding for a server by name, or by address where it has none; low, until several of its traits meet in one
/// certificate. TLS 1.3 hides certificates: there only what both sides greet with is known.
struct TlsAnomaly {
  static constexpr Technique kTechniques[] = {{"T1573", "TA0011"}, {"T1587.003", "TA0042"}};
  static constexpr std::string_view kProtocols[] = {"tls"};
  static constexpr std::string_view kFields[] = {"tls.sni",
                                                 "tls.subject",
                                                 "tls.issuerdn",
                                                 "tls.x509.valid_from",
                                                 "tls.x509.valid_to",
                                                 "tls.fingerprint",
                                                 "tls.subjectaltname",
                                                 "tls.ja4",
                                                 "tls.ja3s.hash",
                                                 "tls.server_handshake.version",
                                                 "tls.x509.digest",
                                                 "tls.x509.key_bits",
                                                 "tls.x509.key_hash",
                                                 "tls.x509.self_issued",
                                                 "tls.x509.public_policy"};
  static constexpr About about = {
      .name = "tls-anomaly",
      .techniques = kTechniques,
      .protocols = kProtocols,
      .only_due = true,
      .fields = kFields,
      .idle = 86'400,
      .help =
          "a server outside has a certificate, a key or a version that honest servers seldom have: of TLS 1.3, "
          "which hides certificates, only the version and what both sides greet with are judged"};

  struct Config {
    uint64_t days = 0, traits = 0, clients = 0, networks = 0, known = 0;
  };
  static std::span<const OptionRow<Config>> options();

  /// A key: no padding. Of one server, by one certificate, asked for by one name.
  struct Key {
    IpAddress peer, server;
    std::array<uint8_t, 6> vacant{};
    uint64_t certificate = 0, name = 0;  // hashes, or 0
  };
  using Text = Samples<1, 96>;
  struct Seen {
    uint64_t connections = 0;
    uint32_t traits = 0;
    uint64_t key = 0;         // hash of the certificate's
    SmallFan clients, pairs;  // JA4 with JA3S
    Text subject, issuer, sni;
    Timestamp first{std::numeric_limits<int64_t>::max()}, last{std::numeric_limits<int64_t>::min()};
    Timestamp began{std::numeric_limits<int64_t>::max()};  // the first of the flows
    FlowName flow;                                         // the least of those at `first`

    void merge(const Seen& other);
  };
  struct Delta {
    static constexpr uint32_t kMostKeys = 16'384;
    Delta() = default;
    explicit Delta(const Surroundings& surroundings) : seen(surroundings.hash_seed, kMostKeys) {}
    void operator+=(Delta&& other) { seen.merge(other.seen); }
    void seal() { seen.seal(); }
    void clear() { seen.clear(); }
    bool empty() const { return seen.empty(); }
    DeltaTable<Key, Seen> seen;
  };

  /// [W]
  class Local {
   public:
    Local(const Config& config, const Surroundings& surroundings);
    void event(const Observed& observed, Delta& delta);

   private:
    uint64_t hash(std::string_view text) const;

    const Config config_;
    const uint64_t seed_;
    Peers peers_;
    FieldReader sni_{kFields[0]}, subject_{kFields[1]}, issuer_{kFields[2]}, not_before_{kFields[3]},
        not_after_{kFields[4]}, fingerprint_{kFields[5]}, names_{kFields[6]}, ja4_{kFields[7]}, ja3s_{kFields[8]},
        version_{kFields[9]}, digest_{kFields[10]}, bits_{kFields[11]}, key_{kFields[12]}, self_{kFields[13]},
        policy_{kFields[14]};
  };

  /// [G]
  class Global {
   public:
    static constexpr uint32_t kMostPeers = 8'192, kMostKeys = 16'384, kMostNames = 16'384;

    Global(const Config& config, const Surroundings& surroundings);
    void take(Second second, Delta& delta, Findings& findings);
    void expire(Second second, Findings& findings);
    StateUse use() const;

   private:
    struct State {
      uint64_t connections = 0;
      uint32_t traits = 0;                                          // of all its certificates
      std::array<std::pair<uint64_t, uint32_t>, 4> certificates{};  // the first few, and the traits of each
      SmallFan clients;
      Rhythm rhythm;
      bool rhythmic = false;
      Text subject, issuer, sni;
      Timestamp first{std::numeric_limits<int64_t>::max()}, flow_time = first, last;
      FlowName flow;
    };
    struct Name {
      SmallFan pairs;
      uint64_t connections = 0;
      uint32_t first = 0;  // second
    };

    uint32_t shared_key(const Key& key, const Seen& seen, uint32_t now);
    uint32_t new_pair(const Key& key, const Seen& seen, uint32_t now);
    void report(const Key& key, const State& state, Timestamp time, Findings& findings) const;
    bool rare(const State& state) const;

    const Config config_;
    const Surroundings& surroundings_;
    Table<IpAddress, State> peers_;
    Table<uint64_t, SmallFan> keys_;  // networks that have it
    Table<uint64_t, Name> names_;
    Fan active_;  // clients of any server
    uint64_t overflow_ = 0;
  };
};

}  // namespace lapwing::analytics
