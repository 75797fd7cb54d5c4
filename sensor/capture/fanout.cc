#include "sensor/capture/fanout.h"

#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>

namespace lapwing::capture {
namespace {

/// Classic BPF with named places: jumps are forward, of at most 255 instructions.
class Assembler {
 public:
  enum Label : size_t {
    next,
    outgoing,
    incoming,
    tags,
    untag0,
    untag1,
    untag2,
    pairs,
    v4,
    v4_error,
    v4_pair,
    v6,
    v6_pair,
    mix,
    none,
    kLabels
  };

  void stmt(int code, uint32_t k = 0) { out_.push_back({static_cast<uint16_t>(code), 0, 0, k}); }
  void load(int size, uint32_t k) { stmt(BPF_LD | size | BPF_IND, k); }  // at X + k
  void jump(int test, uint32_t k, Label yes, Label no) {
    jumps_.push_back({out_.size(), yes, no});
    stmt(BPF_JMP | test | BPF_K, k);
  }
  void go(Label to) {
    jumps_.push_back({out_.size(), to, to});
    stmt(BPF_JMP | BPF_JEQ | BPF_K);
  }
  void at(Label label) { places_[label] = out_.size(); }
  void move_x(uint32_t by) {
    stmt(BPF_MISC | BPF_TXA);
    stmt(BPF_ALU | BPF_ADD | BPF_K, by);
    stmt(BPF_MISC | BPF_TAX);
  }
  std::vector<sock_filter> finish() {
    for (const Jump& j : jumps_) {
      auto distance = [&](Label to) { return to == next ? 0 : static_cast<uint8_t>(places_[to] - j.from - 1); };
      out_[j.from].jt = static_cast<uint8_t>(distance(j.yes));
      out_[j.from].jf = static_cast<uint8_t>(distance(j.no));
    }
    return std::move(out_);
  }

