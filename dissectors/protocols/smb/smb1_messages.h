// Messages of SMB 1 (MS-CIFS 2.2, MS-SMB 2.2): pure functions from bytes to structs, which view them. Offsets within a
// message count from its header.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dissectors/protocols/smb/smb_parser.h"

namespace lapwing::smb::v1 {

/// MS-CIFS 2.2.2.1, those of which more than the name is read.
enum class Command : uint8_t {
  create_directory = 0x00,
  delete_directory = 0x01,
  open = 0x02,
  create = 0x03,
  close = 0x04,
  remove = 0x06,
  rename = 0x07,
  query_information = 0x08,
  set_information = 0x09,
  read = 0x0a,
  write = 0x0b,
  create_new = 0x0f,
  check_directory = 0x10,
  lock_and_read = 0x13,
  write_and_unlock = 0x14,
  read_raw = 0x1a,
  write_raw = 0x1d,
  locking_andx = 0x24,
  trans = 0x25,
  trans_secondary = 0x26,
  write_and_close = 0x2c,
  open_andx = 0x2d,
  read_andx = 0x2e,
  write_andx = 0x2f,
  trans2 = 0x32,
  trans2_secondary = 0x33,
  tree_connect = 0x70,
  tree_disconnect = 0x71,
  negotiate = 0x72,
  session_setup_andx = 0x73,
  logoff_andx = 0x74,
  tree_connect_andx = 0x75,
  search = 0x81,
  nt_trans = 0xa0,
  nt_trans_secondary = 0xa1,
  nt_create_andx = 0xa2,
  nt_cancel = 0xa4,
  nt_rename = 0xa5,
  none = 0xff,
};
/// Another command may follow it within the message (MS-CIFS 2.2.3.4).
bool chains(Command command);

struct Header {
  Command command = Command::none;
  uint32_t status = 0;
  uint8_t flags = 0;
  uint16_t flags2 = 0;
  uint16_t tree = 0, process = 0, user = 0, multiplex = 0;

  bool response() const { return flags & 0x80; }
  bool unicode() const { return flags2 & 0x8000; }
  /// The status is an error of DOS: its class, a byte without meaning, its code.
  bool dos_error() const { return !(flags2 & 0x4000); }
  bool is_signed() const { return flags2 & 0x0004; }
};
/// Of at least kHeader1 bytes.
Header read_header(Bytes message);

/// Parameters and data of one command.
struct Block {
  Bytes message;    // up to the end of the data
  Bytes words;      // parameters
  size_t data = 0;  // where the bytes behind them begin in the message

  /// Behind the words, where texts are aligned by their place in the message.
  LittleReader reader() const {
    LittleReader out(message);
    out.seek(data);
    return out;
  }
};
/// The one that begins there. What it says of its data beyond the end of the message is not there.
std::optional<Block> read_block(Bytes message, size_t at);

/// The command that follows, and where; nothing where none does. It lies behind the words (MS-CIFS 2.2.3.4): no chain
/// loops, and none has more commands than there is room for.
struct Next {
  Command command = Command::none;
  size_t at = 0;
};
std::optional<Next> next_command(const Block& block);

struct NegotiateResponse {
  uint16_t dialect = 0;  // which of those that the client offers
  uint8_t security = 0;  // of NT LM 0.12
  Bytes guid;            // with extended security
  std::string domain;    // without it
};
inline constexpr uint8_t kPasswordsHashed = 2, kSigningRequired = 8;  // of `security`

/// What a side says of its software.
struct Native {
  std::string os, lm;
};

struct SessionSetupRequest {
  bool extended = false;
  Bytes token;               // with extended security;
  std::string user, domain;  // without it
  bool password = false;     // there is one, hashed or not
  Native native;
};
struct SessionSetupResponse {
  uint16_t action = 0;  // bit 0: as a guest
  Bytes token;
  Native native;
};

struct TreeConnectRequest {
  std::string path, service;
};

struct CreateRequest {
  uint32_t access = 0, disposition = 0, options = 0;
  std::string name;
};
struct CreateResponse {
  uint16_t file = 0;
  uint32_t action = 0;
  uint64_t created = 0, accessed = 0, written = 0, changed = 0;  // FILETIME
  uint64_t size = 0;
};

/// Of READ and WRITE in all their forms.
struct Extent {
  uint16_t file = 0;
  uint64_t offset = 0;
  uint32_t length = 0;
  size_t data = 0;    // where the bytes begin within the message; of a request to read none
  uint16_t mode = 0;  // of WRITE_ANDX
};
/// Of `mode`: the bytes that go to a pipe begin with two that count those of its message (MS-CIFS 2.2.4.43.1).
inline constexpr uint16_t kCountedMessage = 0x0004 | 0x0008;

/// Bytes of a transaction's parameters or data that a message holds: where among all of them they begin, and how many
/// those are.
struct Portion {
  Bytes bytes;
  uint32_t at = 0, total = 0;

