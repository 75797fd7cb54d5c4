// Functions of libndpi and libc whose place ours take: what they say is what theirs say.
#include <arpa/inet.h>
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
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

/// What of a packet depends on its lines, and of its flow.
struct Lines {
  std::vector<std::pair<const uint8_t*, uint16_t>> found;
  std::vector<uint32_t> numbers;
  std::vector<uint8_t> binary;

  bool operator==(const Lines&) const = default;
};

Lines lines_of(const ndpi_packet_struct& packet, const ndpi_flow_struct& flow) {
  Lines out;
  out.numbers = {packet.parsed_lines,
                 packet.http_num_headers,
                 packet.empty_line_position_set,
                 packet.empty_line_position_set ? packet.empty_line_position : 0u,
                 packet.packet_lines_parsed_complete,
                 flow.http.response_status_code,
                 flow.initial_binary_bytes_len};
  for (size_t i = 0; i < packet.parsed_lines; ++i) out.found.emplace_back(packet.line[i].ptr, packet.line[i].len);
  for (const auto* one = &packet.host_line; one <= &packet.http_response; ++one) {
    out.found.emplace_back(one->ptr, one->len);
  }
  out.binary.assign(std::begin(flow.initial_binary_bytes), std::end(flow.initial_binary_bytes));
  return out;
}

/// Heads made of what nDPI asks for, with other cases, blanks, ends and lengths; what was found before is forgotten.
TEST(NdpiPlaces, LinesAreFoundAsByTheirs) {
  const NdpiModule module;
  auto* const find = theirs(&ndpi_parse_packet_line_info, "ndpi_parse_packet_line_info");
  constexpr std::string_view kParts[] = {"HTTP/1.1 200 OK",
                                         "HTTP/1.0 404",
                                         "HTTP/1.1 099 x",
                                         "HTTP/1.1 5",
                                         "http/1.1 5 0 no",
                                         "HTTP/1.1 600 no",
                                         "HTTP/1.1 510 beyond",
                                         "GET / HTTP/1.1",
                                         "Server:",
                                         "Host:",
                                         "X-Forwarded-For:",
                                         "Authorization: ",
                                         "Accept: ",
                                         "Referer: ",
                                         "User-Agent: ",
                                         "Content-Encoding: ",
                                         "Transfer-Encoding: ",
                                         "Content-Length: ",
                                         "Content-Disposition: ",
                                         "Cookie: ",
                                         "Origin: ",
                                         "X-Session-Type: ",
                                         "Date: ",
                                         "Vary: ",
                                         "ETag: ",
                                         "Pragma: ",
                                         "Expires: ",
                                         "Set-Cookie: ",
                                         "Keep-Alive: ",
                                         "Connection: ",
                                         "Last-Modified: ",
                                         "Accept-Ranges: ",
                                         "Accept-Language: ",
                                         "Accept-Encoding: ",
                                         "Upgrade-Insecure-Requests: ",
                                         "Content-Type: ",
                                         "Content-Type:",
                                         "Content-Typ",
                                         "X-Unknown: ",
                                         "@",
                                         "{",
                                         "text/html; charset=utf-8",
                                         "a\rb;",
                                         "value",
                                         "",
                                         " ",
                                         "   ",
                                         "x"};
  constexpr std::string_view kEnds[] = {"\r\n", "\r\n", "\r\n", "\r\n", "\r\n\r\n", "\r", "\n", "", "\r\r\n"};
  std::mt19937 random(23);
  const auto any = [&](auto& of) { return of[random() % std::size(of)]; };
  size_t headers = 0, full = 0, statuses = 0;
  auto ours = std::make_unique<ndpi_flow_struct>(), wanted = std::make_unique<ndpi_flow_struct>();
  for (int round = 0; round < 100'000; ++round) {
    std::string payload;
    for (size_t left = random() % (round % 100 == 0 ? 400 : 12); left > 0; --left) {
      std::string part(any(kParts));
      if (random() % 4 == 0)
        std::ranges::transform(part, part.begin(), [](unsigned char c) { return std::toupper(c); });
      payload.append(part).append(any(kParts)).append(any(kEnds));
    }
    const auto* const bytes = reinterpret_cast<const uint8_t*>(payload.data());
    const auto ask = [&](auto* how, ndpi_flow_struct& flow) {
      flow = {};
      module->packet.payload = bytes;
      module->packet.payload_packet_len = static_cast<uint16_t>(payload.size());
      module->packet.packet_lines_parsed_complete = 0;
      how(module, &flow);
      return lines_of(module->packet, flow);
    };
    const Lines theirs = ask(find, *wanted);
    ASSERT_TRUE(ask(&ndpi_parse_packet_line_info, *ours) == theirs) << payload;
    headers += module->packet.http_num_headers;
    full += module->packet.parsed_lines == NDPI_MAX_PARSE_LINES_PER_PACKET - 1;
    statuses += ours->http.response_status_code != 0;
  }
  EXPECT_GT(headers, 100'000u);
  EXPECT_GT(full, 100u);
  EXPECT_GT(statuses, 1'000u);
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
