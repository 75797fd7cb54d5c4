// WorkerShare: what the workers of a run have in common.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "analytics/analyst.h"
#include "export/outputs/publisher.h"
#include "sensor/decode/decode.h"
#include "sensor/pipeline/file_keeper.h"
#include "sensor/pipeline/frame_order.h"
#include "sensor/pipeline/sensor_config.h"
#include "signatures/match/matcher.h"

namespace lapwing {

/// [S] Beside the two objects that are made for sharing. Pointers are borrowed for the run.
struct WorkerShare {
  const SensorConfig* config = nullptr;
  std::shared_ptr<const RuleSet> rules;  // to begin with
  std::shared_ptr<SharedState> state;
  Publisher* publisher = nullptr;
  FileNumbers* file_numbers = nullptr;
  FrameOrder* order = nullptr;  // replay only
  ChecksumMode checksums = ChecksumMode::all;
  size_t workers = 1;
  bool replay = true;
  bool use_vlan = true;  // VLANs tell flows apart
  uint64_t hash_seed = 0;
  Tracer* tracer = nullptr;  // of a run with one worker
  // Of behaviour, where it is judged:
  analytics::Analyst* analyst = nullptr;
  std::span<const std::shared_ptr<const analytics::AnyDetector>> detectors;
  const analytics::Surroundings* surroundings = nullptr;
};

}  // namespace lapwing
