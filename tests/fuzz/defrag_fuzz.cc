// The defragmenter over sequences of frames: bytes decode into fragments, and what comes out decodes again.
#include <vector>

#include "sensor/decode/decode.h"
#include "sensor/stream/defrag.h"

using namespace lapwing;

namespace {

StreamConfig config(uint8_t choice) {
  auto config = read_options<StreamConfig>(Setting{}, stream_options());
  config.defrag_memcap = 1 << 16;
  config.defrag_trackers = 4;
  config.defrag_hash_size = 2;
  config.defrag_max_frags = 64;
  config.os_windows = {};
  std::vector<std::string>* lists[] = {&config.os_first, &config.os_last,    &config.os_bsd,    &config.os_bsd_right,
                                       &config.os_linux, &config.os_solaris, &config.os_windows};
  *lists[choice % std::size(lists)] = {"0.0.0.0/0", "::/0"};
  return config;
}

}  // namespace

/// One byte chooses the policy; then for each frame one byte of length, one of time, and the bytes of an IP packet.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  Defragmenter defrag(config(data[0]));
  Decoder decoder(read_options<DecodeConfig>(Setting{}, decode_options()), ChecksumMode::none);
  Bytes left(data + 1, size - 1);
  Timestamp time = Timestamp::from_seconds(1'700'000'000);
  Packet packet, whole;
  while (left.size() > 2) {
    size_t length = std::min<size_t>(left[0], left.size() - 2);
    time.ns += int64_t{left[1]} * 500'000'000;
    std::vector<uint8_t> bytes(left.begin() + 2, left.begin() + 2 + static_cast<ptrdiff_t>(length));
    left = left.subspan(2 + length);
    Frame frame{
        .data = bytes, .time = time, .number = 1, .wire_length = static_cast<uint32_t>(length), .link_type = 101};
    decoder.decode(frame, packet);
    // As the worker does: what is put together may be a tunnel's packet with a fragment inside.
    for (size_t level = 0; packet.is_fragment; ++level) {
      if (level > kMaxTunnel) __builtin_trap();
      Bytes result = defrag.add(packet);
      if (result.empty()) break;
      decoder.decode_reassembled(result, packet, whole);
      whole.frame = defrag.frame();
      packet = whole;
    }
  }
  defrag.expire({time.ns + 1'000'000'000'000});
  if (defrag.counters().memuse != 0) __builtin_trap();
  return 0;
}
