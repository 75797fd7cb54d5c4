// Sends a capture over an interface again and again at a given rate, each pass from other addresses, so that its flows
// are new ones.
//
//   sender INTERFACE CAPTURE [--rate PACKETS/S] [--count PACKETS] [--seconds S] [--passes N] [--first-pass N]
//
// Without --rate it sends as fast as it can: the ceiling. Ends at the first limit reached, or at SIGINT or SIGTERM, and
// prints one JSON object: what was sent, how fast, and how far behind its schedule it fell.
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "sensor/capture/packet_source.h"

namespace {

constexpr size_t kBatch = 64;               // frames of one system call
constexpr size_t kAhead = 32;               // frames that are sent together where the rate is low
constexpr int64_t kSecond = 1'000'000'000;  // ns
constexpr int64_t kNap = 30'000;            // ns; shorter waits are not worth sleeping

std::atomic<bool> stopped = false;

struct Options {
  std::string interface, capture;
  double rate = 0;  // 0: the ceiling
  uint64_t count = UINT64_MAX, passes = UINT64_MAX;
  uint64_t first_pass = 0;  // where an earlier sender ended, for flows that are new once more
  double seconds = 0;       // 0: no limit
};

/// Where a frame keeps what a pass changes. Offsets from its first byte; 0: not there.
struct Place {
  size_t begin = 0, size = 0;
  uint16_t ip = 0, l4_sum = 0;
  bool v6 = false, udp = false;
};

int64_t now() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * kSecond + t.tv_nsec;
}

uint16_t load(const uint8_t* at) {
  return static_cast<uint16_t>(at[0] << 8 | at[1]);
}

void store(uint8_t* at, uint16_t value) {
  at[0] = static_cast<uint8_t>(value >> 8);
  at[1] = static_cast<uint8_t>(value);
}

/// RFC 1624: the checksum after a word changed.
void adjust(uint8_t* sum, uint16_t before, uint16_t after) {
  uint32_t s = static_cast<uint16_t>(~load(sum)) + static_cast<uint16_t>(~before) + after;
  s = (s & 0xffff) + (s >> 16);
  s = (s & 0xffff) + (s >> 16);
  store(sum, static_cast<uint16_t>(~s));
}

class Capture {
 public:
  /// Frames longer than `longest` do not pass the interface, and are left out.
  Capture(const std::string& path, size_t longest) : longest_(longest) {
    auto source = std::move(lapwing::open_captures({path}, 1).front());
    lapwing::Burst burst;
    while (source->receive(burst) == lapwing::PacketSource::Result::frames) {
      for (const lapwing::Frame& frame : burst.view()) add(frame.data);
      source->release(burst);
    }
    if (places_.empty()) throw std::runtime_error(path + ": no frames that could be sent");
  }

  size_t size() const { return places_.size(); }
  uint64_t left_out() const { return left_out_; }

  /// The frame with the addresses of this pass; valid until the same frame is asked for again.
  iovec frame(size_t number, uint64_t pass) {
    const Place& place = places_[number];
    uint8_t* frame = bytes_.data() + place.begin;
    if (place.ip) place.v6 ? rewrite_v6(frame, place, pass) : rewrite_v4(frame, place, pass);
    return {frame, place.size};
  }

 private:
  void add(lapwing::Bytes data) {
    if (data.size() < 14 || data.size() > longest_) {
      ++left_out_;
      return;
    }
    Place place{.begin = bytes_.size(), .size = data.size()};
    size_t at = 12;
    uint16_t type = load(&data[at]);
    while ((type == 0x8100 || type == 0x88a8) && at + 6 <= data.size()) type = load(&data[at += 4]);
    at += 2;
    if (type == 0x0800 && at + 20 <= data.size()) {
      place.ip = static_cast<uint16_t>(at);
      const size_t header = (data[at] & 0xfu) * 4u;
      if ((load(&data[at + 6]) & 0x1fff) == 0) find_sum(data, place, data[at + 9], at + header);
    } else if (type == 0x86dd && at + 40 <= data.size()) {
      place.ip = static_cast<uint16_t>(at);
      place.v6 = true;
      uint8_t next = data[at + 6];
      at += 40;
      // Hop-by-hop, routing and destination options stand before what has the checksum (RFC 8200, section 4.1).
      while ((next == 0 || next == 43 || next == 60) && at + 8 <= data.size()) {
        next = data[at];
        at += 8 + data[at + 1] * 8u;
      }
      find_sum(data, place, next, at);
    }
    bytes_.insert(bytes_.end(), data.begin(), data.end());
    originals_.push_back(place.ip ? static_cast<uint32_t>(originals_at(data, place)) : 0);
    places_.push_back(place);
  }

