#include "dissectors/protocols/dcerpc/datagrams.h"

#include <algorithm>
#include <utility>

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

/// Fragments are numbered, and come in any order (C706 12.5.2). One that comes again adds nothing; behind one that is
/// missing nothing is kept.
void Datagrams::fragment(Call& call, const Datagram& datagram, Direction direction) {
  Side& side = call.sides[index(direction)];
  const uint16_t next = static_cast<uint16_t>(side.fragments);
  if (datagram.first() ? next > 0 : datagram.fragment < next) return;
  if (!datagram.first() && datagram.fragment > next && !side.lost) {
    if (wait(side, datagram)) return;
    give_up(side);
    side.lost = side.full = true;
  }
  bool last = datagram.last();
  if (datagram.type == Type::fault || datagram.type == Type::reject) {
    ++side.fragments;
    side.size += datagram.body.size();
    OrderedReader reader(datagram.body, datagram.little);
    const uint32_t status = reader.u32();
    if (reader.ok()) call.status = status;
  } else {
    add(call, datagram.body, direction);
  }
  while (!last) {
    const auto found = std::ranges::find(side.early, side.fragments, &Side::Early::number);
    if (found == side.early.end()) return;
    const Side::Early early = std::move(*found);
    side.early.erase(found);
    --early_;
    add(call, to_bytes(early.body), direction);
    last = early.last;
  }
  finish_side(call, direction);
}

void Datagrams::add(Call& call, Bytes body, Direction direction) {
  Side& side = call.sides[index(direction)];
  ++side.fragments;
  side.size += body.size();
  side.end.add(body);
  const bool was_full = side.full;
  side.add_stub(body, limits_.kept(direction == Direction::to_client && maps_endpoints(call)));
  if (side.full != was_full && limits_.contents) out_.capped(Rpc::Cap::stub);
}

/// For those before it. False where too many do.
bool Datagrams::wait(Side& side, const Datagram& datagram) {
  if (std::ranges::count(side.early, datagram.fragment, &Side::Early::number) > 0) return true;
  if (!out_.within(Rpc::Cap::early, early_ + 1)) return false;
  ++early_;
  side.early.push_back({datagram.fragment, datagram.last(), std::string(to_text(datagram.body))});
  return true;
}

/// Those before what waits never come.
void Datagrams::give_up(Side& side) {
  early_ -= side.early.size();
  for (const Side::Early& early : std::exchange(side.early, {})) {
    if (side.whole) continue;
    side.lost = side.full = true;
    ++side.fragments;
    side.size += early.body.size();
  }
}

void Datagrams::finish_side(Call& call, Direction direction) {
  Side& side = call.sides[index(direction)];
  side.whole = true;
  give_up(side);
  if (direction == Direction::to_client && maps_endpoints(call)) read_endpoints(call, true, out_, carrier_);
  side.reached = true;
  carrier_.reached(call, direction);
  if (direction == Direction::to_client || call.maybe) close(call);
}

void Datagrams::close(Call& call) {
  for (Direction direction : {Direction::to_server, Direction::to_client}) {
    Side& side = call.sides[index(direction)];
    give_up(side);
    if (side.seen && !side.reached) carrier_.reached(call, direction);
  }
  calls_.remove(*call.activity);
  carrier_.end(call);
}

}  // namespace lapwing::dcerpc
