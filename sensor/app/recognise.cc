// Recognition: which protocol the first bytes of each side are, and what the two say of each other.
#include <algorithm>
#include <utility>

#include "sensor/app/app_state.h"

namespace lapwing {
namespace {

/// Whether a message may have begun before the flow was picked up.
bool began_unseen(const Flow& flow) {
  return flow.flags & flow_flag::midstream && !(flow.flags & flow_flag::midstream_synack);
}

}  // namespace

/// Asks every protocol still possible. Sure goes before merely possible, which needs to be expected or at home.
AppLayer::Verdict AppLayer::probe(ProtocolSet& candidates, const Chunk& first, const Flow& flow,
                                  const AppProtocol* expected) const {
  ProtocolSet awaited = at_home(flow);
  if (expected) awaited.add(number_of(*expected));
  candidates &= config_.probes.asked(first, awaited);
  ProtocolSet sure, possible;
  bool undecided = false;
  for (size_t number : ProtocolSet(candidates)) {
    switch (config_.protocols[number].row->probe(first)) {
      case Likelihood::sure: sure.add(number); break;
      case Likelihood::maybe: possible.add(number); break;
      case Likelihood::more: undecided = true; break;
      case Likelihood::no: candidates.remove(number);
    }
  }
  if (!sure.empty()) return {.protocol = &strongest(sure, first, flow, expected, true), .sure = true};
  possible &= awaited;
  if (undecided || possible.empty()) return {.undecided = undecided};
  return {.protocol = &strongest(possible, first, flow, expected, false)};
}

/// What decides between protocols that are equally likely, the first difference first; where they are listed does not.
/// The last is arbitrary: probes that leave the choice to it tell too little.
struct AppLayer::Claim {
  size_t bytes;  // that it took to be sure: they may come alone, and then nobody waits for more
  bool unexpected, not_at_servers_port, not_at_clients_port;
  std::string_view name;

