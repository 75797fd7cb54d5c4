#include "export/zmq/subscriber.h"

#include <zmq.h>

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <vector>

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

}  // namespace

Subscriber::Subscriber(const std::string& endpoint, std::span<const std::string> topics) {
  context_ = zmq_ctx_new();
  socket_ = zmq_socket(context_, ZMQ_SUB);
  // The subscriber is the one who must not lose: it queues what it can hold.
  int unlimited = 0, linger = 0;
  zmq_setsockopt(socket_, ZMQ_RCVHWM, &unlimited, sizeof unlimited);
  zmq_setsockopt(socket_, ZMQ_LINGER, &linger, sizeof linger);
  if (topics.empty()) zmq_setsockopt(socket_, ZMQ_SUBSCRIBE, "", 0);
  for (const std::string& topic : topics) zmq_setsockopt(socket_, ZMQ_SUBSCRIBE, topic.data(), topic.size());
  if (zmq_connect(socket_, endpoint.c_str()) != 0) {
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
  auto header = frames.size() == 3 ? nlohmann::json::parse(frames[1], nullptr, false) : nlohmann::json();
  if (!header.is_object() || !header["epoch"].is_number() || !header["seq"].is_number() || !header["count"].is_number()) {
    ++malformed_;
    return true;
  }
  const auto epoch = header["epoch"].get<uint64_t>(), sequence = header["seq"].get<uint64_t>();
  auto [position, first] = positions_.try_emplace(frames[0]);
  if (first || position->second.epoch != epoch) {
    position->second = {epoch, sequence};
  } else if (position->second.next != sequence) {
    on_gap({frames[0], position->second.next, sequence});
  }
  position->second.next = sequence + header["count"].get<uint64_t>();
  std::string_view body = frames[2];
  while (!body.empty()) {
    size_t end = body.find('\n');
    on_record(frames[0], body.substr(0, end));
    body.remove_prefix(end == std::string_view::npos ? body.size() : end + 1);
  }
  return true;
}

}  // namespace lapwing
