#include "sensor/capture/packet_source.h"

namespace lapwing {
namespace {

using C = CaptureCounters;
constexpr CounterRow<C> kCounters[] = {
    {"capture.packets", &C::packets, "frames handed to the worker"},
    {"capture.bytes", &C::bytes, "captured bytes of them"},
    {"capture.kernel_packets", &C::kernel_packets, "frames the kernel saw, those it dropped among them"},
    {"capture.kernel_drops", &C::kernel_drops, "frames dropped because the ring was full"},
    {"capture.kernel_ifdrops", &C::interface_drops, "frames dropped by the interface"},
    {"capture.errors", &C::errors, "captures that could not be read to their end"},
    {"capture.files", &C::files, "capture files read"},
    {"capture.skipped_files", &C::skipped_files, "files of a directory that are no capture"},
};

constexpr OptionRow<LiveConfig> kLiveOptions[] = {
    {"pcap.buffer-size", &LiveConfig::ring_bytes, "64mb", "ring shared with the kernel", Unit::bytes},
    {"pcap.snaplen", &LiveConfig::snaplen, "262144", "bytes of a frame that are captured", Unit::bytes},
    {"pcap.promisc", &LiveConfig::promiscuous, "yes", "take frames for other stations too"},
    {"pcap.bpf-filter", &LiveConfig::filter, "", "expression in pcap-filter(7) syntax"},
};

}  // namespace

std::span<const CounterRow<CaptureCounters>> capture_counter_rows() {
  return kCounters;
}
std::span<const OptionRow<LiveConfig>> live_options() {
  return kLiveOptions;
}

std::string to_string(const CaptureError& error) {
  return error.source + ": " + error.message + " (at byte " + std::to_string(error.offset) + ")";
}

}  // namespace lapwing
