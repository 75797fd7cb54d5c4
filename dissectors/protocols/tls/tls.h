// TLS 1.0 to 1.3, SSLv3 and the hellos of SSLv2: the handshake in the clear, one transaction a flow.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "dissectors/contract/dissector.h"
#include "dissectors/contract/names.h"
#include "dissectors/parts/handshake/messages.h"
#include "dissectors/parts/x509/x509.h"

namespace lapwing::tls {

/// What becomes of a flow after the handshake: record headers are watched, raw payload is matched too, or it is looked
/// at no more.
enum class Encrypted : uint8_t { watch, match, bypass };

struct Config {
  bool ja3 = true, ja4 = true;
  Encrypted encrypted = Encrypted::watch;
  bool extended = true;
  std::vector<std::string> custom;  // members of the record; empty: as `extended` says
  bool session_resumption = true;
};

/// Stages of a direction.
inline constexpr uint8_t kHelloDone = 1, kCertificateDone = 2, kKeyExchangeDone = 3;

/// What one side said of itself [W]. `hello` views `hello_bytes`; both, and `chain`, are given up with the handshake.
struct Party {
  bool greeted = false;
  uint16_t version = 0;
  std::string hello_bytes;
  Hello hello;
  std::string alpns;               // the list that next_alpn reads
  std::vector<std::string> chain;  // DER, as sent: the party's own certificate first
  std::shared_ptr<const x509::Certificate> certificate;
};

/// The handshake of a flow [W]; parties by index(Direction) of who speaks.
struct Handshake : Transaction {
  std::array<Party, 2> parties;
  std::string_view from;  // the protocol before, which announced this one
  std::string sni;
  std::string ja3, ja3_hash, ja3s, ja3s_hash, ja4;
  uint64_t bytes = 0;        // of the messages that were read
  bool fatal_alert = false;  // in the clear
  bool may_resume = false;   // the client has a ticket, or the server took up the client's session id

  const Party& client() const { return parties[index(Direction::to_server)]; }
  const Party& server() const { return parties[index(Direction::to_client)]; }
  bool resumed() const {
    return may_resume && server().greeted && !server().certificate && !is_tls13(server().version);
  }
};

enum class Anomaly : uint8_t {
  invalid_sslv2_header,
  invalid_tls_header,
  invalid_record_version,
  invalid_record_type,
  invalid_handshake_message,
  invalid_certificate,
  certificate_invalid_length,
  error_message_encountered,
  invalid_ssl_record,  // never told: Suricata's, where its own reader contradicts itself
  heartbeat_message,
  overflow_heartbeat_message,
  invalid_heartbeat_message,
  dataleak_heartbeat_mismatch,
  multiple_sni_extensions,
  invalid_sni_type,
  invalid_sni_length,
  handshake_invalid_length,
  invalid_alert_message,
  certificate_invalid_version,
  certificate_invalid_serial,
  certificate_invalid_algorithmidentifier,
  certificate_invalid_x509name,
  certificate_invalid_date,
  certificate_invalid_extensions,
  certificate_invalid_der,
  certificate_invalid_subject,
  certificate_invalid_issuer,
  certificate_invalid_validity,
};

Table columns();
std::span<const RecordRow> records();
std::span<const Word> rule_words();
RecordExtent record_extent(const void* config, std::string_view record);
void facts(const Event& event, Facts& out);
void sightings(const Event& event, SightingSink& sink);

class Tls {
 public:
  using Config = tls::Config;
  using Anomaly = tls::Anomaly;
  enum class Pdu : uint8_t { pdu, hdr, data, alert, heartbeat, ssl2_hdr, ssl2_pdu };
  enum class Cap : uint8_t { message, chain, text, certificate };
  static constexpr lapwing::Cap kCaps[] = {
      {"message", 256 * 1024, "bytes of a handshake message; a longer one is skipped"},
      {"chain", 32, "certificates of one chain that are kept"},
      {"text", 4 << 10, "bytes of a name, list or fingerprint that later alerts show; of a longer one nothing"},
      {"certificate", 32 << 10, "bytes of a certificate's names that later alerts show; of more nothing of it"},
  };
  static constexpr Carried kParts[] = {{&part}, {&x509::part}};
  static const About about;
  static const Protocol protocol;
  static std::span<const OptionRow<Config>> options();
  static Likelihood probe(const Chunk& first);

  /// Records of each side that say of a flow picked up late that it is encrypted.
  static constexpr uint8_t kLateRecords = 4;

  Tls(const Config& config, const Out<Tls>& out) : config_(config), out_(out) { begin(); }
  Step data(const Chunk& chunk);
  Step gap(Direction direction, uint64_t lost);
  void finish();

 private:
  void begin() {
    out_.open(tx_);
    tx_.from = out_.from();
  }
  /// One direction's place in its records and messages.
  struct HalfFlow {
    Messages messages;
    uint32_t record_left = 0;  // bytes of the current record still to come
    uint8_t record_type = 0;
    uint8_t data_records = 0;  // of application data, up to kLateRecords
    bool started = false, encrypted = false, stopped = false;
  };
  struct Heartbeat {
    bool waiting = false;
    Direction from = Direction::to_server;
    uint16_t length = 0;  // of an encrypted request's record, else 0
  };

  Step records_of(const Chunk& chunk);
  Step ssl2_record(Bytes bytes, uint64_t offset, Direction direction);
  /// `offset`: of the record's header in the stream.
  void show_frames(const RecordHeader& header, uint64_t offset, Direction direction);
  bool record(const RecordHeader& header, Bytes payload, Direction direction);
  bool valid(const RecordHeader& header, Direction direction);
  void heartbeat(const RecordHeader& header, Bytes payload, Direction direction);
  void handshake(Bytes piece, Direction direction);
  void message(uint8_t type, Bytes body, Direction direction);
  void client_hello(Bytes body);
  void server_hello(Bytes body);
  void certificates(Bytes body, Direction direction);
  void keep_certificate(Bytes der, Direction direction);
  void report_faults(uint8_t faults, Direction direction);
  void raise(Anomaly anomaly, Direction direction) { out_.anomaly(anomaly, direction, &tx_); }
  void advance(Direction direction, uint8_t stage) { out_.reach(tx_, direction, stage); }
  void publish(Direction direction);
  void complete(Direction direction);
  void abridge();
  /// True when the direction made no sense from its first byte on, and the other may go on.
  bool stop_before_records(Direction direction);
  /// Whether records of application data hold what nobody can read. They do not while the server's hello is still to
  /// come: such early data (RFC 8446 2.3) are part of the handshake.
  bool encrypted() const;
  bool other_hello(Bytes body);

  const Config& config_;
  Out<Tls> out_;
  Handshake tx_;
  std::array<HalfFlow, 2> sides_;
  Heartbeat heartbeat_;
  bool client_certificate_wanted_ = false;
  bool retrying_ = false;  // a second pair of hellos is to come, whatever ChangeCipherSpec stands before it
  bool retried_ = false;   // the second hello of the client came
  bool done_ = false;      // the handshake is over and its record written
};

}  // namespace lapwing::tls
