// nDPI asked as ndpi_needs.cc says, and asked all: after every packet a flow's state must be the same, byte for byte.
#include "sensor/identify/ndpi_sweep.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <random>
#include <set>

#include "sensor/identify/ndpi_asked.h"
#include "sensor/identify/ndpi_memory.h"
#include "sensor/identify/ndpi_module.h"
#include "tests/identify/identify_captures.h"

namespace lapwing {
namespace {

namespace fs = std::filesystem;

bool asks(const AskedTable& table, uint16_t protocol, std::string_view payload, uint16_t port = 4000) {
  return table.look({reinterpret_cast<const uint8_t*>(payload.data()), payload.size()}, port, 4001).ask.has(protocol);
}

TEST(NdpiAsked, AreThoseThatThePayloadMayConcern) {
  const AskedTable tcp(Carrier::tcp, At::first_packet);
  EXPECT_TRUE(asks(tcp, NDPI_PROTOCOL_SSH, "SSH-2.0-x\r\n"));
  EXPECT_FALSE(asks(tcp, NDPI_PROTOCOL_SSH, "SSH-2.0"));
  EXPECT_FALSE(asks(tcp, NDPI_PROTOCOL_SSH, "ssh-2.0-x\r\n"));
  EXPECT_TRUE(asks(tcp, NDPI_PROTOCOL_HTTP, "anything"));
  EXPECT_FALSE(asks(tcp, NDPI_PROTOCOL_GIT, "0032git-upload-pack"));
  EXPECT_TRUE(asks(tcp, NDPI_PROTOCOL_GIT, "0032git-upload-pack", 9418));
  EXPECT_FALSE(asks(tcp, NDPI_PROTOCOL_GNUTELLA, "twelve bytes"));
  EXPECT_TRUE(asks(tcp, NDPI_PROTOCOL_GNUTELLA, "now eleven.")) << "another length";
  EXPECT_TRUE(asks(tcp, NDPI_PROTOCOL_FTP_DATA, "eleven byte", 20)) << "another port";
}

TEST(NdpiAsked, RememberWhatTheFlowBeganWith) {
  EXPECT_TRUE(asks(AskedTable(Carrier::tcp, At::any_packet), NDPI_PROTOCOL_SSH, "not SSH at all"));
}

TEST(NdpiAsked, GiveUpOrDoNothingWhereTheyAreNot) {
  const AskedTable udp(Carrier::udp, At::first_packet);
  const std::string_view text = "no protocol of theirs";
  const auto answer = udp.look({reinterpret_cast<const uint8_t*>(text.data()), text.size()}, 4000, 4001);
  EXPECT_TRUE(answer.exclude.has(NDPI_PROTOCOL_NTP));
  EXPECT_FALSE(answer.exclude.has(NDPI_PROTOCOL_RADIUS) || answer.ask.has(NDPI_PROTOCOL_RADIUS));
}

/// Where flows keep memory of their own. Parts of unions, so that there may be other data.
constexpr size_t kPointers[] = {
    offsetof(ndpi_flow_struct, l4.tcp.tls.message.buffer),
    offsetof(ndpi_flow_struct, l4.udp.quic_reasm_buf),
    offsetof(ndpi_flow_struct, http.url),
    offsetof(ndpi_flow_struct, http.content_type),
    offsetof(ndpi_flow_struct, http.request_content_type),
    offsetof(ndpi_flow_struct, http.user_agent),
    offsetof(ndpi_flow_struct, http.detected_os),
    offsetof(ndpi_flow_struct, http.nat_ip),
    offsetof(ndpi_flow_struct, kerberos_buf.pktbuf),
    offsetof(ndpi_flow_struct, protos.tls_quic.server_names),
    offsetof(ndpi_flow_struct, protos.tls_quic.alpn),
    offsetof(ndpi_flow_struct, protos.tls_quic.tls_supported_versions),
    offsetof(ndpi_flow_struct, protos.tls_quic.issuerDN),
    offsetof(ndpi_flow_struct, protos.tls_quic.subjectDN),
    offsetof(ndpi_flow_struct, protos.tls_quic.encrypted_sni.esni),
};

/// The first byte that differs, or the size.
size_t first_difference(const ndpi_flow_struct& a, const ndpi_flow_struct& b) {
  static thread_local std::array<unsigned char, sizeof a> left, right;
  std::memcpy(left.data(), &a, sizeof a);
  std::memcpy(right.data(), &b, sizeof b);
  if (std::memcmp(left.data(), right.data(), sizeof a) == 0) return sizeof a;
  for (const size_t at : kPointers) {
    uintptr_t one = 0, other = 0;
    std::memcpy(&one, &left[at], sizeof one);
    std::memcpy(&other, &right[at], sizeof other);
    if (one && other) std::memcpy(&right[at], &one, sizeof one);
  }
  return static_cast<size_t>(std::ranges::mismatch(left, right).in1 - left.begin());
}

/// The same flow, in a module that asks all and in one that does not.
class Twins {
 public:
  struct Flow {
    Flow() {
      for (auto& detection : both) std::memset(static_cast<void*>(&detection), 0, sizeof detection);
    }
    ~Flow() {
      for (auto& detection : both) ndpi_free_flow_data(&detection.flow);
    }
    Flow(const Flow&) = delete;
    Flow& operator=(const Flow&) = delete;
    std::array<NdpiDetection, 2> both;
  };

