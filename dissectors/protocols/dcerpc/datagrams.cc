#include "dissectors/protocols/dcerpc/datagrams.h"

#include <algorithm>

#include "dissectors/parts/dcerpc/endpoints.h"

namespace lapwing::dcerpc {

void Datagrams::take(const Datagram& datagram) {
  using enum Type;
  const Type type = datagram.type;
  const bool asks = type == request, answers = type == response || type == fault || type == reject;
  Call* call = calls_.find({datagram.activity, datagram.sequence});
  if (call && type == cl_cancel) call->cancelled = true;
  if (!asks && !answers) return;
  const Direction direction = asks ? Direction::to_server : Direction::to_client;
  if (!call) call = &open(datagram, direction);
  Side& side = call->sides[index(direction)];
  if (side.whole) return;  // sent again
  side.seen = true;
  side.type = type;
  fragment(*call, datagram, direction);
}

void Datagrams::finish() {
  while (Call* call = calls_.oldest()) close(*call);
}

Call& Datagrams::open(const Datagram& datagram, Direction direction) {
  if (calls_.size() >= std::max<uint64_t>(limits_.calls, 1)) {
    out_.capped(Rpc::Cap::calls);
    close(*calls_.oldest());
  }
  Call& call = carrier_.begin(0, direction);
  call.tx->little_endian = datagram.little;
  call.activity = Activity{datagram.activity, datagram.sequence};
  call.operation = datagram.operation;
  call.maybe = datagram.maybe();
  if (datagram.object != Uuid()) call.object = datagram.object;
  call.contexts.push_back({.uuid = datagram.interface,
                           .major = datagram.major,
                           .minor = datagram.minor,
                           .interface = find_interface(datagram.interface)});
  calls_.add(*call.activity, call);
  return call;
}

/// Fragments are numbered. One that comes again adds nothing; behind one that is missing nothing is kept.
void Datagrams::fragment(Call& call, const Datagram& datagram, Direction direction) {
  Side& side = call.sides[index(direction)];
  const uint16_t next = static_cast<uint16_t>(side.fragments);
  if (!datagram.first() && datagram.fragment < next) return;
  if (!datagram.first() && datagram.fragment > next) side.lost = side.full = true;
  if (datagram.first() && next > 0) return;
  ++side.fragments;
  side.size += datagram.body.size();
  if (datagram.type == Type::fault || datagram.type == Type::reject) {
    OrderedReader reader(datagram.body, datagram.little);
    const uint32_t status = reader.u32();
    if (reader.ok()) call.status = status;
  } else {
    side.end.add(datagram.body);
    const bool was_full = side.full;
    side.add_stub(datagram.body, limits_.kept(direction == Direction::to_client && maps_endpoints(call)));
    if (side.full != was_full && limits_.contents) out_.capped(Rpc::Cap::stub);
  }
  if (datagram.last()) finish_side(call, direction);
}

void Datagrams::finish_side(Call& call, Direction direction) {
  Side& side = call.sides[index(direction)];
  side.whole = true;
  if (direction == Direction::to_client && maps_endpoints(call)) read_endpoints(call, out_, carrier_);
  side.reached = true;
  carrier_.reached(call, direction);
  if (direction == Direction::to_client || call.maybe) close(call);
}

void Datagrams::close(Call& call) {
  for (Direction direction : {Direction::to_server, Direction::to_client}) {
    Side& side = call.sides[index(direction)];
    if (side.seen && !side.reached) carrier_.reached(call, direction);
  }
  calls_.remove(*call.activity);
  carrier_.end(call);
}

}  // namespace lapwing::dcerpc
