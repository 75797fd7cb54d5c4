#include "sensor/capture/silence_watch.h"

#include "sensor/base/log.h"

namespace lapwing {

void SilenceWatch::look(uint64_t packets, bool down, Clock::time_point now) {
  const double quiet = std::chrono::duration<double>(now - last_traffic_).count();
  if (packets != last_packets_ || down) {
    if (told_ && !down) spdlog::info("{}: traffic again, after {:.1f} s", interface_, quiet);
    told_ = false;
    last_packets_ = packets;
    last_traffic_ = now;
    return;
  }
  if (told_ || after_ == 0 || quiet < static_cast<double>(after_)) return;
  told_ = true;
  silences_.fetch_add(1, std::memory_order_relaxed);
  spdlog::warn("{}: silent: nothing came for {} s", interface_, after_);
}

}  // namespace lapwing