  /// Of the four words that a pass changes: source and destination.
  static constexpr std::array<size_t, 4> kWordsV4{12, 14, 16, 18}, kWordsV6{8 + 4, 8 + 6, 24 + 4, 24 + 6};
  size_t originals_at(lapwing::Bytes data, const Place& place) {
    const size_t at = words_.size();
    for (size_t word : place.v6 ? kWordsV6 : kWordsV4) words_.push_back(load(&data[place.ip + word]));
    return at;
  }

  static void find_sum(lapwing::Bytes data, Place& place, uint8_t protocol, size_t at) {
    constexpr uint8_t kTcp = 6, kUdp = 17, kIcmp6 = 58;
    size_t sum = protocol == kTcp ? at + 16 : protocol == kUdp ? at + 6 : protocol == kIcmp6 && place.v6 ? at + 2 : 0;
    if (sum == 0 || sum + 2 > data.size()) return;
    place.udp = protocol == kUdp;
    if (place.udp && load(&data[sum]) == 0) return;  // none was computed
    place.l4_sum = static_cast<uint16_t>(sum);
  }

  void change(uint8_t* frame, const Place& place, size_t word, uint16_t after) {
    uint8_t* at = frame + place.ip + word;
    const uint16_t before = load(at);
    if (before == after) return;
    store(at, after);
    if (!place.v6) adjust(frame + place.ip + 10, before, after);
    if (!place.l4_sum) return;
    adjust(frame + place.l4_sum, before, after);
    if (place.udp && load(frame + place.l4_sum) == 0) store(frame + place.l4_sum, 0xffff);
  }

  /// The bits of an address's second byte that may change, so that private ones stay private (RFC 1918).
  static constexpr unsigned free_bits(uint16_t high) { return high >> 4 == 0xac1 ? 0x0f : high == 0xc0a8 ? 0 : 0xff; }

  /// Of unicast addresses the third byte changes, and the second where it may.
  void rewrite_v4(uint8_t* frame, const Place& place, uint64_t pass) {
    const uint16_t* original = &words_[originals_[static_cast<size_t>(&place - places_.data())]];
    for (size_t side = 0; side < 2; ++side) {
      const uint16_t high = original[2 * side], low = original[2 * side + 1];
      const unsigned first = high >> 8;
      if (first == 0 || first == 127 || first >= 224) continue;
      const auto step = static_cast<uint16_t>(pass >> 8 & free_bits(high));
      change(frame, place, kWordsV4[2 * side], high ^ step);
      change(frame, place, kWordsV4[2 * side + 1], static_cast<uint16_t>(low ^ (pass & 0xff) << 8));
    }
  }

  void rewrite_v6(uint8_t* frame, const Place& place, uint64_t pass) {
    const uint16_t* original = &words_[originals_[static_cast<size_t>(&place - places_.data())]];
    for (size_t side = 0; side < 2; ++side) {
      const uint8_t first = frame[place.ip + (side ? 24 : 8)];
      if (first == 0 || first == 0xff) continue;
      change(frame, place, kWordsV6[2 * side], original[2 * side] ^ static_cast<uint16_t>(pass >> 16));
      change(frame, place, kWordsV6[2 * side + 1], original[2 * side + 1] ^ static_cast<uint16_t>(pass));
    }
  }

  const size_t longest_;
  std::vector<uint8_t> bytes_;
  std::vector<Place> places_;
  std::vector<uint32_t> originals_;  // by frame: index into words_
  std::vector<uint16_t> words_;
  uint64_t left_out_ = 0;
};

int open_interface(const std::string& name) {
  const int fd = socket(AF_PACKET, SOCK_RAW, 0);  // protocol 0: receives nothing
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_ifindex = static_cast<int>(if_nametoindex(name.c_str()));
  if (fd < 0 || address.sll_ifindex == 0 || bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error(name + ": " + std::strerror(errno));
  }
  const int yes = 1;
  setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &yes, sizeof yes);
  return fd;
}

size_t longest_frame(int fd, const std::string& name) {
  ifreq request{};
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  if (ioctl(fd, SIOCGIFMTU, &request) != 0) throw std::runtime_error(name + ": " + std::strerror(errno));
  constexpr size_t kTaggedHeader = 18;
  return static_cast<size_t>(request.ifr_mtu) + kTaggedHeader;
}

