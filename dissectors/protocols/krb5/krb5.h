// Kerberos 5 over UDP and TCP (RFC 4120): every message is a transaction of its own.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "dissectors/contract/dissector.h"
#include "dissectors/contract/names.h"
#include "dissectors/contract/resync.h"
#include "dissectors/protocols/krb5/krb5_requests.h"

namespace lapwing::krb5 {

struct Config {};

/// One message [W]; valid while the sink is called, like all it views.
struct MessageTransaction : Transaction {
  Message message;
  const Message* request = nullptr;  // that an answer is about; null: it was not heard, or is answered already
  std::optional<Outcome> login;      // that the message tells of

  /// What reading has grown stays.
  void reset() {
    progress = inspected = {};
    begin = {kNowhere, kNowhere};
    store_files = 0;
    unrecorded = false;
    anomalies.clear();
    matched.clear();
    request = nullptr;
    login.reset();
  }
};

/// Progress of a message's own direction; the other one stays at 0.
inline constexpr uint8_t kMessage = 1;

enum class Anomaly : uint8_t { malformed_data, weak_encryption };

/// What krb5_columns.cc brings.
Table columns();
std::span<const RecordRow> records();
bool login(const Event& event, LoginSeen& out);
void sightings(const Event& event, SightingSink& sink);
/// What krb5_words.cc brings.
std::span<const Word> rule_words();

class Krb5 {
 public:
  using Config = krb5::Config;
  using Anomaly = krb5::Anomaly;
  enum class Pdu : uint8_t { pdu };
  enum class Cap : uint8_t { message, entries, requests };
  static constexpr lapwing::Cap kCaps[] = {
      {"message", 128 << 10, "bytes of a message over TCP; a longer one is passed over"},
      {"entries", kerberos::kEntries,
       "components of a name, types of encryption and of preauthentication of one message; others are passed over"},
      {"requests", Requests::kWaiting, "requests of one flow that wait for their answer; the oldest is forgotten"},
  };
  static constexpr Carried kParts[] = {{&kerberos::part}};
  static const About about;
  static const Protocol protocol;
  static std::span<const OptionRow<Config>> options() { return {}; }
  static Likelihood probe(const Chunk& first);

  Krb5(const Config&, const Out<Krb5>& out) : out_(out) {}
  Step data(const Chunk& chunk);
  Step gap(Direction direction, uint64_t lost);
  void finish() {}

 private:
  /// `offset`: of the message in the stream.
  void message(Bytes wire, uint64_t offset, const Chunk& chunk);
  void answer(MessageTransaction& tx);

  Out<Krb5> out_;
  std::array<Resync, 2> resync_;  // by Direction
  Requests requests_;
};

}  // namespace lapwing::krb5
