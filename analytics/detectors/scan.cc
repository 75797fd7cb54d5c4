#include "analytics/detectors/scan.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

#include "sensor/base/hash.h"

namespace lapwing::analytics {
namespace {

using C = Scan::Config;
constexpr OptionRow<C> kOptions[] = {
    {"analytics.scan.ports", &C::ports, "15", "ports of one host that make a scan of it"},
    {"analytics.scan.hosts", &C::hosts, "15", "hosts by one port that make a scan for it"},
    {"analytics.scan.slow-hosts", &C::slow_hosts, "8", "hosts inside by one port, within days, that make one as well"},
    {"analytics.scan.sweep", &C::sweep, "16", "addresses of 256 in a row that make a sweep, within the window"},
    {"analytics.scan.protocols", &C::protocols, "12", "protocols of IP tried at one host that make a scan of it"},
    {"analytics.scan.silent-ports", &C::silent_ports, "64",
     "ports of one host that say nothing to datagrams and make a scan of it, within the window"},
    {"analytics.scan.silent-hosts", &C::silent_hosts, "32",
     "hosts that say nothing to datagrams to one port and make a scan for it, eight of them of 256 addresses in a row, "
     "within the window"},
    {"analytics.scan.peers", &C::peers, "32", "in place of ports, of sources that share files with many"},
    {"analytics.scan.window", &C::window, "300", "of sweeps, and of what rests on silence alone", Unit::seconds},
    {"analytics.scan.arp-window", &C::arp_window, "30",
     "of sweeps by ARP: a router asks all day for hosts that are gone", Unit::seconds},
};

using N = Scan::Counters;
constexpr CounterRow<N> kCounters[] = {
    {"analytics.scan.one_sided", &N::one_sided,
     "contacts that stayed unanswered and are not judged: their interface shows connections from one side"},
};

constexpr TrialTest kTest;
constexpr uint32_t kDay = 86'400, kHour = 3600;
constexpr uint32_t kLeastOfNet = 8;
constexpr uint64_t kRounds = 4;
constexpr uint32_t kWide = 384;       // addresses, more than one network of 256 has
constexpr uint16_t kDevices = 161;    // SNMP, by which printers and switches are found
constexpr uint32_t kFewServices = 2;  // ports of a host
constexpr uint32_t kKnocks = 8;       // contacts that fail

enum Kind : uint16_t {
  vertical = 1,
  horizontal = 2,
  slow = 4,
  sweep = 8,
  udp_vertical = 16,
  udp_sweep = 32,
  protocol = 64,
  echo_sweep = 128,
  arp_sweep = 256,
};
constexpr std::string_view kKindNames[] = {"vertical",  "horizontal", "slow",       "sweep",    "udp-vertical",
                                           "udp-sweep", "protocol",   "echo-sweep", "arp-sweep"};
/// By bit of outcome.
constexpr std::string_view kOutcomeNames[] = {"silent", "refused", "unreachable", "half_open", "answered", "good"};
/// Those that need a source guilty of failing.
constexpr uint16_t kTried = vertical | horizontal | slow;
constexpr uint16_t kSweeps = sweep | udp_sweep | echo_sweep | arp_sweep;

/// The 256 addresses in a row that it is one of.
IpAddress net_of(IpAddress address) {
  if (address.version != 0) address.bytes[address.size() - 1] = 0;
  return address;
}

uint8_t number_of(const Contact& contact) {
  switch (contact.medium) {
    case Medium::tcp: return 6;
    case Medium::udp: return 17;
    case Medium::sctp: return 132;
    case Medium::protocol: return static_cast<uint8_t>(contact.port);
    case Medium::echo: return contact.source.version == 4 ? 1 : 58;
    case Medium::arp: break;
  }
  return 0;
}
std::string_view name(Medium medium) {
  constexpr std::string_view kNames[] = {"TCP", "UDP", "SCTP", "IP", "ICMP", "ARP"};
  return kNames[static_cast<size_t>(medium)];
}

}  // namespace

std::span<const OptionRow<Scan::Config>> Scan::options() {
  return kOptions;
}

std::span<const CounterRow<Scan::Counters>> Scan::counter_rows() {
  return kCounters;
}

Scan::Local::Local(const Config&, const Surroundings& surroundings) : seed_(surroundings.hash_seed) {}

void Scan::Local::add(const Contact& contact, const Ending& ending, Delta& delta) {
  if (delta.contacts.bytes() == 0) delta.contacts = DeltaTable<Contact, Ending>(seed_, Delta::kMostContacts);
  delta.contacts.at(contact).merge(ending);
}

void Scan::Local::flow(const FlowUpdate& update, Delta& delta) {
  const Seen seen = contact_of(update);
  if (seen.ending.outcomes == 0 || to_many(seen.contact.target)) return;
  add(seen.contact, seen.ending, delta);
}

void Scan::Local::event(const Observed& observed, Delta& delta) {
  if (observed.event.protocol->name == "arp") {
    take_arp(observed, delta);
  } else {
    take_icmp(observed, delta);
  }
}

/// Requests, and replies as what became of them. Who has no address yet, or announces its own, looks for nobody.
void Scan::Local::take_arp(const Observed& observed, Delta& delta) {
  const std::string_view operation = arp_operation_.text(observed);
  const bool reply = operation == "reply";
  if (!reply && operation != "request") return;
  auto sender = arp_sender_.address(observed), target = arp_target_.address(observed);
  if (!sender || !target || *sender == *target || to_many(*target)) return;
  if (reply) std::swap(sender, target);
  if (*sender == IpAddress{.version = 4}) return;
  add({.source = *sender, .target = *target, .medium = Medium::arp},
      {.outcomes = reply ? outcome::answered : outcome::silent, .time = observed.time}, delta);
}

/// Errors about protocols that are no flows.
void Scan::Local::take_icmp(const Observed& observed, Delta& delta) {
  const auto number = quoted_protocol_.first(observed);
  if (!number || has_flows(static_cast<uint8_t>(number->integer))) return;
  const auto source = quoted_source_.address(observed), target = quoted_target_.address(observed);
  if (!source || !target || to_many(*target)) return;
  add({.source = *source,
       .target = *target,
       .medium = Medium::protocol,
       .port = static_cast<uint16_t>(number->integer)},
      {.outcomes = outcome::refused, .time = observed.time}, delta);
}

Scan::Global::Global(const Config& config, const Surroundings& surroundings)
    : config_(config),
      surroundings_(surroundings),
      sources_(surroundings.part(kMostSources), surroundings.hash_seed),
      facets_(surroundings.part(kMostFacets), surroundings.hash_seed) {}

void Scan::Global::take(Second second, Delta& delta, Findings& findings) {
  now_ = static_cast<uint32_t>(std::clamp<Second>(second, 0, std::numeric_limits<uint32_t>::max()));
  overflow_ += delta.contacts.overflowed();
  // Contacts of a source follow each other.
  Sources::Entry* entry = nullptr;
  Outcomes outcomes;
  Timestamp time;
  auto finish = [&] {
    if (!entry) return;
    entry->value.trial.add(outcomes, now_, kTest);
    judge(entry->key(), *entry, time, findings);
  };
  std::optional<IpAddress> address;
  delta.contacts.walk([&](const Contact& contact, const Ending& ending) {
    if (ending.outcomes == outcome::silent && findings.one_sided(ending.interface)) {
      ++counters_.one_sided;
      return;
    }
    if (!address || *address != contact.source) {
      finish();
      address = contact.source;
      entry = &sources_.touch(contact.source, now_);
      outcomes = {};
      time = {};
    }
    time = std::max(time, ending.time);
    add(contact, ending, entry->value, outcomes);
  });
  finish();
}

void Scan::Global::add(const Contact& contact, const Ending& ending, Source& source, Outcomes& outcomes) {
  source.peer |= ending.has(outcome::peer);
  if (ending.has(outcome::one_sided)) ++source.one_sided;
  if (contact.target.version == 0) return;
  const uint32_t heard = source.counts[1] + source.counts[3] + source.counts[4] + source.counts[5];
  const bool silent = !ending.has(static_cast<uint8_t>(~outcome::silent));
  if (silent && source.one_sided > heard) return;

  if (ending.has(outcome::good)) {
    if (now_ - source.good_since >= kHour) {
      source.good = Fan();
      source.goods = 0;
      source.good_since = now_;
    }
    ++source.counts[5];
    if (source.good.add(hash_of(contact, surroundings_.hash_seed))) {
      // Of many it is not known which are new, but how many.
      const uint32_t goods = source.good.count();
      outcomes.good += goods - std::min(source.goods, goods);
      source.goods = goods;
    }
    return;
  }
  const auto told = static_cast<uint8_t>(ending.has(outcome::answered) ? outcome::answered : ending.outcomes);
  for (size_t i = 0; i < 5; ++i) source.counts[i] += told >> i & 1;
  bool known = false;
  if (contact.medium == Medium::echo || contact.medium == Medium::arp) {
    const auto [count, grew] = widen({contact.source, net_of(contact.target), Side::net, contact.medium, 0},
                                     hash_of(contact.target, surroundings_.hash_seed), ending, source);
    if (count >= config_.sweep) source.kinds |= contact.medium == Medium::echo ? echo_sweep : arp_sweep;
    known = !grew;
  } else if (silent && contact.medium == Medium::udp) {
    known = !note_silent(contact, ending, source);
  } else {
    known = !note_failed(contact, ending, source);
    ++(known ? source.again : source.fresh);
    // That it watches is news.
    if (known && source.again == kRounds * source.fresh) source.last = std::max(source.last, ending.time);
    if (!known) ++(ending.has(outcome::half) ? outcomes.partial : outcomes.bad);
  }
  if (known) return;
  if (source.first.ns == 0 || ending.time < source.first) source.first = ending.time;
  source.last = std::max(source.last, ending.time);
  source.hosts.add(hash_of(contact.target, surroundings_.hash_seed));
  ++(surroundings_.inside(contact.target) ? source.inward : source.outward);
  show(contact, ending, source);
}

/// False: it was known.
bool Scan::Global::note_failed(const Contact& contact, const Ending& ending, Source& source) {
  const auto& [client, target, vacant, medium, port] = contact;
  const auto [ports, grew] =
      widen({client, target, Side::host, medium, 0}, hash_of(port, surroundings_.hash_seed), ending, source);
  if (!grew) return false;
  if (medium == Medium::protocol) {
    if (ports >= config_.protocols) source.kinds |= protocol;
    return true;
  }
  const uint64_t host = hash_of(target, surroundings_.hash_seed);
  const auto [hosts, more_hosts] = widen({client, {}, Side::port, medium, port}, host, ending, source);
  const auto [of_net, more_of_net] = widen({client, net_of(target), Side::net, medium, port}, host, ending, source);
  if (ports >= (source.peer ? config_.peers : config_.ports)) source.kinds |= vertical;
  // Those who share files know many hosts that are gone, by the port that all of them use.
  if (!source.peer) {
    const bool outward = surroundings_.inside(client) && !surroundings_.inside(target);
    if (hosts >= config_.hosts) source.kinds |= horizontal;
    if (hosts >= config_.slow_hosts && !outward) source.kinds |= slow;
  }
  if (of_net >= config_.sweep) source.kinds |= sweep;
  return true;
}

/// Datagrams that nothing came back to: for many services that is as it should be.
bool Scan::Global::note_silent(const Contact& contact, const Ending& ending, Source& source) {
  const auto& [client, target, vacant, medium, port] = contact;
  const uint64_t host = hash_of(target, surroundings_.hash_seed);
  const auto [ports, grew] =
      widen({client, target, Side::silent_host, medium, 0}, hash_of(port, surroundings_.hash_seed), ending, source);
  const auto [hosts, more_hosts] = widen({client, {}, Side::silent_port, medium, port}, host, ending, source);
  const auto [of_net, more_of_net] =
      widen({client, net_of(target), Side::silent_net, medium, port}, host, ending, source);
  if (ports >= config_.silent_ports) source.kinds |= udp_vertical;
  if (hosts >= config_.silent_hosts && of_net >= kLeastOfNet) source.kinds |= udp_sweep;
  return grew;
}

std::pair<uint32_t, bool> Scan::Global::widen(const Facet& facet, uint64_t value, const Ending& ending,
                                              Source& source) {
  auto& entry = facets_.touch(facet, now_);
  Spread& spread = entry.value;
  const bool lasting = facet.side == Side::host || facet.side == Side::port;
  const uint64_t window = lasting ? kDay : facet.medium == Medium::arp ? config_.arp_window : config_.window;
  const auto within = static_cast<int64_t>(std::min<uint64_t>(window, kDay));
  if (spread.since.ns == 0 || ending.time.ns - spread.since.ns > within * 1'000'000'000) {
    spread = Spread{.since = ending.time};
  }
  // Of many it cannot tell whether one is new, and none of them is innocent.
  const bool grew = spread.all.add(value) || !spread.all.exact();
  if (ending.has(outcome::answered)) spread.answered.add(value);
  const uint32_t count = spread.all.count();
  if (grew) facets_.set_worth(entry, static_cast<uint8_t>(std::bit_width(count)));
  Widest& widest = source.widest[static_cast<size_t>(facet.side) % source.widest.size()];
  if (count >= widest.count) widest = {count, spread.answered.count(), facet};
  return {count, grew};
}

void Scan::Global::show(const Contact& contact, const Ending& ending, Source& source) const {
  if (!source.shown) {
    // Of most sources one attempt fails, and no more.
    if (source.hosts.count() + std::accumulate(source.counts.begin(), source.counts.end(), 0U) < 3) return;
    source.shown = std::make_unique<Shown>();
  }
  Shown& shown = *source.shown;
  if (shown.targets.size() < Shown::kMostTargets &&
      std::ranges::find(shown.targets, contact.target) == shown.targets.end()) {
    shown.targets.push_back(contact.target);
  }
  if (ending.has(outcome::half) && shown.open.size() < Shown::kMostOpen) shown.open.push_back(contact);
  if (ending.flow != 0 && shown.flows.size() < Shown::kMostFlows) {
    shown.flows.push_back(
        {ending.flow, contact.source, contact.target, ending.client_port, contact.port, number_of(contact)});
  }
}

void Scan::Global::judge(const IpAddress& address, Sources::Entry& entry, Timestamp time, Findings& findings) {
  Source& source = entry.value;
  const auto& counts = source.counts;
  const uint32_t half = counts[3], answered = counts[4], good = counts[5];
  const uint32_t tried = counts[0] + counts[1] + counts[2] + half + answered;
  sources_.set_worth(entry, static_cast<uint8_t>(std::min<unsigned>(std::bit_width(tried), 15)));
  if (source.kinds == 0 || !source.shown || source.last <= source.told) return;
  const Outcomes recent = source.trial.outcomes();
  const bool guilty = source.trial.judge(kTest) == Verdict::guilty && recent.bad >= recent.good;
  const uint16_t kinds = source.kinds & (guilty ? UINT16_MAX : static_cast<uint16_t>(~kTried));
  if (kinds == 0) return;
  source.told = source.last;

  const bool inside = surroundings_.inside(address);
  const Widest &ports = source.widest[0], &hosts = source.widest[1], &net = source.widest[2];
  unsigned severity = inside ? (source.inward >= source.outward ? 60 : 55) : half + answered + good > 0 ? 40 : 35;
  // Whoever watches over hosts asks them all, and they answer.
  const bool known_hosts =
      (kinds & ~(sweep | echo_sweep | arp_sweep)) == 0 && (net.answered * 4 >= net.count * 3 || half * 4 >= tried * 3);
  // Whoever watches asks the same of the same, round by round; who scans asks once or twice.
  const uint64_t asked = uint64_t{source.hosts.count()} * std::max(1U, ports.count);
  const bool rounds = (source.fresh > 0 && source.again >= kRounds * source.fresh) ||
                      (source.fresh == 0 && tried > kRounds * asked && asked > 0);
  const bool watches = (kinds & ~(horizontal | slow | kSweeps)) == 0 && rounds;
  // One network is asked for by many who know some of it, and by whoever looks for devices, which answer. Who then
  // knocks where nobody opens knew nothing.
  const bool one_network = source.hosts.count() < kWide;
  if ((kinds & ~(echo_sweep | arp_sweep)) == 0) severity = one_network && source.fresh < kKnocks ? 35 : 45;
  const bool devices = inside && source.outward == 0 && good + answered > 0 && ports.count <= kFewServices &&
                       hosts.facet.medium == Medium::udp && hosts.facet.port == kDevices;
  if ((kinds & ~(udp_sweep | echo_sweep)) == 0 && devices && one_network) severity = 35;
  if (known_hosts) severity = std::min(severity, 35U);
  if (watches) severity = 20;
  const uint32_t different = std::max({ports.count, hosts.count, net.count});
  Report report{.key = hash_of(address, kReplaySeed),
                .subject = to_string(address),
                .severity = static_cast<uint8_t>(severity),
                .confidence = static_cast<uint8_t>(std::min<unsigned>(95, 50 + 5 * std::bit_width(different))),
                .techniques = 0,
                .time = time,
                .first = source.first,
                .last = source.last,
                .count = tried,
                .flows = source.shown->flows,
                .src = address};
  // It looks for whomever others send something to.
  if ((kinds & ~arp_sweep) == 0) report.explained_by = bit(Role::router);
  if (kinds & ~kSweeps) report.techniques |= 1;
  if (kinds & kSweeps) report.techniques |= 2;
  if (!inside) report.techniques |= 4;
  if (!source.shown->targets.empty()) report.dest = source.shown->targets.front();
  for (const IpAddress& target : source.shown->targets) report.objects.push_back(to_string(target));

  findings.report(std::move(report), [&](JsonWriter& json) {
    json.begin_array("kinds");
    for (size_t i = 0; i < std::size(kKindNames); ++i) {
      if (kinds >> i & 1) json.value(kKindNames[i]);
    }
    json.end_array();
    json.member("hosts", source.hosts.count());
    for (size_t i = 0; i < counts.size(); ++i) json.member(kOutcomeNames[i], counts[i]);
    json.member("contacts", source.fresh).member("contacts_again", source.again);
    json.member("likelihood_bits", source.trial.likelihood() / 16.0).member("likelihood_needed", kTest.guilty / 16.0);
    json.member("ports_of_host", ports.count).member("ports_of_host_needed", config_.ports);
    if (ports.count > 0) json.member("host", ports.facet.target);
    json.member("hosts_of_port", hosts.count).member("hosts_of_port_needed", config_.hosts);
    if (hosts.count > 0) json.member("proto", name(hosts.facet.medium)).member("port", hosts.facet.port);
    json.member("hosts_of_net", net.count).member("hosts_of_net_answered", net.answered);
    json.member("hosts_of_net_needed", config_.sweep);
    if (net.count > 0) json.member("net", to_string(net.facet.target) + (address.version == 4 ? "/24" : "/120"));
    json.member("seconds", (source.last.ns - source.first.ns) / 1'000'000'000);
    json.begin_array("open");
    for (const Contact& open : source.shown->open) json.value(endpoint(open.target, open.port));
    json.end_array();
  });
}

void Scan::Global::expire(Second second, Findings&) {
  if (second <= kDay || second % 60 != 0) return;
  const auto due = static_cast<uint32_t>(second - kDay);
  sources_.expire(due, [](const auto&) {});
  facets_.expire(due, [](const auto&) {});
}

StateUse Scan::Global::use() const {
  return {.keys = sources_.keys() + facets_.keys(),
          .bytes = sources_.bytes() + facets_.bytes(),
          .evicted = sources_.evicted() + facets_.evicted(),
          .overflow = overflow_};
}

}  // namespace lapwing::analytics
