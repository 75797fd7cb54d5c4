// SSH (RFC 4253): banners, key exchange and fingerprints of both sides, one transaction a flow; then a guess at how the
// login ended.
#pragma once

#include <array>
#include <string>

#include "dissectors/contract/dissector.h"
#include "dissectors/contract/lines.h"
#include "dissectors/contract/names.h"
#include "dissectors/contract/resync.h"
#include "dissectors/protocols/ssh/ssh_login.h"
#include "dissectors/protocols/ssh/ssh_parser.h"

namespace lapwing::ssh {

/// What becomes of a flow once both sides are encrypted: its raw payload is matched no more, or still is, or nobody
/// looks at it at all.
enum class Encrypted : uint8_t { watch, match, bypass };

struct Config {
  bool hassh = true;
  Encrypted encrypted = Encrypted::watch;
};

/// Stages of a direction.
inline constexpr uint8_t kBannerDone = 1, kKeyExchangeDone = 2, kHostKeyDone = 3, kLoginDone = 4;

/// What one side said of itself [W].
struct Party {
  bool greeted = false;
  std::string proto, software, comments;
  std::string hassh, hassh_hash;
  bool exchanged = false;  // its lists came
  std::string kex_init;    // they, until both sides' are there
  Lists offered;           // views of it

  bool spoke() const { return greeted || exchanged; }
};

/// What both sides came to use for the bytes of one.
struct Channel {
  std::string cipher, mac, compression;
};

struct Session : Transaction {
  std::array<Party, 2> parties;  // by index(Direction) of who speaks
  std::string kex, host_key;
  std::string shown_key_type, shown_key;  // the server's, and its fingerprint
  std::array<Channel, 2> channels;        // likewise
  Login login;
  uint64_t bytes = 0;  // of what the record shows

  const Party& client() const { return parties[index(Direction::to_server)]; }
  const Party& server() const { return parties[index(Direction::to_client)]; }
};

enum class Anomaly : uint8_t { invalid_banner, long_banner, invalid_record };

Table columns();
std::span<const RecordRow> records();
std::span<const Word> rule_words();

class Ssh {
 public:
  using Config = ssh::Config;
  using Anomaly = ssh::Anomaly;
  enum class Pdu : uint8_t { header, data, pdu };
  enum class Cap : uint8_t { greeting, kex_init, host_key, hassh };
  static constexpr lapwing::Cap kCaps[] = {
      {"greeting", 64, "lines that a side may say before its banner; of more it is followed no longer"},
      {"kex_init", 64 * 1024, "bytes of a side's key exchange; a longer one is passed over"},
      {"host_key", 64 * 1024, "bytes of a message that may show the server's key; a longer one is passed over"},
      {"hassh", 4096, "bytes of a fingerprint's text that later alerts show; of a longer one nothing"},
  };
  static const About about;
  static const Protocol protocol;
  static std::span<const OptionRow<Config>> options();
  static Likelihood probe(const Chunk& first);

  Ssh(const Config& config, const Out<Ssh>& out);
  Step data(const Chunk& chunk);
  Step gap(Direction direction, uint64_t lost);
  void finish();

 private:
  static constexpr size_t kBannerLimit = 253;  // bytes before CR LF (RFC 4253 4.2)

  enum class Phase : uint8_t { banner, records, encrypted, stopped };
  struct HalfFlow {
    Phase phase = Phase::banner;
    Lines lines{kBannerLimit};
    uint32_t greeting = 0;  // lines before the banner
    Resync resync;
    uint32_t record_left = 0;         // bytes of the record at hand still to come
    uint64_t end = 0;                 // offset behind all bytes that were offered
    uint64_t encrypted = UINT64_MAX;  // offset at which what is encrypted begins
  };

  Party& party(Direction direction) { return tx_.parties[index(direction)]; }
  HalfFlow& half(Direction direction) { return halves_[index(direction)]; }
  void banner(const Lines::Line& line, Direction direction);
  void lose_banner(Direction direction);
  void stop(Direction direction) { half(direction).phase = Phase::stopped; }
  void stop_both();
  /// At a record's header; `bytes` begin with it. The record's bytes are told of, and how many of them are done with.
  Step record(Bytes bytes, uint64_t offset, Direction direction);
  void key_exchange(Bytes payload, Direction direction);
  void negotiate();
  void host_key(Bytes payload);
  void begin_encrypted(Direction direction);
  /// That all is known that is said in the clear, or no more will be.
  void publish(Direction direction);
  void heard(Direction direction, uint64_t bytes);
  void publish_login(Direction direction);

  const Config& config_;
  Out<Ssh> out_;
  const bool late_;
  Session tx_;
  std::array<HalfFlow, 2> halves_;
  bool published_ = false;
};

}  // namespace lapwing::ssh
