#include "dissectors/parts/dcerpc/dcerpc_columns.h"

namespace lapwing::dcerpc::read {

namespace {

std::string_view name(const Interface* interface) {
  return interface ? interface->name : std::string_view();
}

std::string_view dotted(uint16_t major, uint16_t minor, std::string& scratch) {
  return scratch = std::to_string(major) + "." + std::to_string(minor);
}

}  // namespace

/// Suricata's words. That a server shuts the connection down answers nothing.
std::string_view request(const Call& call) {
  if (call.request().seen) return type_name(call.request().type);
  return call.response().type == Type::shutdown ? std::string_view() : "REQUEST_LOST";
}

std::string_view response(const Call& call) {
  return call.response().seen ? type_name(call.response().type) : "UNREPLIED";
}

const Side* request_data(const Call& call) {
  return call.request().seen && call.request().type == Type::request ? &call.request() : nullptr;
}

const Side* response_data(const Call& call) {
  return call.response().seen && call.response().type == Type::response ? &call.response() : nullptr;
}

std::optional<uint16_t> operation(const Call& call) {
  return request_data(call) ? std::optional(call.operation) : std::nullopt;
}

std::optional<uint32_t> call_id(const Call& call) {
  return call.activity ? std::nullopt : std::optional(call.id);
}

std::string_view version(const Call& call) {
  return call.activity ? "4.0" : call.minor == 0 ? "5.0" : "5.1";
}

std::string_view interface_name(const Call& call) {
  return request_data(call) ? name(call.interface()) : std::string_view();
}

std::string_view operation_name(const Call& call) {
  return call.operation_name();
}

std::string_view object(const Call& call, std::string& scratch) {
  return call.object ? uuid_text(*call.object, scratch) : std::string_view();
}

std::optional<uint32_t> status(const Call& call) {
  return call.status;
}

const Call* protection(const Call& call) {
  return call.security || call.outcome ? &call : nullptr;
}

std::optional<uint16_t> refusal(const Call& call) {
  return call.refusal;
}

Bytes stub(const Call& call, const Place& at) {
  return to_bytes(call.sides[index(at.direction)].stub);
}

std::string_view context_uuid(const Context& context, std::string& scratch) {
  return uuid_text(context.uuid, scratch);
}

std::string_view context_version(const Context& context, std::string& scratch) {
  return dotted(context.major, context.minor, scratch);
}

std::string_view context_name(const Context& context) {
  return name(context.interface);
}

/// As Suricata writes it, which takes it to be in the little order whatever that of the call is.
std::string_view activity_uuid(const Call& call, std::string& scratch) {
  if (!call.activity) return {};
  const Uuid& uuid = call.activity->uuid;
  return uuid_text(call.tx->little_endian ? uuid : OrderedReader(uuid, true).uuid(), scratch);
}

std::optional<uint32_t> sequence(const Call& call) {
  return call.activity ? std::optional(call.activity->sequence) : std::nullopt;
}

std::optional<uint8_t> security_type(const Call& call) {
  return call.security ? std::optional(call.security->type) : std::nullopt;
}

std::optional<uint8_t> security_level(const Call& call) {
  return call.security ? std::optional(call.security->level) : std::nullopt;
}

std::string_view endpoint_uuid(const Endpoint& endpoint, std::string& scratch) {
  return endpoint.uuid == Uuid() ? std::string_view() : uuid_text(endpoint.uuid, scratch);
}

std::string_view endpoint_version(const Endpoint& endpoint, std::string& scratch) {
  return endpoint.uuid == Uuid() ? std::string_view() : dotted(endpoint.major, endpoint.minor, scratch);
}

std::string_view endpoint_name(const Endpoint& endpoint) {
  return name(endpoint.interface);
}

std::string_view transport(const Endpoint& endpoint) {
  return endpoint.datagrams ? "udp" : "tcp";
}

}  // namespace lapwing::dcerpc::read
