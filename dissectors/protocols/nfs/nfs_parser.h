// NFS 2 (RFC 1094) and 3 (RFC 1813): pure functions from the body of a call or answer to what it says.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "dissectors/parts/onc_rpc/xdr.h"
#include "sensor/base/named_value.h"

namespace lapwing::nfs {

using onc_rpc::XdrReader;

inline constexpr uint32_t kProgram = 100003;

// Procedures that are more than a name here, by the version's own numbers.
namespace v2 {
inline constexpr uint32_t null = 0, getattr = 1, setattr = 2, lookup = 4, read = 6, write = 8, create = 9, remove = 10,
                          rename = 11, link = 12, symlink = 13, mkdir = 14, rmdir = 15;
}
namespace v3 {
inline constexpr uint32_t null = 0, getattr = 1, setattr = 2, lookup = 3, access = 4, readlink = 5, read = 6, write = 7,
                          create = 8, mkdir = 9, symlink = 10, mknod = 11, remove = 12, rmdir = 13, rename = 14,
                          link = 15, readdir = 16, readdirplus = 17, fsstat = 18, fsinfo = 19, pathconf = 20,
                          commit = 21;
}
namespace v4 {
inline constexpr uint32_t null = 0, compound = 1;
}

/// stable_how (RFC 1813 3.3.7, RFC 8881 18.32): what is written so need not be committed.
inline constexpr uint32_t kFileSync = 2;

/// Bytes of the longest handle (RFC 7530 2.1), name and list that are read.
inline constexpr uint32_t kMostHandle = 128, kMostName = 4096, kMostEntries = 65536;

/// Of a file or directory, as far as somebody told it.
struct Attributes {
  std::optional<uint32_t> type, mode, links, uid, gid;
  std::optional<uint64_t> size, id;                     // bytes; number within the file system
  std::optional<uint64_t> accessed, modified, changed;  // seconds since 1970

  bool any() const { return type || mode || size || modified; }
};

/// What a call is about; views the message. Of a WRITE the data follow.
struct Arguments {
  std::optional<Bytes> handle;  // of the object, or of the directory that has `name`
  std::optional<std::string_view> name;
  std::string_view to;  // RENAME's and LINK's other name
  uint64_t offset = 0;
  std::optional<uint32_t> data;  // bytes that follow
  bool synced = false;           // WRITE: nothing need be committed
};

/// What an answer says; views the message. Of a READ the data follow, of READDIRPLUS the entries.
struct Results {
  uint32_t status = 0;
  std::optional<Bytes> handle;  // of what was found or made
  std::optional<Attributes> attributes;
  std::optional<uint32_t> data;
  bool last = false;  // READ: nothing is behind the data
  bool entries = false;
};

/// An entry of a directory.
struct Entry {
  bool follows = false;  // else there are no more
  std::string_view name;
  std::optional<Bytes> handle;
};

/// Of a procedure that has no such number nothing is read.
Arguments read_arguments(uint32_t version, uint32_t procedure, XdrReader& body);
Results read_results(uint32_t version, uint32_t procedure, XdrReader& body);
Entry read_entry(XdrReader& body);

/// The procedure is LOOKUP, READ, WRITE ..., whatever its number in the version, by that in version 3.
std::optional<uint32_t> as_v3(uint32_t version, uint32_t procedure);

/// EVE's words; `scratch` is for what has none. Of version 4 a "procedure" is an operation.
std::string_view procedure_name(uint32_t version, uint32_t procedure, std::string& scratch);
std::string_view status_name(uint32_t status, std::string& scratch);
std::string_view type_name(uint32_t type);
/// By number; numbers without name are empty.
std::span<const std::string_view> procedure_names(uint32_t version);
/// RFC 1813 4.5, RFC 7863 11, of which a name may stand for different numbers.
std::optional<uint32_t> procedure_number(uint32_t version, std::string_view name);

}  // namespace lapwing::nfs
