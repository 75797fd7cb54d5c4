// A sink that takes what a dissector says and does nothing; tests override what they listen to.
#pragma once

#include <memory>
#include <string_view>

#include "sensor/event/event_sink.h"

namespace lapwing::test {

struct SilentSink : EventSink {
  void emit(const Event&) override {}
  void anomaly(const Protocol&, const Transaction&, uint8_t, Direction) override {}
  void file(const Event&, CarriedFile&, Bytes, bool) override {}
  void become(std::string_view, std::shared_ptr<const Context>) override {}
  bool knows(std::string_view) const override { return false; }
  void rename(std::string_view) override {}
  void resume(Direction) override {}
  void expect(const Expectation&) override {}
  void encrypted(Direction, uint64_t) override {}
  void plain(Direction, uint64_t) override {}
  bool picked_up_late() const override { return false; }
  void frame(uint8_t, Direction, uint64_t, uint64_t, Transaction*) override {}
  void end_frame(uint8_t, Direction, uint64_t, const Transaction*) override {}
  bool work(uint64_t) override { return true; }
  void capped(const Protocol&, uint8_t, uint64_t) override {}
};

}  // namespace lapwing::test
