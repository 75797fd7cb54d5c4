// DCE/RPC (C706, MS-RPCE) over TCP and UDP: each call is a transaction, and each exchange that sets a connection up.
#pragma once

#include <memory>
#include <optional>

#include "dissectors/contract/columns.h"
#include "dissectors/contract/dissector.h"
#include "dissectors/parts/dcerpc/dcerpc.h"
#include "dissectors/protocols/dcerpc/datagrams.h"
#include "dissectors/protocols/dcerpc/exchanges.h"

namespace lapwing::dcerpc {

struct Config {
  uint64_t calls = 0;  // that wait for their end
  uint64_t stub = 0;   // bytes of one side's stub data
};

inline const Call& call_of(const Exchange& exchange) {
  return exchange.call;
}

/// What dcerpc_columns.cc brings.
Table columns();
std::span<const RecordRow> records();

class Dcerpc final : private Carrier {
 public:
  using Config = dcerpc::Config;
  using Anomaly = None;
  using Pdu = dcerpc::Pdu;
  using Cap = None;
  using Context = Announced;
  static constexpr Carried kParts[] = {columns::carried<&call_of>(Rpc::part, Sender::either, {kComplete}),
                                       {&gss::Gss::part}};
  static const About about;
  static const Protocol protocol;
  static std::span<const OptionRow<Config>> options();
  static Likelihood probe(const Chunk& first);

  Dcerpc(const Config& config, const Out<Dcerpc>& out, std::shared_ptr<const Announced> announced);
  Step data(const Chunk& chunk);
  Step gap(Direction direction, uint64_t lost);
  void finish();

 private:
  // Carrier
  Call& begin(uint32_t call_id, Direction direction) override;
  void reached(Call& call, Direction direction) override;
  void end(Call& call) override;
  void frame(Pdu kind, Direction direction, uint64_t offset, uint64_t size) override;
  void endpoint(const Endpoint& endpoint) override;

  Step connection(const Chunk& chunk);

  const Config& config_;
  Out<Dcerpc> out_;
  const std::shared_ptr<const Announced> announced_;
  Exchanges exchanges_;
  std::optional<Association> association_;  // of TCP
  std::optional<Datagrams> datagrams_;      // of UDP
  std::optional<Direction> channel_;        // of TCP: who alone speaks
  std::array<std::optional<uint64_t>, 2> begin_ =
      {};  // by Direction: where in the stream the association's bytes begin
};

}  // namespace lapwing::dcerpc
