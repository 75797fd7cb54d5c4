// TLS 1.0 to 1.3, SSLv3 and the hellos of SSLv2: the handshake in the clear, one transaction a flow.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "dissectors/contract/dissector.h"
#include "dissectors/protocols/tls/tls_certificate.h"
#include "dissectors/protocols/tls/tls_parser.h"

namespace lapwing::tls {

struct Config {
  std::string ja3, ja4;             // auto, yes or no; auto is yes
  std::string encryption_handling;  // default and track-only, full: watch record headers; bypass: look no more
  bool extended = true;
  std::vector<std::string> custom;  // members of the record; empty: as `extended` says
  bool session_resumption = true;

  bool wants_ja3() const;
  bool wants_ja4() const;
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
  std::shared_ptr<const Certificate> certificate;
};

/// The handshake of a flow [W]; parties by index(Direction) of who speaks.
struct Handshake : Transaction {
  std::array<Party, 2> parties;
  std::string sni;
  std::string ja3, ja3_hash, ja3s, ja3s_hash, ja4;
  uint64_t bytes = 0;       // of the messages that were read
  bool may_resume = false;  // the client has a ticket, or the server took up the client's session id

  const Party& client() const { return parties[index(Direction::to_server)]; }
  const Party& server() const { return parties[index(Direction::to_client)]; }
  bool resumed() const {
    return may_resume && server().greeted && !server().certificate && !is_tls13(server().version);
  }
  /// What follows the handshake is encrypted and may be long: keeps only what alerts still show, and of that no text
  /// that is longer than honest ones are.
  void abridge();
};

enum Anomaly : uint8_t {
  kInvalidSsl2Header,
  kInvalidTlsHeader,
  kInvalidRecordVersion,
  kInvalidRecordType,
  kInvalidHandshakeMessage,
  kInvalidCertificate,
  kCertificateInvalidLength,
  kErrorMessage,
  kInvalidSslRecord,
  kHeartbeatMessage,
  kOverflowHeartbeat,
  kInvalidHeartbeat,
  kDataleakHeartbeat,
  kMultipleSni,
  kInvalidSniType,
  kInvalidSniLength,
  kHandshakeInvalidLength,
  kInvalidAlertMessage,
  // Those of CertificateFault follow, in its order.
  kCertificateFaults = kInvalidAlertMessage,
};

std::span<const Field> fields();
Table columns();
std::span<const RecordRow> records();
std::span<const Word> rule_words();
RecordChoice record_choice(const void* config, std::string_view record);

class Tls {
 public:
  using Config = tls::Config;
  static const About about;
  static const Protocol protocol;
  static std::span<const OptionRow<Config>> options();
  static Likelihood probe(const Chunk& first);

  /// Handshake messages beyond this size are skipped and reported.
  static constexpr size_t kMaxMessage = 256 * 1024;
  /// Certificates of one chain that are kept.
  static constexpr size_t kMaxChain = 32;
  /// Records of each side that say of a flow picked up late that it is encrypted.
  static constexpr uint8_t kLateRecords = 4;

  explicit Tls(const Config& config) : config_(config) {}
  Step data(const Chunk& chunk, EventSink& sink);
  Step gap(Direction direction, uint64_t lost, EventSink& sink);
  void finish(EventSink& sink);

 private:
  /// One direction's place in its records and messages.
  struct HalfFlow {
    std::string message;        // the beginning of a handshake message
    uint32_t message_left = 0;  // bytes of a message that is skipped
    uint32_t record_left = 0;   // bytes of the current record still to come
    uint8_t record_type = 0;
    uint8_t data_records = 0;  // of application data, up to kLateRecords
    bool started = false, encrypted = false, stopped = false;
  };
  struct Heartbeat {
    bool waiting = false;
    Direction from = Direction::to_server;
    uint16_t length = 0;  // of an encrypted request's record, else 0
  };

  Step records_of(const Chunk& chunk, EventSink& sink);
  Step ssl2_record(Bytes bytes, uint64_t offset, Direction direction, EventSink& sink);
  /// `offset`: of the record's header in the stream.
  void show_frames(const RecordHeader& header, uint64_t offset, Direction direction, EventSink& sink);
  bool record(const RecordHeader& header, Bytes payload, Direction direction, EventSink& sink);
  bool valid(const RecordHeader& header, Direction direction, EventSink& sink);
  void heartbeat(const RecordHeader& header, Bytes payload, Direction direction, EventSink& sink);
  void handshake(Bytes part, Direction direction, EventSink& sink);
  void message(uint8_t type, Bytes body, Direction direction, EventSink& sink);
  void client_hello(Bytes body, EventSink& sink);
  void server_hello(Bytes body, EventSink& sink);
  void certificates(Bytes body, Direction direction, EventSink& sink);
  void keep_certificate(Bytes der, Direction direction, EventSink& sink);
  void report_faults(uint8_t faults, Direction direction, EventSink& sink);
  void raise(Anomaly anomaly, Direction direction, EventSink& sink);
  void advance(Direction direction, uint8_t stage, EventSink& sink);
  void publish(Direction direction, EventSink& sink);
  void complete(Direction direction, EventSink& sink);
  /// True when the direction made no sense from its first byte on, and the other may go on.
  bool stop_before_records(Direction direction);
  /// Whether records of application data hold what nobody can read. They do not while the server's hello is still to
  /// come: such early data (RFC 8446 2.3) are part of the handshake.
  bool encrypted(const EventSink& sink) const;
  bool other_hello(Bytes body, EventSink& sink);

  const Config& config_;
  Handshake tx_;
  std::array<HalfFlow, 2> sides_;
  Heartbeat heartbeat_;
  uint32_t raised_ = 0;  // Anomaly bits: each is reported once a flow
  bool client_certificate_wanted_ = false;
  bool retrying_ = false;  // a second pair of hellos is to come, whatever ChangeCipherSpec stands before it
  bool retried_ = false;   // the second hello of the client came
  bool done_ = false;      // the handshake is over and its record written
};

}  // namespace lapwing::tls
