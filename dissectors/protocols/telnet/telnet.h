// Telnet (RFC 854): its commands told from text, and the dialogue of a login; each attempt is a transaction.
#pragma once

#include <array>
#include <bitset>
#include <optional>
#include <string>

#include "dissectors/contract/dissector.h"
#include "dissectors/contract/names.h"
#include "dissectors/protocols/telnet/telnet_login.h"
#include "dissectors/protocols/telnet/telnet_parser.h"

namespace lapwing::telnet {

struct Config {};

/// Stages of a direction.
inline constexpr uint8_t kLoginDone = 1;

/// What was negotiated so far [W].
struct Session {
  std::array<std::bitset<256>, 2> options;  // by index(Direction): what that side uses or offers to use
  std::array<std::bitset<256>, 2> asked;    // likewise: what it wants or lets the other side use
  std::string terminal_type, terminal_speed, environment_user;
  uint64_t bytes = 0;  // that it cost
};

/// An attempt to log in, or at the end a session in which none was seen [W]; valid while the sink is called.
struct Attempt : Transaction {
  const Session* session = nullptr;
  std::string user;
  std::optional<Outcome> outcome;
};

enum class Anomaly : uint8_t { long_subnegotiation };

Table columns();
std::span<const RecordRow> records();

class Telnet {
 public:
  using Config = telnet::Config;
  using Anomaly = telnet::Anomaly;
  enum class Pdu : uint8_t { pdu, control, data };
  enum class Cap : uint8_t { subnegotiation, line };
  static constexpr lapwing::Cap kCaps[] = {
      {"subnegotiation", 1024, "bytes of a subnegotiation's value; the rest is passed over"},
      {"line", Login::kLine, "bytes of a line that may be of a login; the rest is passed over"},
  };
  static const About about;
  static const Protocol protocol;
  static std::span<const OptionRow<Config>> options();
  static Likelihood probe(const Chunk& first);

  Telnet(const Config&, const Out<Telnet>& out)
      : out_(out), login_([this](const std::string& user, Outcome outcome) { publish(user, outcome); }) {}
  Step data(const Chunk& chunk);
  Step gap(Direction direction, uint64_t lost);
  void finish();

 private:
  void text(Bytes bytes, uint64_t offset, Direction direction);
  void end_text(uint64_t offset, Direction direction);
  void control(const Unit& unit, uint64_t offset, Direction direction);
  void subnegotiation(const Subnegotiation& said, Direction direction);
  void begin_encrypted(Direction direction);
  void publish(const std::string& user, std::optional<Outcome> outcome);

  Out<Telnet> out_;
  Session session_;
  Login login_;
  std::array<bool, 2> in_text_{};                  // by index(Direction): a frame of data is open
  std::array<bool, 2> encrypted_{};                // likewise: the rest is
  std::array<Subnegotiation, 2> subnegotiations_;  // likewise
  bool told_ = false;                              // there is a record of the session
};

}  // namespace lapwing::telnet
