#include "dissectors/contract/columns.h"
#include "dissectors/parts/file/file_columns.h"
#include "dissectors/parts/gss/gss_columns.h"
#include "dissectors/parts/onc_rpc/rpc_columns.h"
#include "dissectors/protocols/nfs/nfs.h"
#include "sensor/base/text.h"

namespace lapwing::nfs {

namespace {

using namespace columns;

/// CRC-32 of ISO 3309, as Ethernet has it.
constexpr std::array<uint32_t, 256> kCrc = [] {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < table.size(); ++i) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ (value & 1 ? 0xedb88320 : 0);
    table[i] = value;
  }
  return table;
}();

uint32_t crc32(std::string_view bytes) {
  uint32_t value = ~uint32_t{0};
  for (const char c : bytes) value = kCrc[(value ^ static_cast<uint8_t>(c)) & 0xff] ^ value >> 8;
  return ~value;
}

uint32_t version(const Exchange& exchange) {
  return exchange.rpc.version;
}
std::string_view procedure(const Exchange& exchange, std::string& scratch) {
  return procedure_name(exchange.rpc.version, exchange.procedure, scratch);
}
std::optional<std::string_view> filename(const Exchange& exchange) {
  return exchange.name;
}
std::string_view handle_hash(const Exchange& exchange, std::string& scratch) {
  if (exchange.handle.empty() || stands_in(exchange.handle)) return {};
  char text[16];
  const int size = std::snprintf(text, sizeof text, "%x", crc32(exchange.handle));
  scratch.assign(text, static_cast<size_t>(size));
  return scratch;
}
std::string_view type(const Exchange&) {
  return "response";  // of a call and its answer alike
}
std::string_view status(const Exchange& exchange, std::string& scratch) {
  return exchange.status ? status_name(*exchange.status, scratch) : std::string_view();
}
std::optional<uint32_t> minor_version(const Exchange& exchange) {
  return exchange.rpc.version == 4 ? std::optional(exchange.minor) : std::nullopt;
}
const Exchange* reads(const Exchange& exchange) {
  return exchange.is_file && exchange.direction != exchange.asked_by ? &exchange : nullptr;
}
const Exchange* writes(const Exchange& exchange) {
  return exchange.is_file && exchange.direction == exchange.asked_by ? &exchange : nullptr;
}
const Exchange* renames(const Exchange& exchange) {
  const bool is4 = exchange.rpc.version == 4;
  const bool is =
      is4 ? exchange.procedure == op::rename : as_v3(exchange.rpc.version, exchange.procedure) == v3::rename;
  return is ? &exchange : nullptr;
}
bool first(const Exchange&) {
  return true;  // a file has one transaction
}
std::optional<std::string_view> to(const Exchange& exchange) {
  return exchange.to;
}
const Attributes* attributes(const Exchange& exchange) {
  return exchange.attributes && exchange.attributes->any() ? &*exchange.attributes : nullptr;
}
const Exchange* logs_in(const Exchange& exchange) {
  return exchange.login && !exchange.login->mechanism().empty() ? &exchange : nullptr;
}
std::string_view mechanism(const Exchange& exchange) {
  return exchange.login->mechanism();
}
const ntlmssp::Exchange* ntlm(const Exchange& exchange) {
  return exchange.login->ntlmssp();
}
const kerberos::Ticket* ticket(const Exchange& exchange) {
  return exchange.login->kerberos();
}
std::string_view kind(const Attributes& attributes) {
  return attributes.type ? type_name(*attributes.type) : std::string_view();
}
std::string_view mode(const Attributes& attributes, std::string& scratch) {
  if (!attributes.mode) return {};
  char text[16];
  const int size = std::snprintf(text, sizeof text, "%04o", *attributes.mode);
  scratch.assign(text, static_cast<size_t>(size));
  return scratch;
}

std::span<const file::File> files_at_hand(const Exchange& exchange, const Place& at) {
  if (!exchange.transfer || at.direction != exchange.direction) return {};
  return file::shown({&exchange.transfer->file(), 1}, at);
}
const file::File* file_of_record(const Exchange&, const Place& at) {
  return static_cast<const file::File*>(at.detail);
}

