// PacketScene: packets as packet dissectors read them, in a scene.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dissectors/registry.h"
#include "sensor/base/text.h"
#include "tests/analytics/scene.h"

namespace lapwing::test {

/// `bytes` from the header of the protocol on, from `src` to `dest`, which may be no addresses.
inline void show_packet(Scene& scene, std::string_view protocol, std::vector<uint8_t> bytes, uint8_t ip_version,
                        std::string_view src = "", std::string_view dest = "", Station station = {}) {
  const PacketDissectorRow* row = nullptr;
  for (const PacketDissectorRow* of : packet_dissectors()) {
    if (of->protocol->name == protocol) row = of;
  }
  const IpAddress from = IpAddress::parse(src).value_or(IpAddress()), to = IpAddress::parse(dest).value_or(IpAddress());
  // What is of no address pair may be dealt to anyone.
  const uint64_t pair =
      from.version == 0 ? keyed_hash(bytes, static_cast<uint64_t>(scene.now().ns)) : Scene::pair(from, to);
  scene.show(pair, [=, time = scene.now()](analytics::AnyLocal& local, uint32_t) {
    Transaction* tx = row->read(bytes, ip_version);
    ASSERT_TRUE(tx);
    const auto& records = row->protocol->records;
    const Event event{.protocol = row->protocol, .tx = tx, .record = records.empty() ? nullptr : &records[0]};
    local.event({event, nullptr, time, from, to, 0, station});
  });
}

/// Stations and hosts by number: 02:00:00:00:00:NN, 10.0.0.NN.
struct Arp {
  uint8_t sender_station, sender, target;
  uint8_t target_station = 0;  // 0: everybody, of a request
  bool reply = false;
};
inline void show(Scene& scene, const Arp& arp) {
  std::vector<uint8_t> bytes = {0, 1, 8, 0, 6, 4, 0, static_cast<uint8_t>(arp.reply ? 2 : 1)};
  const auto add = [&](uint8_t station, uint8_t host) {
    bytes.insert(bytes.end(), {static_cast<uint8_t>(station ? 2 : 0), 0, 0, 0, 0, station, 10, 0, 0, host});
  };
  add(arp.sender_station, arp.sender);
  add(arp.target_station, arp.target);
  show_packet(scene, "arp", std::move(bytes), 0);
}

}  // namespace lapwing::test
