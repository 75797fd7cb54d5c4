#include "dissectors/contract/columns.h"
#include "dissectors/parts/file/file_columns.h"
#include "dissectors/protocols/tftp/tftp.h"

namespace lapwing::tftp {

namespace {

using namespace columns;

std::string_view kind(const Exchange& exchange) {
  if (exchange.failure) return "error";
  if (!exchange.request) return {};
  return exchange.request->opcode == Opcode::read ? "read" : "write";
}
std::string_view filename(const Exchange& exchange) {
  return exchange.request ? std::string_view(exchange.request->file) : std::string_view();
}
std::string_view mode(const Exchange& exchange) {
  return exchange.request ? std::string_view(exchange.request->mode) : std::string_view();
}
const Options* asked(const Exchange& exchange) {
  if (!exchange.request) return nullptr;
  const Options& options = exchange.request->options;
  const bool any = options.block_size || options.timeout || options.transfer_size || options.window_size;
  return any ? &options : nullptr;
}
const Options* granted(const Exchange& exchange) {
  return exchange.granted ? &*exchange.granted : nullptr;
}
std::optional<uint64_t> blocks(const Exchange& exchange) {
  return exchange.blocks > 0 ? std::optional(exchange.blocks) : std::nullopt;
}
std::optional<uint16_t> error_code(const Exchange& exchange) {
  return exchange.failure ? std::optional(exchange.failure->code) : std::nullopt;
}
std::string_view error_message(const Exchange& exchange) {
  return exchange.failure ? std::string_view(exchange.failure->message) : std::string_view();
}

std::span<const file::File> files_at_hand(const Exchange& exchange, const Place& at) {
  if (!exchange.transfer || at.direction != exchange.direction) return {};
  return file::shown({&exchange.transfer->file(), 1}, at);
}
const file::File* file_of_record(const Exchange&, const Place& at) {
  return static_cast<const file::File*>(at.detail);
}

constexpr Column kOptions[] = {
    integer<&Options::block_size>("blksize", "bytes of a block (RFC 2348)"),
    integer<&Options::timeout>("timeout", "seconds until a packet is sent again (RFC 2349)"),
    integer<&Options::transfer_size>("tsize", "bytes of the file (RFC 2349)"),
    integer<&Options::window_size>("windowsize", "blocks that are sent before one is acknowledged (RFC 7440)"),
};
constexpr Column kExchange[] = {
    text<&kind>("packet", "read, write or error"),
    text<&filename>("file", "name of the file that is asked for"),
    text<&mode>("mode", "octet, netascii or mail"),
    object<&asked>("options", kOptions, "what the client asked for (RFC 2347)"),
    object<&granted>("granted", kOptions, "what the server granted of that"),
    integer<&blocks>("blocks", "number of the highest block that came"),
    integer<&error_code>("error_code", "why there is no file (RFC 1350 5)"),
    text<&error_message>("error_message", "the same in words"),
};
constexpr Column kRecord[] = {object<&self<Exchange>>("tftp", kExchange, "a request, or why it failed")};
constexpr Column kFileRecord[] = {
    object<&self<Exchange>>("tftp", kExchange, "what asked for it"),
    object<&file_of_record>("fileinfo", file::kColumns, "a file"),
};
constexpr Column kInAlert[] = {
    object<&self<Exchange>>("tftp", kExchange, "a request, or the transfer that follows it"),
    objects<&files_at_hand>("files", file::kColumns, "the file that is transferred"),
    objects<&files_at_hand>("", file::kContent, "the file that is transferred"),
};
constexpr Table kShapes[] = {kRecord}, kFileShapes[] = {kFileRecord};
constexpr RecordRow kRecords[] = {
    {.type = "tftp", .help = "a request of TFTP, or an error", .shapes = kShapes},
    {.type = "fileinfo", .help = "one file that TFTP carried", .shapes = kFileShapes},
};

}  // namespace

CarriedFile* carried_file(Transaction& tx, Direction direction, uint32_t number) {
  auto& exchange = static_cast<Exchange&>(tx);
  const bool has = exchange.transfer && exchange.direction == direction && number == 0;
  return has ? &exchange.transfer->file() : nullptr;
}

Table columns() {
  return kInAlert;
}

std::span<const RecordRow> records() {
  return kRecords;
}

}  // namespace lapwing::tftp
