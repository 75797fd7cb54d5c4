#include "dissectors/contract/columns.h"
#include "dissectors/parts/file/file_columns.h"
#include "dissectors/protocols/ftp_data/ftp_data.h"

namespace lapwing::ftp_data {

namespace {

using namespace columns;

std::string_view command(const Data& data) {
  return data.known() ? std::string_view(data.announced->command) : std::string_view();
}
std::string_view filename(const Data& data) {
  return data.known() ? std::string_view(data.announced->name) : std::string_view();
}
std::optional<uint64_t> offset(const Data& data) {
  return data.known() && data.announced->offset > 0 ? std::optional(data.announced->offset) : std::nullopt;
}

enum : uint64_t { kRetr, kStor };
constexpr NamedValue kCommands[] = {{"retr", kRetr}, {"stor", kStor}};
std::span<const NamedValue> command_names() {
  return kCommands;
}
std::string_view command_name(uint64_t number, std::string&) {
  return kCommands[number].name;
}
std::optional<uint64_t> command_number(const Data& data) {
  if (command(data) == "RETR") return kRetr;
  return command(data) == "STOR" ? std::optional<uint64_t>(kStor) : std::nullopt;
}

std::span<const file::File> files(const Data& data, Direction direction) {
  const auto& transfer = data.transfers[index(direction)];
  return transfer ? std::span(&transfer->file(), 1) : std::span<const file::File>();
}
std::span<const file::File> files_at_hand(const Data& data, const Place& at) {
  return file::shown(files(data, at.direction), at);
}
const file::File* file_of_record(const Data&, const Place& at) {
  return static_cast<const file::File*>(at.detail);
}

constexpr Column kData[] = {
    text<&command>("command", "that asked for it, in capitals"),
    text<&filename>("filename", "what stands behind the command; of listings none"),
    integer<&offset>("offset", "of its first byte in the whole file (RFC 3659 REST)"),
    choice<&command_number, &command_name, &command_names>("", "the command that asked for it")
        .rule({.name = "ftpdata_command", .sender = Sender::either, .stage = kCommand}),
};
constexpr Column kDataRecord[] = {object<&self<Data>>("ftp_data", kData, "what a data connection carried")};
constexpr Column kFileRecord[] = {
    object<&self<Data>>("ftp_data", kData, "what asked for it"),
    object<&file_of_record>("fileinfo", file::kColumns, "a file"),
};
constexpr Column kInAlert[] = {
    object<&self<Data>>("ftp_data", kData, "what the data connection carries"),
    objects<&files_at_hand>("files", file::kColumns, "files that come with it"),
    objects<&files_at_hand>("", file::kContent, "files that come with it"),
};
constexpr Table kDataShapes[] = {kDataRecord}, kFileShapes[] = {kFileRecord};
constexpr RecordRow kRecords[] = {
    {.type = "ftp_data", .help = "one data connection of FTP", .shapes = kDataShapes},
    {.type = "fileinfo", .help = "one file that FTP carried", .shapes = kFileShapes},
};

}  // namespace

CarriedFile* carried_file(Transaction& tx, Direction direction, uint32_t number) {
  auto& transfer = static_cast<Data&>(tx).transfers[index(direction)];
  return transfer && number == 0 ? &transfer->file() : nullptr;
}

Table columns() {
  return kInAlert;
}

std::span<const RecordRow> records() {
  return kRecords;
}

}  // namespace lapwing::ftp_data
