#include "analytics/detectors/contact.h"

#include <string_view>
#include <tuple>

#include "analytics/detectors/amplifier.h"
#include "analytics/shape/few.h"

namespace lapwing::analytics {
namespace {

constexpr uint8_t kIcmp = 1, kTcp = 6, kUdp = 17, kIcmp6 = 58, kSctp = 132;
constexpr uint8_t kFin = 1, kSyn = 2, kRst = 4, kAck = 16;

Medium medium_of(uint8_t proto) {
  switch (proto) {
    case kTcp: return Medium::tcp;
    case kUdp: return Medium::udp;
    case kSctp: return Medium::sctp;
    case kIcmp:
    case kIcmp6: return Medium::echo;
    default: return Medium::protocol;
  }
}

bool asks_echo(const FlowRef& flow) {
  return flow.client_port == (flow.proto == kIcmp ? 8 : 128);
}

/// Answers to what was sent to many, answers that came late, and those to what somebody else asked in one's name are
/// flows of their own that begin at the service.
bool from_service(const FlowRef& flow) {
  constexpr uint16_t kLlmnr = 5355;  // RFC 4795
  const uint16_t port = flow.client_port;
  return port != flow.server_port && (port < 1024 || port == kLlmnr || amplifies(port));
}

/// nDPI's names of protocols by which anybody's computers look for each other.
bool between_peers(std::string_view application) {
  static constexpr auto kNames = few<std::string_view>(
      "AppleJuice", "BitTorrent", "DirectConnect", "FastTrack", "Filetopia", "Gnutella", "IPFS", "iMESH", "KaZaA",
      "Manolito", "OpenFT", "PPLive", "PPStream", "QQLive", "SopCast", "Soulseek", "Stealthnet", "Syncthing", "Thunder",
      "TVAnts", "TVUplayer", "WinMX", "Zattoo", "eDonkey");
  return kNames.has(application.substr(0, application.find('.')));
}

/// The first packet of a connection, or one that no conforming stack sends so (RFC 9293 section 3.10.7).
bool probes(uint8_t flags) {
  return !(flags & (kAck | kRst));
}

/// Each datagram of traceroute goes to a port of its own, where nobody listens: the error says that the way is over.
bool traces(const FlowRef& flow) {
  constexpr uint16_t kFirst = 33434, kLast = 33689;  // 255 hops
  return flow.proto == kUdp && flow.server_port >= kFirst && flow.server_port <= kLast;
}

/// By this port of Microsoft's Delivery Optimization, Windows asks others of its network for pieces of an update. A
/// service outside has named them, and many have been switched off since.
bool shares_updates(const FlowRef& flow) {
  constexpr uint16_t kPort = 7680;
  return flow.proto == kTcp && flow.server_port == kPort;
}

uint8_t silence_of(const FlowUpdate& update) {
  const FlowRef& flow = *update.flow;
  if (shares_updates(flow)) return 0;
  switch (medium_of(flow.proto)) {
    case Medium::tcp:
      if (flow.one_sided && update.all_packets[0] > 1) return outcome::one_sided;
      return probes(update.tcp_flags[0]) && !flow.midstream ? outcome::silent : 0;
    case Medium::udp: return from_service(flow) || traces(flow) ? 0 : outcome::silent;
    case Medium::echo: return asks_echo(flow) ? outcome::silent : 0;
    default: return outcome::silent;
  }
}

/// The error says that a router has no route.
bool no_route(const FlowUpdate& update) {
  return update.icmp_code == 0 || (update.flow->client.version == 4 && update.icmp_code == 6);
}

uint8_t refusal_of(const FlowUpdate& update, Medium medium) {
  const FlowRef& flow = *update.flow;
  if (shares_updates(flow)) return 0;
  if (!update.icmp) {
    // An ACK that is answered by RST alone is a probe too; a stray one of an old connection is mostly not alone.
    const bool alone = update.all_packets[0] == 1 && !(update.tcp_flags[0] & kRst);
    return probes(update.tcp_flags[0]) || (alone && !(update.tcp_flags[0] & kSyn)) ? outcome::refused : 0;
  }
  if (update.icmp_sender == flow.client || (medium == Medium::udp && from_service(flow)) || traces(flow) ||
      (medium == Medium::echo && !asks_echo(flow))) {
    return 0;
  }
  // RFC 792, RFC 1122 section 3.2.2.1; RFC 4443 section 3.1. Errors of other types are no refusal.
  if (update.icmp_type != (flow.client.version == 4 ? 3 : 1)) return 0;
  const bool by_target =
      flow.client.version == 4 ? update.icmp_code == 2 || update.icmp_code == 3 : update.icmp_code == 4;
  return by_target ? outcome::refused : outcome::unreachable;
}

/// Over with all that it carried.
uint8_t end_of(const FlowUpdate& update) {
  const FlowRef& flow = *update.flow;
  if (update.bytes[0] > 0 && update.bytes[1] > 0) return outcome::good;
  const bool connected = flow.proto == kTcp && (update.tcp_flags[1] & (kSyn | kAck)) == (kSyn | kAck) &&
                         update.tcp_flags[0] & kSyn && (update.tcp_flags[0] & (kRst | kFin));
  if (update.moment != FlowMoment::closed || !connected || update.bytes[0] > 0) return 0;
  // Who leaves at the greeting came for it. On other ports a server sends files to who says nothing (RFC 959).
  constexpr uint16_t kPrivileged = 1024;
  constexpr uint64_t kGreeting = 1024;  // bytes
  const bool greeted = flow.server_port < kPrivileged && update.bytes[1] <= kGreeting;
  return update.bytes[1] == 0 || greeted ? outcome::half : 0;
}

uint8_t outcomes_of(const FlowUpdate& update, Medium medium) {
  const FlowRef& flow = *update.flow;
  switch (update.moment) {
    case FlowMoment::unanswered: return silence_of(update);
    case FlowMoment::refused: return refusal_of(update, medium);
    case FlowMoment::answered: return medium == Medium::echo && asks_echo(flow) ? outcome::answered : uint8_t{0};
    case FlowMoment::identified: return between_peers(flow.application) ? outcome::peer : uint8_t{0};
    default: return medium <= Medium::sctp ? end_of(update) : uint8_t{0};
  }
}

}  // namespace

void Ending::merge(const Ending& other) {
  outcomes |= other.outcomes;
  const auto place = [](const Ending& of) { return std::tuple(of.time, of.flow, of.client_port); };
  if (place(other) >= place(*this)) return;
  time = other.time;
  flow = other.flow;
  interface = other.interface;
  client_port = other.client_port;
}

bool has_flows(uint8_t proto) {
  return medium_of(proto) != Medium::protocol;
}

Seen contact_of(const FlowUpdate& update) {
  const FlowRef& flow = *update.flow;
  const Medium medium = medium_of(flow.proto);
  const uint8_t outcomes = outcomes_of(update, medium);
  if (outcomes == 0) return {};
  Seen out;
  out.ending = {.outcomes = outcomes,
                .interface = flow.interface,
                .client_port = flow.client_port,
                .time = update.time,
                .flow = flow.id};
  out.contact.source = flow.client;
  if (outcomes & outcome::of_source) return out;
  Contact& contact = out.contact;
  contact.medium = medium;
  if (update.moment == FlowMoment::refused && update.icmp && no_route(update)) {
    // One router without a route is one failure, however many addresses lie behind it.
    contact.target = update.icmp_sender;
    return out;
  }
  contact.target = flow.server;
  contact.port = medium == Medium::protocol ? flow.proto : medium == Medium::echo ? uint16_t{0} : flow.server_port;
  return out;
}

}  // namespace lapwing::analytics
