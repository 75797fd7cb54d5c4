// Scene: what happens in a network as detectors are shown it, and what they find however it is dealt to workers.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "analytics/frame/detector.h"
#include "sensor/base/hash.h"
#include "tests/support/dice.h"

namespace lapwing::test {

/// Of a flow of TCP unless it says otherwise.
struct Ends {
  std::string client, server;
  uint16_t port = 0;
  uint8_t proto = 6;
  uint16_t client_port = 40'000;
};

/// What it was shown since the last call, or null.
inline std::unique_ptr<analytics::AnyDelta> sealed(analytics::AnyLocal& local) {
  std::unique_ptr<analytics::AnyDelta> out;
  return local.seal(out) ? std::move(out) : nullptr;
}

class Scene {
 public:
  static constexpr int64_t kStart = 1'700'000'000;  // second
  uint64_t learn = 0;                               // Surroundings::learn
  std::shared_ptr<const analytics::Vendors> vendors;

  /// Packet time of what comes, in seconds since the start.
  Scene& at(double seconds) {
    now_ = Timestamp{kStart * 1'000'000'000 + static_cast<int64_t>(seconds * 1e9)};
    return *this;
  }
  Timestamp now() const { return now_; }

  FlowRef flow(const Ends& ends) {
    return {.id = ++flows_,
            .client = *IpAddress::parse(ends.client),
            .server = *IpAddress::parse(ends.server),
            .client_port = ends.client_port,
            .server_port = ends.port,
            .proto = ends.proto,
            .start = now_};
  }
  /// `update` but for time and flow, at the scene's time.
  void tell(const FlowRef& flow, FlowUpdate update) {
    update.time = now_;
    show(pair(flow.client, flow.server), [flow, update](analytics::AnyLocal& local, uint32_t moments) {
      FlowUpdate shown = update;
      shown.flow = &flow;
      if (moments & bit(shown.moment)) local.flow(shown);
    });
  }
  void login(const FlowRef& flow, const LoginSeen& seen) {
    show(pair(flow.client, flow.server), [flow, seen, time = now_](analytics::AnyLocal& local, uint32_t) {
      local.login({seen, flow, time});
    });
  }
  /// `rule` lives as long as the scene.
  void alert(const FlowRef& flow, const RuleInfo& rule, const std::string& payload = {},
             Direction direction = Direction::to_server) {
    show(pair(flow.client, flow.server), [name = analytics::name_of(flow), &rule, payload, direction, time = now_,
                                          networks = internal_](analytics::AnyLocal& local, uint32_t) {
      const analytics::Surroundings surroundings{.internal = analytics::Networks(networks, nullptr)};
      const analytics::AlertAt at{rule, time, name, direction, to_bytes(payload)};
      local.alert(analytics::AlertSeen::of(at, surroundings));
    });
  }
  /// What anybody says of an address.
  void binding(const BindingSeen& seen, std::string_view address, uint16_t vlan = 0) {
    const std::string name(seen.name);
    const IpAddress of = *IpAddress::parse(address);
    show(keyed_hash({of.bytes.data(), 16}, 1),
         [seen, name, of, vlan, time = now_](analytics::AnyLocal& local, uint32_t) {
           BindingSeen shown = seen;
           shown.name = name;
           local.binding({shown, of, vlan, time});
         });
  }
  void software(const FlowRef& flow, const SoftwareSeen& seen) {
    const std::string value(seen.value);
    show(pair(flow.client, flow.server), [flow, seen, value, time = now_](analytics::AnyLocal& local, uint32_t) {
      SoftwareSeen shown = seen;
      shown.value = value;
      local.software({shown, flow, time});
    });
  }
  void operation(const FlowRef& flow, const OperationSeen& seen) {
    const std::string interface(seen.interface), operation(seen.operation), object(seen.object);
    show(pair(flow.client, flow.server),
         [flow, seen, interface, operation, object, time = now_](analytics::AnyLocal& local, uint32_t) {
           OperationSeen shown = seen;
           shown.interface = interface;
           shown.operation = operation;
           shown.object = object;
           local.operation({shown, flow, time});
         });
  }
  /// Anything else that `pair` says or does.
  void show(uint64_t pair, std::function<void(analytics::AnyLocal&, uint32_t moments)> what) {
    shown_.push_back({now_, pair, std::move(what)});
  }
  static uint64_t pair(const IpAddress& one, const IpAddress& other) {
    return keyed_hash({one.bytes.data(), 16}, 1) ^ keyed_hash({other.bytes.data(), 16}, 1);
  }

  // Whole flows, from what they are told to be.
  void silent(const Ends& ends, uint8_t flags = 2) {
    const FlowRef of = flow(ends);
    tell(of, {.moment = FlowMoment::opened, .all_packets = {1, 0}, .tcp_flags = {flags, 0}});
    later(3).tell(of, {.moment = FlowMoment::unanswered, .all_packets = {1, 0}, .tcp_flags = {flags, 0}});
    later(-3);
  }
  void refused(const Ends& ends, uint8_t flags = 2) {
    const FlowRef of = flow(ends);
    tell(of, {.moment = FlowMoment::opened, .all_packets = {1, 0}, .tcp_flags = {flags, 0}});
    tell(of, {.moment = FlowMoment::refused, .all_packets = {1, 1}, .tcp_flags = {flags, 20}});
  }
  void unreachable(const Ends& ends, std::string_view sender, uint8_t type, uint8_t code) {
    const FlowRef of = flow(ends);
    tell(of, {.moment = FlowMoment::opened, .all_packets = {1, 0}, .tcp_flags = {2, 0}});
    tell(of, {.moment = FlowMoment::refused,
              .all_packets = {1, 0},
              .tcp_flags = {2, 0},
              .icmp = true,
              .icmp_type = type,
              .icmp_code = code,
              .icmp_sender = *IpAddress::parse(sender)});
  }
  /// A connection or exchange that carried this much, and is over at once.
  void talked(const Ends& ends, uint64_t out, uint64_t in) {
    const FlowRef of = flow(ends);
    const FlowUpdate end{.bytes = {out, in}, .all_packets = {6, 6}, .tcp_flags = {27, 27}};
    for (FlowMoment moment : {FlowMoment::opened, FlowMoment::answered, FlowMoment::burst, FlowMoment::closed}) {
      FlowUpdate update = moment < FlowMoment::burst ? FlowUpdate{.all_packets = {1, 1}, .tcp_flags = {2, 18}} : end;
      update.moment = moment;
      tell(of, update);
    }
  }

  /// What is found with one worker, where 2 and 7 find the same.
  std::vector<Behaviour> found(const analytics::AnyDetector& detector,
                               std::vector<std::string> internal = {"10.0.0.0/8", "fd00::/8"}) const {
    const std::vector<Behaviour> one = told_by(detector, internal, 1, 0).found;
    for (uint64_t round = 1; round <= 2; ++round) {
      for (size_t workers : {2, 7}) {
        EXPECT_EQ(texts(told_by(detector, internal, workers, round).found), texts(one)) << workers << " workers";
      }
    }
    return one;
  }

  /// What a counter of the detector comes to with one worker, where 2 and 7 count the same.
  uint64_t count(const analytics::AnyDetector& detector, std::string_view path,
                 std::vector<std::string> internal = {"10.0.0.0/8", "fd00::/8"}) const {
    const uint64_t one = told_by(detector, internal, 1, 0).counters.value(path);
    for (size_t workers : {2, 7}) {
      EXPECT_EQ(told_by(detector, internal, workers, 1).counters.value(path), one) << workers << " workers";
    }
    return one;
  }

  /// What `global` finds.
  std::vector<Behaviour> play(const analytics::AnyDetector& detector, const analytics::Surroundings& surroundings,
                              analytics::AnyGlobal& global) const {
    return run(detector, surroundings, global, 1, 0).found;
  }

  /// Likewise of what is told of assets, and which roles are learned.
  struct Told {
    std::vector<Asset> assets;
    std::vector<std::string> learned;  // "10.0.0.53 resolver"
    analytics::StateUse use;
  };
  Told told(const analytics::AnyDetector& detector, std::vector<std::string> internal = {"10.0.0.0/8"},
            std::string (*text)(const Asset&) = nullptr) const {
    const auto all = [&](const Book& book) {
      std::vector<std::string> out;
      for (const Asset& asset : book.assets) out.push_back(text(asset));
      return out;
    };
    Book one = told_by(detector, internal, 1, 0);
    for (size_t workers : {2, 7}) {
      const Book other = told_by(detector, internal, workers, 1);
      if (text) {
        EXPECT_EQ(all(other), all(one)) << workers << " workers";
      }
      EXPECT_EQ(other.assets.size(), one.assets.size());
      EXPECT_EQ(other.roles, one.roles);
    }
    return {std::move(one.assets), std::move(one.roles), one.use};
  }

 private:
  struct Shown {
    Timestamp time;
    uint64_t pair;
    std::function<void(analytics::AnyLocal&, uint32_t)> what;
  };
  struct Book final : analytics::FindingSink {
    void behaviour(const Behaviour& behaviour) override { found.push_back(behaviour); }
    void asset(const Asset& asset) override { assets.push_back(asset); }
    void learned(const IpAddress& address, analytics::Role role, bool has) override {
      roles.push_back((has ? "" : "-") + to_string(address) + " " + analytics::names_of(analytics::bit(role)));
    }
    std::vector<Behaviour> found;
    std::vector<Asset> assets;
    std::vector<std::string> roles;
    analytics::StateUse use;
    CounterSet counters;
  };

  Scene& later(int64_t seconds) {
    now_.ns += seconds * 1'000'000'000;
    return *this;
  }
  static std::vector<std::string> texts(const std::vector<Behaviour>& findings) {
    std::vector<std::string> out;
    for (const Behaviour& of : findings) {
      std::string& text = out.emplace_back(of.id + " " + std::string(name(of.state)) + " " + of.subject);
      for (const std::string& object : of.objects) text += " " + object;
      for (int64_t number : {of.time.ns, of.first.ns, of.last.ns, static_cast<int64_t>(of.count), int64_t{of.severity},
                             int64_t{of.confidence}}) {
        text += " " + std::to_string(number);
      }
      for (const FlowName& flow : of.flows) text += " " + std::to_string(flow.id);
      text += " " + of.evidence;
    }
    return out;
  }
  Book told_by(const analytics::AnyDetector& detector, const std::vector<std::string>& internal, size_t workers,
               uint64_t round) const {
    const analytics::Surroundings surroundings{.internal = analytics::Networks(internal, nullptr),
                                               .hash_seed = kReplaySeed,
                                               .replay = true,
                                               .learn = learn,
                                               .vendors = vendors};
    return run(detector, surroundings, *detector.global(surroundings), workers, round);
  }
  /// All of an address pair is one worker's.
  Book run(const analytics::AnyDetector& detector, const analytics::Surroundings& surroundings,
           analytics::AnyGlobal& global, size_t workers, uint64_t round) const {
    std::vector<std::unique_ptr<analytics::AnyLocal>> locals;
    for (size_t i = 0; i < workers; ++i) locals.push_back(detector.local(surroundings));
    Book book;
    analytics::FindingBook findings(book);
    analytics::Findings way(findings, detector.about());
    Dice dice(round);

    std::vector<const Shown*> order;
    for (const Shown& shown : shown_) order.push_back(&shown);
    std::ranges::stable_sort(order, {}, [](const Shown* shown) { return shown->time; });
    for (size_t next = 0; next < order.size();) {
      const int64_t second = order[next]->time.seconds();
      for (; next < order.size() && order[next]->time.seconds() == second; ++next) {
        const uint64_t worker = keyed_hash({reinterpret_cast<const uint8_t*>(&order[next]->pair), 8}, round) % workers;
        order[next]->what(*locals[worker], detector.about().moments);
      }
      std::vector<std::unique_ptr<analytics::AnyDelta>> deltas;
      for (const auto& local : locals) {
        if (auto delta = sealed(*local)) deltas.push_back(std::move(delta));
      }
      while (deltas.size() > 1) {
        std::swap(deltas[dice.below(deltas.size())], deltas.back());
        deltas.front()->add(*deltas.back());
        deltas.pop_back();
      }
      if (!deltas.empty()) global.take(second, *deltas.front(), way);
      global.expire(second, way);
      findings.expire(second);
    }
    global.finish(way);
    findings.finish();
    book.use = global.use();
    global.add_counters(book.counters);
    return book;
  }

  std::vector<std::string> internal_ = {"10.0.0.0/8", "fd00::/8"};
  std::vector<Shown> shown_;
  Timestamp now_ = Timestamp::from_seconds(kStart);
  uint64_t flows_ = 0;
};

}  // namespace lapwing::test
