// Functions of libndpi and libc whose place ours take: what they say is what theirs say.
#include <arpa/inet.h>
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include "sensor/identify/address_table.h"
#include "sensor/identify/ndpi_module.h"

namespace lapwing {
namespace {

/// The library's own, behind ours.
template <class F>
F* theirs(F* ours, const char* name) {
  EXPECT_EQ(reinterpret_cast<F*>(dlsym(RTLD_DEFAULT, name)), ours) << name << " is not ours";
  auto* found = reinterpret_cast<F*>(dlsym(RTLD_NEXT, name));
  EXPECT_NE(found, nullptr);
  EXPECT_NE(found, ours);
  return found;
}

TEST(NdpiPlaces, AddressesAreWrittenAsTheirsAre) {
  char* (*const write)(in_addr) = theirs(&inet_ntoa, "inet_ntoa");
  for (const char* text : {"0.0.0.0", "255.255.255.255", "10.200.3.99", "1.22.100.9", "192.0.2.80"}) {
    in_addr address{};
    ASSERT_EQ(inet_pton(AF_INET, text, &address), 1);
    EXPECT_STREQ(inet_ntoa(address), text);
    EXPECT_STREQ(write(address), text);
  }
}

TEST(NdpiPlaces, ProtocolsAreExcludedAsByTheirs) {
  const NdpiModule module;
  auto* const exclude = theirs(&ndpi_exclude_protocol, "ndpi_exclude_protocol");
  auto ours = std::make_unique<ndpi_flow_struct>(), wanted = std::make_unique<ndpi_flow_struct>();
  for (uint16_t protocol = 0; protocol < NDPI_NUM_BITS + 64; ++protocol) {
    ndpi_exclude_protocol(module, ours.get(), protocol, "", "", 0);
    exclude(module, wanted.get(), protocol, "", "", 0);
    ASSERT_EQ(std::memcmp(ours.get(), wanted.get(), sizeof *ours), 0) << protocol;
  }
}

/// Addresses at the edges of each range of the lists, and others; with and without the ports that the lists name.
TEST(NdpiPlaces, AddressesBelongToTheApplicationsThatTheirsDo) {
  const NdpiModule module;
  auto* const match = theirs(&ndpi_network_port_ptree_match, "ndpi_network_port_ptree_match");
  auto* const match_any = theirs(&ndpi_network_ptree_match, "ndpi_network_ptree_match");
  std::vector<uint32_t> addresses = {0, 1, UINT32_MAX, UINT32_MAX - 1};
  std::vector<uint16_t> ports = {0, htons(443)};
  struct Into {
    std::vector<uint32_t>& addresses;
    std::vector<uint16_t>& ports;
  } into{addresses, ports};
  ndpi_patricia_walk_tree_inorder(
      static_cast<ndpi_patricia_tree_t*>(module->protocols_ptree),
      [](ndpi_patricia_node_t* node, void*, void* to) {
        if (!node->prefix) return;
        auto& out = *static_cast<Into*>(to);
        const uint32_t first = ntohl(node->prefix->add.sin.s_addr);
        const uint32_t last = first + static_cast<uint32_t>((uint64_t{1} << (32 - node->prefix->bitlen)) - 1);
        out.addresses.insert(out.addresses.end(), {first - 1, first, first + 1, last - 1, last, last + 1});
        const auto port = static_cast<uint16_t>(node->value.u.uv32.additional_user_value);
        if (std::ranges::find(out.ports, port) == out.ports.end()) out.ports.push_back(port);
      },
      &into);
  ASSERT_GT(addresses.size(), 10'000u);
  std::mt19937 random(7);
  for (int i = 0; i < 200'000; ++i) addresses.push_back(static_cast<uint32_t>(random()));
  size_t known = 0;
  for (const uint32_t number : addresses) {
    in_addr address{htonl(number)};
    for (const uint16_t port : ports) {
      const uint16_t wanted = match(module, &address, port);
      ASSERT_EQ(ndpi_network_port_ptree_match(module, &address, port), wanted) << inet_ntoa(address) << ' ' << port;
      known += wanted != 0;
    }
    ASSERT_EQ(ndpi_network_ptree_match(module, &address), match_any(module, &address)) << inet_ntoa(address);
  }
  EXPECT_GT(known, 10'000u);
}

TEST(AddressTable, FindsTheLongestPrefixAround) {
  constexpr uint32_t kNet = 0x0a000000;  // 10.0.0.0
  const AddressTable table({{kNet, 8, 1, 0},
                            {kNet + 0x10000, 16, 2, 0},
                            {kNet + 0x10100, 24, 3, 53},
                            {kNet + 0x101ff, 32, 4, 0},
                            {0xffffff00, 24, 5, 0}});
  EXPECT_EQ(table.find(kNet - 1), 0);
  EXPECT_EQ(table.find(kNet), 1);
  EXPECT_EQ(table.find(kNet + 0x10000), 2);
  EXPECT_EQ(table.find(kNet + 0x10105, 53), 3);
  EXPECT_EQ(table.find(kNet + 0x10105, 54), 0) << "a port that does not fit leaves the address unknown";
  EXPECT_EQ(table.find(kNet + 0x101fe), 3);
  EXPECT_EQ(table.find(kNet + 0x101ff), 4);
  EXPECT_EQ(table.find(kNet + 0x10200), 2);
  EXPECT_EQ(table.find(kNet + 0x20000), 1);
  EXPECT_EQ(table.find(kNet + 0x1000000), 0);
  EXPECT_EQ(table.find(UINT32_MAX), 5);
  EXPECT_EQ(AddressTable({}).find(kNet), 0);
}

}  // namespace
}  // namespace lapwing
