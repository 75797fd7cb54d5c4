// TFTP (RFC 1350): a request is a transaction. Its server answers from a port of its own, so that the file comes in
// another flow, which the request announces; there the transfer is the transaction.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "dissectors/contract/dissector.h"
#include "dissectors/contract/names.h"
#include "dissectors/parts/file/transfer.h"
#include "dissectors/protocols/tftp/tftp_parser.h"

namespace lapwing::tftp {

struct Config {
  uint64_t inspected = 0;  // bytes of a file
};

/// What was asked for.
struct Request : lapwing::Context {
  Opcode opcode = Opcode::none;  // read or write
  std::string file, mode;
  Options options;
};

/// Why there is no file.
struct Failure {
  uint16_t code = 0;
  std::string message;
};

class Tftp;

/// [W] A request, or the transfer that follows it, or both where the server answers from the port that it was asked on.
struct Exchange : Transaction {
  std::shared_ptr<const Request> request;  // null: it was not heard
  std::optional<Options> granted;
  std::optional<Failure> failure;
  Direction direction = Direction::to_server;  // of the file
  uint64_t blocks = 0;                         // of it so far, the last being the highest that came
  std::optional<file::Transfer<Tftp>> transfer;
};

enum class Anomaly : uint8_t { malformed_data, unexpected_block };

/// What tftp_columns.cc brings.
Table columns();
std::span<const RecordRow> records();
CarriedFile* carried_file(Transaction& tx, Direction direction, uint32_t index);

class Tftp {
 public:
  using Config = tftp::Config;
  using Anomaly = tftp::Anomaly;
  using Context = Request;
  enum class Pdu : uint8_t { pdu };
  using Cap = None;
  static constexpr Carried kParts[] = {{&file::Files::part}};
  static const About about;
  static const Protocol protocol;
  static std::span<const OptionRow<Config>> options();
  static Likelihood probe(const Chunk& first);

  Tftp(const Config& config, const Out<Tftp>& out, std::shared_ptr<const Request> announced)
      : config_(config), out_(out), announced_(std::move(announced)) {}
  Step data(const Chunk& chunk);
  Step gap(Direction, uint64_t) { return Step::ok(0); }
  void finish();

 private:
  void request(const Packet& packet, Direction direction);
  void block(const Packet& packet, Direction direction);
  void fail(const Packet& packet, Direction direction);
  Exchange& begin(std::shared_ptr<const Request> request);
  /// The one that the packet belongs to.
  Exchange& at_hand() { return exchange_ ? *exchange_ : begin(announced_); }
  void end_file(file::State state);
  void tell_file();

  const Config& config_;
  Out<Tftp> out_;
  const std::shared_ptr<const Request> announced_;
  std::optional<Exchange> exchange_;
  uint64_t block_size_ = 0;  // bytes of all but the last; 0: not known yet
};

}  // namespace lapwing::tftp
