#include "tests/identify/identify_captures.h"

#include <arpa/inet.h>

#include <bit>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

namespace lapwing::test {
namespace {

struct RawFrame {
  Bytes data;
  size_t wire_length;
  int64_t ns;
  uint32_t link;
};

uint32_t load32(const uint8_t* p, bool big) {
  return big ? load_be32(p) : __builtin_bswap32(load_be32(p));
}

std::vector<RawFrame> frames_of_pcap(Bytes file) {
  std::vector<RawFrame> out;
  uint32_t magic = load_be32(file.data());
  bool big = magic == 0xa1b2c3d4 || magic == 0xa1b23c4d;
  bool nano = magic == 0xa1b23c4d || magic == 0x4d3cb2a1;
  uint32_t link = load32(&file[20], big) & 0xffff;
  for (size_t at = 24; at + 16 <= file.size();) {
    uint32_t size = load32(&file[at + 8], big);
    if (size > file.size() - at - 16) break;
    int64_t fraction = load32(&file[at + 4], big) * (nano ? 1 : 1000);
    out.push_back({file.subspan(at + 16, size), load32(&file[at + 12], big),
                   load32(&file[at], big) * INT64_C(1'000'000'000) + fraction, link});
    at += 16 + size;
  }
  return out;
}

int64_t ticks_per_second(Bytes options, bool big) {
  for (size_t at = 0; at + 4 <= options.size();) {
    uint32_t head = load32(&options[at], big);
    uint32_t code = big ? head >> 16 : head & 0xffff;
    uint32_t size = big ? head & 0xffff : head >> 16;
    if (code == 9 && size == 1 && at + 5 <= options.size() && options[at + 4] <= 9) {
      int64_t ticks = 1;
      for (int i = 0; i < options[at + 4]; ++i) ticks *= 10;
      return ticks;
    }
    at += 4 + (size + 3) / 4 * 4;
  }
  return 1'000'000;
}

std::vector<RawFrame> frames_of_pcapng(Bytes file) {
  std::vector<RawFrame> out;
  std::vector<std::pair<uint32_t, int64_t>> interfaces;  // link type, ticks per second
  bool big = false;
  for (size_t at = 0; at + 12 <= file.size();) {
    if (load_be32(&file[at]) == 0x0a0d0d0a) {
      big = load_be32(&file[at + 8]) == 0x1a2b3c4d;
      interfaces.clear();
    }
    uint32_t type = load32(&file[at], big), size = load32(&file[at + 4], big);
    if (size < 12 || size > file.size() - at) break;
    Bytes body = file.subspan(at + 8, size - 12);
    if (type == 1 && body.size() >= 8) {
      uint32_t link = load32(body.data(), big);
      interfaces.emplace_back(big ? link >> 16 : link & 0xffff, ticks_per_second(body.subspan(8), big));
    } else if (type == 6 && body.size() >= 20) {
      uint32_t interface = load32(body.data(), big), captured = load32(&body[12], big);
      if (interface < interfaces.size() && captured <= body.size() - 20) {
        uint64_t ticks = uint64_t{load32(&body[4], big)} << 32 | load32(&body[8], big);
        int64_t unit = 1'000'000'000 / interfaces[interface].second;
        out.push_back({body.subspan(20, captured), load32(&body[16], big), static_cast<int64_t>(ticks) * unit,
                       interfaces[interface].first});
      }
    }
    at += size;
  }
  return out;
}

/// Offset of the IP header, by the link types of the captures used.
std::optional<size_t> ip_offset(Bytes data, uint32_t link) {
  size_t at = 0;
  uint16_t type = 0;
  if (link == 1 && data.size() >= 14) {
    at = 14;
    type = load_be16(&data[12]);
  } else if (link == 113 && data.size() >= 16) {
    at = 16;
    type = load_be16(&data[14]);
  } else if (link == 0) {
    return 4;
  } else if (link == 101 || link == 12 || link == 228 || link == 229) {
    return 0;
  }
  while (type == 0x8100 && at + 4 <= data.size()) {
    type = load_be16(&data[at + 2]);
    at += 4;
  }
  if (type == 0x8864) return at + 8;
  if (type == 0x8847) {
    while (at + 4 <= data.size() && !(data[at + 2] & 1)) at += 4;
    return at + 4;
  }
  if (type != 0x0800 && type != 0x86dd) return std::nullopt;
  return at;
}

std::string end_name(int family, const uint8_t* address, uint16_t port) {
  char text[INET6_ADDRSTRLEN];
  inet_ntop(family, address, text, sizeof text);
  return std::string(text) + ":" + std::to_string(port);
}

/// Fills the flow's name and `ip`; false when ndpiReader would not look at the packet.
bool name_flow(CapturedPacket& packet) {
  while (true) {
    auto& ip = packet.ip;
    if (ip.size() < 20) return false;
    bool v4 = ip[0] >> 4 == 4;
    size_t header = v4 ? (ip[0] & 15) * 4u : 40;
    if ((!v4 && ip[0] >> 4 != 6) || header < 20 || ip.size() < header) return false;
    size_t end = v4 ? load_be16(&ip[2]) : 40u + load_be16(&ip[4]);
    if (end > ip.size() || end < header) return false;
    if (v4 && load_be16(&ip[6]) & 0x1fff) return false;
    uint8_t protocol = v4 ? ip[9] : ip[6];
    while (!v4 && (protocol == 0 || protocol == 43 || protocol == 60 || protocol == 44)) {
      if (header + 8 > end) return false;
      bool fragment = protocol == 44;
      if (fragment && load_be16(&ip[header + 2]) & 0xfff8) return false;
      protocol = ip[header];
      header += fragment ? 8 : 8u * (ip[header + 1] + 1u);
    }
    if (header > end) return false;
    if (protocol == 4 || protocol == 41) {
      ip.erase(ip.begin(), ip.begin() + static_cast<ptrdiff_t>(header));
      continue;
    }
    uint16_t ports[2] = {};
    bool has_ports = (protocol == 6 && end - header >= 20) || (protocol == 17 && end - header >= 8);
    if (has_ports) ports[0] = load_be16(&ip[header]), ports[1] = load_be16(&ip[header + 2]);
    int family = v4 ? AF_INET : AF_INET6;
    packet.flow = flow_name(protocol, end_name(family, &ip[v4 ? 12 : 8], ports[0]),
                            end_name(family, &ip[v4 ? 16 : 24], ports[1]));
    return true;
  }
}

}  // namespace

std::string flow_name(unsigned protocol, std::string a, std::string b) {
  if (b < a) std::swap(a, b);
  return std::to_string(protocol) + " " + a + " " + b;
}

std::vector<CapturedPacket> read_capture(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::vector<uint8_t> file((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  std::vector<CapturedPacket> out;
  if (file.size() < 24) return out;
  bool next_generation = load_be32(file.data()) == 0x0a0d0d0a;
  for (const RawFrame& frame : next_generation ? frames_of_pcapng(file) : frames_of_pcap(file)) {
    auto offset = ip_offset(frame.data, frame.link);
    if (!offset || *offset >= frame.data.size()) continue;
    CapturedPacket packet{{frame.data.begin() + static_cast<ptrdiff_t>(*offset), frame.data.end()}, {frame.ns}, {}};
    if (name_flow(packet)) out.push_back(std::move(packet));
  }
  return out;
}

}  // namespace lapwing::test
