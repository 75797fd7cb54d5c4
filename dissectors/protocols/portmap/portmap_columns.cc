#include "dissectors/contract/columns.h"
#include "dissectors/parts/onc_rpc/rpc_columns.h"
#include "dissectors/protocols/portmap/portmap.h"

namespace lapwing::portmap {

namespace {

using namespace columns;

uint32_t version(const Exchange& exchange) {
  return exchange.rpc.version;
}
std::string_view procedure_text(const Exchange& exchange, std::string& scratch) {
  return procedure_name(exchange.rpc.version, exchange.rpc.procedure, scratch);
}
const Place* asked(const Exchange& exchange) {
  return exchange.asked ? &*exchange.asked : nullptr;
}
std::string_view name(const Place& place) {
  return program_name(place.program);
}
std::string_view protocol(const Place& place, std::string& scratch) {
  if (!place.protocol) return place.transport;
  if (*place.protocol == 6) return "tcp";
  if (*place.protocol == 17) return "udp";
  return scratch = std::to_string(*place.protocol);
}
/// Of who asks it is no more than a place to fill in.
std::optional<uint32_t> port(const Place& place) {
  if (place.port) return *place.port != 0 ? place.port : std::nullopt;
  return port_of(place.address);
}

std::optional<uint32_t> asked_program(const Exchange& exchange) {
  return exchange.asked ? std::optional(exchange.asked->program) : std::nullopt;
}

constexpr Column kPlace[] = {
    integer<&Place::program>("program", "number of the program"),
    text<&name>("name", "its name (/etc/rpc)"),
    integer<&Place::version>("program_version", "version of the program"),
    text<&protocol>("protocol", "tcp or udp, of rpcbind the transport's name: tcp6, local, ..."),
    integer<&port>("port", "port that it listens on"),
    text<&Place::address>("address", "where it listens, as rpcbind writes it (RFC 5665)"),
    text<&Place::owner>("owner", "who set it"),
};
constexpr Column kExchange[] = {
    integer<&version>("version", "version of the protocol: 2 is the portmapper, 3 and 4 are rpcbind")
        .rule({.name = "portmap.version", .stage = kComplete}),
    text<&procedure_text>("procedure", "GETPORT, GETADDR, DUMP, SET, CALLIT, ...")
        .rule({.name = "portmap.procedure", .stage = kComplete}),
    integer<&asked_program>("", "number of the program that is asked for")
        .rule({.name = "portmap.program", .stage = kComplete}),
    object<&asked>("asked", kPlace, "the program that is asked for, or set"),
    integer<&Exchange::called>("called", "procedure that CALLIT has the server call"),
    integer<&Exchange::port>("port", "where the program listens, as the answer says; 0: nowhere")
        .rule({.name = "portmap.port", .sender = Sender::server, .stage = kComplete}),
    text<&Exchange::address>("address", "the same as rpcbind writes it (RFC 5665)"),
    flag<&Exchange::done>("done", "SET or UNSET went well").shown_empty(),
    objects<&Exchange::mappings>("mappings", kPlace, "programs of the server"),
};
constexpr Column kRecord[] = {
    object<&Exchange::rpc>("rpc", onc_rpc::kColumns, "the call that carries it"),
    object<&self<Exchange>>("portmap", kExchange, "a call and its answer"),
};
constexpr Table kShapes[] = {kRecord};
constexpr RecordRow kRecords[] = {
    {.type = "portmap", .help = "a call of the portmapper or rpcbind and its answer", .shapes = kShapes}};

}  // namespace

Table columns() {
  return kRecord;
}

std::span<const RecordRow> records() {
  return kRecords;
}

}  // namespace lapwing::portmap
