#include "export/outputs/zmq/topic_messages.h"

#include "sensor/base/json_writer.h"

namespace lapwing {

void TopicMessages::write_header(const Topic& topic) {
  header_.clear();
  JsonWriter json(header_);
  json.begin_object().member("sensor", std::string_view(sensor_)).member("epoch", epoch_);
  json.member("seq", topic.sequence).member("count", topic.waiting).end_object();
}

}  // namespace lapwing
