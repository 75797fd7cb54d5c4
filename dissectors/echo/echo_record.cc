#include "dissectors/echo/echo.h"

namespace lapwing::echo {

namespace {

void write(const Event& event, const RecordContext& context, JsonWriter& json) {
  const auto& exchange = static_cast<const Exchange&>(*event.tx);
  const auto* config = static_cast<const Config*>(context.config);
  json.begin_object("echo");
  if (!config || config->log_text) {
    json.member("request", payload_of(to_bytes(exchange.request)));
    if (!exchange.reply.empty()) json.member("reply", payload_of(to_bytes(exchange.reply)));
  }
  json.member("answered", !exchange.reply.empty());
  json.end_object();
}

constexpr RecordRow kRecords[] = {{"echo", &write, "one echo request and its reply"}};

}  // namespace

std::span<const RecordRow> records() {
  return kRecords;
}

void write_in_alert(const Event& event, const RecordContext& context, JsonWriter& json) {
  write(event, context, json);
}

}  // namespace lapwing::echo
