// Messages of SMB 2 and 3 (MS-SMB2 2.2): pure functions from bytes to structs, which view them. Offsets within a
// message count from its header, so functions are given the bytes from there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dissectors/protocols/smb/smb_parser.h"

namespace lapwing::smb::v2 {

/// MS-SMB2 2.2.1.2
enum class Command : uint16_t {
  negotiate,
  session_setup,
  logoff,
  tree_connect,
  tree_disconnect,
  create,
  close,
  flush,
  read,
  write,
  lock,
  ioctl,
  cancel,
  echo,
  query_directory,
  change_notify,
  query_info,
  set_info,
  oplock_break,
};

struct Header {
  Command command = Command::negotiate;
  uint32_t status = 0;  // of a response
  uint32_t flags = 0;
  uint32_t next = 0;  // where the next of a compound begins; 0: it is the last
  uint64_t message = 0;
  uint32_t tree = 0;  // of an asynchronous response: not there
  uint64_t session = 0;

  bool response() const { return flags & 1; }
  bool asynchronous() const { return flags & 2; }
  bool related() const { return flags & 4; }  // to the one before in a compound
  bool is_signed() const { return flags & 8; }
};
/// Of at least kHeader2 bytes.
Header read_header(Bytes message);

/// What stands before the first compressed byte (MS-SMB2 2.2.42).
inline constexpr size_t kCompressedHead = 16;
struct Compressed {
  uint64_t plain = 0;  // bytes behind the head that are not compressed
  uint64_t size = 0;   // of the message as it was
};
/// Of kCompressedHead bytes at least; `size`: of the whole that is sent. Null: it is not sound.
std::optional<Compressed> read_compressed(Bytes head, uint64_t size);

/// 16 bytes by which the server knows what is open (MS-SMB2 2.2.14.1).
using FileId = std::array<uint8_t, 16>;
inline constexpr FileId kFileIdBefore = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};  // of the one before

/// What 3.1.1 adds (MS-SMB2 2.2.3.1, 2.2.4.1): of a request what is offered, of a response what was chosen.
struct Contexts {
  std::vector<uint16_t> ciphers, signings, compressions;
};

struct NegotiateRequest {
  std::vector<uint16_t> dialects;
  uint16_t security = 0;
  Bytes guid;
  Contexts contexts;
};
struct NegotiateResponse {
  uint16_t security = 0, dialect = 0;
  Bytes guid;
  uint32_t capabilities = 0, max_transact = 0, max_read = 0, max_write = 0;
  Bytes token;
  Contexts contexts;
};
inline constexpr uint16_t kSigningRequired = 2;  // of `security`
inline constexpr uint32_t kCanEncrypt = 0x40;    // of `capabilities`

struct SessionSetupResponse {
  uint16_t flags = 0;
  Bytes token;
};
inline constexpr uint16_t kGuest = 1, kAnonymous = 2, kEncryptData = 4;  // of `flags`

struct TreeConnectResponse {
  uint8_t type = 0;  // 1 disk, 2 pipe, 3 printer
  uint32_t flags = 0;
};
inline constexpr uint32_t kShareEncrypts = 0x8000;  // of `flags`

struct CreateRequest {
  uint32_t access = 0, disposition = 0, options = 0;
  Bytes name;  // UTF-16
};
inline constexpr uint32_t kDirectory = 1, kDeleteOnClose = 0x1000;  // of `options`
struct CreateResponse {
  uint32_t action = 0;
  uint64_t created = 0, accessed = 0, written = 0, changed = 0;  // FILETIME
  uint64_t size = 0;
  uint32_t attributes = 0;
  FileId file{};
};

/// Of READ and WRITE.
struct Extent {
  FileId file{};
  uint32_t length = 0;
  uint64_t offset = 0;
  uint32_t data = 0;  // where the bytes begin within the message; of a request to read none
};

struct SetInfoRequest {
  uint8_t type = 0, level = 0;
  FileId file{};
  Bytes data;
};

/// The same layout in both directions (MS-SMB2 2.2.31, 2.2.32).
struct Ioctl {
  uint32_t function = 0;
  FileId file{};
  uint32_t data = 0, length = 0;  // of what the sender has to say: input or output
};
inline constexpr uint32_t kPipeTransceive = 0x0011c017;

// How many bytes from the header on these have before their data.
inline constexpr size_t kReadHead = kHeader2 + 16, kWriteHead = kHeader2 + 48, kIoctlRequestHead = kHeader2 + 56,
                        kIoctlResponseHead = kHeader2 + 48;

// Nothing where the message is malformed.
std::optional<NegotiateRequest> read_negotiate_request(Bytes message);
std::optional<NegotiateResponse> read_negotiate_response(Bytes message);
std::optional<Bytes> read_session_setup_request(Bytes message);  // the token
std::optional<SessionSetupResponse> read_session_setup_response(Bytes message);
std::optional<std::string> read_tree_connect_request(Bytes message);  // the path
std::optional<TreeConnectResponse> read_tree_connect_response(Bytes message);
std::optional<CreateRequest> read_create_request(Bytes message);
std::optional<CreateResponse> read_create_response(Bytes message);
std::optional<FileId> read_close_request(Bytes message);
std::optional<Extent> read_read_request(Bytes message);
std::optional<Extent> read_read_response(Bytes message);
std::optional<Extent> read_write_request(Bytes message);
std::optional<SetInfoRequest> read_set_info_request(Bytes message);
std::optional<Ioctl> read_ioctl(Bytes message, bool response);

/// Where FileRenameInformation moves a file to (MS-FSCC 2.4.42.2); nothing where it is malformed.
std::optional<std::string> read_rename(Bytes data);

}  // namespace lapwing::smb::v2