constexpr Column kTransfer[] = {
    flag<&first>("first", "it has the first bytes that were asked for").shown_empty(),
    flag<&Exchange::last>("last", "the end of the file came, or the file was committed or closed").shown_empty(),
    integer<&Exchange::last_xid>("last_xid", "number of the last call"),
    integer<&Exchange::chunks>("chunks", "calls that carried bytes of it"),
};
constexpr Column kRename[] = {
    text<&filename>("from", "old name"),
    text<&to>("to", "new name"),
};
constexpr Column kLogin[] = {
    text<&mechanism>("mechanism", "by what: krb5, ntlmssp"),
    choice<&Exchange::outcome, &outcome_name, &outcomes>("outcome", "how it ended, in the call that shows it"),
    object<&ntlm>("ntlmssp", gss::kNtlmsspColumns, "what NTLMSSP says"),
    object<&ticket>("kerberos", gss::kKerberosColumns, "the ticket"),
};
constexpr Column kAttributes[] = {
    text<&kind>("type", "file, directory, symlink, ..."),
    text<&mode>("mode", "permissions, in octal digits"),
    integer<&Attributes::size>("size", "bytes"),
    integer<&Attributes::links>("links", "names that it has"),
    integer<&Attributes::uid>("uid", "its user"),
    integer<&Attributes::gid>("gid", "its group"),
    integer<&Attributes::id>("fileid", "its number within the file system"),
    integer<&Attributes::accessed>("accessed", "last access, seconds since 1970"),
    integer<&Attributes::modified>("modified", "last change of its content, seconds since 1970"),
    integer<&Attributes::changed>("changed", "last change of its attributes, seconds since 1970"),
};
constexpr Column kExchange[] = {
    integer<&version>("version", "version of the protocol"),
    text<&procedure>("procedure", "what is asked for; of version 4 an operation of the call"),
    text<&filename>("filename", "name of what it is about, where it is known"),
    text<&handle_hash>("hhash", "CRC-32 of the file handle, in hex"),
    integer<&Exchange::count>("id", "number of the transaction in its flow, from 1"),
    flag<&Exchange::is_file>("file_tx", "a file that is read or written, in however many calls").shown_empty(),
    text<&type>("type", "response"),
    text<&status>("status", "how it went: OK, ERR_NOENT, ...; where no answer came it is not there"),
    object<&reads>("read", kTransfer, "a file that is read"),
    object<&writes>("write", kTransfer, "a file that is written"),
    object<&renames>("rename", kRename, "names of RENAME"),
    integer<&minor_version>("minor_version", "of version 4"),
    object<&logs_in>("login", kLogin, "a login by RPCSEC_GSS (RFC 2203)"),
    object<&attributes>("attributes", kAttributes, "what the answer tells of the file").extended(),
};
constexpr Column kRecord[] = {
    object<&Exchange::rpc>("rpc", onc_rpc::kColumns, "the call that carries it; of a file the first"),
    object<&self<Exchange>>("nfs", kExchange, "a call and its answer, or a file"),
};
constexpr Column kFileRecord[] = {
    object<&Exchange::rpc>("rpc", onc_rpc::kColumns, "the first call that carries it"),
    object<&self<Exchange>>("nfs", kExchange, "what carries it"),
    object<&file_of_record>("fileinfo", file::kColumns, "a file"),
};
constexpr Column kInAlert[] = {
    object<&Exchange::rpc>("rpc", onc_rpc::kColumns, "the call that carries it; of a file the first"),
    object<&self<Exchange>>("nfs", kExchange, "a call and its answer, or a file"),
    objects<&files_at_hand>("files", file::kColumns, "the file that is read or written"),
    objects<&files_at_hand>("", file::kContent, "the file that is read or written"),
};
constexpr Table kShapes[] = {kRecord}, kFileShapes[] = {kFileRecord};
constexpr RecordRow kRecords[] = {
    {.type = "nfs", .help = "a call of NFS and its answer, or a file that was read or written", .shapes = kShapes},
    {.type = "fileinfo", .help = "one file that NFS carried", .shapes = kFileShapes},
};

}  // namespace

CarriedFile* carried_file(Transaction& tx, Direction direction, uint32_t number) {
  auto& exchange = static_cast<Exchange&>(tx);
  const bool has = exchange.transfer && exchange.direction == direction && number == 0;
  return has ? &exchange.transfer->file() : nullptr;
}

/// EXCHANGE_ID says what both sides run (RFC 8881 18.35).
void sightings(const Event& event, SightingSink& sink) {
  const auto& exchange = static_cast<const Exchange&>(*event.tx);
  if (event.record && exchange.login && exchange.outcome) gss::sightings(*exchange.login, sink);
  if (exchange.blank || exchange.software.empty() || event.record) return;
  const size_t end = exchange.software.find('\n');
  const std::string_view client = std::string_view(exchange.software).substr(0, end);
  const bool asked_by_client = exchange.asked_by == Direction::to_server;
  if (event.direction == exchange.asked_by) {
    sink.software({.side = asked_by_client ? Side::client : Side::server, .value = client});
  } else if (end != std::string::npos) {
    sink.software({.side = asked_by_client ? Side::server : Side::client, .value = exchange.software.substr(end + 1)});
  }
}

bool told_login(const Event& event, LoginSeen& login) {
  const auto& exchange = static_cast<const Exchange&>(*event.tx);
  if (!exchange.login || !exchange.outcome) return false;
  login = exchange.login->seen(*exchange.outcome);
  return true;
}

Table columns() {
  return kInAlert;
}

std::span<const RecordRow> records() {
  return kRecords;
}

}  // namespace lapwing::nfs
