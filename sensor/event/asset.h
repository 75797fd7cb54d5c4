// Asset: what is known of a host of this network, as its record tells it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/base/ip_address.h"
#include "sensor/base/time.h"

namespace lapwing {

enum class AssetState : uint8_t { known, changed, active, gone };
std::string_view name(AssetState state);

/// [G] Written as the object "asset". Lists are bounded by the inventory that makes it.
struct Asset {
  struct Text {
    std::string_view kind;  // of names: BindingKind; of software: SoftwareKind; of addresses and users empty
    std::string value;
    Timestamp first, last;
  };
  struct Role {
    std::string_view name;
    std::string evidence;  // "dns on 53/udp for 4 clients"
  };
  struct Service {
    uint16_t port = 0;
    uint8_t proto = 0;
    std::string protocol;               // as app_proto, or empty
    std::string software, certificate;  // as the server says; or empty
    uint64_t clients = 0;               // distinct
    Timestamp first, last;
  };

  std::string id;  // the same in every run
  AssetState state = AssetState::known;
  std::vector<std::string_view> changes;  // since the last record: "role", "name", "os", "service", "address"
  std::string station;                    // its MAC address, or empty
  std::string vendor;                     // who made that card, or empty
  uint16_t vlan = 0;
  IpAddress address;            // the one that it was last seen with
  std::vector<Text> addresses;  // the last seen first
  std::vector<Text> names;      // the most trusted first
  std::string os;               // or empty
  std::vector<Role> roles;
  std::vector<Text> software;
  std::vector<Text> users;               // who logged in from there, the last seen first
  std::vector<std::string> clients;      // JA4 of what it runs
  std::vector<Service> services;         // by port
  std::string_view criticality;          // "low", "normal", "high"
  uint64_t bytes_out = 0, bytes_in = 0;  // of payload, that it sent and received
  Timestamp time, first, last;
};

/// What an asset is known by, where others speak of it.
struct AssetBrief {
  std::string name, station, user;      // or empty
  std::string vendor;                   // of the station, or empty
  std::vector<std::string_view> roles;  // in the order of their names
  std::string_view criticality;         // "low", "normal", "high"
};

}  // namespace lapwing