Options read_options(int argc, char** argv) {
  Options out;
  std::vector<std::string> names;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (!word.starts_with("--")) {
      names.push_back(word);
      continue;
    }
    if (++i == argc) throw std::runtime_error(word + " takes a number");
    if (word == "--rate")
      out.rate = std::stod(argv[i]);
    else if (word == "--count")
      out.count = std::stoull(argv[i]);
    else if (word == "--passes")
      out.passes = std::stoull(argv[i]);
    else if (word == "--first-pass")
      out.first_pass = std::stoull(argv[i]);
    else if (word == "--seconds")
      out.seconds = std::stod(argv[i]);
    else
      throw std::runtime_error("no option " + word);
  }
  if (names.size() != 2)
    throw std::runtime_error(
        "sender INTERFACE CAPTURE [--rate N] [--count N] [--seconds S] [--passes N] [--first-pass N]");
  out.interface = names[0];
  out.capture = names[1];
  return out;
}

struct Sent {
  uint64_t frames = 0, bytes = 0, passes = 0;
  uint64_t refused = 0;  // system calls that found no buffer, and were repeated
  int64_t late_max = 0;  // ns behind the schedule
};

/// Frames that are due, at most kBatch; naps until kAhead are, or a whole batch at the ceiling.
size_t due(const Options& options, int64_t start, uint64_t frames, Sent& sent) {
  if (options.rate <= 0) return kBatch;
  for (;;) {
    const int64_t time = now();
    const auto target = static_cast<uint64_t>(static_cast<double>(time - start) / kSecond * options.rate) + 1;
    const uint64_t behind = target > frames ? target - frames : 0;
    if (behind >= kAhead || (behind > 0 && options.rate < 1000)) {
      sent.late_max =
          std::max(sent.late_max, static_cast<int64_t>(static_cast<double>(behind) / options.rate * kSecond));
      return std::min<size_t>(behind, kBatch);
    }
    if (stopped) return 0;
    const auto wait = static_cast<int64_t>(static_cast<double>(kAhead - behind) / options.rate * kSecond);
    const timespec nap{0, std::clamp<int64_t>(wait, 1, kSecond / 10)};
    if (wait > kNap) nanosleep(&nap, nullptr);
  }
}

Sent send_all(const Options& options, Capture& capture, int fd) {
  Sent sent;
  std::vector<iovec> parts(kBatch);
  std::vector<mmsghdr> messages(kBatch);
  for (size_t i = 0; i < kBatch; ++i) {
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  const int64_t start = now();
  size_t next = 0;
  while (!stopped && sent.frames < options.count && sent.passes < options.passes) {
    if (options.seconds > 0 && static_cast<double>(now() - start) >= options.seconds * kSecond) break;
    // A batch does not cross passes: a frame would be in it twice.
    size_t count = std::min<uint64_t>(
        {due(options, start, sent.frames, sent), capture.size() - next, options.count - sent.frames});
    for (size_t i = 0; i < count; ++i) parts[i] = capture.frame(next + i, options.first_pass + sent.passes);
    for (size_t done = 0; done < count && !stopped;) {
      const int got = sendmmsg(fd, &messages[done], static_cast<unsigned>(count - done), 0);
      if (got > 0) {
        for (int i = 0; i < got; ++i) sent.bytes += parts[done + static_cast<size_t>(i)].iov_len;
        done += static_cast<size_t>(got);
        sent.frames += static_cast<uint64_t>(got);
        continue;
      }
      if (errno != ENOBUFS && errno != EAGAIN && errno != EINTR) throw std::runtime_error(std::strerror(errno));
      ++sent.refused;
    }
    next += count;
    if (next == capture.size()) {
      next = 0;
      ++sent.passes;
    }
  }
  return sent;
}

}  // namespace

int main(int argc, char** argv) try {
  const Options options = read_options(argc, argv);
  std::signal(SIGINT, [](int) { stopped = true; });
  std::signal(SIGTERM, [](int) { stopped = true; });
  const int fd = open_interface(options.interface);
  Capture capture(options.capture, longest_frame(fd, options.interface));
  const int64_t start = now();
  const Sent sent = send_all(options, capture, fd);
  const double seconds = static_cast<double>(now() - start) / kSecond;
  std::printf(
      "{\"packets\":%lu,\"bytes\":%lu,\"passes\":%lu,\"seconds\":%.3f,\"rate\":%.0f,\"late_us_max\":%ld,\"refused\":%"
      "lu,\"left_out\":%lu}\n",
      sent.frames, sent.bytes, sent.passes, seconds, static_cast<double>(sent.frames) / std::max(seconds, 1e-9),
      sent.late_max / 1000, sent.refused, capture.left_out());
  close(fd);
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "sender: %s\n", error.what());
  return 2;
}
