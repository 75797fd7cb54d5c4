#include "dissectors/parts/dcerpc/dcerpc.h"

namespace lapwing::dcerpc {

void Side::reset() {
  type = Type::request;
  seen = whole = lost = full = reached = false;
  fragments = 0;
  begin = size = 0;
  stub.clear();
}

const Interface* Call::interface() const {
  return contexts.size() == 1 ? contexts.front().interface : nullptr;
}

std::string_view Call::operation_name() const {
  const Interface* const found = request().seen && request().type == Type::request ? interface() : nullptr;
  return found ? dcerpc::operation_name(*found, operation) : std::string_view();
}

void Call::reset() {
  tx = nullptr;
  id = 0;
  minor = 0;
  activity.reset();
  for (Side& side : sides) side.reset();
  context = operation = 0;
  contexts.clear();
  object.reset();
  security.reset();
  status.reset();
  refusal.reset();
  endpoints.clear();
  login.reset();
  outcome.reset();
  maybe = cancelled = orphaned = false;
  key = 0;
}

}  // namespace lapwing::dcerpc
