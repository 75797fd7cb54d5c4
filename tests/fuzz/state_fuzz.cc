// A file of what detectors learned, whoever wrote it, is taken up or refused, never a crash, and costs what it is long.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "analytics/detectors/novelty.h"
#include "analytics/frame/snapshot.h"
#include "sensor/base/hash.h"

namespace {

using namespace lapwing;
using namespace lapwing::analytics;

struct Nobody final : FindingSink {
  void behaviour(const Behaviour&) override {}
};

/// What was taken up is worked with.
void go_on(AnyGlobal& global, const Surroundings& surroundings, const AnyDetector& detector) {
  const auto local = detector.local(surroundings);
  const uint8_t client[] = {10, 0, 0, 1}, server[] = {10, 0, 0, 2};
  const FlowRef flow{.id = 1,
                     .client = IpAddress::v4(client),
                     .server = IpAddress::v4(server),
                     .server_port = 22,
                     .proto = 6,
                     .protocol = "ssh"};
  local->flow({.moment = FlowMoment::identified,
               .time = Timestamp::from_seconds(1'800'000'000),
               .flow = &flow,
               .all_packets = {2, 2}});
  Nobody sink;
  FindingBook book(sink);
  Findings findings(book, detector.about());
  std::unique_ptr<AnyDelta> delta;
  if (local->seal(delta)) global.take(1'800'000'000, *delta, findings);
  global.expire(1'800'000'000, findings);
  StateWriter out;
  global.save(out);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Bytes bytes(data, size);
  const Surroundings surroundings{
      .internal = Networks({"10.0.0.0/8"}, nullptr), .hash_seed = kReplaySeed, .replay = true};
  static const auto detector = analytics::detector<Novelties>().read(OptionSource());
  const auto load = [&](Bytes section) {
    const auto global = detector->global(surroundings);
    StateReader in(section);
    if (global->load(in) && in.done()) go_on(*global, surroundings, *detector);
  };
  try {
    for (const Snapshot::Section& section : decode_snapshot(bytes).sections) load(section.bytes);
  } catch (const SnapshotError&) {
  }
  load(bytes);
  return 0;
}
