#include "sensor/pipeline/checksum_sample.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "sensor/capture/packet_source.h"

namespace lapwing {
namespace {

/// The segments of TCP among the first frames, by their senders. Who has right ones among them sends the wrong ones on
/// purpose, as receivers leave those out.
class Sample {
 public:
  explicit Sample(const DecodeConfig& config) : decoder_(config, ChecksumMode::automatic) {}

  /// False: it has seen enough.
  bool add(const Frame& frame) {
    const size_t count = decoder_.decode(frame, packets_);
    for (const Packet& packet : std::span(packets_).first(count)) {
      if (!packet.is_tcp()) continue;
      Sender& sender = senders_[packet.src];
      ++(packet.bad_checksum_l4 ? sender.wrong : sender.right);
    }
    return ++frames_ < kChecksumSample;
  }
  bool tells_nothing() const {
    uint64_t wrong = 0;
    for (const auto& [address, sender] : senders_) wrong += sender.right == 0 ? sender.wrong : 0;
    return wrong * kChecksumRatio > frames_;
  }

 private:
  struct Sender {
    uint64_t right = 0, wrong = 0;
  };
  Decoder decoder_;
  std::vector<Packet> packets_ = std::vector<Packet>(kMaxPackets);
  std::map<IpAddress, Sender> senders_;
  uint64_t frames_ = 0;
};

bool readable_again(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  return std::filesystem::is_regular_file(status) || std::filesystem::is_directory(status);
}

}  // namespace

ChecksumMode settle_checksums(ChecksumMode mode, const std::vector<std::string>& captures, const DecodeConfig& config) {
  const bool readable = !captures.empty() && std::ranges::all_of(captures, readable_again);
  if (mode != ChecksumMode::automatic || !readable) return mode;
  Sample sample(config);
  const auto source = preview_captures(captures);
  Burst burst;
  bool more = true;
  while (more && source->receive(burst) == PacketSource::Result::frames) {
    for (const Frame& frame : burst.view()) {
      if (more) more = sample.add(frame);
    }
    source->release(burst);
  }
  return sample.tells_nothing() ? ChecksumMode::none : mode;
}

}  // namespace lapwing
