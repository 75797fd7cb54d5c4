#include "dissectors/echo/echo.h"

namespace lapwing::echo {

namespace {

const Exchange& exchange(const Transaction& tx) {
  return static_cast<const Exchange&>(tx);
}

bool get_request(const Transaction& tx, Direction, uint32_t index, std::string&, Value& out) {
  if (index > 0) return false;
  out.bytes = payload_of(to_bytes(exchange(tx).request));
  return true;
}

bool get_reply(const Transaction& tx, Direction, uint32_t index, std::string&, Value& out) {
  if (index > 0 || exchange(tx).reply.empty()) return false;
  out.bytes = payload_of(to_bytes(exchange(tx).reply));
  return true;
}

bool get_length(const Transaction& tx, Direction, uint32_t index, std::string&, Value& out) {
  if (index > 0) return false;
  out.integer = payload_of(to_bytes(exchange(tx).request)).size();
  return true;
}

constexpr Field kFields[] = {
    {"echo.request", FieldKind::bytes, Side::to_server, kLine, &get_request, "text the client wants to see again"},
    {"echo.reply", FieldKind::bytes, Side::to_client, kLine, &get_reply, "text the server sent back"},
    {"echo.length", FieldKind::integer, Side::to_server, kLine, &get_length, "length of the request's text in bytes"},
};

}  // namespace

std::span<const Field> fields() {
  return kFields;
}

}  // namespace lapwing::echo
