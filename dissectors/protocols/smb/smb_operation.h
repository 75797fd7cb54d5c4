// What SMB's requests ask for and their responses answer: an Operation is a transaction.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "dissectors/parts/dcerpc/dcerpc.h"
#include "dissectors/parts/file/transfer.h"
#include "dissectors/parts/gss/gss.h"
#include "dissectors/protocols/smb/smb1_messages.h"
#include "dissectors/protocols/smb/smb2_messages.h"
#include "sensor/event/event.h"

namespace lapwing::smb {

class Pipe;
class Smb;
struct Operation;

/// What the options call records of, each a bit of them.
enum class Kind : uint8_t {
  file,
  tree_connect,
  negotiate,
  dcerpc,
  create,
  session_setup,
  ioctl,
  rename,
  set_file_path_info,
  generic,
};

/// What both sides agreed on, for the whole connection.
struct Agreement {
  std::optional<uint16_t> dialect;  // of version 2
  std::string dialect1;             // of version 1; empty: none
  uint32_t max_read = 0, max_write = 0;
};

/// [W] A share that a client uses, or asks for.
struct Tree {
  std::string path;
  uint32_t number = 0;        // by which messages name it, once the server has answered
  std::optional<bool> pipes;  // what is opened in it is a pipe; nothing: the server has not answered
};

/// [W] All that is about a name shares it: it may have 96 KB (MS-SMB2 2.2.13), and who renames or deletes what it names
/// sends a hundred bytes. Null: it is not known.
using Name = std::shared_ptr<const std::string>;
inline Name make_name(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}
inline std::string_view text_of(const Name& name) {
  return name ? std::string_view(*name) : std::string_view("<unknown>");  // Suricata's word
}

/// [W] A file, directory or pipe that is open, or is to be.
struct Opened {
  Opened();
  ~Opened();

  Name name;                                 // null: it was opened before this flow was seen
  std::string fuid;                          // as records show its handle
  std::array<Operation*, 2> transfers = {};  // by Direction; null: none is under way
  std::unique_ptr<Pipe> pipe;                // of DCERPC; null: nothing of that was seen
  std::array<std::string, 2> begun;          // by Direction: of what may become a header of DCERPC
  uint32_t reads = 0;                        // asked for and not answered
  bool closing = false;                      // once those are
};

// Details, by Kind.

struct Negotiation {
  std::vector<std::string> dialects;  // that the client offers
  std::string client_guid, server_guid;
  std::optional<bool> signing_required;     // by the server
  bool encryption = false;                  // both can do it
  std::optional<uint16_t> cipher, signing;  // that the server chose
  std::vector<std::string> compressions;    // that both can do
};

struct Setup {
  std::shared_ptr<gss::Login> login;
  std::string user, domain;  // of a login without GSS-API (SMB 1)
  bool own = false;          // names came with this request
  std::optional<v1::Native> request, response;
  bool guest = false, anonymous = false, encryption = false;
  bool clear = false;  // the password was not hashed
};

struct Connect {
  std::shared_ptr<Tree> tree;
  std::optional<std::string> asked, given;  // service of SMB 1
  uint8_t type = 0;                         // of SMB 2
  bool encryption = false;
};

struct Creation {
  std::shared_ptr<Opened> opened;
  bool directory = false, delete_on_close = false;
  uint32_t disposition = 0;
  std::optional<uint32_t> access;                                 // that is asked for
  std::optional<uint32_t> action;                                 // that was taken
  uint64_t created = 0, accessed = 0, modified = 0, changed = 0;  // seconds since 1970
  uint64_t size = 0;

  // What the messages of either version say.
  template <class Request>
  void ask(const Request& said, std::string name) {
    directory = said.options & v2::kDirectory;
    delete_on_close = said.options & v2::kDeleteOnClose;
    disposition = said.disposition;
    access = said.access;
    opened = std::make_shared<Opened>();
    opened->name = make_name(std::move(name));
  }
  template <class Response>
  void answer(const Response& said) {
    action = said.action;
    created = unix_time(said.created);
    accessed = unix_time(said.accessed);
    modified = unix_time(said.written);
    changed = unix_time(said.changed);
    size = said.size;
  }
};

struct Transferred {
  std::shared_ptr<Opened> opened;
  std::string name, share;
  Direction direction = Direction::to_server;
  std::optional<file::Transfer<Smb>> transfer;
};

struct Renaming {
  std::shared_ptr<Opened> opened;  // null: it is named by its path
  Name from, to;
};

/// Of the disposition: whether a file is deleted once it is closed.
struct Disposal {
  std::shared_ptr<Opened> opened;  // null: it is named by its path
  Name name;
  bool removed = false;
  uint16_t subcommand = 0, level = 0;  // of SMB 1
};

struct Control {
  uint32_t function = 0;
};

/// A command of SMB 1 that is about a path.
struct Named {
  Name path;
  std::shared_ptr<Opened> opened;  // of OPEN_ANDX
};

struct Status {
  uint32_t code = 0;
  bool dos = false;  // an error of DOS: its class is the lowest byte, its code the upper half
};

/// By what a response finds its request. Those without one have numbers of their own.
struct Key {
  uint64_t message = 0;
  uint32_t command = 0;  // with its version above it
  uint32_t own = 0;      // what it is about, where it is no request: a file or a call

  bool operator==(const Key&) const = default;
};

/// [W] A request and its response, or what several of them add up to: a file, a call of DCERPC.
struct Operation : Transaction {
  Key key;
  Kind kind = Kind::generic;
  uint8_t version = 0;
  uint16_t command = 0;
  uint64_t session = 0;
  uint32_t tree = 0;
  std::shared_ptr<const Tree> share;  // null: it was connected to before this flow was seen
  bool chained = false;               // behind what asks for its share: that has no number yet
  std::optional<Status> status;
  const Agreement* agreed = nullptr;
  std::variant<std::monostate, Negotiation, Setup, Connect, Creation, Transferred, Renaming, Disposal, Control, Named,
               dcerpc::Call>
      detail;

  uint32_t tree_number() const { return chained ? share->number : tree; }
  template <class D>
  D* as() {
    return std::get_if<D>(&detail);
  }
  template <class D>
  const D* as() const {
    return std::get_if<D>(&detail);
  }
};

/// Null where it is no call of DCERPC.
inline const dcerpc::Call* call_of(const Operation& operation) {
  return operation.as<dcerpc::Call>();
}

}  // namespace lapwing::smb
