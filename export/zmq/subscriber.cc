#include "export/zmq/subscriber.h"

#include <zmq.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <utility>

namespace lapwing {
namespace {

/// All frames of one message; empty when none came in time.
std::vector<std::string> receive_frames(void* socket) {
  std::vector<std::string> frames;
  int more = 1;
  while (more) {
    zmq_msg_t message;
    zmq_msg_init(&message);
    if (zmq_msg_recv(&message, socket, 0) < 0) {
      zmq_msg_close(&message);
      return {};
    }
    frames.emplace_back(static_cast<const char*>(zmq_msg_data(&message)), zmq_msg_size(&message));
    more = zmq_msg_more(&message);
    zmq_msg_close(&message);
  }
  return frames;
}

struct Header {
  std::string sensor;
  uint64_t epoch = 0, sequence = 0, count = 0;
};

std::optional<Header> parse_header(std::string_view text) {
  auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  Header header;
  if (auto sensor = json.find("sensor"); sensor != json.end() && sensor->is_string()) header.sensor = *sensor;
  for (auto [name, member] :
       {std::pair{"epoch", &Header::epoch}, {"seq", &Header::sequence}, {"count", &Header::count}}) {
    auto value = json.find(name);
    if (value == json.end() || !value->is_number_unsigned()) return std::nullopt;
    header.*member = *value;
  }
  return header;
}

}  // namespace

Subscriber::Subscriber(const std::string& endpoint, std::span<const std::string> topics, bool bind)
    : topics_(topics.begin(), topics.end()) {
  context_ = zmq_ctx_new();
  socket_ = zmq_socket(context_, ZMQ_SUB);
  // The subscriber is the one who must not lose: it queues what it can hold.
  int unlimited = 0, linger = 0;
  zmq_setsockopt(socket_, ZMQ_RCVHWM, &unlimited, sizeof unlimited);
  zmq_setsockopt(socket_, ZMQ_LINGER, &linger, sizeof linger);
  if (topics.empty()) zmq_setsockopt(socket_, ZMQ_SUBSCRIBE, "", 0);
  for (const std::string& topic : topics) zmq_setsockopt(socket_, ZMQ_SUBSCRIBE, topic.data(), topic.size());
  if ((bind ? zmq_bind : zmq_connect)(socket_, endpoint.c_str()) != 0) {
    std::string reason = zmq_strerror(zmq_errno());
    zmq_close(socket_);
    zmq_ctx_term(context_);
    throw std::runtime_error(endpoint + ": " + reason);
  }
}

Subscriber::~Subscriber() {
  zmq_close(socket_);
  zmq_ctx_term(context_);
}

bool Subscriber::receive(int timeout_ms, const OnRecord& on_record, const OnGap& on_gap) {
  zmq_pollitem_t item{socket_, 0, ZMQ_POLLIN, 0};
  if (zmq_poll(&item, 1, timeout_ms) <= 0) return false;
  auto frames = receive_frames(socket_);
  if (frames.empty()) return true;
  const std::string& topic = frames[0];
  // ZeroMQ subscribes to prefixes: whoever asks for "ftp" gets "ftp_data" too.
  if (!topics_.empty() && std::find(topics_.begin(), topics_.end(), topic) == topics_.end()) return true;
  auto header = frames.size() == 3 ? parse_header(frames[1]) : std::nullopt;
  if (!header || static_cast<uint64_t>(std::count(frames[2].begin(), frames[2].end(), '\n')) + 1 != header->count) {
    ++malformed_;
    return true;
  }
  check_sequence(topic, header->sensor, header->epoch, header->sequence, header->count, on_gap);
  std::string_view body = frames[2];
  for (uint64_t i = 0; i < header->count; ++i) {
    size_t end = std::min(body.find('\n'), body.size());
    on_record(topic, body.substr(0, end));
    body.remove_prefix(std::min(end + 1, body.size()));
  }
  return true;
}

void Subscriber::check_sequence(const std::string& topic, const std::string& sensor, uint64_t epoch, uint64_t sequence,
                                uint64_t count, const OnGap& on_gap) {
  auto known = positions_.find({sensor, topic});
  if (known == positions_.end()) {
    if (positions_.size() >= kMaxSequences) return;
    known = positions_.emplace(std::pair{sensor, topic}, Position{epoch, sequence}).first;
  }
  Position& position = known->second;
  auto [last_epoch, first] = epochs_.try_emplace(sensor, epoch);
  if (!first && last_epoch->second != epoch) {
    last_epoch->second = epoch;
    ++restarts_;
  }
  if (position.epoch != epoch) {
    // After a restart numbering begins at 0, and what this reader missed of it is known.
    position = {epoch, 0};
  }
  if (position.next != sequence) on_gap({topic, position.next, sequence, sensor});
  position.next = sequence + count;
}

}  // namespace lapwing