 private:
  struct Jump {
    size_t from;
    Label yes, no;
  };
  std::vector<sock_filter> out_;
  std::vector<Jump> jumps_;
  std::array<size_t, kLabels> places_{};
};

using A = Assembler;
constexpr uint32_t kBase = 0, kWord = 1;  // scratch words
constexpr uint32_t kFragmentBits = 0x3fff;

/// Leaves the EtherType in the accumulator and the network header's offset in X. The kernel has taken off the outer
/// tag, if any, of a frame that was received; a frame that is sent begins with its link header.
void find_network(A& a, bool ethernet) {
  a.stmt(BPF_LDX | BPF_IMM, 0);
  if (ethernet) {
    a.stmt(BPF_LD | BPF_B | BPF_ABS, static_cast<uint32_t>(SKF_AD_OFF + SKF_AD_PKTTYPE));
    a.jump(BPF_JEQ, PACKET_OUTGOING, A::outgoing, A::incoming);
    a.at(A::outgoing);
    a.stmt(BPF_LDX | BPF_IMM, ETH_HLEN);
    a.stmt(BPF_LD | BPF_H | BPF_ABS, 2 * ETH_ALEN);
    a.go(A::tags);
  }
  a.at(A::incoming);
  a.stmt(BPF_LD | BPF_H | BPF_ABS, static_cast<uint32_t>(SKF_AD_OFF + SKF_AD_PROTOCOL));
  a.at(A::tags);
  for (A::Label untag : {A::untag0, A::untag1, A::untag2}) {
    a.jump(BPF_JEQ, ETH_P_8021Q, untag, A::next);
    a.jump(BPF_JEQ, ETH_P_8021AD, untag, A::pairs);
    a.at(untag);
    a.load(BPF_H, 2);
    a.stmt(BPF_ST, kWord);
    a.move_x(4);
    a.stmt(BPF_LD | BPF_MEM, kWord);
  }
  a.at(A::pairs);
}

void hash_v4(A& a) {
  a.at(A::v4);
  a.load(BPF_B, 9);
  a.jump(BPF_JEQ, 1, A::next, A::v4_pair);  // ICMP
  a.load(BPF_H, 6);
  a.jump(BPF_JSET, kFragmentBits, A::v4_pair, A::next);
  a.stmt(BPF_STX, kBase);
  a.load(BPF_B, 0);
  a.stmt(BPF_ALU | BPF_AND | BPF_K, 15);
  a.stmt(BPF_ALU | BPF_LSH | BPF_K, 2);
  a.stmt(BPF_ALU | BPF_ADD | BPF_X);
  a.stmt(BPF_MISC | BPF_TAX);
  a.load(BPF_B, 0);
  for (uint32_t type : {3u, 4u, 5u, 11u, 12u}) a.jump(BPF_JEQ, type, A::v4_error, A::next);
  a.stmt(BPF_LDX | BPF_MEM, kBase);
  a.go(A::v4_pair);
  a.at(A::v4_error);
  a.move_x(8);
  a.at(A::v4_pair);
  a.load(BPF_W, 12);
  a.stmt(BPF_ST, kWord);
  a.load(BPF_W, 16);
  a.stmt(BPF_LDX | BPF_MEM, kWord);
  a.stmt(BPF_ALU | BPF_XOR | BPF_X);
  a.go(A::mix);
}

void hash_v6(A& a) {
  a.at(A::v6);
  a.load(BPF_B, 6);
  a.jump(BPF_JEQ, 58, A::next, A::v6_pair);  // ICMPv6
  a.load(BPF_B, 40);
  a.jump(BPF_JEQ, 0, A::v6_pair, A::next);
  a.jump(BPF_JGT, 4, A::v6_pair, A::next);
  a.move_x(48);
  a.at(A::v6_pair);
  a.stmt(BPF_STX, kBase);
  a.load(BPF_W, 8);
  a.stmt(BPF_ST, kWord);
  for (uint32_t word = 12; word < 40; word += 4) {
    a.stmt(BPF_LDX | BPF_MEM, kBase);
    a.load(BPF_W, word);
    a.stmt(BPF_LDX | BPF_MEM, kWord);
    a.stmt(BPF_ALU | BPF_XOR | BPF_X);
    a.stmt(BPF_ST, kWord);
  }
}

[[noreturn]] void fail(const char* what) {
  throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
}

void set_group(int fd, uint32_t id, uint32_t flags) {
  const uint32_t value = id | (PACKET_FANOUT_CBPF | flags) << 16;
  if (setsockopt(fd, SOL_PACKET, PACKET_FANOUT, &value, sizeof value) != 0) fail("fanout group");
}

}  // namespace

std::vector<sock_filter> pair_program(bool ethernet) {
  constexpr uint32_t kGolden = 0x9e3779b1;  // spreads the bits that differ over those that the kernel's modulo reads
  A a;
  find_network(a, ethernet);
  a.jump(BPF_JEQ, ETH_P_IP, A::v4, A::next);
  a.jump(BPF_JEQ, ETH_P_IPV6, A::v6, A::none);
  hash_v4(a);
  hash_v6(a);
  a.at(A::mix);
  a.stmt(BPF_ALU | BPF_MUL | BPF_K, kGolden);
  a.stmt(BPF_ALU | BPF_RSH | BPF_K, 16);
  a.stmt(BPF_RET | BPF_A);
  a.at(A::none);
  a.stmt(BPF_RET | BPF_K, 0);
  return a.finish();
}

uint16_t make_group(int fd, const std::vector<sock_filter>& program) {
  set_group(fd, 0, PACKET_FANOUT_FLAG_UNIQUEID);
  uint32_t value = 0;
  socklen_t size = sizeof value;
  if (getsockopt(fd, SOL_PACKET, PACKET_FANOUT, &value, &size) != 0) fail("fanout group");
  const sock_fprog code{static_cast<unsigned short>(program.size()), const_cast<sock_filter*>(program.data())};
  if (setsockopt(fd, SOL_PACKET, PACKET_FANOUT_DATA, &code, sizeof code) != 0) fail("fanout program");
  return static_cast<uint16_t>(value);
}

void join_group(int fd, uint16_t group) {
  set_group(fd, group, 0);
}

void refuse_all(int fd) {
  sock_filter none{BPF_RET | BPF_K, 0, 0, 0};
  const sock_fprog code{1, &none};
  if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &code, sizeof code) != 0) fail("filter");
}

}  // namespace lapwing::capture
