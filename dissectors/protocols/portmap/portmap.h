// Portmapper and rpcbind (RFC 1833): which port a program of ONC RPC listens on. Those of protocols that are known here
// are expected there.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dissectors/contract/dissector.h"
#include "dissectors/contract/names.h"
#include "dissectors/parts/onc_rpc/program.h"
#include "dissectors/protocols/portmap/portmap_parser.h"

namespace lapwing::portmap {

struct Config {};

/// Mapping as long as its transaction [W].
struct Place {
  uint32_t program = 0, version = 0;
  std::optional<uint32_t> protocol, port;
  std::string transport, address, owner;

  void take(const Mapping& mapping);
  bool datagrams() const;
};

/// [W] A call and its answer.
struct Exchange : onc_rpc::Conversation {
  std::optional<Place> asked;      // what is asked for, or set
  std::optional<uint32_t> called;  // procedure that CALLIT calls
  std::optional<uint32_t> port;    // of the answer
  std::optional<std::string> address;
  std::optional<bool> done;     // SET, UNSET
  std::vector<Place> mappings;  // DUMP, GETADDRLIST

  void reset();
};

enum class Anomaly : uint8_t { malformed_data };

/// What portmap_columns.cc brings.
Table columns();
std::span<const RecordRow> records();

class Portmap {
 public:
  using Config = portmap::Config;
  using Anomaly = portmap::Anomaly;
  enum class Pdu : uint8_t { pdu };
  enum class Cap : uint8_t { tx, entries };
  static constexpr lapwing::Cap kCaps[] = {
      {"tx", 1024, "calls without answer; the oldest is recorded as it is"},
      {"entries", 256, "mappings of an answer in its record; others are passed over"},
  };
  static constexpr Carried kParts[] = {{&onc_rpc::Rpc::part}};
  static constexpr uint32_t kProgram = 100000;
  static constexpr onc_rpc::Neighbour kNeighbours[] = {{100003, "nfs"}, {100005, "mount"}};
  static const About about;
  static const Protocol protocol;
  static std::span<const OptionRow<Config>> options() { return {}; }
  static Likelihood probe(const Chunk& first);

  Portmap(const Config&, const Out<Portmap>& out) : out_(out), program_(*this, out_) {}
  Step data(const Chunk& chunk) { return program_.data(chunk); }
  Step gap(Direction direction, uint64_t lost) { return program_.gap(direction, lost); }
  void finish() { program_.finish(); }

  // For onc_rpc::Program.
  void arguments(Exchange& exchange, XdrReader& body);
  bool results(Exchange& exchange, XdrReader& body, bool first);
  void answered(Exchange& exchange);

 private:
  bool results2(Exchange& exchange, XdrReader& body);
  bool results3(Exchange& exchange, XdrReader& body);
  bool keep(Exchange& exchange, XdrReader& body, const Mapping& mapping);
  /// Flows of the program to that port speak what it does.
  void expect(const Exchange& exchange, const Place& place, uint32_t port);

  Out<Portmap> out_;
  onc_rpc::Program<Portmap, Exchange> program_;
};

}  // namespace lapwing::portmap
