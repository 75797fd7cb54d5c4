// RDP (MS-RDPBCGR 1.3.1.1): each message of the opening is a transaction. Where TLS was chosen, with or without CredSSP
// in it, its handshake in the clear is the last, and else the answer to the client's data.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "dissectors/contract/dissector.h"
#include "dissectors/contract/names.h"
#include "dissectors/contract/resync.h"
#include "dissectors/parts/handshake/messages.h"
#include "dissectors/parts/x509/x509.h"
#include "dissectors/protocols/rdp/rdp_conference.h"
#include "dissectors/protocols/rdp/rdp_parser.h"

namespace lapwing::rdp {

struct Config {};

/// What both sides say of TLS before they are encrypted.
struct Handshake {
  bool offered = false, chosen = false;  // the hello of client, of server
  uint16_t version = 0;                  // that the client offers, then that the server chose
  std::string sni;
  std::string ja3, ja3_hash, ja3s, ja3s_hash, ja4;
  bool shown = false;                                    // there is a chain, which TLS 1.3 encrypts
  bool faulty = false;                                   // that, or what it begins with
  std::vector<std::string> serials;                      // of the chain, as far as it was readable
  uint32_t certificates = 0;                             // in it
  std::shared_ptr<const x509::Certificate> certificate;  // the server's own
};

/// A message of the opening [W], in the order in which they usually come.
struct Message : Transaction {
  std::variant<Request, Confirm, ClientData, ServerData, Handshake> said;
  Direction direction = Direction::to_server;
};

enum class Anomaly : uint8_t {
  invalid_tpkt,
  invalid_x224,
  segmented_x224,
  invalid_negotiation,
  invalid_connect_data,
  too_many_channels,
  invalid_tls_record,
  invalid_tls_handshake,
  invalid_certificate,
};

/// What rdp_columns.cc brings.
Table columns();
std::span<const RecordRow> records();
/// What rdp_sightings.cc does.
void sightings(const Event& event, SightingSink& sink);

class Rdp {
 public:
  using Config = rdp::Config;
  using Anomaly = rdp::Anomaly;
  enum class Pdu : uint8_t { tpkt, tls };
  enum class Cap : uint8_t { tx, channels, message, chain, text, certificate, tsdu };
  static constexpr lapwing::Cap kCaps[] = {
      {"tx", 16, "messages of an opening that are told, which has five; behind more the flow is followed no longer"},
      {"channels", kKeptChannels, "channels of a request that are kept"},
      {"message", 64 * 1024, "bytes of a message of TLS's handshake; a longer one is passed over"},
      {"chain", kKeptCertificates, "certificates of one chain that are read"},
      {"text", 4 << 10, "bytes of a name or fingerprint that later alerts show; of a longer one nothing"},
      {"certificate", 32 << 10, "bytes of a certificate's names that later alerts show; of more nothing of it"},
      {"tsdu", 64 << 10, "bytes of a message of the opening that comes in several TPDUs; a longer one is passed over"},
  };
  static constexpr Carried kParts[] = {{&tls::part}, {&x509::part}};
  static const About about;
  static const Protocol protocol;
  static std::span<const OptionRow<Config>> options() { return {}; }
  static Likelihood probe(const Chunk& first);

  Rdp(const Config&, const Out<Rdp>& out) : out_(out), opened_(out_.picked_up_late()) {}
  Step data(const Chunk& chunk);
  Step gap(Direction direction, uint64_t lost);
  void finish();

 private:
  enum class Phase : uint8_t { opening, tls, stopped };
  struct HalfFlow {
    Phase phase = Phase::opening;
    Resync resync;
    uint32_t left = 0;  // bytes of the TPKT or record at hand that are still to come
    uint8_t record_type = 0;
    bool encrypted = false;
    tls::Messages messages;
    // What comes in several TPDUs of data (X.224 13.7.3), behind the header of the first.
    std::string tsdu;
    uint64_t tsdu_at = 0;  // in the stream
  };

  HalfFlow& half(Direction direction) { return halves_[index(direction)]; }
  void stop(Direction direction) {
    half(direction).phase = Phase::stopped;
    half(direction).messages = {};
    half(direction).tsdu = {};
  }
  void stop_both();
  /// At the first byte of a TPKT, with which `bytes` begin. How many of them are done with.
  Step tpkt(Bytes bytes, uint64_t offset, Direction direction);
  void connection(Bytes tpdu, const Head& head, uint64_t offset, Direction direction);
  void join(Bytes tpdu, const Head& head, uint64_t offset, Direction direction);
  void connect(Bytes tpdu, uint64_t offset, Direction direction);
  void check(const ClientData& data);
  void check(const ServerData& data);
  /// A transaction begins, unless there were too many.
  bool begin(Direction direction, uint64_t offset = kNowhere);
  void tell(uint64_t bytes);
  void raise(Anomaly anomaly, Direction direction) { out_.anomaly(anomaly, direction, told_ > 0 ? &tx_ : nullptr); }

  // rdp_tls.cc
  Step record(Bytes bytes, uint64_t offset, Direction direction);
  void handshake(Bytes piece, Direction direction);
  void handshake_message(const tls::Message& message, Direction direction);
  void client_hello(Bytes body);
  void server_hello(Bytes body);
  void certificates(Bytes body);
  void tell_handshake();
  void abridge(Handshake& handshake);

  Out<Rdp> out_;
  bool opened_;              // what follows need not be TPKTs
  bool tls_chosen_ = false;  // by the server: each protocol of security but RDP's own is within it
  std::array<HalfFlow, 2> halves_;
  Message tx_;  // the latest
  uint32_t told_ = 0;
  Handshake handshake_;
  uint64_t handshake_bytes_ = 0;  // of messages that were read
  bool retrying_ = false;         // the server asked for another hello, whatever ChangeCipherSpec stands before it
  bool handshake_told_ = false;
};

}  // namespace lapwing::rdp