  /// False when they come to differ.
  bool packet(Flow& flow, Bytes ip, uint64_t ms) {
    for (size_t i = 0; i < 2; ++i) {
      NdpiModule& module = i == 0 ? all_ : needed_;
      module.enter(flow.both[i]);
      const NdpiMemory::Call call;
      ndpi_detection_process_packet(module, &flow.both[i].flow, ip.data(), static_cast<uint16_t>(ip.size()), ms);
      call.done();
    }
    ++packets_;
    const size_t at = first_difference(flow.both[0].flow, flow.both[1].flow);
    if (at == sizeof(ndpi_flow_struct)) return true;
    ADD_FAILURE() << "byte " << at << " of a flow differs, " << protocol_at(at, flow) << ", packet " << packets_
                  << ", number " << flow.both[0].flow.packet_counter << " with payload, carrier "
                  << int{flow.both[0].flow.l4_proto} << ", " << ip.size() << " bytes:" << hex(ip);
    return false;
  }
  uint64_t packets() const { return packets_; }

 private:
  std::string protocol_at(size_t at, const Flow& flow) {
    constexpr size_t begin = offsetof(ndpi_flow_struct, excluded_protocol_bitmask);
    if (at < begin || at >= begin + sizeof(NDPI_PROTOCOL_BITMASK)) return "found " + found(flow);
    std::string out;
    for (uint16_t i = 0; i < NDPI_MAX_SUPPORTED_PROTOCOLS; ++i) {
      const bool one = NDPI_ISSET(&flow.both[0].flow.excluded_protocol_bitmask, i) != 0;
      const bool other = NDPI_ISSET(&flow.both[1].flow.excluded_protocol_bitmask, i) != 0;
      if (one != other) out += ndpi_get_proto_name(all_, i) + std::string(other ? " excluded " : " not excluded ");
    }
    return out;
  }
  std::string found(const Flow& flow) {
    return std::to_string(flow.both[0].flow.detected_protocol_stack[0]) + " and " +
           std::to_string(flow.both[1].flow.detected_protocol_stack[0]);
  }
  static std::string hex(Bytes bytes) {
    std::string out;
    for (const uint8_t byte : bytes.first(std::min<size_t>(bytes.size(), 96))) {
      out += " 0123456789abcdef"[0];
      out += "0123456789abcdef"[byte >> 4];
      out += "0123456789abcdef"[byte & 15];
    }
    return out;
  }

