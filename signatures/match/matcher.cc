#include "signatures/match/matcher.h"

#include "signatures/match/engine.h"

namespace lapwing {

struct Matcher::Impl {
  Impl(std::shared_ptr<SharedState> shared, AlertSink& sink) : engine(std::move(shared), sink) {}
  rules::Engine engine;
};

Matcher::Matcher(std::shared_ptr<const RuleSet> rules, std::shared_ptr<SharedState> shared, AlertSink& sink)
    : impl_(std::make_unique<Impl>(std::move(shared), sink)) {
  adopt(std::move(rules));
}

Matcher::~Matcher() = default;

std::unique_ptr<MatcherKit> Matcher::prepare(std::shared_ptr<const RuleSet> rules) const {
  return impl_->engine.prepare(std::move(rules));
}
void Matcher::exchange(MatcherKit& kit) {
  impl_->engine.exchange(static_cast<rules::Kit&>(kit));
}
void Matcher::adopt(std::shared_ptr<const RuleSet> rules) {
  exchange(*prepare(std::move(rules)));
}
void Matcher::trace(Tracer* tracer) {
  impl_->engine.trace(tracer);
}
void Matcher::begin(const MatchContext& context) {
  impl_->engine.begin(context);
}
size_t Matcher::take(const MatchContext& context, const Chunk& chunk) {
  return impl_->engine.take(context, chunk);
}
void Matcher::settle(const MatchContext& context, const Chunk& part) {
  impl_->engine.settle(context, part);
}
void Matcher::encrypted(const MatchContext& context, Direction direction, uint64_t offset) {
  impl_->engine.encrypted(context, direction, offset);
}
void Matcher::gap(const MatchContext& context, Direction direction, uint64_t offset, uint64_t lost) {
  impl_->engine.gap(context, direction, offset, lost);
}
void Matcher::event(const MatchContext& context, const Event& event) {
  impl_->engine.event(context, event);
}
void Matcher::frame(const MatchContext& context, const MessageFrame& frame) {
  impl_->engine.frame(context, frame);
}
void Matcher::packet(const MatchContext& context) {
  impl_->engine.packet(context);
}
void Matcher::end(const MatchContext& context) {
  impl_->engine.end(context);
}
void Matcher::finish(const MatchContext& context) {
  impl_->engine.finish(context);
}
void Matcher::swap_direction(Flow& flow) {
  impl_->engine.swap_direction(flow);
}
bool Matcher::first_alert(Flow& flow, const RuleInfo& rule) {
  return impl_->engine.first_alert(flow, rule);
}
std::span<const std::string_view> Matcher::flowbits(const Flow& flow) {
  return impl_->engine.flowbits(flow);
}
std::span<const NamedText> Matcher::flowvars(const Flow& flow) {
  return impl_->engine.flowvars(flow);
}
std::span<const NamedNumber> Matcher::flowints(const Flow& flow) {
  return impl_->engine.flowints(flow);
}
std::span<const NamedText> Matcher::entropies(const Flow& flow) {
  return impl_->engine.entropies(flow);
}
std::span<const NamedText> Matcher::pktvars() {
  return impl_->engine.pktvars();
}
const MatchCounters& Matcher::counters() const {
  return impl_->engine.counters();
}

}  // namespace lapwing
