#include "dissectors/contract/columns.h"
#include "dissectors/packets/sctp/sctp.h"

namespace lapwing::sctp {

namespace {

using namespace columns;

/// IANA, "SCTP Parameters".
constexpr NamedValue kTypes[] = {
    {"DATA", kData},      {"INIT", kInit},    {"INIT_ACK", kInitAck}, {"SACK", 3},         {"HEARTBEAT", 4},
    {"HEARTBEAT_ACK", 5}, {"ABORT", kAbort},  {"SHUTDOWN", 7},        {"SHUTDOWN_ACK", 8}, {"ERROR", 9},
    {"COOKIE_ECHO", 10},  {"COOKIE_ACK", 11}, {"ECNE", 12},           {"CWR", 13},         {"SHUTDOWN_COMPLETE", 14},
    {"AUTH", 15},         {"I_DATA", kIData}, {"ASCONF_ACK", 128},    {"RE_CONFIG", 130},  {"PAD", 132},
    {"FORWARD_TSN", 192}, {"ASCONF", 193},    {"I_FORWARD_TSN", 194},
};
bool next_type(Bytes& rest, std::string_view& out) {
  Chunk chunk;
  if (!next_chunk(rest, chunk)) return false;
  out = "UNKNOWN";
  for (const NamedValue& row : kTypes) {
    if (row.value == chunk.type) out = row.name;
  }
  return true;
}

Taken<std::string_view, &next_type> types(const Message& message) {
  return Taken<std::string_view, &next_type>(message.chunks);
}
Taken<Data, &next_data> data(const Message& message) {
  return Taken<Data, &next_data>(message.chunks);
}
const Init* init(const Message& message) {
  return message.with_init ? &message.init : nullptr;
}

constexpr Column kInitMembers[] = {
    integer<&Init::tag>("tag", "verification tag that its sender wants to see"),
    integer<&Init::window>("window", "bytes that its sender takes unacknowledged"),
    integer<&Init::outbound>("outbound_streams", "streams that its sender wants to send on"),
    integer<&Init::inbound>("inbound_streams", "streams that its sender takes at most"),
    integer<&Init::tsn>("tsn", "number of its sender's first data"),
};
constexpr Column kDataMembers[] = {
    integer<&Data::stream>("stream", "number of the stream"),
    integer<&Data::ppid>("ppid", "what the data is, as the application says"),
    integer<&Data::size>("size", "bytes of data"),
};
constexpr Column kMembers[] = {
    integer<&Message::tag>("vtag", "verification tag"),
    integer<&Message::count>("chunk_cnt", "number of chunks"),
    each<&types>("chunk_types", "types of the chunks, in order"),
    flag<&Message::has_init>("has_init", "one of them is INIT"),
    flag<&Message::has_init_ack>("has_init_ack", "one of them is INIT_ACK"),
    flag<&Message::has_data>("has_data", "one of them is DATA or I_DATA"),
    flag<&Message::has_abort>("has_abort", "one of them is ABORT"),
    object<&init>("init", kInitMembers, "the first INIT or INIT_ACK"),
    objects<&data>("data", kDataMembers, "chunks with data"),
};
constexpr Column kColumns[] = {object<&self<Message>>("sctp", kMembers, "chunks of a packet")};

}  // namespace

Table columns() {
  return kColumns;
}

}  // namespace lapwing::sctp
