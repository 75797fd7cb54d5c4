#include "export/outputs/zmq/subscriber.h"

#include <zmq.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "export/outputs/zmq/frames.h"

namespace lapwing {
namespace {

// A sensor that died without a word is found out in half a minute, and connected to again when it is back.
constexpr int kHeartbeatMilliseconds = 10000, kDeadMilliseconds = 30000;

}  // namespace

Subscriber::Subscriber(const SubscriberOptions& options)
    : topics_(options.topics), socket_(options.pull ? ZMQ_PULL : ZMQ_SUB) {
  socket_.set(ZMQ_RCVHWM, options.pull ? kMaxPullQueue : kMaxQueue);
  socket_.set(ZMQ_LINGER, 0);
  socket_.set(ZMQ_MAXMSGSIZE, kMaxMessageBytes);
  if (!options.pull) {
    socket_.set(ZMQ_HEARTBEAT_IVL, kHeartbeatMilliseconds);
    socket_.set(ZMQ_HEARTBEAT_TIMEOUT, kDeadMilliseconds);
    if (topics_.empty()) socket_.set(ZMQ_SUBSCRIBE, "");
    for (const std::string& topic : topics_) socket_.set(ZMQ_SUBSCRIBE, topic);
  }
  socket_.secure(options.curve, options.bind);
  for (const std::string& endpoint : options.endpoints) {
    const std::string reason = socket_.bind_or_connect(endpoint, options.bind);
    if (!reason.empty()) throw std::runtime_error(endpoint + ": " + reason);
  }
}

bool Subscriber::parse_header(std::string_view text, Header& header) {
  auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return false;
  if (auto sensor = json.find("sensor"); sensor != json.end() && sensor->is_string()) header.sensor = *sensor;
  for (auto [name, member] :
       {std::pair{"epoch", &Header::epoch}, {"seq", &Header::sequence}, {"count", &Header::count}}) {
    auto value = json.find(name);
    if (value == json.end() || !value->is_number_unsigned()) return false;
    header.*member = *value;
  }
  return true;
}

bool Subscriber::receive(int timeout_ms, const OnRecord& on_record, const OnGap& on_gap, const OnRestart& on_restart) {
  zmq_pollitem_t item{socket_.get(), 0, ZMQ_POLLIN, 0};
  if (zmq_poll(&item, 1, timeout_ms) <= 0) return false;
  auto frames = receive_frames(socket_.get());
  if (frames.empty()) return true;
  const std::string& topic = frames[0];
  Header header;
  if (frames.size() != 3 || !parse_header(frames[1], header) ||
      static_cast<uint64_t>(std::count(frames[2].begin(), frames[2].end(), '\n')) + 1 != header.count) {
    ++malformed_;
    return true;
  }
  // ZeroMQ subscribes to prefixes: whoever asks for "ftp" gets "ftp_data" too.
  if (!topics_.empty() && std::find(topics_.begin(), topics_.end(), topic) == topics_.end()) return true;
  check_sequence(topic, header, on_gap, on_restart);
  std::string_view body = frames[2];
  for (uint64_t i = 0; i < header.count; ++i) {
    size_t end = std::min(body.find('\n'), body.size());
    on_record(topic, body.substr(0, end));
    body.remove_prefix(std::min(end + 1, body.size()));
  }
  return true;
}

uint64_t Subscriber::unheard() const {
  const uint64_t now = reconnections();
  return static_cast<uint64_t>(
      std::ranges::count_if(positions_, [&](const auto& entry) { return entry.second.heard < now; }));
}

void Subscriber::check_sequence(const std::string& topic, const Header& header, const OnGap& on_gap,
                                const OnRestart& on_restart) {
  auto known = positions_.find({header.sensor, topic});
  if (known == positions_.end()) {
    if (positions_.size() >= kMaxSequences) {
      ++unfollowed_;
      return;
    }
    // Of a sensor that was already heard of in an earlier epoch, this topic's numbers begin at 0.
    auto epoch = epochs_.find(header.sensor);
    const bool restarted = epoch != epochs_.end() && epoch->second != header.epoch;
    known = positions_.emplace(std::pair{header.sensor, topic}, Position{header.epoch, restarted ? 0 : header.sequence})
                .first;
  }
  Position& position = known->second;
  auto [last_epoch, first] = epochs_.try_emplace(header.sensor, header.epoch);
  if (!first && last_epoch->second != header.epoch) {
    last_epoch->second = header.epoch;
    ++restarts_;
    if (on_restart) on_restart(header.sensor, header.epoch);
  }
  if (position.epoch != header.epoch) {
    // After a restart numbering begins at 0, and what this reader missed of it is known.
    position = {.epoch = header.epoch};
  }
  position.heard = reconnections();
  if (position.next != header.sequence) on_gap({topic, position.next, header.sequence, header.sensor});
  position.next = header.sequence + header.count;
}

}  // namespace lapwing