  bool goes_on() const { return at + uint64_t{bytes.size()} < total; }
};
/// TRANSACTION, TRANSACTION2 and NT_TRANSACT (MS-CIFS 2.2.4.33, 2.2.4.46, 2.2.4.62): what of it the message holds.
struct Transaction {
  std::vector<uint16_t> setup;  // of NT_TRANSACT its function comes first
  Portion parameters, data;

  /// Others bring the rest.
  bool goes_on() const { return parameters.goes_on() || data.goes_on(); }
};
enum class TransactionForm : uint8_t { request, secondary, response };
// The first of `setup`: of TRANSACTION, by whose second a pipe is known (MS-CIFS 2.2.5),
inline constexpr uint16_t kReadPipeRaw = 0x11, kTransactPipe = 0x26, kWritePipeRaw = 0x31, kReadPipe = 0x36,
                          kWritePipe = 0x37;
inline constexpr uint16_t kOpen2 = 0, kSetPathInfo = 6, kSetFileInfo = 8;  // of TRANSACTION2,
inline constexpr uint16_t kTransactCreate = 1;                             // of NT_TRANSACT

/// What TRANSACTION2 sets of a path or an open file.
struct SetInfo {
  uint16_t level = 0;
  std::string path;  // or
  std::optional<uint16_t> file;
  Bytes data;
};
// Levels (MS-CIFS 2.2.6.7, MS-SMB 2.2.6.8: those of MS-FSCC with 1000 added).
inline constexpr uint16_t kDispositionCifs = 0x102, kRenameInfo = 1010, kDispositionInfo = 1013;

struct Rename {
  std::string from, to;
};

// Nothing where the message is malformed.
/// `most`: dialects that are taken; `left_out`: those behind them.
std::optional<std::vector<std::string>> read_negotiate_request(const Block& block, size_t most, size_t& left_out);
std::optional<NegotiateResponse> read_negotiate_response(const Block& block, bool unicode);
std::optional<SessionSetupRequest> read_session_setup_request(const Block& block, bool unicode);
std::optional<SessionSetupResponse> read_session_setup_response(const Block& block, bool unicode);
std::optional<TreeConnectRequest> read_tree_connect_request(const Block& block, bool unicode);
std::optional<std::string> read_tree_connect_response(const Block& block);  // the service
/// TREE_CONNECT, which no chain has (MS-CIFS 2.2.4.50); of its answer the number of the share.
std::optional<TreeConnectRequest> read_lone_tree_connect_request(const Block& block, bool unicode);
std::optional<uint16_t> read_lone_tree_connect_response(const Block& block);
std::optional<CreateRequest> read_create_request(const Block& block, bool unicode);
std::optional<CreateResponse> read_create_response(const Block& block);
/// The name of OPEN, CREATE, CREATE_NEW and OPEN_ANDX.
std::optional<std::string> read_open_request(Command command, const Block& block, bool unicode);
std::optional<uint16_t> read_open_response(Command command, const Block& block);  // the file
std::optional<uint16_t> read_locking_request(const Block& block);
std::optional<uint16_t> read_close_request(const Block& block);
std::optional<Extent> read_read_request(Command command, const Block& block);
/// MS-CIFS 2.2.4.22: what is read comes as a message without a header.
std::optional<Extent> read_raw_read_request(const Block& block);
/// MS-CIFS 2.2.4.25: of `count` bytes those behind the first come so, once the server says that it is ready.
struct RawWrite {
  Extent first;
  uint32_t count = 0;
};
std::optional<RawWrite> read_raw_write_request(const Block& block);
std::optional<Extent> read_read_response(Command command, const Block& block);
std::optional<Extent> read_write_request(Command command, const Block& block);
std::optional<Transaction> read_transaction(const Block& block, TransactionForm form);
std::optional<Transaction> read_nt_transaction(const Block& block, TransactionForm form);
/// NT_TRANSACT_CREATE and TRANS2_OPEN2 (MS-CIFS 2.2.7.1, 2.2.6.1), by the parameters of the transaction.
std::optional<CreateRequest> read_create_request(Bytes parameters, bool unicode);
std::optional<CreateResponse> read_create_response(Bytes parameters);
std::optional<std::string> read_open2_request(Bytes parameters, bool unicode);
std::optional<uint16_t> read_open2_response(Bytes parameters);
std::optional<SetInfo> read_set_info(const Transaction& transaction, bool unicode);
/// Of FileRenameInformation in the form of SMB 1 (MS-FSCC 2.4.42.1): where to.
std::optional<std::string> read_rename_info(Bytes data, bool unicode);
std::optional<Rename> read_rename_request(const Block& block, bool unicode);
/// MS-CIFS 2.2.4.66; of what is no rename, but a link, the new name is left out.
std::optional<Rename> read_nt_rename_request(const Block& block, bool unicode);
std::optional<std::string> read_path(const Block& block, bool unicode);  // of a directory or a file that is deleted

}  // namespace lapwing::smb::v1
