#include <algorithm>
#include <cstring>
#include <utility>

#include "dissectors/parts/dcerpc/dcerpc.h"
#include "dissectors/parts/dcerpc/endpoints.h"

namespace lapwing::dcerpc {

namespace {

constexpr size_t kStubBegin = Header::kSize + 8;  // behind the hint of a size, the context, the operation (C706 12.6.4)
constexpr size_t kObject = 16;
constexpr size_t kHeldKept = 8 << 10;  // bytes that a side keeps room for between large PDUs

/// What an exchange is about: a client may call, and go on setting up the connection, under the same identifier.
enum class Family : uint8_t { request, bind };
constexpr uint64_t key_of(Family family, uint32_t call_id) {
  return static_cast<uint64_t>(family) << 32 | call_id;
}

/// Where the first header is, or where fewer bytes are left than one has.
size_t first_header(Bytes bytes) {
  size_t at = 0;
  while (bytes.size() - at >= Header::kSize && !begins_pdu(bytes.subspan(at))) ++at;
  return at;
}

Side& side_of(Call& call, Direction direction) {
  return call.sides[index(direction)];
}

}  // namespace

Association::Association(PartOut<Rpc> out, PartOut<gss::Gss> login_out, Carrier& carrier, const Limits& limits)
    : out_(out), login_out_(login_out), carrier_(carrier), limits_(limits) {}

void Association::take(Bytes bytes, Direction direction) {
  Lane& lane = lanes_[index(direction)];
  while (true) {
    if (lane.searching) {
      bytes = search(lane, bytes);
      if (lane.searching) return;
    }
    if (!lane.header) {
      if (!hold(lane, bytes, Header::kSize)) return;
      read_header(lane, direction);
      continue;
    }
    const Type type = lane.header->type;
    if (lane.passing) {
      pass(lane, bytes, direction);
      if (lane.header) return;
    } else if (type == Type::request || type == Type::response) {
      if (!read_head(lane, bytes, direction)) return;
      lane.passing = true;
    } else {
      if (!hold(lane, bytes, lane.header->size)) return;
      read_whole(lane);
      leave(lane);
    }
  }
}

size_t Association::read(Bytes bytes, Direction direction) {
  Lane& lane = lanes_[index(direction)];
  size_t used = 0;
  while (used < bytes.size()) {
    const Bytes rest = bytes.subspan(used);
    size_t count = Header::kSize;
    if (lane.header) {
      count = static_cast<size_t>(std::min<uint64_t>(lane.end() - lane.position, rest.size()));
    } else if (lane.searching) {
      const size_t junk = first_header(rest);
      lane.position += junk;
      lane.searching = rest.size() - junk < Header::kSize;
      used += junk;
      if (lane.searching) return used;
      continue;
    } else if (rest.size() < Header::kSize) {
      return used;
    } else if (!parse_header(rest)) {
      mistrust(lane, direction);
      continue;
    }
    take(rest.first(count), direction);
    used += count;
  }
  return used;
}

void Association::gap(Direction direction, uint64_t lost) {
  Lane& lane = lanes_[index(direction)];
  lane.position += lost;
  if (lane.unfinished) side_of(*lane.unfinished, direction).lost = true;
  if (lane.header) {
    const bool within = lane.position <= lane.end();
    if (lane.call) {
      Side& side = side_of(*lane.call, direction);
      side.lost = side.full = true;
    }
    lane.passing = true;
    lane.held.clear();
    if (within && lane.position < lane.end()) return;
    end_fragment(lane, direction);
    leave(lane);
    lane.searching = !within;
  } else {
    lane.held.clear();
    lane.searching = true;
  }
}

void Association::pick_up(Direction direction) {
  lanes_[index(direction)].searching = true;
}

void Association::finish() {
  while (Call* call = calls_.oldest()) close(*call);
}

/// Each byte in turn may begin a PDU. What cannot be told before more comes is held: a header less a byte at most.
Bytes Association::search(Lane& lane, Bytes bytes) {
  if (const size_t before = lane.held.size(); before > 0) {
    lane.held.append(to_text(bytes.first(std::min(bytes.size(), Header::kSize - 1))));
    const size_t at = first_header(to_bytes(lane.held));
    if (at < before) {
      const size_t end = std::min(at + Header::kSize, lane.held.size()), taken = end - before;
      lane.held.resize(end);
      lane.held.erase(0, at);
      lane.position += taken;
      lane.searching = lane.held.size() < Header::kSize;
      return bytes.subspan(taken);
    }
    lane.held.clear();
  }
  const size_t at = first_header(bytes);
  lane.position += at;
  bytes = bytes.subspan(at);
  lane.searching = bytes.size() < Header::kSize;
  if (lane.searching) hold(lane, bytes, Header::kSize);
  return bytes;
}

/// Until there are `size` bytes of the PDU; false while there are not.
bool Association::hold(Lane& lane, Bytes& bytes, size_t size) {
  if (lane.held.size() < size) {
    const size_t more = std::min(size - lane.held.size(), bytes.size());
    lane.held.append(to_text(bytes.first(more)));
    lane.position += more;
    bytes = bytes.subspan(more);
  }
  return lane.held.size() >= size;
}

/// Told once of a side, or junk would be told of at every few bytes.
void Association::complain(Lane& lane, Direction direction) {
  if (!lane.told) out_.anomaly(Anomaly::malformed_pdu, direction);
  lane.told = true;
}

/// No PDU is where one has to be.
void Association::mistrust(Lane& lane, Direction direction) {
  complain(lane, direction);
  lane.searching = true;
}

void Association::leave(Lane& lane) {
  lane.header.reset();
  lane.held.clear();
  if (lane.held.capacity() > kHeldKept) lane.held = {};
  lane.call = nullptr;
  lane.passing = false;
}

void Association::read_header(Lane& lane, Direction direction) {
  lane.begin = lane.position - lane.held.size();
  lane.header = parse_header(to_bytes(lane.held));
  if (!lane.header) return mistrust(lane, direction);
  lane.passing = !sent_by(direction, lane.header->type);
  carrier_.frame(Pdu::pdu, direction, lane.begin, lane.header->size);
  carrier_.frame(Pdu::hdr, direction, lane.begin, Header::kSize);
  if (lane.header->size == Header::kSize) return;
  carrier_.frame(Pdu::data, direction, lane.begin + Header::kSize, lane.header->size - Header::kSize);
}

/// What stands before the stub data; false while it has not come.
bool Association::read_head(Lane& lane, Bytes& bytes, Direction direction) {
  const Header& header = *lane.header;
  if (header.type == Type::response) {
    fragment(lane, direction, 0, 0, {});
    return true;
  }
  const bool has_object = (header.flags & flag::object) && header.size >= kStubBegin + kObject;
  const size_t size = std::min<size_t>(header.size, kStubBegin + (has_object ? kObject : 0));
  if (!hold(lane, bytes, size)) return false;
  OrderedReader reader(to_bytes(lane.held), header.little);
  reader.skip(Header::kSize + 4);
  const uint16_t context = reader.u16(), operation = reader.u16();
  std::optional<Uuid> object;
  if (has_object) object = reader.uuid();
  if (!reader.ok()) {
    complain(lane, direction);
    return true;
  }
  fragment(lane, direction, context, operation, object);
  keep(lane, to_bytes(lane.held).subspan(kStubBegin), direction);
  return true;
}

void Association::pass(Lane& lane, Bytes& bytes, Direction direction) {
  const size_t count = static_cast<size_t>(std::min<uint64_t>(lane.end() - lane.position, bytes.size()));
  lane.position += count;
  keep(lane, bytes.first(count), direction);
  bytes = bytes.subspan(count);
  if (lane.position < lane.end()) return;
  end_fragment(lane, direction);
  leave(lane);
}

void Association::read_whole(const Lane& lane) {
  const Header header = *lane.header;
  const Bytes pdu = to_bytes(lane.held);
  switch (header.type) {
    case Type::bind:
    case Type::alter_context: return offer(header, pdu);
    case Type::bind_ack:
    case Type::bind_nak:
    case Type::alter_context_resp: return answer(header, pdu);
    case Type::fault: return fault(header, pdu);
    case Type::auth3: return authenticate(header, pdu);
    case Type::shutdown: return shut_down(header);
    default: return mark(header);
  }
}

/// A fragment of a request or response begins.
void Association::fragment(Lane& lane, Direction direction, uint16_t context, uint16_t operation,
                           const std::optional<Uuid>& object) {
  const Header& header = *lane.header;
  const uint64_t key = key_of(Family::request, header.call_id);
  Call* call = calls_.find(key);
  // Of a side that is whole no more comes: the identifier is another call's now. So it is where a request begins anew.
  if (call && (side_of(*call, direction).whole ||
               (header.first() && (side_of(*call, direction).seen || direction == Direction::to_server)))) {
    close(*call);
    call = nullptr;
  }
  if (!call) call = &open(key, header, direction);
  Side& side = side_of(*call, direction);
  if (!side.seen) {
    side.seen = true;
    side.type = header.type;
    side.begin = lane.begin;
    side.lost = !header.first();
    if (direction == Direction::to_server) {
      call->operation = operation;
      call->object = object;
      call->maybe = header.flags & flag::maybe;
      resolve(*call, context);
      if (!call->contexts.empty() && call->contexts.front().refused()) {
        out_.anomaly(Anomaly::refused_context, direction, call->tx);
      }
    }
  }
  lane.call = call;
  lane.stub_before = side.stub.size();
  lane.security = {};
}

/// Bytes of the fragment that end at the lane's position.
void Association::keep(Lane& lane, Bytes bytes, Direction direction) {
  if (!lane.call || bytes.empty()) return;
  const Header& header = *lane.header;
  Side& side = side_of(*lane.call, direction);
  const auto at = static_cast<size_t>(lane.position - lane.begin - bytes.size());
  const auto within = [&](size_t begin, size_t end) {
    begin = std::clamp(begin, at, at + bytes.size());
    return bytes.subspan(begin - at, std::clamp(end, begin, at + bytes.size()) - begin);
  };
  const bool bare = limits_.bare && direction == Direction::to_client;
  side.size += within(bare ? kStubBegin : 0, header.size).size();
  const size_t verifier = header.size - (header.auth ? header.auth + Security::kSize : 0);
  if (header.auth) {
    const Bytes part = within(verifier, verifier + Security::kSize);
    if (!part.empty()) {
      std::memcpy(&lane.security[static_cast<size_t>(part.data() - bytes.data()) + at - verifier], part.data(),
                  part.size());
    }
  }
  const bool was_full = side.full;
  const bool object = direction == Direction::to_server && (header.flags & flag::object);
  const size_t begin = header.first() && !bare ? 0 : kStubBegin + (object ? kObject : 0);
  const Bytes part = within(begin, header.first() && header.last() ? header.size : verifier);
  side.end.add(within(kStubBegin + (object ? kObject : 0), verifier));
  const bool mapped = direction == Direction::to_client && maps_endpoints(*lane.call);
  side.add_stub(part, limits_.kept(mapped));
  if (side.full == was_full || !limits_.contents) return;
  out_.capped(Cap::stub);
  reach(*lane.call, direction);
}

void Association::end_fragment(Lane& lane, Direction direction) {
  if (!lane.call) return;
  const Header& header = *lane.header;
  Call& call = *lane.call;
  Side& side = side_of(call, direction);
  ++side.fragments;
  if (header.auth && !side.lost) {
    call.security = Security{lane.security[0], lane.security[1], lane.security[2]};
    side.end.drop(call.security->padding);
    const size_t kept = side.stub.size() - lane.stub_before;
    const bool only = header.first() && header.last();
    if (!only && !side.full) side.stub.resize(side.stub.size() - std::min<size_t>(kept, call.security->padding));
  }
  lane.unfinished = header.last() ? nullptr : &call;
  if (header.last()) finish_side(call, direction);
}

/// A PDU of the side that is all of it.
void Association::note(Call& call, Direction direction, Type type) {
  Side& side = side_of(call, direction);
  if (!side.seen) side.begin = lanes_[index(direction)].begin;
  side.type = type;
  side.seen = side.whole = true;
  ++side.fragments;
}

void Association::offer(const Header& header, Bytes pdu) {
  const bool sound = parse_offers(header, pdu, offers_);
  Call& call = open(key_of(Family::bind, header.call_id), header, Direction::to_server);
  note(call, Direction::to_server, header.type);
  if (!sound) out_.anomaly(Anomaly::malformed_pdu, Direction::to_server, call.tx);
  log_in(call, header, pdu, Direction::to_server);
  for (const Offer& each : offers_) {
    const Context context{.id = each.context,
                          .uuid = each.interface,
                          .major = each.major,
                          .minor = each.minor,
                          .interface = find_interface(each.interface)};
    call.contexts.push_back(context);
    const auto known = contexts_.find(each.context);
    if (known != contexts_.end()) {
      if (known->second.result != 0) known->second = context;
    } else if (out_.within(Cap::contexts, contexts_.size() + 1)) {
      contexts_.emplace(each.context, context);
    } else {
      out_.anomaly(Anomaly::too_many_contexts, Direction::to_server, call.tx);
    }
  }
  finish_side(call, Direction::to_server);
}

void Association::answer(const Header& header, Bytes pdu) {
  const uint64_t key = key_of(Family::bind, header.call_id);
  Call* const found = calls_.find(key);
  Call& call = found ? *found : open(key, header, Direction::to_client);
  note(call, Direction::to_client, header.type);
  bool sound = true;
  if (header.type == Type::bind_nak) {
    call.refusal = parse_refusal(header, pdu);
    for (Context& context : call.contexts) context.result = 2;  // the provider's refusal
  } else {
    sound = parse_answers(header, pdu, answers_);
    const size_t both = std::min(answers_.size(), call.contexts.size());
    for (size_t i = 0; i < both; ++i) {
      call.contexts[i].result = answers_[i].result;
      call.contexts[i].reason = answers_[i].reason;
      call.contexts[i].wide = answers_[i].wide;
    }
  }
  for (const Context& context : call.contexts) {
    const auto known = contexts_.find(context.id);
    if (known == contexts_.end() || !context.result) continue;
    if (context.result == 0 || known->second.uuid == context.uuid) known->second = context;
  }
  if (!sound) out_.anomaly(Anomaly::malformed_pdu, Direction::to_client, call.tx);
  log_in(call, header, pdu, Direction::to_client);
  finish_side(call, Direction::to_client);
}

void Association::fault(const Header& header, Bytes pdu) {
  // It may also answer what sets up the connection (MS-RPCE 3.3.1.5.3).
  Call* found = calls_.find(key_of(Family::request, header.call_id));
  if (!found) found = calls_.find(key_of(Family::bind, header.call_id));
  Call& call = found ? *found : open(key_of(Family::request, header.call_id), header, Direction::to_client);
  note(call, Direction::to_client, header.type);
  OrderedReader reader(pdu, header.little);
  reader.skip(kStubBegin);
  const uint32_t status = reader.u32();
  if (reader.ok()) call.status = status;
  if (const auto verifier = parse_verifier(header, pdu)) call.security = verifier->security;
  finish_side(call, Direction::to_client);
}

/// The third leg of a login, which nothing answers (MS-RPCE 2.2.2.10).
void Association::authenticate(const Header& header, Bytes pdu) {
  Call& call = begin(header, Direction::to_server);
  note(call, Direction::to_server, header.type);
  log_in(call, header, pdu, Direction::to_server);
  reach(call, Direction::to_server);
  carrier_.end(call);
}

void Association::shut_down(const Header& header) {
  Call& call = begin(header, Direction::to_client);
  note(call, Direction::to_client, header.type);
  reach(call, Direction::to_client);
  carrier_.end(call);
}

/// What sets up the connection brings tokens of a login.
void Association::log_in(Call& call, const Header& header, Bytes pdu, Direction direction) {
  const auto verifier = parse_verifier(header, pdu);
  if (!verifier) return;
  call.security = verifier->security;
  if (!is_gss(verifier->security)) return;
  if (!login_ && direction == Direction::to_client) return;
  if (!login_) login_ = std::make_shared<gss::Login>();
  gss::tell(login_->take(verifier->token, direction), login_out_, direction, call.tx);
  call.login = login_;
}

/// Nothing says that a login succeeded but that the server goes on (MS-RPCE 3.3.1.5.2.2).
void Association::judge_login(Call& call) {
  if (!login_ || !login_->proposed()) return;
  const Type answer = call.response().type;
  if (answer == Type::response) {
    call.outcome = Outcome::success;
  } else if (answer == Type::bind_nak || (answer == Type::fault && call.status && refuses_login(*call.status))) {
    call.outcome = Outcome::failure;
  } else if (login_->outcome() != Outcome::unknown) {
    call.outcome = login_->outcome();
  } else {
    return;
  }
  call.login = std::move(login_);
}

/// The client gives a call up; the server may answer all the same.
void Association::mark(const Header& header) {
  Call* const call = calls_.find(key_of(Family::request, header.call_id));
  if (!call) return;
  (header.type == Type::orphaned ? call->orphaned : call->cancelled) = true;
}

Call& Association::open(uint64_t key, const Header& header, Direction direction) {
  if (Call* before = calls_.find(key)) close(*before);
  if (calls_.size() >= std::max<uint64_t>(limits_.calls, 1)) {
    out_.capped(Cap::calls);
    close(*calls_.oldest());
  }
  Call& call = begin(header, direction);
  call.key = key;
  calls_.add(key, call);
  return call;
}

Call& Association::begin(const Header& header, Direction direction) {
  Call& call = carrier_.begin(header.call_id, direction);
  call.id = header.call_id;
  call.minor = header.minor;
  call.tx->little_endian = header.little;
  return call;
}

void Association::resolve(Call& call, uint16_t context) {
  call.context = context;
  call.contexts.clear();
  if (const auto known = contexts_.find(context); known != contexts_.end()) {
    call.contexts.push_back(known->second);
  } else if (announced_) {
    call.contexts.push_back(*announced_);
    call.contexts.back().id = context;
  }
}

/// Nothing more comes of the side.
void Association::finish_side(Call& call, Direction direction) {
  Side& side = side_of(call, direction);
  side.whole = true;
  if (direction == Direction::to_client && maps_endpoints(call)) read_endpoints(call, limits_.bare, out_, carrier_);
  if (direction == Direction::to_client) judge_login(call);
  reach(call, direction);
  const Side &request = call.request(), &response = call.response();
  const bool asked = request.whole || request.lost || !request.seen;
  if (alone_ || (asked && (response.whole || (call.maybe && request.whole)))) close(call);
}

void Association::reach(Call& call, Direction direction) {
  Side& side = side_of(call, direction);
  if (!side.seen || side.reached) return;
  side.reached = true;
  carrier_.reached(call, direction);
}

void Association::close(Call& call) {
  for (Direction direction : {Direction::to_server, Direction::to_client}) {
    reach(call, direction);
    Lane& lane = lanes_[index(direction)];
    if (lane.call == &call) lane.call = nullptr;
    if (lane.unfinished == &call) lane.unfinished = nullptr;
  }
  calls_.remove(call.key);
  carrier_.end(call);
}

}  // namespace lapwing::dcerpc
