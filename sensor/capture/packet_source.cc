#include "sensor/capture/packet_source.h"

namespace lapwing {
namespace {

using C = CaptureCounters;
constexpr CounterRow<C> kCounters[] = {
    {"capture.packets", &C::packets, "frames handed to the worker"},
    {"capture.bytes", &C::bytes, "captured bytes of them"},
    {"capture.kernel_packets", &C::kernel_packets, "frames the kernel saw, those it dropped among them"},
    {"capture.kernel_drops", &C::kernel_drops, "frames dropped because the ring was full", CounterKind::loss},
    {"capture.kernel_ifdrops", &C::interface_drops, "frames dropped by the interface", CounterKind::loss},
    {"capture.errors", &C::errors,
     "captures that could not be read to their end, and interfaces that went away or down", CounterKind::loss},
    {"capture.waiting", &C::waiting, "frames in the rings that were not read yet when this was counted"},
    {"capture.unread", &C::unread, "frames left in a ring when it was closed", CounterKind::loss},
    {"capture.truncated", &C::truncated, "frames of an interface that are longer than snaplen", CounterKind::loss},
    {"capture.frames_above_mtu", &C::frames_above_mtu,
     "frames longer than the wire allows: put together by offloading (GRO, LRO, TSO)"},
    {"capture.reopened", &C::reopened, "interfaces opened again"},
    {"capture.down", &C::down, "interfaces that are away or down now", CounterKind::gauge},
    {"capture.silences", &C::silences, "times an interface fell silent: nothing came for silence-after",
     CounterKind::loss},
    {"capture.files", &C::files, "capture files read"},
    {"capture.unknown_blocks", &C::unknown_blocks, "pcapng blocks of a type that nothing reads, which may hold packets",
     CounterKind::loss},
    {"capture.skipped_files", &C::skipped_files, "files of a directory that are no capture"},
};

/// Of each interface; the words of what is the same as above are not repeated.
constexpr CounterRow<C> kInterfaceCounters[] = {
    {"packets", &C::packets, "frames handed to the workers of this interface"},
    {"bytes", &C::bytes, "captured bytes of them"},
    {"kernel_packets", &C::kernel_packets, "frames the kernel saw, those it dropped among them"},
    {"drops", &C::kernel_drops, "frames dropped because a ring was full"},
    {"ifdrops", &C::interface_drops, "frames dropped by the interface"},
    {"waiting", &C::waiting, "frames in the rings that were not read yet when this was counted"},
    {"unread", &C::unread, "frames left in a ring when it was closed"},
    {"truncated", &C::truncated, "frames longer than snaplen"},
    {"frames_above_mtu", &C::frames_above_mtu, "frames longer than the wire allows: put together by offloading"},
    {"errors", &C::errors, "times it went away or down"},
    {"reopened", &C::reopened, "times it was opened again"},
    {"down", &C::down, "1 while it is away or down", CounterKind::gauge},
    {"silences", &C::silences, "times nothing came for silence-after"},
};

}  // namespace

std::span<const CounterRow<CaptureCounters>> capture_counter_rows() {
  return kCounters;
}

void add_interface_counters(const CaptureCounters& counters, size_t index, const std::string& name, CounterSet& set) {
  // By number: a name may hold dots.
  const std::string prefix = "capture.interfaces." + std::to_string(index) + ".";
  set.set_text(prefix + "name", name, "name of the interface");
  for (const auto& row : kInterfaceCounters) set.add(prefix + std::string(row.path), counters.*row.member, row.help);
}

std::string to_string(const CaptureError& error) {
  return error.source + ": " + error.message + " (at byte " + std::to_string(error.offset) + ")";
}

}  // namespace lapwing
