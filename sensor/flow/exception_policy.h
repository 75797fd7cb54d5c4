// Exception policies: what becomes of a flow that cannot be followed as it should.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "sensor/base/counters.h"
#include "sensor/base/options.h"
#include "sensor/flow/flow.h"

namespace lapwing {

/// A sensor that only watches has two answers: it follows the flow as far as it can, or only counts it from then on.
enum class ExceptionPolicy : uint8_t { ignore, bypass };

/// [S] Keys "exception-policy", "stream.midstream-policy", ..., with Suricata's names.
struct ExceptionConfig {
  ExceptionPolicy all{}, stream_memcap{}, stream_reassembly_memcap{}, stream_midstream{}, app_layer_error{};
  uint8_t bypassed = 0;  // the exceptions, bits as in Flow::exceptions, whose flows are only counted

  /// Throws SettingError.
  static ExceptionConfig read(const Setting& root);
  bool bypasses(const Flow& flow) const { return flow.exceptions & bypassed; }
};
std::span<const OptionRow<ExceptionConfig>> exception_options();

/// Flows that a policy left to be counted only.
struct ExceptionCounters {
  uint64_t stream_memcap = 0, stream_reassembly_memcap = 0, stream_midstream = 0, app_layer_error = 0;

  void bypassed(const ExceptionConfig& config, const Flow& flow);
};
std::span<const CounterRow<ExceptionCounters>> exception_counter_rows();

/// The name of an exception in records: "stream_midstream", ...
std::string_view name(FlowException exception);

}  // namespace lapwing
