// A flow of which AppLayer sees what the test says, under a configuration of the test's.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/app/app_layer.h"
#include "sensor/base/setting.h"

namespace lapwing::test {

struct CountingSink : AppSink {
  void event(Flow&, const Event& event) override { records += event.record != nullptr; }
  void anomaly(Flow&, const Protocol&, const Transaction&, uint8_t, Direction) override {}
  void file(Flow&, const Event&, CarriedFile&, Bytes, bool) override {}
  void encrypted(Flow&, Direction, uint64_t) override {}
  void plain(Flow&, const Chunk&) override {}
  void frame(Flow&, const MessageFrame&) override { ++frames; }
  void recognition_anomaly(Flow&, RecognitionAnomaly event, Direction) override { anomalies.emplace_back(name(event)); }

  size_t records = 0, frames = 0;
  std::vector<std::string> anomalies;
};

class Talk {
 public:
  explicit Talk(AppConfig config, uint16_t client_port = 40000, uint16_t server_port = 9999)
      : config_(std::move(config)), wanted_(config_.protocols.size(), Wanted{.frames = UINT32_MAX}) {
    flow_.key.port[0] = client_port;
    flow_.key.port[1] = server_port;
    app_.want(wanted_);
  }

  /// By the flow's own notion of its direction, in pieces of `piece` bytes.
  Talk& say(Direction direction, std::string_view text, size_t piece = 100'000) {
    flow_.key.proto = ip_proto::tcp;
    for (size_t at = 0; at < text.size(); at += piece) {
      const std::string_view part = text.substr(at, piece);
      bring(direction, {.data = to_bytes(part), .offset = offset_[index(direction)], .direction = direction});
      offset_[index(direction)] += part.size();
    }
    return *this;
  }
  /// From the host at port[0] of the key, or from the other, whichever is taken for the client by now.
  Talk& datagram(size_t from, std::string_view text) {
    flow_.key.proto = ip_proto::udp;
    const Direction direction = from == flow_.client_side ? Direction::to_server : Direction::to_client;
    ++flow_.packets[index(direction)];
    bring(direction, {.data = to_bytes(text), .direction = direction, .datagram = true});
    return *this;
  }
  void finish() { app_.finish(flow_, {}); }
  std::string protocol() const { return std::string(app_.recognition(flow_).final.name()); }
  std::string side(Direction direction) const {
    return std::string(app_.recognition(flow_).sides[index(direction)].name());
  }
  uint16_t server_port() const { return flow_.server_port(); }
  const CountingSink& sink() const { return sink_; }

 private:
  void bring(Direction direction, const Chunk& chunk) {
    flow_.bytes[index(direction)] += chunk.data.size();
    app_.chunk(flow_, chunk);
    if (!app_.reversed(flow_)) return;
    flow_.swap_direction();
    app_.swap_direction(flow_, {});
  }

  AppConfig config_;
  std::vector<Wanted> wanted_;
  CountingSink sink_;
  BudgetConfig budget_ = read_options<BudgetConfig>(Setting{}, budget_options());
  AppLayer app_{config_, budget_, sink_};
  Flow flow_;
  std::array<uint64_t, 2> offset_{};
};

}  // namespace lapwing::test
