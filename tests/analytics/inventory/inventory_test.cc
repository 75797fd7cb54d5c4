// The inventory: what it makes of what hosts say, and that its memory and its records are bounded.
#include "analytics/inventory/inventory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/analytics/scene.h"

namespace lapwing::analytics {
namespace {

using test::Dice;
using test::Scene;

constexpr double kDay = 86'400;

std::shared_ptr<const AnyDetector> inventory() {
  return detector<Inventory>().read(OptionSource());
}

/// All that a record says.
std::string text(const Asset& asset) {
  std::string out = asset.id + " " + std::string(name(asset.state)) + " " + asset.station + " " + asset.os + " " +
                    std::to_string(asset.time.ns) + " " + std::to_string(asset.bytes_out);
  for (const auto* list : {&asset.addresses, &asset.names, &asset.software, &asset.users}) {
    for (const Asset::Text& of : *list) out += " " + of.value + "@" + std::to_string(of.first.ns);
  }
  for (const Asset::Role& role : asset.roles) out += " " + std::string(role.name) + "=" + role.evidence;
  for (const Asset::Service& service : asset.services) {
    out += " " + std::to_string(service.port) + service.protocol + service.software + std::to_string(service.clients);
  }
  return out;
}

Scene::Told told(const Scene& scene) {
  return scene.told(*inventory(), {"10.0.0.0/8"}, &text);
}

const Asset& of(const Scene::Told& told, std::string_view address) {
  static const Asset kNone;
  const auto found = std::ranges::find_if(told.assets.rbegin(), told.assets.rend(),
                                          [&](const Asset& asset) { return to_string(asset.address) == address; });
  EXPECT_NE(found, told.assets.rend()) << address;
  return found == told.assets.rend() ? kNone : *found;
}

void arp(Scene& scene, uint8_t station, std::string_view address) {
  scene.binding({.kind = BindingKind::arp, .station = {2, 0, 0, 0, 0, station}}, address);
}

void serve(Scene& scene, std::string_view client, std::string_view server, uint16_t port, std::string_view protocol,
           uint8_t proto = 6) {
  FlowRef flow = scene.flow({std::string(client), std::string(server), port, proto});
  flow.protocol = protocol;
  scene.tell(flow, {.moment = FlowMoment::closed, .bytes = {100, 900}, .all_packets = {6, 6}, .tcp_flags = {27, 27}});
}

TEST(InventoryTest, PutsTogetherWhatProtocolsSayOfAHost) {
  Scene scene;
  scene.at(0).binding({.kind = BindingKind::dns, .name = "Web.Lab"}, "10.0.0.5");
  arp(scene.at(1), 5, "10.0.0.5");
  scene.at(2);
  FlowRef flow = scene.flow({"10.0.0.9", "10.0.0.5", 80});
  scene.software(flow, {.kind = SoftwareKind::product, .side = Side::server, .value = "Apache/2.4 (Debian)"});
  scene.software(flow, {.kind = SoftwareKind::user_agent, .side = Side::client, .value = "x (Windows NT 10.0)"});
  scene.login(flow, {.user = "alice", .outcome = Outcome::success});
  serve(scene.at(3), "10.0.0.9", "10.0.0.5", 80, "http");

  const Scene::Told all = told(scene);
  ASSERT_EQ(all.assets.size(), 2U);
  const Asset& server = of(all, "10.0.0.5");
  EXPECT_EQ(server.state, AssetState::known);
  EXPECT_EQ(server.station, "02:00:00:00:00:05");
  ASSERT_EQ(server.names.size(), 1U);
  EXPECT_EQ(server.names[0].value, "web.lab");
  EXPECT_EQ(server.os, "Linux");
  ASSERT_EQ(server.services.size(), 1U);
  EXPECT_EQ(server.services[0].protocol, "http");
  EXPECT_EQ(server.services[0].software, "Apache/2.4 (Debian)");
  EXPECT_EQ(server.services[0].clients, 1U);
  EXPECT_EQ(server.bytes_out, 900U);
  const Asset& client = of(all, "10.0.0.9");
  EXPECT_EQ(client.os, "Windows");
  ASSERT_EQ(client.users.size(), 1U);
  EXPECT_EQ(client.users[0].value, "alice");
}

TEST(InventoryTest, WhoIsOnlySpokenOfOrOutsideIsNoAsset) {
  Scene scene;
  scene.at(0).binding({.kind = BindingKind::dns, .name = "nobody.lab"}, "10.0.0.77");
  serve(scene, "10.0.0.1", "198.51.100.7", 443, "tls");
  scene.silent({"10.0.0.66", "10.0.0.67", 80});
  scene.refused({"10.0.0.68", "10.0.0.69", 80});
  const Scene::Told all = told(scene);
  ASSERT_EQ(all.assets.size(), 1U);
  EXPECT_EQ(to_string(all.assets[0].address), "10.0.0.1");
}

TEST(InventoryTest, AnAddressThatChangesItsOwnerIsTwoHostsWithTheirTimes) {
  Scene scene;
  arp(scene.at(0), 1, "10.0.0.5");
  serve(scene.at(1), "10.0.0.9", "10.0.0.5", 22, "ssh");
  serve(scene.at(500), "10.0.0.9", "10.0.0.7", 80, "http");
  arp(scene.at(1000), 2, "10.0.0.5");
  serve(scene.at(1001), "10.0.0.9", "10.0.0.5", 80, "http");
  const Scene::Told all = told(scene);
  const auto last = [&](std::string_view station) {
    const auto found = std::ranges::find(all.assets.rbegin(), all.assets.rend(), station, &Asset::station);
    EXPECT_NE(found, all.assets.rend());
    return *found;
  };
  const Asset one = last("02:00:00:00:00:01"), other = last("02:00:00:00:00:02");
  EXPECT_NE(one.id, other.id);
  EXPECT_LT(one.addresses.at(0).last, other.addresses.at(0).first);
  ASSERT_EQ(one.services.size(), 1U);
  EXPECT_EQ(one.services[0].port, 22);
  ASSERT_EQ(other.services.size(), 1U);
  EXPECT_EQ(other.services[0].port, 80);
}

TEST(InventoryTest, OfTwoOwnersInASecondTheLastHasTheAddress) {
  for (uint8_t later : {uint8_t{1}, uint8_t{2}}) {
    Scene scene;
    arp(scene.at(0.2), static_cast<uint8_t>(3 - later), "10.0.0.5");
    arp(scene.at(0.7), later, "10.0.0.5");
    serve(scene.at(2), "10.0.0.9", "10.0.0.5", 22, "ssh");
    for (const Asset& asset : told(scene).assets) {
      if (asset.station.empty()) continue;
      EXPECT_EQ(asset.services.size(), asset.station.back() == '0' + later ? 1U : 0U) << asset.station;
    }
  }
}

TEST(InventoryTest, AStationOfManyAddressesIsARouterAndTheyAreHosts) {
  Scene scene;
  for (int i = 0; i < 20; ++i) arp(scene.at(i), 1, "10.0.1." + std::to_string(1 + i % 10));
  const Scene::Told all = told(scene);
  const auto routers = std::ranges::count_if(all.assets, [](const Asset& asset) {
    return std::ranges::any_of(asset.roles, [](const Asset::Role& role) { return role.name == "router"; });
  });
  EXPECT_EQ(routers, 1);
  EXPECT_GE(all.assets.size(), 6U);
  EXPECT_TRUE(std::ranges::all_of(all.assets, [](const Asset& of) { return of.station == "02:00:00:00:00:01"; }));
  // And fewer, one after the other, are none.
  Scene quiet;
  for (int i = 0; i < 10; ++i) arp(quiet.at(i * 4000), 1, "10.0.1." + std::to_string(1 + i));
  for (const Asset& asset : told(quiet).assets) EXPECT_TRUE(asset.roles.empty());
}

TEST(InventoryTest, RolesAreLearnedFromSeveralClients) {
  Scene scene;
  for (int i = 1; i <= 2; ++i) serve(scene.at(i), "10.0.0." + std::to_string(i), "10.0.0.53", 53, "dns", 17);
  EXPECT_TRUE(told(scene).learned.empty());
  serve(scene.at(3), "10.0.0.3", "10.0.0.53", 53, "dns", 17);
  const Scene::Told all = told(scene);
  EXPECT_EQ(all.learned, std::vector<std::string>{"10.0.0.53 resolver"});
  const Asset& resolver = of(all, "10.0.0.53");
  ASSERT_EQ(resolver.roles.size(), 1U);
  EXPECT_EQ(resolver.roles[0].evidence, "53/udp for 3 clients");
}

/// And nobody else: who gathers by what people move files with, printers, whoever gives back as much, what few hand
/// over, and what takes days to come together.
TEST(InventoryTest, WhatManyHandOverInVolumeIsKeptByABackup) {
  constexpr uint64_t kMega = 1 << 20;
  struct Row {
    uint16_t port;
    std::string_view protocol;
    int clients;
    uint64_t up, down;  // MiB of each
    double apart = 60;  // seconds
    bool learned = false;
  };
  const Row rows[] = {
      {10'006, "", 12, 20, 0, 60, true},
      {6556, "tls", 8, 13, 1, 60, true},
      {445, "smbv23", 12, 20, 0},
      {9100, "", 12, 20, 0},
      {10'006, "", 12, 20, 3},
      {10'006, "", 7, 40, 0},
      {10'006, "", 20, 6, 0},
      {10'006, "", 12, 20, 0, 20'000},
  };
  for (const Row& row : rows) {
    Scene scene;
    for (int i = 0; i < row.clients; ++i) {
      FlowRef flow = scene.at(row.apart * i).flow({"10.0.1." + std::to_string(i), "10.0.0.15", row.port});
      flow.protocol = row.protocol;
      scene.tell(flow, {.moment = FlowMoment::closed,
                        .bytes = {row.up * kMega, row.down * kMega + 1},
                        .all_packets = {6, 6},
                        .tcp_flags = {27, 27}});
    }
    const auto learned = told(scene).learned;
    const bool backup = std::ranges::find(learned, "10.0.0.15 backup") != learned.end();
    EXPECT_EQ(backup, row.learned) << row.port << row.protocol << " " << row.clients << " " << row.up;
  }
}

TEST(InventoryTest, ARoleEndsWithItsHost) {
  Scene scene;
  for (int i = 1; i <= 3; ++i) serve(scene.at(i), "10.0.0." + std::to_string(i), "10.0.0.53", 53, "dns", 17);
  serve(scene.at(9 * kDay), "10.0.0.1", "10.0.0.2", 80, "http");
  const Scene::Told all = told(scene);
  EXPECT_EQ(of(all, "10.0.0.53").state, AssetState::gone);
  EXPECT_EQ(all.learned.back(), "-10.0.0.53 resolver");
}

TEST(InventoryTest, AHostIsToldOnceAMinuteAtMostAndOnceADayAtLeast) {
  Scene scene;
  for (int i = 0; i < 300; ++i) serve(scene.at(i), "10.0.0.1", "10.0.0.2", static_cast<uint16_t>(i + 1), "http");
  for (int i = 1; i <= 3; ++i) serve(scene.at(i * (kDay + 100)), "10.0.0.1", "10.0.0.2", 1, "http");
  const Scene::Told all = told(scene);
  std::vector<AssetState> states;
  for (const Asset& asset : all.assets) {
    if (to_string(asset.address) == "10.0.0.2") states.push_back(asset.state);
  }
  // 16 services are told, those of the first minute.
  EXPECT_EQ(states, (std::vector{AssetState::known, AssetState::active, AssetState::active}));
  EXPECT_EQ(of(all, "10.0.0.2").services.size(), Host::kServices);
}

TEST(InventoryTest, ForgedSourcesStayWithinBounds) {
  Scene scene;
  Dice dice(1);
  serve(scene.at(0), "10.200.0.1", "10.200.0.2", 22, "ssh");
  for (int i = 0; i < 100'000; ++i) {
    const std::string address =
        "10." + std::to_string(i >> 16) + "." + std::to_string(i >> 8 & 255) + "." + std::to_string(i & 255);
    scene.at(1 + i / 10'000.0)
        .binding({.kind = BindingKind::arp,
                  .station = {2, 1, 0, static_cast<uint8_t>(i >> 16), static_cast<uint8_t>(i >> 8),
                              static_cast<uint8_t>(i)}},
                 address);
  }
  serve(scene.at(100), "10.200.0.1", "10.200.0.2", 22, "ssh");
  serve(scene.at(200), "10.200.0.1", "10.200.0.3", 22, "ssh");
  const Scene::Told all = told(scene);
  EXPECT_LE(all.use.keys, 3 * 16'384U);
  EXPECT_LT(all.use.bytes, 100U << 20);
  EXPECT_GT(all.use.evicted, 0U);
  // Whoever talks is not forgotten for them.
  EXPECT_EQ(of(all, "10.200.0.2").services.size(), 1U);
}

TEST(InventoryTest, WhatIsKnownOfAHostIsWeighed) {
  Scene scene;
  arp(scene.at(0), 5, "10.0.0.5");
  const uint64_t without = told(scene).use.bytes;
  scene.at(10).binding({.kind = BindingKind::http_host, .name = "site"}, "10.0.0.5");
  EXPECT_EQ(told(scene).use.bytes, without + sizeof(decltype(*Host().names)));
}

TEST(InventoryTest, WhatNobodyCanReadIsNoName) {
  Scene scene;
  arp(scene.at(0), 5, "10.0.0.5");
  for (const char* name : {"\1\1\1.\1", "a\nb", "tab\there", "\x7f.lab", "my pc", "caf\xc3\xa9.local"}) {
    scene.at(1).binding({.kind = BindingKind::dns, .name = name}, "10.0.0.5");
  }
  const Scene::Told all = told(scene);
  const Asset& host = of(all, "10.0.0.5");
  ASSERT_EQ(host.names.size(), 2U);
  EXPECT_EQ(host.names[0].value, "caf\xc3\xa9.local");
  EXPECT_EQ(host.names[1].value, "my pc");
}

TEST(InventoryTest, ManyNamesAreNoNews) {
  Scene scene;
  arp(scene.at(0), 5, "10.0.0.5");
  for (int i = 0; i < 1000; ++i) {
    scene.at(i * 10).binding({.kind = BindingKind::http_host, .name = "site" + std::to_string(i)}, "10.0.0.5");
  }
  const Scene::Told all = told(scene);
  EXPECT_EQ(all.assets.size(), 1U);
  EXPECT_EQ(of(all, "10.0.0.5").names.size(), Host::kNames);
  EXPECT_EQ(of(all, "10.0.0.5").names[0].value, "site0");
}

TEST(InventoryTest, DeltasAddUpInAnyOrder) {
  Sight a, b;
  a.first = 5, a.last = 7, a.out = 1, a.text = ShortText<Sight::kText>("dns");
  b.first = 3, b.last = 4, b.out = 2, b.text = ShortText<Sight::kText>("");
  Sight ab = a, ba = b, with_none = a;
  ab.merge(b);
  ba.merge(a);
  with_none.merge(Sight());
  for (const Sight* sum : {&ab, &ba}) {
    EXPECT_EQ(sum->first, 3);
    EXPECT_EQ(sum->last, 7);
    EXPECT_EQ(sum->out, 3U);
    EXPECT_EQ(sum->text.view(), "dns");
  }
  EXPECT_EQ(with_none.first, 5);
  EXPECT_EQ(with_none.text.view(), "dns");
}

TEST(InventoryTest, WhatAHostHasNoRoomForIsCounted) {
  Scene scene;
  const auto number = [](std::string_view text, int i) { return std::string(text) + std::to_string(i); };
  for (int i = 0; i < 20; ++i) {
    scene.at(i).binding({.kind = BindingKind::dns, .name = number("name", i)}, "10.0.0.5");
    FlowRef flow = scene.flow({"10.0.0.9", "10.0.0.5", static_cast<uint16_t>(1000 + i)});
    scene.software(flow, {.kind = SoftwareKind::user_agent, .side = Side::client, .value = number("agent", i)});
    scene.software(flow, {.kind = SoftwareKind::ja4, .side = Side::client, .value = number("ja4", i)});
    scene.login(flow, {.user = number("user", i), .outcome = Outcome::success});
    serve(scene, "10.0.0.9", "10.0.0.5", static_cast<uint16_t>(1000 + i), "http");
  }
  const struct {
    std::string_view what;
    uint64_t count;
  } kRows[] = {{"names", 14}, {"software", 12}, {"clients", 12}, {"users", 12}, {"services", 4}};
  for (const auto& [what, count] : kRows) {
    EXPECT_EQ(scene.count(*inventory(), "analytics.inventory." + std::string(what) + "_max"), count) << what;
  }
}

TEST(InventoryTest, OldAddressesMakeRoomAndAreCounted) {
  Scene scene;
  for (int i = 0; i < 10; ++i) arp(scene.at(i * 7200), 7, "10.0.2." + std::to_string(i));
  EXPECT_EQ(scene.count(*inventory(), "analytics.inventory.addresses_max"), 2U);
}

TEST(InventoryTest, TheVendorOfItsCardIsTold) {
  auto vendors = std::make_shared<Vendors>();
  vendors->add("MA-L,0017F2,Lapwing Works,\n");
  vendors->seal();
  Scene scene;
  scene.vendors = vendors;
  scene.at(0).binding({.kind = BindingKind::arp, .station = {0, 0x17, 0xf2, 0, 0, 1}}, "10.0.0.5");
  serve(scene.at(1), "10.0.0.9", "10.0.0.5", 80, "http");
  const Scene::Told all = told(scene);
  EXPECT_EQ(of(all, "10.0.0.5").vendor, "Lapwing Works");
  EXPECT_EQ(of(all, "10.0.0.9").vendor, "");
}

}  // namespace
}  // namespace lapwing::analytics
