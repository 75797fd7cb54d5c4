// Datagrams: calls by UDP (C706 10.2).
#pragma once

#include <type_traits>

#include "dissectors/parts/dcerpc/dcerpc.h"
#include "dissectors/protocols/dcerpc/datagram.h"

namespace lapwing::dcerpc {

/// [W] Of a flow. Who sends a datagram its type says: answers to a broadcast may go where that went.
class Datagrams {
 public:
  /// Both outlive it.
  Datagrams(PartOut<Rpc> out, Carrier& carrier, const Limits& limits) : out_(out), carrier_(carrier), limits_(limits) {}

  void take(const Datagram& datagram);
  /// What waits is given up.
  void finish();

 private:
  static_assert(std::has_unique_object_representations_v<Activity>);

  Call& open(const Datagram& datagram, Direction direction);
  void fragment(Call& call, const Datagram& datagram, Direction direction);
  void add(Call& call, Bytes body, Direction direction);
  bool wait(Side& side, const Datagram& datagram);
  void give_up(Side& side);
  void finish_side(Call& call, Direction direction);
  void close(Call& call);

  PartOut<Rpc> out_;
  Carrier& carrier_;
  const Limits limits_;
  Calls<Activity> calls_;
  size_t early_ = 0;  // fragments of all sides that wait
};

}  // namespace lapwing::dcerpc
