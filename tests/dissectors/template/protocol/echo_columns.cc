#include "dissectors/contract/columns.h"
#include "tests/dissectors/template/protocol/echo.h"

namespace lapwing::echo {

namespace {

using namespace columns;

Bytes requested(const Exchange& exchange) {
  return payload_of(to_bytes(exchange.request));
}
Bytes replied(const Exchange& exchange) {
  return payload_of(to_bytes(exchange.reply));
}
uint64_t length(const Exchange& exchange) {
  return requested(exchange).size();
}
bool answered(const Exchange& exchange) {
  return !exchange.reply.empty();
}

constexpr Column kExchange[] = {
    text<&requested>("request", "text the client wants to see again")
        .on_request()
        .rule({.name = "echo.request", .stage = kLine}),
    text<&replied>("reply", "text the server sent back")
        .on_request()
        .rule({.name = "echo.reply", .sender = Sender::server, .stage = kLine}),
    flag<&answered>("answered", "the server sent a reply").shown_empty(),
    integer<&length>("", "length of the request's text in bytes").rule({.name = "echo.length", .stage = kLine}),
};
constexpr Column kRecord[] = {object<&self<Exchange>>("echo", kExchange, "a request and its reply")};
constexpr Table kShapes[] = {kRecord};
constexpr RecordRow kRecords[] = {{.type = "echo", .help = "one echo request and its reply", .shapes = kShapes}};

}  // namespace

Table columns() {
  return kRecord;
}

std::span<const RecordRow> records() {
  return kRecords;
}

RecordExtent record_extent(const void* config, std::string_view) {
  if (config && !static_cast<const Config*>(config)->log_text) return {};
  return {.names = {"request", "reply"}};
}

}  // namespace lapwing::echo
