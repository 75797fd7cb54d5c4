#include "dissectors/protocols/smb/smb_names.h"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <iterator>

namespace lapwing::smb {

namespace {

template <class Number>
struct Named {
  Number number;
  std::string_view name;
};

// Made by scripts/make_smb_names.
constexpr Named<uint32_t> kStatuses[] = {
#include "dissectors/protocols/smb/statuses.inc"
};
constexpr Named<uint32_t> kControls[] = {
#include "dissectors/protocols/smb/controls.inc"
};

// MS-SMB2 2.2.1, as Suricata calls them.
constexpr std::string_view kCommands2[] = {
    "SMB2_COMMAND_NEGOTIATE_PROTOCOL",
    "SMB2_COMMAND_SESSION_SETUP",
    "SMB2_COMMAND_SESSION_LOGOFF",
    "SMB2_COMMAND_TREE_CONNECT",
    "SMB2_COMMAND_TREE_DISCONNECT",
    "SMB2_COMMAND_CREATE",
    "SMB2_COMMAND_CLOSE",
    "SMB2_COMMAND_FLUSH",
    "SMB2_COMMAND_READ",
    "SMB2_COMMAND_WRITE",
    "SMB2_COMMAND_LOCK",
    "SMB2_COMMAND_IOCTL",
    "SMB2_COMMAND_CANCEL",
    "SMB2_COMMAND_KEEPALIVE",
    "SMB2_COMMAND_FIND",
    "SMB2_COMMAND_CHANGE_NOTIFY",
    "SMB2_COMMAND_GET_INFO",
    "SMB2_COMMAND_SET_INFO",
    "SMB2_COMMAND_OPLOCK_BREAK",
};

// MS-CIFS 2.2.2.1, as Suricata calls them. Those that it has no name for are shown as numbers there, and so here.
constexpr Named<uint8_t> kCommands1[] = {
    {0x00, "SMB1_COMMAND_CREATE_DIRECTORY"},
    {0x01, "SMB1_COMMAND_DELETE_DIRECTORY"},
    {0x02, "SMB1_COMMAND_OPEN"},
    {0x03, "SMB1_COMMAND_CREATE"},
    {0x04, "SMB1_COMMAND_CLOSE"},
    {0x05, "SMB1_COMMAND_FLUSH"},
    {0x06, "SMB1_COMMAND_DELETE"},
    {0x07, "SMB1_COMMAND_RENAME"},
    {0x08, "SMB1_COMMAND_QUERY_INFORMATION"},
    {0x09, "SMB1_COMMAND_SET_INFORMATION"},
    {0x0a, "SMB1_COMMAND_READ"},
    {0x0b, "SMB1_COMMAND_WRITE"},
    {0x0c, "SMB1_COMMAND_LOCK_BYTE_RANGE"},
    {0x0d, "SMB1_COMMAND_UNLOCK_BYTE_RANGE"},
    {0x0e, "SMB1_COMMAND_CREATE_TEMPORARY"},
    {0x0f, "SMB1_COMMAND_CREATE_NEW"},
    {0x10, "SMB1_COMMAND_CHECK_DIRECTORY"},
    {0x11, "SMB1_COMMAND_PROCESS_EXIT"},
    {0x12, "SMB1_COMMAND_SEEK"},
    {0x13, "SMB1_COMMAND_LOCK_AND_READ"},
    {0x14, "SMB1_COMMAND_WRITE_AND_UNLOCK"},
    {0x24, "SMB1_COMMAND_LOCKING_ANDX"},
    {0x25, "SMB1_COMMAND_TRANS"},
    {0x2b, "SMB1_COMMAND_ECHO"},
    {0x2c, "SMB1_COMMAND_WRITE_AND_CLOSE"},
    {0x2d, "SMB1_COMMAND_OPEN_ANDX"},
    {0x2e, "SMB1_COMMAND_READ_ANDX"},
    {0x2f, "SMB1_COMMAND_WRITE_ANDX"},
    {0x32, "SMB1_COMMAND_TRANS2"},
    {0x33, "SMB1_COMMAND_TRANS2_SECONDARY"},
    {0x34, "SMB1_COMMAND_FIND_CLOSE2"},
    {0x71, "SMB1_COMMAND_TREE_DISCONNECT"},
    {0x72, "SMB1_COMMAND_NEGOTIATE_PROTOCOL"},
    {0x73, "SMB1_COMMAND_SESSION_SETUP_ANDX"},
    {0x74, "SMB1_COMMAND_LOGOFF_ANDX"},
    {0x75, "SMB1_COMMAND_TREE_CONNECT_ANDX"},
    {0x80, "SMB1_COMMAND_QUERY_INFO_DISK"},
    {0xa0, "SMB1_COMMAND_NT_TRANS"},
    {0xa1, "SMB1_COMMAND_NT_TRANS_SECONDARY"},
    {0xa2, "SMB1_COMMAND_NT_CREATE_ANDX"},
    {0xa4, "SMB1_COMMAND_NT_CANCEL"},
};

constexpr Named<uint16_t> kDialects[] = {
    {0x0202, "2.02"}, {0x0210, "2.10"}, {0x0222, "2.22"}, {0x0224, "2.24"}, {0x02ff, "2.??"},
    {0x0300, "3.00"}, {0x0302, "3.02"}, {0x0310, "3.10"}, {0x0311, "3.11"},
};

// MS-CIFS 2.2.2.4, as far as Suricata names them; others are numbers.
constexpr Named<uint16_t> kDosErrors[] = {
    {0, "DOS_SUCCESS"},
    {1, "DOS_BAD_FUNC"},
    {2, "DOS_BAD_FILE"},
    {3, "DOS_BAD_PATH"},
    {4, "DOS_TOO_MANY_OPEN_FILES"},
    {5, "DOS_ACCESS_DENIED"},
};
constexpr Named<uint16_t> kServerErrors[] = {
    {1, "SRV_ERROR"}, {2, "SRV_BADPW"}, {3, "SRV_BADTYPE"}, {4, "SRV_ACCESS"}, {91, "SRV_BADUID"},
};

constexpr std::string_view kDispositions[] = {"FILE_SUPERSEDE", "FILE_OPEN",      "FILE_CREATE",
                                              "FILE_OPEN_IF",   "FILE_OVERWRITE", "FILE_OVERWRITE_IF"};
constexpr std::string_view kCiphers[] = {"", "AES-128-CCM", "AES-128-GCM", "AES-256-CCM", "AES-256-GCM"};
constexpr std::string_view kCompressions[] = {"", "LZNT1", "LZ77", "LZ77+Huffman", "Pattern_V1", "LZ4"};
constexpr std::string_view kSignings[] = {"HMAC-SHA256", "AES-CMAC", "AES-GMAC"};

template <class Row, size_t N>
constexpr bool sorted(const Row (&rows)[N]) {
  return std::ranges::adjacent_find(rows, std::ranges::greater_equal(), &Row::number) == std::end(rows);
}
static_assert(sorted(kCommands1) && sorted(kDialects) && sorted(kDosErrors) && sorted(kServerErrors));
static_assert(sorted(kStatuses) && sorted(kControls));

std::string_view decimal(uint32_t number, std::string& scratch) {
  return scratch = std::to_string(number);
}

template <class Row, size_t N>
std::string_view name_of(const Row (&rows)[N], uint32_t number, std::string& scratch) {
  const auto found = std::ranges::lower_bound(rows, number, {}, &Row::number);
  if (found != std::end(rows) && found->number == number) return found->name;
  return decimal(number, scratch);
}

template <size_t N>
std::string_view at(const std::string_view (&names)[N], size_t number) {
  return number < N ? names[number] : std::string_view();
}

}  // namespace

std::string_view command_name(uint8_t version, uint16_t command, std::string& scratch) {
  if (version == 1) return name_of(kCommands1, command, scratch);
  return command < std::size(kCommands2) ? kCommands2[command] : decimal(command, scratch);
}

std::string_view dialect_name(uint16_t dialect, std::string& scratch) {
  return name_of(kDialects, dialect, scratch);
}

std::string_view status_name(uint32_t status, std::string& scratch) {
  return name_of(kStatuses, status, scratch);
}

std::string_view control_name(uint32_t function, std::string& scratch) {
  return name_of(kControls, function, scratch);
}

std::string_view disposition_name(uint32_t disposition) {
  return disposition < std::size(kDispositions) ? kDispositions[disposition] : std::string_view("UNKNOWN");
}

std::string_view dos_error_name(uint8_t error_class, uint16_t code, std::string& scratch) {
  constexpr uint8_t kDos = 1, kServer = 2;
  if (error_class == kDos) return name_of(kDosErrors, code, scratch);
  if (error_class == kServer) return name_of(kServerErrors, code, scratch);
  char text[32];
  const int size = std::snprintf(text, sizeof text, "UNKNOWN_%02x_%04x", error_class, code);
  return scratch.assign(text, static_cast<size_t>(size));
}

std::string_view cipher_name(uint16_t cipher) {
  return at(kCiphers, cipher);
}

std::string_view signing_name(uint16_t algorithm) {
  return at(kSignings, algorithm);
}

std::string_view compression_name(uint16_t algorithm) {
  return at(kCompressions, algorithm);
}

}  // namespace lapwing::smb
