// What requests tell of what a client does to a directory.
#include <string>

#include "dissectors/protocols/ldap/ldap.h"
#include "sensor/event/sighting.h"

namespace lapwing::ldap {

namespace {

/// Of a URL (RFC 4516), where "?" parts a DN from attributes, scope and filter.
void append_name(std::string& out, Bytes dn) {
  for (const uint8_t c : dn) c == '?' ? out.append("%3F") : out.append(1, static_cast<char>(c));
}

std::string_view name(Operation operation) {
  switch (operation) {
    case Operation::search_request: return "search";
    case Operation::modify_request: return "modify";
    case Operation::add_request: return "add";
    case Operation::del_request: return "delete";
    case Operation::mod_dn_request: return "rename";
    case Operation::compare_request: return "compare";
    default: return {};
  }
}

Outcome outcome(const Exchange& exchange) {
  if (exchange.responses.empty() || !exchange.responses.back().result) return Outcome::unknown;
  const uint32_t result = *exchange.responses.back().result;
  const bool done = result == kSuccess || result == kCompareFalse || result == kCompareTrue;
  return done ? Outcome::success : Outcome::failure;
}

}  // namespace

/// Its object is written as in a URL: "DN?attributes?scope?filter", the last two of a search, attributes of what
/// changes some.
void tell_operation(const Exchange& exchange, SightingSink& sink) {
  constexpr std::string_view kScopes[] = {"base", "one", "sub", "children"};
  const Message& request = exchange.request;
  const std::string_view operation = name(request.operation);
  if (!exchange.asked || operation.empty()) return;
  const Contents& contents = exchange.of(Direction::to_server);
  std::string object;
  append_name(object, contents.of(request.dn));
  if (request.operation == Operation::search_request) {
    object.append("??").append(request.scope < std::size(kScopes) ? kScopes[request.scope] : "");
    object.append("?").append(to_text(contents.of(request.filter)));
  } else if (request.operation == Operation::modify_request) {
    char separator = '?';
    for (const Attribute& attribute : contents.of(contents.attributes, request.attributes)) {
      object.append(1, separator).append(to_text(contents.of(attribute.type)));
      separator = ',';
    }
  }
  sink.operation({.interface = "ldap",
                  .operation = operation,
                  .object = object,
                  .number = static_cast<uint16_t>(request.operation),
                  .outcome = outcome(exchange)});
}

}  // namespace lapwing::ldap