  NdpiModule all_{Sweep::all}, needed_{Sweep::needed};
  uint64_t packets_ = 0;
};

/// More of everything, for a long run: LAPWING_SWEEP_PACKETS made-up packets and all captures.
uint64_t long_run() {
  const char* packets = std::getenv("LAPWING_SWEEP_PACKETS");
  return packets ? std::strtoull(packets, nullptr, 10) : 0;
}

std::vector<std::string> swept_captures() {
  std::vector<std::string> out;
  std::vector<fs::path> folders = {"pcaps"};
  if (long_run() > 0) {
    for (const char* name : {"ndpi", "suricata-verify", "hostile"}) {
      folders.push_back(fs::path("../shared/corpus") / name);
    }
  }
  for (const fs::path& folder : folders) {
    if (!fs::is_directory(folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      const auto extension = entry.path().extension();
      if (extension == ".pcap" || extension == ".pcapng") out.push_back(entry.path().string());
    }
  }
  std::ranges::sort(out);
  return out;
}

struct Payloads {
  std::vector<std::vector<uint8_t>> tcp, udp;
};

/// What a packet carries behind TCP or UDP.
void keep_payload(Payloads& to, const std::vector<uint8_t>& ip) {
  const bool v4 = ip[0] >> 4 == 4;
  const size_t header = v4 ? (ip[0] & 15) * 4u : 40u;
  const uint8_t protocol = v4 ? ip[9] : ip[6];
  if (ip.size() < header + 20) return;
  const size_t begin = header + (protocol == IPPROTO_TCP ? (ip[header + 12] >> 4) * 4u : 8u);
  if (begin >= ip.size() || (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP)) return;
  auto& list = protocol == IPPROTO_TCP ? to.tcp : to.udp;
  list.emplace_back(ip.begin() + static_cast<ptrdiff_t>(begin), ip.end());
}

TEST(NdpiSweep, CapturesLeaveTheSameFlows) {
  Twins twins;
  for (const auto& path : swept_captures()) {
    std::map<std::string, Twins::Flow> flows;
    std::set<std::string> broken;
    for (const auto& packet : test::read_capture(path)) {
      if (broken.contains(packet.flow) || packet.ip.size() > 65'535) continue;
      const auto ms = static_cast<uint64_t>(std::max<int64_t>(packet.time.milliseconds(), 0));
      if (!twins.packet(flows[packet.flow], packet.ip, ms)) {
        std::printf("%s %s\n", path.c_str(), packet.flow.c_str());
        broken.insert(packet.flow);
      }
    }
  }
  EXPECT_GT(twins.packets(), 1'000U);
  std::printf("%lu packets\n", static_cast<unsigned long>(twins.packets()));
}

class MadeUp {
 public:
  MadeUp(Payloads seeds, uint64_t seed) : seeds_(std::move(seeds)), random_(seed) {}

  /// A conversation of up to a dozen packets. False when the twins come to differ.
  bool flow(Twins& twins) {
    tcp_ = below(2) == 0;
    v6_ = below(4) == 0;
    ports_ = {port(), port()};
    address_ = below(8) == 0 ? 0xffffffff : below(4) == 0 ? 0x4a7d0000 + below(65'536) : 0x0a000002;
    next_ = {1000, 5000};
    Twins::Flow flow;
    uint64_t ms = 1'700'000'000'000;
    if (tcp_ && below(4) != 0) {
      if (!twins.packet(flow, packet(0, {}, 0x02), ms) || !twins.packet(flow, packet(1, {}, 0x12), ms) ||
          !twins.packet(flow, packet(0, {}, 0x10), ms)) {
        return false;
      }
    }
    const size_t count = below(3) == 0 ? 1 : 1 + below(12);
    for (size_t i = 0; i < count; ++i) {
      const size_t side = below(3) == 0 ? below(2) : i % 2;
      if (below(20) != 0)
        payload();
      else if (below(2) == 0)
        payload_.clear();
      if (!twins.packet(flow, packet(side, payload_, 0x18), ++ms)) return false;
      if (tcp_ && below(16) == 0 && !twins.packet(flow, again_, ++ms)) return false;
    }
    return true;
  }

 private:
  uint32_t below(uint32_t bound) { return static_cast<uint32_t>(random_() % bound); }

  uint16_t port() {
    if (below(2) == 0) return static_cast<uint16_t>(1 + below(65'535));
    static constexpr uint16_t kKnown[] = {
        20,   21,   25,    43,    53,    67,    68,    80,    88,    102,   110,   123,   137,   138,   139,   143,
        161,  162,  177,   179,   443,   445,   500,   502,   546,   547,   554,   600,   902,   1119,  1521,  1719,
        1812, 2000, 2123,  2152,  3074,  3306,  3386,  3389,  3478,  3544,  3724,  4341,  4342,  4343,  4569,  5001,
        5003, 5060, 5072,  5201,  5223,  5246,  5247,  5353,  5355,  5683,  5938,  6000,  8009,  8080,  8116,  8333,
        8801, 9418, 10000, 10001, 11095, 17500, 17788, 19302, 19305, 30303, 30490, 30501, 44818, 57621, 61616, 2197};
    return kKnown[below(std::size(kKnown))];
  }

  void payload() {
    const auto& seeds = tcp_ ? seeds_.tcp : seeds_.udp;
    const uint32_t kind = below(8);
    if (kind < 4 && !seeds.empty()) {
      payload_ = seeds[below(static_cast<uint32_t>(seeds.size()))];
      if (kind == 1) payload_.resize(length());
      if (kind > 1) {
        for (uint32_t i = 1 + below(4); i-- > 0 && !payload_.empty();) {
          const uint32_t reach = std::min<uint32_t>(static_cast<uint32_t>(payload_.size()), below(2) ? 4 : 64);
          payload_[below(reach)] = static_cast<uint8_t>(random_());
        }
      }
    } else {
      payload_.resize(length());
      const uint64_t mask = below(3) == 0 ? 0x7f : below(2) == 0 ? 0x03 : 0xff;
      for (uint8_t& byte : payload_) byte = static_cast<uint8_t>(random_() & mask);
      if (!payload_.empty()) payload_[0] = static_cast<uint8_t>(sweep_++);
      if (below(3) == 0 && payload_.size() > 4) std::fill(payload_.begin() + 1, payload_.begin() + 4, uint8_t{0});
      // A length in the first bytes, as it is usual.
      const size_t at = below(3), size = payload_.size() - below(2) * (at + 2);
      if (below(3) == 0 && payload_.size() > at + 2) {
        payload_[at] = static_cast<uint8_t>(below(2) ? size >> 8 : size);
        payload_[at + 1] = static_cast<uint8_t>(payload_[at] == size >> 8 ? size : size >> 8);
      }
    }
    if (payload_.size() > 2'200) payload_.resize(2'200);
    if (below(4) == 0 && payload_.size() > 2) {
      payload_[payload_.size() - 2] = '\r';
      payload_[payload_.size() - 1] = '\n';
    }
  }
  size_t length() {
    switch (below(8)) {
      case 0: return below(2'200);
      case 1: return below(300);
      case 2: return 1'400 + below(100);
      default: return 1 + below(100);
    }
  }

  Bytes packet(size_t side, Bytes payload, uint8_t flags) {
    auto& out = again_;
    out.clear();
    const auto put = [&](uint32_t value, size_t bytes) {
      while (bytes-- > 0) out.push_back(static_cast<uint8_t>(value >> 8 * bytes));
    };
    const size_t carried = (tcp_ ? 20 : 8) + payload.size();
    const std::array<uint32_t, 2> addresses = {0x0a000001, address_};
    if (v6_) {
      put(0x60000000, 4);
      put(static_cast<uint32_t>(carried), 2);
      put(tcp_ ? 6 : 17, 1);
      put(64, 1);
      for (const size_t end : {side, 1 - side}) {
        put(0x20010db8, 4);
        put(0, 4);
        put(0, 4);
        put(addresses[end], 4);
      }
    } else {
      put(0x4500, 2);
      put(static_cast<uint32_t>(20 + carried), 2);
      put(0x00014000, 4);
      put(64, 1);
      put(tcp_ ? 6 : 17, 1);
      put(0, 2);
      put(addresses[side], 4);
      put(addresses[1 - side], 4);
    }
    put(ports_[side], 2);
    put(ports_[1 - side], 2);
    if (tcp_) {
      put(next_[side], 4);
      put(flags == 0x02 ? 0 : next_[1 - side], 4);
      put(0x5000u | flags, 2);
      put(0x7fff, 2);
      put(0, 4);
      next_[side] += static_cast<uint32_t>(payload.size()) + ((flags & 2) != 0);
    } else {
      put(static_cast<uint32_t>(carried), 2);
      put(0, 2);
    }
    out.insert(out.end(), payload.begin(), payload.end());
    return out;
  }

  Payloads seeds_;
  std::mt19937_64 random_;
  bool tcp_ = false, v6_ = false;
  std::array<uint16_t, 2> ports_{};
  uint32_t address_ = 0;
  std::array<uint32_t, 2> next_{};
  std::vector<uint8_t> payload_, again_;
  uint32_t sweep_ = 0;
};

TEST(NdpiSweep, MadeUpPayloadsLeaveTheSameFlows) {
  Payloads seeds;
  for (const auto& path : swept_captures()) {
    size_t kept = 0;
    for (const auto& packet : test::read_capture(path)) {
      if (++kept <= 200) keep_payload(seeds, packet.ip);
    }
  }
  const uint64_t packets = std::max<uint64_t>(long_run(), 100'000);
  const char* seed = std::getenv("LAPWING_SWEEP_SEED");
  MadeUp made(std::move(seeds), seed ? std::strtoull(seed, nullptr, 10) : 1);
  Twins twins;
  size_t broken = 0;
  while (twins.packets() < packets && broken < 20) broken += !made.flow(twins);
  std::printf("%lu packets\n", static_cast<unsigned long>(twins.packets()));
}

}  // namespace
}  // namespace lapwing
