// Versions 2 and 3: requests and responses (MS-SMB2 3.3.5).
#include <algorithm>
#include <utility>

#include "dissectors/protocols/smb/smb.h"
#include "dissectors/protocols/smb/smb_names.h"
#include "sensor/base/utf16.h"

namespace lapwing::smb {

namespace {

using v2::Command;

constexpr uint32_t kEndOfFile = 0xc0000011, kPending = 0x103, kMoreProcessing = 0xc0000016;
constexpr uint64_t kNoMessage = UINT64_MAX;  // of what a server sends without being asked (MS-SMB2 2.2.23)

/// What is recorded of it is what it reads or writes, or nothing.
bool told_alone(Command command) {
  switch (command) {
    case Command::read:
    case Command::write:
    case Command::query_info:
    case Command::set_info: return false;
    default: return true;
  }
}

/// What is in it matters, not only that it came.
bool read_whole(Command command) {
  switch (command) {
    case Command::negotiate:
    case Command::session_setup:
    case Command::tree_connect:
    case Command::create:
    case Command::set_info: return true;
    default: return false;
  }
}

Bytes behind(Bytes bytes, size_t offset) {
  return bytes.subspan(std::min(offset, bytes.size()));
}

}  // namespace

Smb::HandleKey Smb::handle(const v2::FileId& file) {
  return {load_le64(file.data()), load_le64(file.data() + 8)};
}

Key Smb::key_of(const Message2& message) {
  return {.message = message.header.message, .command = 2u << 16 | static_cast<uint32_t>(message.header.command)};
}

Smb::Origin Smb::origin(const Message2& message) {
  const v2::Header& header = message.header;
  return {2,
          static_cast<uint16_t>(header.command),
          header.session,
          header.tree,
          message.direction,
          header.response() ? header.status : kSuccess,
          side(message.direction).connecting};
}

/// Of an answer to what reads. What a pipe says later than it was asked, and is no DCERPC, is a file of an unknown
/// share, as Suricata has it: so the output of a remote shell shows.
Smb::Origin Smb::origin(const Message2& message, const PendingRead& read) {
  Origin out = origin(message);
  if (!message.header.asynchronous()) return out;
  const auto* const known = read.connecting ? &read.connecting : trees_.use({out.session, read.tree});
  if (known && (*known)->pipes == true) return out;
  out.tree = read.tree;
  out.connecting = read.connecting;
  return out;
}

Operation& Smb::open(const Message2& message, Kind kind) {
  return open(key_of(message), kind, origin(message));
}

/// What is open by that number; by the one that stands for it, what was opened before in the compound. Some servers
/// have that whatever number comes with what is related.
std::shared_ptr<Opened> Smb::opened(const Message2& message, const v2::FileId& file) {
  std::shared_ptr<Opened>& before = side(message.direction).opened;
  const bool stands = file == v2::kFileIdBefore || (message.header.related() && !handles_.find(handle(file)));
  if (stands && before) return before;
  return before = opened(handle(file), guid_text(file));
}

void Smb::message(const Message2& message) {
  if (message.bytes.size() < message.size && message.bytes.size() == out_.limit(Cap::message) &&
      read_whole(message.header.command)) {
    out_.capped(Cap::message);
    tell(Anomaly::record_overflow, message.direction);
  }
  message.header.response() ? response(message) : request(message);
}

void Smb::request(const Message2& message) {
  const auto path =
      message.header.command == Command::tree_connect ? v2::read_tree_connect_request(message.bytes) : std::nullopt;
  switch (message.header.command) {
    case Command::negotiate: return negotiate_request(message);
    case Command::session_setup: return session_setup_request(message);
    case Command::tree_connect:
      if (!path) break;
      connect(open(message, Kind::tree_connect), *path, message.direction);
      return;
    case Command::create: return create_request(message);
    case Command::close: return close_request(message);
    case Command::read: return read_request(message);
    case Command::write: return write_request(message);
    case Command::set_info: return set_info_request(message);
    case Command::ioctl: return ioctl_request(message);
    case Command::query_info: return;
    case Command::cancel: {
      Operation& operation = open(message, Kind::generic);
      out_.reach(operation, message.direction, kComplete);
      return close(operation, message.direction);  // there is no response (MS-SMB2 2.2.30)
    }
    default: out_.reach(open(message, Kind::generic), message.direction, kComplete); return;
  }
  malformed(message);
}

/// It stands for itself, if nothing else does.
void Smb::malformed(const Message2& message) {
  Operation* operation = operations_.find(key_of(message));
  if (!operation && !message.header.response() && told_alone(message.header.command)) {
    operation = &open(message, Kind::generic);
  }
  tell(Anomaly::malformed_data, message.direction, operation);
}

void Smb::response(const Message2& message) {
  const v2::Header& header = message.header;
  if (header.command == Command::negotiate) return negotiate_response(message);
  if (header.command == Command::read) return read_response(message);
  if (header.command == Command::ioctl) ioctl_response(message);
  Operation* const operation = header.message == kNoMessage ? nullptr : operations_.find(key_of(message));
  if (!operation) return;
  switch (header.command) {
    case Command::session_setup: session_setup_response(message, *operation); break;
    case Command::tree_connect: tree_connect_response(message, *operation); break;
    case Command::create: create_response(message, *operation); break;
    case Command::tree_disconnect: trees_.erase({header.session, operation->tree_number()}); break;
    case Command::logoff: logins_.erase(header.session); break;
    case Command::set_info:
      if (header.status == kSuccess) renamed(*operation);
      break;
    default: break;
  }
  answer(*operation, {header.status}, message.direction);
}

void Smb::negotiate_request(const Message2& message) {
  const auto said = v2::read_negotiate_request(message.bytes);
  if (!said) return malformed(message);
  Operation& operation = open(message, Kind::negotiate);
  Negotiation& detail = operation.detail.emplace<Negotiation>();
  std::string scratch;
  const size_t most = out_.limit(Cap::dialects), offered = said->dialects.size();
  for (size_t i = 0; i < std::min(offered, most); ++i) {
    detail.dialects.emplace_back(dialect_name(said->dialects[i], scratch));
  }
  if (offered > most) out_.capped(Cap::dialects, offered - most);
  detail.client_guid = guid_text(said->guid);
  out_.reach(operation, message.direction, kComplete);
}

void Smb::negotiate_response(const Message2& message) {
  Operation* operation = operations_.find(key_of(message));
  if (!operation && negotiating_) operation = operations_.find(*negotiating_);
  const auto said = v2::read_negotiate_response(message.bytes);
  if (!said) {
    // An error has nothing of it.
    if (message.header.status == kSuccess) tell(Anomaly::malformed_data, message.direction, operation);
    if (operation) answer(*operation, {message.header.status}, message.direction);
    return;
  }
  agreement_.dialect = said->dialect;
  agreement_.max_read = said->max_read;
  agreement_.max_write = said->max_write;
  if (config_.max_read_size && said->max_read > config_.max_read_size) {
    tell(Anomaly::negotiate_max_read_size_too_large, message.direction, operation);
  }
  if (config_.max_write_size && said->max_write > config_.max_write_size) {
    tell(Anomaly::negotiate_max_write_size_too_large, message.direction, operation);
  }
  if (!operation) return;
  if (Negotiation* detail = operation->as<Negotiation>()) {
    detail->server_guid = guid_text(said->guid);
    detail->signing_required = (said->security & v2::kSigningRequired) != 0;
    detail->encryption = (said->capabilities & v2::kCanEncrypt) != 0 || !said->contexts.ciphers.empty();
    if (!said->contexts.ciphers.empty()) detail->cipher = said->contexts.ciphers.front();
    if (!said->contexts.signings.empty()) detail->signing = said->contexts.signings.front();
    for (uint16_t algorithm : said->contexts.compressions) {
      const std::string_view name = compression_name(algorithm);
      auto& known = detail->compressions;  // at most as many as there are names
      if (!name.empty() && std::ranges::find(known, name) == known.end()) known.emplace_back(name);
    }
  }
  answer(*operation, {message.header.status}, message.direction);
}

void Smb::session_setup_request(const Message2& message) {
  const auto token = v2::read_session_setup_request(message.bytes);
  if (!token) return malformed(message);
  Operation& operation = open(message, Kind::session_setup);
  operation.detail.emplace<Setup>().login = login(message.header.session);
  take_token(operation, *token, message.direction);
  out_.reach(operation, message.direction, kComplete);
}

void Smb::session_setup_response(const Message2& message, Operation& operation) {
  operation.session = message.header.session;
  operation.tree = message.header.tree;
  Setup* const setup = operation.as<Setup>();
  if (!setup) return;  // its request was malformed
  const auto said = v2::read_session_setup_response(message.bytes);
  if (said) {
    setup->guest = said->flags & v2::kGuest;
    setup->anonymous = said->flags & v2::kAnonymous;
    setup->encryption = said->flags & v2::kEncryptData;
    take_token(operation, said->token, message.direction);
  }
  end_setup(*setup, message.header.session, message.header.status == kMoreProcessing);
}

/// A login goes on in the session that the server named, or is over.
void Smb::end_setup(const Setup& setup, uint64_t session, bool goes_on) {
  if (!goes_on) {
    logins_.erase(session);
  } else if (session && setup.login) {
    keep_login(session, setup.login);
  }
}

void Smb::tree_connect_response(const Message2& message, Operation& operation) {
  const v2::Header& header = message.header;
  Connect* const detail = operation.as<Connect>();
  if (header.status != kSuccess || !detail) return;
  const auto said = v2::read_tree_connect_response(message.bytes);
  if (!said) return tell(Anomaly::malformed_data, message.direction, &operation);
  constexpr uint8_t kPipe = 2;
  detail->type = said->type;
  detail->tree->pipes = said->type == kPipe;
  detail->encryption = said->flags & v2::kShareEncrypts;
  operation.session = header.session;
  operation.tree = detail->tree->number = header.tree;
  operation.chained = false;
  enter({header.session, header.tree}, detail->tree);
}

void Smb::create_request(const Message2& message) {
  const auto said = v2::read_create_request(message.bytes);
  if (!said) return malformed(message);
  Operation& operation = open(message, Kind::create);
  Creation& detail = operation.detail.emplace<Creation>();
  detail.ask(*said, utf16_to_utf8(said->name));
  side(message.direction).opened = detail.opened;
  out_.reach(operation, message.direction, kComplete);
}

void Smb::create_response(const Message2& message, Operation& operation) {
  Creation* const detail = operation.as<Creation>();
  if (message.header.status != kSuccess || !detail) return;
  const auto said = v2::read_create_response(message.bytes);
  if (!said) return tell(Anomaly::malformed_data, message.direction, &operation);
  detail->answer(*said);
  detail->opened->fuid = guid_text(said->file);
  side(message.direction).opened = detail->opened;
  if (!detail->opened->closing) hold(handle(said->file), detail->opened);
}

void Smb::close_request(const Message2& message) {
  out_.reach(open(message, Kind::generic), message.direction, kComplete);
  const auto file = v2::read_close_request(message.bytes);
  if (!file) return malformed(message);
  if (*file == v2::kFileIdBefore) {
    if (const std::shared_ptr<Opened> before = side(message.direction).opened) close_handle(*before, message.direction);
  } else if (const auto* known = handles_.find(handle(*file))) {
    const std::shared_ptr<Opened> opened = *known;
    handles_.erase(handle(*file));
    close_handle(*opened, message.direction);
  }
}

void Smb::read_request(const Message2& message) {
  const auto said = v2::read_read_request(message.bytes);
  if (!said) return malformed(message);
  const TransferLimits limits = config_.limits(Direction::to_client);
  if ((agreement_.max_read && said->length > agreement_.max_read) || (limits.size && said->length > limits.size)) {
    return tell(Anomaly::read_request_too_large, message.direction);
  }
  const Origin from = origin(message);
  expect_read(key_of(message), {opened(message, said->file), said->offset, from.tree, from.connecting});
}

void Smb::read_response(const Message2& message) {
  const v2::Header& header = message.header;
  if (header.status == kPending) return;
  const auto pending = take_read(key_of(message));
  if (!pending) return;
  const bool has_data = header.status == kSuccess || header.status == kBufferOverflow;
  const auto said = has_data ? v2::read_read_response(message.bytes) : std::nullopt;
  if (has_data && !said) {
    tell(Anomaly::malformed_data, message.direction);
  } else if (said && said->length > 0) {
    const bool whole = said->data + uint64_t{said->length} <= message.size;
    take_data(pending->opened, origin(message, *pending),
              {message.at + said->data, said->length, pending->offset, whole}, behind(message.bytes, said->data));
  } else if (header.status == kEndOfFile) {
    end_of_file(*pending->opened);
  }
  if (pending->opened->closing) close_read(*pending->opened, message.direction);
}

void Smb::write_request(const Message2& message) {
  const auto said = v2::read_write_request(message.bytes);
  if (!said) return malformed(message);
  if (said->length == 0) return;
  const bool whole = said->data + uint64_t{said->length} <= message.size;
  take_data(opened(message, said->file), origin(message), {message.at + said->data, said->length, said->offset, whole},
            behind(message.bytes, said->data));
}

void Smb::set_info_request(const Message2& message) {
  constexpr uint8_t kFile = 1;                                                             // MS-SMB2 2.2.39
  constexpr uint8_t kRename = 10, kDisposition = 13, kDispositionEx = 64, kRenameEx = 65;  // MS-FSCC 2.4
  const auto said = v2::read_set_info_request(message.bytes);
  if (!said) return malformed(message);
  if (said->type != kFile) return;
  if (said->level == kRename || said->level == kRenameEx) {
    const auto to = v2::read_rename(said->data);
    if (!to) return malformed(message);
    const std::shared_ptr<Opened> opened = this->opened(message, said->file);
    Operation& operation = open(message, Kind::rename);
    operation.detail = Renaming{opened, opened->name, make_name(*to)};
    out_.reach(operation, message.direction, kComplete);
  } else if (said->level == kDisposition || said->level == kDispositionEx) {
    if (said->data.empty()) return malformed(message);
    const std::shared_ptr<Opened> opened = this->opened(message, said->file);
    Operation& operation = open(message, Kind::set_file_path_info);
    operation.detail = Disposal{.opened = opened, .name = opened->name, .removed = (said->data[0] & 1) != 0};
    out_.reach(operation, message.direction, kComplete);
  }
}

void Smb::ioctl_request(const Message2& message) {
  const auto said = v2::read_ioctl(message.bytes, false);
  if (!said) return malformed(message);
  const Key key = key_of(message);
  const Origin from = origin(message);
  if (said->function == v2::kPipeTransceive) {
    const std::shared_ptr<Opened> opened = this->opened(message, said->file);
    if (said->length == 0 && opened->pipe) return expect_read(key, {opened, 0, from.tree, from.connecting});
    const bool whole = said->data + uint64_t{said->length} <= message.size;
    const Extent extent{message.at + said->data, said->length, 0, whole, key};
    if (said->length > 0 && take_data(opened, from, extent, behind(message.bytes, said->data))) return;
  }
  open_control(key, from, said->function);
}

void Smb::open_control(const Key& key, const Origin& origin, uint32_t function) {
  Operation& operation = open(key, Kind::ioctl, origin);
  operation.detail = Control{function};
  out_.reach(operation, origin.direction, kComplete);
}

/// What a pipe answers. Whether it answers at all, the status tells.
void Smb::ioctl_response(const Message2& message) {
  const v2::Header& header = message.header;
  if (header.status == kPending) return;
  const auto pending = take_read(key_of(message));
  if (!pending) return;
  const bool has_data = header.status == kSuccess || header.status == kBufferOverflow;
  const auto said = has_data ? v2::read_ioctl(message.bytes, true) : std::nullopt;
  if (said && said->length > 0) {
    const bool whole = said->data + uint64_t{said->length} <= message.size;
    take_data(pending->opened, origin(message, *pending),
              {message.at + said->data, said->length, 0, whole, key_of(message)}, behind(message.bytes, said->data));
  } else if (!has_data) {
    end_pipe(*pending->opened, header.status);
  } else if (!said) {
    tell(Anomaly::malformed_data, message.direction);
  }
  if (pending->opened->closing) close_read(*pending->opened, message.direction);
}

}  // namespace lapwing::smb