  auto operator<=>(const Claim&) const = default;
};

const AppProtocol& AppLayer::strongest(const ProtocolSet& equals, const Chunk& first, const Flow& flow,
                                       const AppProtocol* expected, bool sure) const {
  if (equals.size() == 1) return config_.protocols[*equals.begin()];
  const ProtocolSet server = config_.probes.at(flow.server_port()), client = config_.probes.at(flow.client_port());
  auto claim = [&](size_t number) {
    const AppProtocol& protocol = config_.protocols[number];
    return Claim{.bytes = sure && !first.datagram ? sufficient(protocol, first) : 0,
                 .unexpected = &protocol != expected,
                 .not_at_servers_port = !server.has(number),
                 .not_at_clients_port = !client.has(number),
                 .name = protocol.row->about->name};
  };
  return config_.protocols[*std::ranges::min_element(equals, {}, claim)];
}

/// How many of the first bytes made it sure.
size_t AppLayer::sufficient(const AppProtocol& protocol, const Chunk& first) {
  size_t less = 0, enough = first.data.size();
  while (enough - less > 1) {
    Chunk beginning = first;
    beginning.data = first.data.first((less + enough) / 2);
    (protocol.row->probe(beginning) == Likelihood::sure ? enough : less) = beginning.data.size();
  }
  return enough;
}

const AppProtocol* AppLayer::named(std::string_view name, uint8_t transports) const {
  if (name.empty()) return nullptr;
  const auto found = std::ranges::find_if(config_.protocols, [&](const AppProtocol& protocol) {
    return protocol.row->about->name == name && protocol.transports & transports;
  });
  return found == config_.protocols.end() ? nullptr : &*found;
}

/// The protocols whose port the flow uses.
ProtocolSet AppLayer::at_home(const Flow& flow) const {
  return config_.probes.at(flow.server_port()) | config_.probes.at(flow.client_port());
}

/// The first bytes of a flow picked up late, or datagrams of one of which nothing is known yet, may go the other way:
/// then whom we took for the client is the server. `verdict`: what they are, or may be, as they go.
bool AppLayer::runs_backwards(const Flow& flow, const State& state, const Chunk& first, const Verdict& verdict) const {
  const AppProtocol* const likely = verdict.protocol;
  if (state.turned || state.changed()) return false;
  if (!first.datagram && !(flow.flags & flow_flag::midstream)) return false;
  const ProtocolSet server = config_.probes.at(flow.server_port()), client = config_.probes.at(flow.client_port());
  Chunk other_way = first;
  other_way.direction = reverse(first.direction);
  other_way.only_sure = true;
  if (verdict.sure) {
    // What either side may say does not tell; whose port it is does.
    return !first.datagram && (client - server).has(number_of(*likely)) &&
           likely->row->probe(other_way) == Likelihood::sure;
  }
  ProtocolSet asked = config_.probes.asked(other_way, server | client);
  if (first.datagram) {
    // What makes it likely is the port of the one that we took for the client.
    if (likely && (client - server).has(number_of(*likely))) return true;
    // An answer that comes behind what the server said is no first one. A question to where its protocol lives may:
    // that was not understood.
    const bool server_spoke =
        flow.packets[index(Direction::to_client)] > 0 || state.sides[index(Direction::to_client)].bytes > 0;
    if (first.direction == Direction::to_server && server_spoke) return false;
    if (first.direction == Direction::to_client) asked &= client;
    // Or else one datagram that claims to be an answer would hide the questions behind it.
    asked -= server - client;
  }
  return std::ranges::any_of(
      asked, [&](size_t number) { return config_.protocols[number].row->probe(other_way) == Likelihood::sure; });
}

void AppLayer::recognise(Flow& flow, State& state, const Chunk& chunk) {
  auto& side = state.sides[index(chunk.direction)];
  side.note_end(chunk);
  const bool speaks = side.bytes == 0 && !chunk.data.empty() && chunk.direction == Direction::to_server;
  // What waited for a change is offered again in another order than it came in.
  if (speaks && began_unseen(flow) && !state.changed() && !state.turned) {
    state.sides[index(Direction::to_client)].drop_rest();
  }
  side.bytes += chunk.data.size();
  if (side.settled() && !chunk.datagram) {
    side.keep(chunk);
    return give_up(flow, state, chunk);
  }
  Chunk first = chunk;
  if (chunk.datagram) {
    side.candidates = ProtocolSet::all();  // every datagram is a message of its own
  } else {
    if (side.buffer.empty()) side.offset = chunk.offset;
    if (!side.buffer.empty() || chunk.data.size() < kProbeLimit || state.reversed) {
      side.keep(chunk);
      first.data = to_bytes(side.buffer);
    }
  }
  if (state.reversed) return;
  if (!first.data.empty()) {
    first.offset = 0;  // of what the protocol may have begun with
    const Verdict verdict =
        probe(side.candidates, first, flow, named(state.expected(), chunk.datagram ? transport::udp : transport::tcp));
    const bool backwards = runs_backwards(flow, state, first, verdict);
    if (verdict.protocol && !backwards) {
      first.offset = chunk.datagram ? 0 : side.buffer.empty() ? chunk.offset : side.offset;
      return found(flow, state, *verdict.protocol, first);
    }
    if (backwards) {
      state.reversed = true;
      if (chunk.direction == Direction::to_client) state.sides[index(Direction::to_server)].drop_rest();
      if (side.buffer.empty()) side.buffer.assign(to_text(chunk.data));
      return;
    }
    const bool enough = chunk.datagram || first.data.size() >= kVerdictBytes[index(chunk.direction)];
    const bool fits_nothing = (!verdict.undecided && enough) || first.data.size() >= kProbeLimit;
    side.just_judged |= chunk.datagram && fits_nothing && !side.failed;
    side.failed |= fits_nothing;
    if (side.failed && side.buffer.empty() && !chunk.datagram) side.keep(chunk);
  }
  if (chunk.end && !side.failed) side.closed = true;
  // A datagram is a message of its own: the next may be one of a protocol that the first was not. Where a protocol is
  // at home no number of others keeps a server from the next.
  if (chunk.datagram && (++side.datagrams < kProbeDatagrams || !(at_home(flow) & config_.probes.over(true)).empty())) {
    side.datagrams = std::min(side.datagrams, kProbeDatagrams);
    return;
  }
  give_up(flow, state, chunk);
}

/// Whether the beginning of a request may be what was missed: its answer alone would have the rest of it misread.
bool AppLayer::missed_beginning(const Flow& flow, const State& state) {
  return began_unseen(flow) && state.sides[index(Direction::to_server)].failed;
}

/// Neither side has a protocol: is there still hope?
void AppLayer::give_up(Flow& flow, State& state, const Chunk& chunk) {
  const HalfFlow &side = state.sides[index(chunk.direction)], &other = state.sides[index(reverse(chunk.direction))];
  if (side.settled() && other.settled()) {
    const bool none = (side.failed && other.failed) || missed_beginning(flow, state) || state.spoke_since_change();
    return none ? fail(state) : state.stop();
  }
  if (chunk.datagram) return;
  if (side.bytes > kDetectionLimit) {
    ++counters_.detection_limit;
    report(flow, RecognitionAnomaly::proto_detection_skipped, chunk.direction);
    fail(state);
  }
}

/// Of sides that said enough to be judged nothing more comes that would be some protocol's, nor an answer that would
/// turn a flow picked up late round.
void AppLayer::end_detection(State& state) {
  if (state.phase != State::Phase::detecting) return;
  if (missed_beginning(*flow_, state) || state.spoke_since_change()) return fail(state);
  for (size_t i = 0; i < state.sides.size(); ++i) {
    const HalfFlow& side = state.sides[i];
    if (side.datagrams > 0 || (!side.failed && side.bytes < kVerdictBytes[i])) return;
  }
  fail(state);
}

void AppLayer::found(Flow& flow, State& state, const AppProtocol& protocol, const Chunk& first) {
  const About& about = *protocol.row->about;
  auto& side = state.sides[index(first.direction)];
  side.protocol = &protocol;
  side.just_judged = true;
  if (!first.datagram) {
    // Not by what is handed over first: the client's bytes may be acknowledged later than the server's. Nor by what was
    // seen first where more was said before.
    if (about.client_first && !state.changed() && !began_unseen(flow) && flow.flags & flow_flag::server_first) {
      report(flow, RecognitionAnomaly::wrong_direction_first_data, first.direction);
      return fail(state);
    }
    auto& other = state.sides[index(reverse(first.direction))];
    if (first.direction == Direction::to_client && missed_beginning(flow, state)) return fail(state);
    state.protocol = &protocol;
    if (other.failed) {
      other.just_judged = true;
      // It may have been possible all along, away from its port.
      if (other.candidates.has(number_of(protocol))) {
        other.failed = false;
        other.protocol = &protocol;
      } else {
        report(flow, RecognitionAnomaly::detect_protocol_only_one_direction, first.direction);
      }
    }
  }
  if (!state.expected().empty() && state.expected() != about.name) {
    report(flow, RecognitionAnomaly::unexpected_protocol, first.direction);
    if (state.expected() == "tls") report(flow, RecognitionAnomaly::no_tls_after_starttls, first.direction);
  }
  choose(flow, state, protocol, first);
}

/// It begins no protocol that is dissected.
bool AppLayer::is_none(const Verdict& verdict, const Chunk& first) {
  return (!verdict.undecided && first.data.size() >= kVerdictBytes[index(first.direction)]) ||
         first.data.size() >= kProbeLimit;
}

/// How many of the first bytes made the verdict that all of them make, where `less` did not.
size_t AppLayer::decided_by(size_t less, const ProtocolSet& candidates, const Chunk& first, const Flow& flow,
                            const State& state) const {
  size_t enough = first.data.size();
  while (enough - less > 1) {
    Chunk beginning = first;
    beginning.data = first.data.first((less + enough) / 2);
    beginning.end = false;
    ProtocolSet left = candidates;
    const Verdict verdict = probe(left, beginning, flow, state.protocol);
    (verdict.protocol || is_none(verdict, beginning) ? enough : less) = beginning.data.size();
  }
  return enough;
}

/// The protocol is known from one side: what the other's first bytes say. Returns how many bytes of the chunk are to be
/// read before that is known, where it is another: what is said of them must not depend on how the stream is cut.
size_t AppLayer::compare(Flow& flow, State& state, const Chunk& chunk) {
  auto& side = state.sides[index(chunk.direction)];
  Chunk first = chunk;
  first.offset = 0;
  const size_t known = side.head.size();
  if (known > 0) first.data = to_bytes(side.head.append(to_text(chunk.data)));
  const ProtocolSet candidates = side.candidates;
  const Verdict verdict =
      first.data.empty() ? Verdict{.undecided = true} : probe(side.candidates, first, flow, state.protocol);
  const bool other = verdict.protocol ? verdict.protocol != state.protocol : is_none(verdict, first);
  if (other && !chunk.datagram && chunk.data.size() > 1) {
    const size_t before = decided_by(known, candidates, first, flow, state) - known - 1;
    if (before > 0) {
      side.head.resize(known);
      side.candidates = candidates;
      return before;
    }
  }
  const AppProtocol* protocol = !verdict.protocol && chunk.datagram ? state.protocol : verdict.protocol;
  if (protocol) {
    side.protocol = protocol;
    if (protocol != state.protocol)
      report(flow, RecognitionAnomaly::mismatch_protocol_both_directions, chunk.direction);
  } else if (is_none(verdict, first)) {
    side.failed = true;
    report(flow, RecognitionAnomaly::detect_protocol_only_one_direction, chunk.direction);
  } else if (chunk.end) {
    side.closed = true;
  } else if (known == 0) {
    side.head.assign(to_text(chunk.data));
  }
  if (!side.settled()) return 0;
  side.head = {};
  side.just_judged = !side.closed;
  return 0;
}

void AppLayer::report(Flow& flow, RecognitionAnomaly event, Direction direction) {
  const AppMemory::Paused paused(*memory_);
  sink_.recognition_anomaly(flow, event, direction);
}

void AppLayer::fail(State& state) {
  state.stop();
  state.undetected = true;
  state.protocol = nullptr;
  ++counters_.failed;
  for (auto& side : state.sides) side.just_judged = true;
}

bool AppLayer::take_just_judged(const Flow& flow, Direction direction) {
  auto* state = flow.get<State>(FlowSlot::app);
  return state && std::exchange(state->sides[index(direction)].just_judged, false);
}

bool AppLayer::reversed(const Flow& flow) const {
  const auto* state = flow.get<State>(FlowSlot::app);
  return state && state->reversed;
}

void AppLayer::swap_direction(Flow& flow, Timestamp time) {
  State& state = state_of(flow);
  ++counters_.turned;
  state.reversed = false;
  state.turned = true;
  std::swap(state.sides[0], state.sides[1]);
  for (Direction direction : {Direction::to_server, Direction::to_client}) {
    HalfFlow& side = state.sides[index(direction)];
    const std::string bytes = std::move(side.buffer);
    side = {.offset = side.offset, .lost = side.lost, .ended = side.ended, .broken_off = side.broken_off};
    if (bytes.empty() && !side.ended) continue;
    chunk(flow, {.data = to_bytes(bytes),
                 .offset = side.offset,
                 .time = time,
                 .direction = direction,
                 .datagram = flow.key.proto == ip_proto::udp,
                 .end = side.ended,
                 .broken_off = side.broken_off});
  }
}

}  // namespace lapwing
