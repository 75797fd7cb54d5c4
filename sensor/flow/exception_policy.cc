#include "sensor/flow/exception_policy.h"

namespace lapwing {
namespace {

using C = ExceptionConfig;
using N = ExceptionCounters;

constexpr NamedValue kPolicies[] = {
    {"auto", ExceptionPolicy::ignore}, {"ignore", ExceptionPolicy::ignore}, {"bypass", ExceptionPolicy::bypass}};
constexpr OptionRow<C> kOptions[] = {
    {"exception-policy", one_of<&C::all>(kPolicies), "auto",
     "what becomes of the flows of the other policies, where those are not set: bypass only counts them, ignore and "
     "auto follow them as far as that goes"},
    {"stream.memcap-policy", one_of<&C::stream_memcap>(kPolicies), "auto",
     "of connections that stream.memcap leaves untracked"},
    {"stream.reassembly.memcap-policy", one_of<&C::stream_reassembly_memcap>(kPolicies), "auto",
     "of connections that lost data because of stream.reassembly.memcap"},
    {"stream.midstream-policy", one_of<&C::stream_midstream>(kPolicies), "auto",
     "of connections whose beginning was not seen"},
    {"app-layer.error-policy", one_of<&C::app_layer_error>(kPolicies), "auto", "of flows whose dissector gave up"},
};

constexpr CounterRow<N> kCounters[] = {
    {"exception_policy.tcp.ssn_memcap.bypass", &N::stream_memcap, "connections only counted by stream.memcap-policy"},
    {"exception_policy.tcp.reassembly.bypass", &N::stream_reassembly_memcap,
     "connections only counted by stream.reassembly.memcap-policy"},
    {"exception_policy.tcp.midstream.bypass", &N::stream_midstream,
     "connections only counted by stream.midstream-policy"},
    {"exception_policy.app_layer.error.bypass", &N::app_layer_error, "flows only counted by app-layer.error-policy"},
};

/// By FlowException.
struct Row {
  std::string_view name, key;
  ExceptionPolicy C::*policy;
  uint64_t N::*count;
};
constexpr Row kRows[kFlowExceptions] = {
    {"stream_memcap", "stream.memcap-policy", &C::stream_memcap, &N::stream_memcap},
    {"stream_reassembly_memcap", "stream.reassembly.memcap-policy", &C::stream_reassembly_memcap,
     &N::stream_reassembly_memcap},
    {"stream_midstream", "stream.midstream-policy", &C::stream_midstream, &N::stream_midstream},
    {"app_layer_error", "app-layer.error-policy", &C::app_layer_error, &N::app_layer_error},
};

}  // namespace

std::span<const OptionRow<ExceptionConfig>> exception_options() {
  return kOptions;
}
std::span<const CounterRow<ExceptionCounters>> exception_counter_rows() {
  return kCounters;
}

ExceptionConfig ExceptionConfig::read(const Setting& root) {
  auto config = read_options<ExceptionConfig>(root, kOptions);
  for (size_t i = 0; i < kFlowExceptions; ++i) {
    const Setting* own = root.find(kRows[i].key);
    const bool set = own && own->kind != Setting::Kind::null;
    const ExceptionPolicy policy = set ? config.*kRows[i].policy : config.all;
    if (policy == ExceptionPolicy::bypass) config.bypassed |= bit(static_cast<FlowException>(i));
  }
  return config;
}

void ExceptionCounters::bypassed(const ExceptionConfig& config, const Flow& flow) {
  for (size_t i = 0; i < kFlowExceptions; ++i) {
    if (flow.exceptions & config.bypassed & bit(static_cast<FlowException>(i))) ++(this->*kRows[i].count);
  }
}

std::string_view name(FlowException exception) {
  return kRows[static_cast<size_t>(exception)].name;
}

}  // namespace lapwing
