#include "analytics/detectors/name_poisoning.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "sensor/base/hash.h"
#include "sensor/base/text.h"

namespace lapwing::analytics {
namespace {

using C = NamePoisoning::Config;
using Name = NamePoisoning::Name;
using Service = NamePoisoning::Service;
constexpr OptionRow<C> kOptions[] = {
    {"analytics.name-poisoning.names", &C::names, "3",
     "names that are not a host's own and that it answers with one address, before it is told; those that only "
     "multicast DNS asks for count half"},
    {"analytics.name-poisoning.absent", &C::absent, "10",
     "what is answered so soon after a resolver had no such name is nobody's", Unit::seconds},
    {"analytics.name-poisoning.login", &C::login, "10", "who logs in so soon after the answer does so because of it",
     Unit::seconds},
};

using N = NamePoisoning::Counters;
constexpr CounterRow<N> kCounters[] = {
    {"analytics.name-poisoning.text_max", &N::text_max,
     "messages of which not all names are judged: they are longer than 8 kB together", CounterKind::loss},
    {"analytics.name-poisoning.names_max", &N::names_max,
     "answers and announcements whose name is not judged: their host has 32 others", CounterKind::loss},
};

constexpr int64_t kSecond = 1'000'000'000;
constexpr uint64_t kPatience = 5;       // seconds: an answer after that long answers no question
constexpr uint32_t kMemory = 4 * 3600;  // seconds
constexpr uint32_t kTransient = 60;     // seconds
constexpr std::string_view kServices[] = {"", "llmnr", "nbns", "mdns"};

constexpr uint8_t bit(Service service) {
  return static_cast<uint8_t>(1U << static_cast<unsigned>(service));
}

Name name_of(Bytes text) {
  Name out{};
  for (size_t i = 0; i < std::min(text.size(), out.size()) && text[i] != '.'; ++i) {
    out[i] = static_cast<char>(lower(text[i]));
  }
  return out;
}
std::string_view view(const Name& name) {
  return {name.data(), static_cast<size_t>(std::ranges::find(name, '\0') - name.begin())};
}
Service service_of(std::string_view text) {
  const auto* found = std::ranges::find(kServices, text);
  return found == std::end(kServices) ? Service::none : static_cast<Service>(found - kServices);
}

}  // namespace

std::span<const OptionRow<NamePoisoning::Config>> NamePoisoning::options() {
  return kOptions;
}

std::span<const CounterRow<NamePoisoning::Counters>> NamePoisoning::counter_rows() {
  return kCounters;
}

void NamePoisoning::Local::event(const Observed& observed, Delta& delta) {
  const Event& event = observed.event;
  if (event.protocol->name == "dns") return missing(observed, delta);
  const Service service = service_of(service_.text(observed));
  const std::string_view said = kind_.text(observed);
  const Kind kind = said == "query" ? Kind::question : said == "response" ? Kind::answer : Kind::announcement;
  const uint64_t seed = surroundings_.hash_seed;
  Message message{.kind = kind, .service = service, .speaker = observed.sender(), .vlan = observed.vlan};
  if (const auto cut = cut_.first(observed); cut && cut->integer != 0) {
    delta.hear({.kind = Kind::cut, .speaker = message.speaker}, observed.time, seed);
  }
  if (kind == Kind::question) {
    // A server of names (RFC 1002 section 4.2.1) is asked alone.
    const auto broadcast = broadcast_.first(observed);
    if (!(broadcast && broadcast->integer != 0) && !to_many(observed.receiver())) return;
    question_.for_each(event, [&](const Value& value) {
      message.name = name_of(value.bytes);
      delta.hear(message, observed.time, seed);
      return true;
    });
    return;
  }
  if (kind == Kind::answer && !to_many(observed.receiver())) message.other = observed.receiver();
  names_.clear();
  answer_.for_each(event, [&](const Value& value) {
    names_.push_back(name_of(value.bytes));
    return true;
  });
  size_t at = 0;
  address_.for_each(event, [&](const Value& value) {
    message.name = names_[at];
    message.address = IpAddress::parse(to_text(value.bytes)).value_or(IpAddress());
    delta.hear(message, observed.time, seed);
    return ++at < names_.size();
  });
}

/// That a resolver has no such name.
void NamePoisoning::Local::missing(const Observed& observed, Delta& delta) {
  constexpr uint64_t kNoName = 3;  // RFC 1035 section 4.1.1
  if (!observed.flow || !surroundings_.inside(observed.flow->client)) return;
  if (const auto response = response_.first(observed); !response || response->integer == 0) return;
  if (const auto rcode = rcode_.first(observed); !rcode || rcode->integer != kNoName) return;
  const auto asked = asked_.first(observed);
  if (!asked || asked->bytes.empty()) return;
  delta.hear({.kind = Kind::absent, .speaker = observed.flow->client, .name = name_of(asked->bytes)}, observed.time,
             surroundings_.hash_seed);
}

void NamePoisoning::Local::login(const LoginOf& login, Delta& delta) const {
  const FlowRef& flow = login.flow;
  if (!surroundings_.inside(flow.client)) return;
  delta.hear({.kind = Kind::login, .speaker = flow.client, .other = flow.server}, flow.start, surroundings_.hash_seed);
}

void NamePoisoning::Local::binding(const BindingOf& of, Delta& delta) const {
  const bool called = of.binding.kind == BindingKind::ntlm;
  if ((!called && of.binding.kind != BindingKind::dns) || of.binding.name.empty()) return;
  if (!surroundings_.inside(of.address)) return;
  delta.hear({.kind = called ? Kind::called : Kind::named,
              .speaker = of.address,
              .name = name_of(to_bytes(of.binding.name)),
              .vlan = of.vlan},
             of.time, surroundings_.hash_seed);
}

NamePoisoning::Global::Global(const Config& config, const Surroundings& surroundings)
    : config_(config),
      hosts_(surroundings.part(kMostHosts), surroundings.hash_seed),
      questions_(surroundings.part(kMostQuestions), surroundings.hash_seed),
      absent_(surroundings.part(kMostAbsent), surroundings.hash_seed),
      told_(surroundings.part(kMostTold), surroundings.hash_seed) {}

void NamePoisoning::Global::take(Second second, Delta& delta, Findings& findings) {
  now_ = static_cast<uint32_t>(std::clamp<Second>(second, 0, std::numeric_limits<uint32_t>::max()));
  overflow_ += delta.messages.overflowed();
  delta.in_order([&](const Message& message, Timestamp time, uint64_t count) { add(message, time, count); });
  // Once a second: what is judged costs more than an answer.
  for (const HostKey& key : due_) {
    auto* entry = hosts_.find(key);
    if (!entry) continue;
    entry->value.due = false;
    judge(key, entry->value, findings);
  }
  due_.clear();
}

bool NamePoisoning::Global::within(Timestamp before, Timestamp after, uint64_t seconds) const {
  return before.ns != 0 && after >= before &&
         after.ns - before.ns <= static_cast<int64_t>(std::min<uint64_t>(seconds, kTransient)) * kSecond;
}

void NamePoisoning::Global::add(const Message& message, Timestamp time, uint64_t count) {
  const HostKey key{.address = message.speaker, .vlan = message.vlan};
  switch (message.kind) {
    case Kind::question:
      // Answers of multicast DNS are for everybody.
      for (const IpAddress& asker : {message.speaker, IpAddress()}) {
        questions_.touch({asker, message.service, message.name}, now_).value = {time, message.speaker};
      }
      break;
    case Kind::absent: absent_.touch({message.speaker, message.name}, now_).value = time; break;
    case Kind::cut: counters_.text_max += count; break;
    case Kind::announcement:
    case Kind::named: announce(key, message.name); break;
    case Kind::answer: answer(message, time, count); break;
    case Kind::called:
      if (auto* host = hosts_.find(key)) {
        host->value.called = message.name;
        touch(key, host->value);
      }
      break;
    case Kind::login: {
      auto* told = told_.find({message.speaker, message.other});
      if (!told || time < told->value.first || !within(std::min(told->value.last, time), time, config_.login)) return;
      auto* host = hosts_.find(told->value.by);
      if (!host) return;
      host->value.logins += count;
      host->value.last = std::max(host->value.last, time);
      touch(told->value.by, host->value);
    }
  }
}

void NamePoisoning::Global::announce(const HostKey& key, const Name& name) {
  auto& entry = hosts_.touch(key, now_);
  // What it answered first, it took when it was asked.
  if (std::ranges::find(entry.value.answered, name, &Answered::name) != entry.value.answered.end()) return;
  if (holds(entry.value.own, name)) return;
  counters_.names_max += entry.value.own.size() == Host::kMostNames;
  note(entry.value.own, name, Host::kMostNames);
}

void NamePoisoning::Global::answer(const Message& message, Timestamp time, uint64_t count) {
  const HostKey key{.address = message.speaker, .vlan = message.vlan};
  auto* asked = questions_.find({message.other, message.service, message.name});
  if (!asked || !within(asked->value.time, time, kPatience)) {
    // Multicast DNS announces by answers that nobody asked for.
    if (message.service == Service::mdns && message.other.version == 0) announce(key, message.name);
    return;
  }
  auto& entry = hosts_.touch(key, now_);
  Host& host = entry.value;
  if (holds(host.own, message.name)) return;
  const IpAddress& asker = asked->value.asker;
  const auto* missing = absent_.find({asker, message.name});
  const bool absent = missing && within(missing->value, time, config_.absent);
  auto known = std::ranges::find(host.answered, message.name, &Answered::name);
  if (known == host.answered.end()) {
    if (host.answered.size() < Host::kMostNames) {
      known = host.answered.insert(known, {.name = message.name, .address = message.address});
    } else {
      counters_.names_max += count;
    }
  }
  if (known != host.answered.end()) {
    known->services |= bit(message.service);
    known->absent |= absent;
  }
  if (host.first.ns == 0) host.first = time;
  host.last = std::max(host.last, time);
  host.answers += count;
  note(host.victims, asker, Host::kMostShown);
  hosts_.set_worth(entry, static_cast<uint8_t>(host.answered.size()));
  auto& told = told_.touch({asker, message.address}, now_).value;
  if (!within(told.last, time, kTransient)) told.first = time;
  told.last = time;
  told.by = key;
  touch(key, host);
}

void NamePoisoning::Global::touch(const HostKey& key, Host& host) {
  if (!std::exchange(host.due, true)) due_.push_back(key);
}

void NamePoisoning::Global::judge(const HostKey& key, const Host& host, Findings& findings) const {
  // One that passes on what others say of themselves tells many addresses; one that lies tells one.
  uint64_t halves = 0, most = 0;
  IpAddress address;
  for (const Answered& of : host.answered) {
    halves = 0;
    for (const Answered& other : host.answered) {
      if (other.address != of.address) continue;
      halves += other.services == bit(Service::mdns) && !other.absent ? 1 : 2;
    }
    if (halves <= most) continue;
    most = halves;
    address = of.address;
  }
  const auto told = [&](auto what) {
    return std::ranges::any_of(host.answered, [&](const Answered& of) { return of.address == address && what(of); });
  };
  const bool many = most >= 2 * config_.names;
  const bool proxy = told([](const Answered& of) { return view(of.name) == "wpad"; });
  // A host whose names are known answers for one that nobody has.
  const bool absent = told([](const Answered& of) { return of.absent; });
  // It took a name to be logged in to, and then goes by another.
  const bool another = host.logins > 0 && host.called != Name{} && address == key.address &&
                       told([&](const Answered& of) { return of.name != host.called; });
  if (!many && !proxy && !another && !(absent && !host.own.empty())) return;

  unsigned confidence = 40;
  if (many) {
    const auto doubled = std::bit_width(most / (2 * std::max<uint64_t>(1, config_.names)));
    confidence += 10 + 10 * std::min(3U, static_cast<unsigned>(doubled));
  }
  if (proxy) confidence += 20;
  if (absent) confidence += 10;
  if (another) confidence += 10;
  if (host.logins > 0) confidence += 20;
  Report report{.key = hash_of(key, kReplaySeed),
                .subject = to_string(key.address),
                .severity = static_cast<uint8_t>(host.logins > 0 ? 90 : 80),
                .confidence = static_cast<uint8_t>(std::min(95U, confidence)),
                .time = host.last,
                .first = host.first,
                .last = host.last,
                .count = host.answers,
                .src = key.address,
                .dest = host.victims.empty() ? IpAddress() : host.victims.front()};
  for (const IpAddress& victim : host.victims) report.objects.push_back(to_string(victim));
  findings.report(std::move(report), [&](JsonWriter& json) {
    uint8_t services = 0;
    json.begin_array("names");
    for (const Answered& of : host.answered) {
      if (of.address != address) continue;
      json.printable(to_bytes(view(of.name)));
      services |= of.services;
    }
    json.end_array();
    json.begin_array("services");
    for (size_t i = 1; i < std::size(kServices); ++i) {
      if (services >> i & 1) json.value(kServices[i]);
    }
    json.end_array();
    json.member("address", address).member("names_needed", config_.names).member("proxy", proxy);
    json.member("absent", absent).member("logins", host.logins);
    if (host.called != Name{}) json.key("called").printable(to_bytes(view(host.called)));
    json.begin_array("own_names");
    for (const Name& name : host.own) json.printable(to_bytes(view(name)));
    json.end_array();
    json.member("vlan", key.vlan);
  });
}

void NamePoisoning::Global::expire(Second second, Findings&) {
  if (second <= kMemory || second % 60 != 0) return;
  hosts_.expire(static_cast<uint32_t>(second - kMemory), [](const auto&) {});
  const auto due = static_cast<uint32_t>(second - kTransient);
  questions_.expire(due, [](const auto&) {});
  absent_.expire(due, [](const auto&) {});
  told_.expire(due, [](const auto&) {});
}

StateUse NamePoisoning::Global::use() const {
  const auto sum = [&](auto of) { return of(hosts_) + of(questions_) + of(absent_) + of(told_); };
  return {.keys = sum([](const auto& table) { return uint64_t{table.keys()}; }),
          .bytes = sum([](const auto& table) { return uint64_t{table.bytes()}; }),
          .evicted = sum([](const auto& table) { return table.evicted(); }),
          .overflow = overflow_};
}

}  // namespace lapwing::analytics
