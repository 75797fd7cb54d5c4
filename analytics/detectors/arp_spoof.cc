#include "analytics/detectors/arp_spoof.h"

#include <algorithm>
#include <bit>
#include <string>
#include <utility>

#include "analytics/detectors/station.h"
#include "sensor/base/hash.h"
#include "sensor/base/text.h"

namespace lapwing::analytics {
namespace {

using C = ArpSpoof::Config;
constexpr OptionRow<C> kOptions[] = {
    {"analytics.arp-spoof.window", &C::window, "60", "two stations that claim an address so close together both live",
     Unit::seconds},
    {"analytics.arp-spoof.changes", &C::changes, "3",
     "times that addresses change hands, one of them at least twice, before it is told"},
    {"analytics.arp-spoof.unasked", &C::unasked, "5",
     "replies a minute that nobody asked for, to one who does ask, before it is told"},
};

using N = ArpSpoof::Counters;
constexpr CounterRow<N> kCounters[] = {
    {"analytics.arp-spoof.claimants_max", &N::claimants_max,
     "messages of stations that are not judged: 4 others claim the same address", CounterKind::loss},
};

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kRelay = kSecond / 2;  // a question that comes again so soon, under another station's name, is a copy
constexpr int64_t kPatience = 5 * kSecond;  // a reply after that long answers no question
constexpr int64_t kMinute = 60 * kSecond;
constexpr uint32_t kMemory = 3600;  // seconds
constexpr uint32_t kContradictions = 2;

}  // namespace

std::span<const OptionRow<ArpSpoof::Config>> ArpSpoof::options() {
  return kOptions;
}

std::span<const CounterRow<ArpSpoof::Counters>> ArpSpoof::counter_rows() {
  return kCounters;
}

ArpSpoof::Local::Local(const Config&, const Surroundings& surroundings) : seed_(surroundings.hash_seed) {}

void ArpSpoof::Local::event(const Observed& observed, Delta& delta) {
  const std::string_view operation = operation_.text(observed);
  const bool reply = operation == "reply";
  if (!reply && operation != "request") return;
  const auto sender = sender_.address(observed), target = target_.address(observed);
  const auto sender_mac = parse_station(sender_mac_.text(observed)),
             target_mac = parse_station(target_mac_.text(observed));
  // Who asks without an address of its own claims none (RFC 5227 section 2.1.1).
  if (!sender || !target || *sender == IpAddress{.version = 4} || !sender_mac || !of_one(*sender_mac)) return;
  delta.hear({.sender = *sender,
              .target = *target,
              .sender_mac = *sender_mac,
              .target_mac = reply && target_mac ? *target_mac : Mac{},
              .vlan = observed.vlan,
              .reply = reply},
             observed.time, seed_);
}

ArpSpoof::Global::Global(const Config& config, const Surroundings& surroundings)
    : config_(config),
      addresses_(surroundings.part(kMostAddresses), surroundings.hash_seed),
      stations_(surroundings.part(kMostStations), surroundings.hash_seed),
      questions_(surroundings.part(kMostQuestions), surroundings.hash_seed) {}

int64_t ArpSpoof::Global::window() const {
  return static_cast<int64_t>(std::min<uint64_t>(config_.window, kMemory)) * kSecond;
}

void ArpSpoof::Global::take(Second second, Delta& delta, Findings& findings) {
  now_ = static_cast<uint32_t>(std::clamp<Second>(second, 0, std::numeric_limits<uint32_t>::max()));
  overflow_ += delta.messages.overflowed();
  delta.in_order([&](const Message& message, Timestamp time, uint64_t count) { add(message, time, count, findings); });
}

void ArpSpoof::Global::add(const Message& message, Timestamp time, uint64_t count, Findings& findings) {
  const StationKey key{message.sender_mac, message.vlan};
  auto& entry = stations_.touch(key, now_);
  Station& station = entry.value;
  if (station.first.ns == 0) station.first = time;
  note(station.addresses, message.sender, Station::kMostShown);
  stations_.set_worth(entry, static_cast<uint8_t>(std::bit_width(station.changes + station.unasked)));
  Claims& claims = addresses_.touch({.address = message.sender, .vlan = message.vlan}, now_).value;
  Claimant* claimant = claim(message, time, claims);
  if (!claimant) {
    counters_.claimants_max += count;
    return;
  }
  const bool announced = message.sender == message.target;

  if (message.reply == 0 && !announced) {
    ++station.questions;
    questions_.touch({.target = message.target, .asker = key}, now_).value = time;
    for (const Claimant& other : claims.claimants) {
      if (other.mac == message.sender_mac || other.asked != message.target || time.ns - other.asked_at.ns > kRelay) {
        continue;
      }
      ++station.relayed;
      note_victim(station, message.sender, &other.mac, time);
    }
    claimant->asked = message.target;
    claimant->asked_at = time;
    // Who has an address need not ask for it.
    if (auto* own = addresses_.find({.address = message.target, .vlan = message.vlan})) {
      for (Claimant& of : own->value.claimants) {
        if (of.mac != message.sender_mac || time.ns - of.last.ns > window()) continue;
        of.asked_for = true;
        ++station.asked_own;
        if (of.unasked > 0) note_victim(station, message.target, nullptr, time);
      }
    }
  } else if (message.reply != 0 && !announced && of_one(message.target_mac)) {
    const StationKey asker{message.target_mac, message.vlan};
    const auto* asked = questions_.find({.target = message.sender, .asker = asker});
    // Who had the address before defends it (RFC 5227 section 2.4); tools put it back in its name when they end.
    const bool defends = std::ranges::any_of(claims.claimants, [&](const Claimant& other) {
      return other.first > claimant->first && time.ns - other.last.ns <= window();
    });
    if (!defends && (!asked || time.ns - asked->value.ns > kPatience)) {
      if (time.ns - claimant->unasked_since.ns > kMinute) {
        claimant->unasked = 0;
        claimant->unasked_since = time;
      }
      claimant->unasked += static_cast<uint32_t>(count);
      station.unasked += static_cast<uint32_t>(count);
      const auto* told = stations_.find(asker);
      if (claimant->unasked >= config_.unasked && told && told->value.questions > 0) {
        station.persistent = true;
        note_victim(station, message.sender, nullptr, time);
      } else if (claimant->asked_for) {
        note_victim(station, message.sender, nullptr, time);
      }
      if (contradicts(message, time)) {
        ++station.contradictions;
        note_victim(station, message.sender, nullptr, time);
        note_victim(station, message.target, &message.target_mac, time);
      }
    }
  }
  change_hands(message, time, claims, *claimant, findings);
  judge(key, time, findings);
}

/// Who stands between two hosts tells each, unasked, that it has the other's address, and so knows whose it is.
bool ArpSpoof::Global::contradicts(const Message& message, Timestamp time) {
  if (message.target_mac == message.sender_mac) return false;
  const auto* target = addresses_.find({.address = message.target, .vlan = message.vlan});
  return target && std::ranges::any_of(target->value.claimants, [&](const Claimant& of) {
           return of.mac == message.sender_mac && of.unasked > 0 && time.ns - of.last.ns <= window();
         });
}

/// Null where too many claim the address already.
ArpSpoof::Global::Claimant* ArpSpoof::Global::claim(const Message& message, Timestamp time, Claims& claims) {
  auto& list = claims.claimants;
  auto found = std::ranges::find(list, message.sender_mac, &Claimant::mac);
  if (found == list.end()) {
    if (list.size() == Claims::kMost) {
      const auto oldest = std::ranges::min_element(list, {}, &Claimant::last);
      if (time.ns - oldest->last.ns <= window()) return nullptr;
      list.erase(oldest);
    }
    list.push_back({.mac = message.sender_mac, .first = time, .last = time});
    return &list.back();
  }
  found->last = std::max(found->last, time);
  return &*found;
}

/// Where the address was another's within the window, one of both is the intruder.
void ArpSpoof::Global::change_hands(const Message& message, Timestamp time, Claims& claims, const Claimant& claimant,
                                    Findings& findings) {
  const Mac before = std::exchange(claims.latest, message.sender_mac);
  const auto other = std::ranges::find(claims.claimants, before, &Claimant::mac);
  if (before == message.sender_mac || other == claims.claimants.end() || time.ns - other->last.ns > window()) return;
  ++claims.changes;
  const StationKey keys[] = {{claimant.mac, message.vlan}, {other->mac, message.vlan}};
  auto* mine = stations_.find(keys[0]);
  auto* theirs = stations_.find(keys[1]);
  if (!mine || !theirs) return;
  const size_t my_count = mine->value.addresses.size(), their_count = theirs->value.addresses.size();
  const bool i_intrude = my_count != their_count          ? my_count > their_count
                         : claimant.first != other->first ? claimant.first > other->first
                                                          : claimant.mac > other->mac;
  Station& intruder = (i_intrude ? mine : theirs)->value;
  ++intruder.changes;
  intruder.most_changes = std::max(intruder.most_changes, claims.changes);
  note_victim(intruder, message.sender, i_intrude ? &other->mac : &claimant.mac, time);
  if (!i_intrude) judge(keys[1], time, findings);
}

void ArpSpoof::Global::note_victim(Station& station, const IpAddress& address, const Mac* rival, Timestamp time) const {
  note(station.victims, address, Station::kMostShown);
  if (rival) note(station.rivals, *rival, Station::kMostShown);
  station.last = std::max(station.last, time);
}

/// Cards of one host on one wire answer for each other's addresses: each intrudes where the other was first.
bool ArpSpoof::Global::many_faced(const StationKey& key, const Station& station) {
  return std::ranges::any_of(station.rivals, [&](const Mac& rival) {
    const auto* other = stations_.find({rival, key.vlan});
    if (!other || !holds(other->value.rivals, key.mac)) return false;
    const auto elsewhere = [](const Station& one, const Station& another) {
      return std::ranges::any_of(one.victims, [&](const IpAddress& victim) { return !holds(another.victims, victim); });
    };
    return elsewhere(station, other->value) && elsewhere(other->value, station);
  });
}

void ArpSpoof::Global::judge(const StationKey& key, Timestamp time, Findings& findings) {
  const auto* entry = stations_.find(key);
  if (!entry || entry->value.last != time) return;
  const Station& station = entry->value;
  const bool contested = station.changes >= config_.changes && station.most_changes >= 2;
  const bool asked_own = station.asked_own > 0 && station.unasked > 0;
  const bool contradicts = station.contradictions >= kContradictions;
  const bool told = contested || station.relayed > 0 || station.persistent || asked_own || contradicts;
  if (station.victims.empty() || !told) return;

  const bool redundant = of_redundant_routers(key.mac) || std::ranges::any_of(station.rivals, of_redundant_routers);
  const bool one_host = many_faced(key, station);
  unsigned confidence = 40;
  if (station.relayed > 0) confidence += 20;
  if (contested) confidence += 10 * std::min<unsigned>(3, std::bit_width(station.changes / 3));
  if (station.victims.size() > 1) confidence += 20;
  if (station.persistent) confidence += 20;
  if (asked_own) confidence += 10;
  if (contradicts) confidence += 20;
  const bool inward = !station.addresses.empty();
  Report report{.key = hash_of(key, kReplaySeed),
                .subject = to_hex(key.mac, ':'),
                .severity = static_cast<uint8_t>(redundant || one_host ? 35 : 80),
                .confidence = static_cast<uint8_t>(std::min(95U, confidence)),
                .time = time,
                .first = station.first,
                .last = station.last,
                .count = uint64_t{station.changes} + station.relayed + station.unasked + station.asked_own +
                         station.contradictions,
                .src = inward ? station.addresses.front() : IpAddress(),
                .dest = station.victims.front()};
  for (const IpAddress& address : station.addresses) {
    if (!holds(station.victims, address)) report.src = address;
  }
  for (const IpAddress& victim : station.victims) report.objects.push_back(to_string(victim));
  findings.report(std::move(report), [&](JsonWriter& json) {
    json.member("changes", station.changes).member("changes_needed", config_.changes);
    json.member("relayed", station.relayed).member("unasked", station.unasked);
    json.member("unasked_needed", config_.unasked).member("asked_own", station.asked_own);
    json.member("contradictions", station.contradictions).member("contradictions_needed", kContradictions);
    json.begin_array("owners");
    for (const Mac& rival : station.rivals) json.value(to_hex(rival, ':'));
    json.end_array();
    json.begin_array("addresses");
    for (const IpAddress& address : station.addresses) json.value(address);
    json.end_array();
    json.member("vlan", key.vlan).member("redundant_routers", redundant).member("one_host", one_host);
  });
}

void ArpSpoof::Global::expire(Second second, Findings&) {
  if (second <= kMemory || second % 60 != 0) return;
  const auto due = static_cast<uint32_t>(second - kMemory);
  addresses_.expire(due, [](const auto&) {});
  stations_.expire(due, [](const auto&) {});
  questions_.expire(static_cast<uint32_t>(second - 60), [](const auto&) {});
}

StateUse ArpSpoof::Global::use() const {
  return {.keys = uint64_t{addresses_.keys()} + stations_.keys() + questions_.keys(),
          .bytes = addresses_.bytes() + stations_.bytes() + questions_.bytes(),
          .evicted = addresses_.evicted() + stations_.evicted() + questions_.evicted(),
          .overflow = overflow_};
}

}  // namespace lapwing::analytics
