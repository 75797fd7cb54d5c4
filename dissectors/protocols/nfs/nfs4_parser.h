// NFS 4 (RFC 7530, 7531; 4.1: RFC 8881, 5662; 4.2: RFC 7862, 7863; RFC 8276): the operations of a compound.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "dissectors/protocols/nfs/nfs_parser.h"

namespace lapwing::nfs {

namespace op {
inline constexpr uint32_t access = 3, close = 4, commit = 5, create = 6, getattr = 9, getfh = 10, link = 11,
                          lookup = 15, lookupp = 16, open = 18, putfh = 22, putpubfh = 23, putrootfh = 24, read = 25,
                          readdir = 26, remove = 28, rename = 29, restorefh = 31, savefh = 32, setattr = 34,
                          setclientid = 35, write = 38, exchange_id = 42, read_plus = 68;
}

/// Before the operations of a call, and of an answer.
struct CompoundHead {
  uint32_t status = 0;  // of an answer: of its last operation
  uint32_t minor = 0;   // of a call: version
  uint32_t operations = 0;
};
CompoundHead read_compound_call(XdrReader& body);
CompoundHead read_compound_reply(XdrReader& body);

/// One that is asked for; views the message. Of a WRITE the data follow.
struct Operation {
  uint32_t number = 0;
  bool known = true;                     // else where the next begins is not known
  std::optional<Bytes> handle;           // PUTFH
  std::optional<std::string_view> name;  // LOOKUP, OPEN, CREATE, REMOVE, RENAME, LINK
  std::string_view to;                   // RENAME
  uint64_t offset = 0;                   // READ, WRITE
  std::optional<uint32_t> data;          // WRITE
  bool synced = false;                   // WRITE: nothing need be committed
  std::string_view software;             // EXCHANGE_ID: what the client runs
};
Operation read_operation(XdrReader& body);

/// What came of one. Of a READ the data follow, of READDIR the entries.
struct Outcome4 {
  uint32_t number = 0, status = 0;
  bool known = true;
  std::optional<Bytes> handle;           // GETFH
  std::optional<Attributes> attributes;  // GETATTR
  std::optional<uint32_t> data;
  bool last = false;
  bool entries = false;
  std::string_view software;  // EXCHANGE_ID: what the server runs
};
Outcome4 read_outcome(XdrReader& body);
/// An entry of READDIR; the last is followed by a flag.
Entry read_entry4(XdrReader& body);

}  // namespace lapwing::nfs
