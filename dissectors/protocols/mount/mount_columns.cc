#include <algorithm>

#include "dissectors/contract/columns.h"
#include "dissectors/parts/onc_rpc/rpc_columns.h"
#include "dissectors/protocols/mount/mount.h"

namespace lapwing::mount {

namespace {

using namespace columns;

constexpr NamedValue kProcedures[] = {{"NULL", 0},    {"MNT", 1},    {"DUMP", 2},      {"UMNT", 3},
                                      {"UMNTALL", 4}, {"EXPORT", 5}, {"EXPORTALL", 6}, {"PATHCONF", 7}};
// RFC 1813 I.4.1.
constexpr NamedValue kErrors[] = {
    {"OK", 0},          {"ERR_PERM", 1},   {"ERR_NOENT", 2},        {"ERR_IO", 5},          {"ERR_ACCES", 13},
    {"ERR_NOTDIR", 20}, {"ERR_INVAL", 22}, {"ERR_NAMETOOLONG", 63}, {"ERR_NOTSUPP", 10004}, {"ERR_SERVERFAULT", 10006}};

template <size_t N>
std::string_view called(const NamedValue (&names)[N], uint64_t number, std::string& scratch) {
  const auto row = std::ranges::find(names, number, &NamedValue::value);
  if (row != std::end(names)) return row->name;
  return scratch = std::to_string(number);
}
std::string_view procedure_name(uint64_t number, std::string& scratch) {
  return called(kProcedures, number, scratch);
}
std::span<const NamedValue> procedures() {
  return kProcedures;
}

uint32_t version(const Exchange& exchange) {
  return exchange.rpc.version;
}
uint32_t procedure(const Exchange& exchange) {
  return exchange.rpc.procedure;
}
std::string_view status(const Exchange& exchange, std::string& scratch) {
  return exchange.status ? called(kErrors, *exchange.status, scratch) : std::string_view();
}
/// Flavors by their names; those of RPCSEC_GSS that stand for a mechanism and a service (RFC 2623 2.7) have none.
auto flavors(const Exchange& exchange) {
  return Numbered(exchange.flavors.size(), [&exchange](size_t i) {
    std::string scratch;
    return std::string(onc_rpc::flavor_name(exchange.flavors[i], scratch));
  });
}

constexpr Column kExport[] = {
    text<&Export::path>("path", "directory that is exported"),
    each<&Export::groups>("groups", "hosts, networks and groups that may mount it; none: everybody"),
};
constexpr Column kMounted[] = {
    text<&Mounted::host>("host", "client, as it called itself"),
    text<&Mounted::path>("path", "what it mounted"),
};
constexpr Column kExchange[] = {
    integer<&version>("version", "version of the protocol").rule({.name = "mount.version", .stage = kComplete}),
    choice<&procedure, &procedure_name, &procedures>("procedure", "MNT, UMNT, EXPORT, DUMP, ...")
        .rule({.name = "mount.procedure", .stage = kComplete}),
    text<&Exchange::path>("path", "directory that is mounted or let go")
        .rule({.name = "mount.path", .stage = kComplete}),
    text<&status>("status", "OK, ERR_ACCES, ..."),
    hex<&Exchange::handle>("handle", "file handle of the directory, hex"),
    each<&flavors>("flavors", "credentials that the server takes for it: NULL, UNIX, ..., or a number"),
    objects<&Exchange::exports>("exports", kExport, "what the server exports"),
    objects<&Exchange::mounts>("mounts", kMounted, "what clients mounted, as far as the server knows"),
};
constexpr Column kRecord[] = {
    object<&Exchange::rpc>("rpc", onc_rpc::kColumns, "the call that carries it"),
    object<&self<Exchange>>("mount", kExchange, "a call and its answer"),
};
constexpr Table kShapes[] = {kRecord};
constexpr RecordRow kRecords[] = {
    {.type = "mount", .help = "a call of the mount protocol and its answer", .shapes = kShapes}};

}  // namespace

Table columns() {
  return kRecord;
}

std::span<const RecordRow> records() {
  return kRecords;
}

}  // namespace lapwing::mount
