// Version 1: requests and responses (MS-CIFS 3.3.5, MS-SMB 3.3.5). A message is a command, or a chain of them.
#include <algorithm>
#include <utility>

#include "dissectors/protocols/smb/smb.h"
#include "dissectors/protocols/smb/smb_pipe.h"
#include "sensor/base/text.h"

namespace lapwing::smb {

namespace {

using v1::Command;

constexpr uint32_t kMoreProcessing = 0xc0000016;
constexpr std::string_view kPipeService = "IPC", kAnyService = "?????";  // MS-CIFS 2.2.4.50.1

Status status_of(const v1::Header& header) {
  return {header.status, header.dos_error() && header.status != 0};
}

/// What is recorded of it is what it reads or writes, or nothing.
bool told_alone(Command command) {
  switch (command) {
    case Command::read_andx:
    case Command::write_andx:
    case Command::trans:
    case Command::trans2: return false;
    default: return true;
  }
}

std::string fuid(uint16_t file) {
  const uint8_t turned[] = {static_cast<uint8_t>(file >> 8), static_cast<uint8_t>(file)};
  return to_hex(turned);
}

/// Bytes that the message has of them, from there on.
Bytes behind(Bytes bytes, size_t offset) {
  return bytes.subspan(std::min(offset, bytes.size()));
}

}  // namespace

bool Smb::carries_data(const v1::Header& header) {
  switch (header.command) {
    case Command::read_andx:
    case Command::read:
    case Command::lock_and_read: return header.response() && header.status == kSuccess;
    case Command::write_andx:
    case Command::write:
    case Command::write_and_unlock:
    case Command::write_and_close: return !header.response();
    default: return false;
  }
}

Key Smb::key_of(const Command1& command) {
  const v1::Header& header = command.header;
  return {.message = uint64_t{header.process} << 16 | header.multiplex,
          .command = 1u << 16 | static_cast<uint32_t>(command.command)};
}

Smb::Origin Smb::origin(const Command1& command) {
  const v1::Header& header = command.header;
  return {1,
          static_cast<uint16_t>(command.command),
          header.user,
          header.tree,
          command.direction,
          header.response() ? header.status : kSuccess,
          side(command.direction).connecting};
}

Operation& Smb::open(const Command1& command, Kind kind) {
  return open(key_of(command), kind, origin(command));
}

/// What is open by that number. Within a chain that of the first command counts, or what it opens, whatever those
/// behind it say.
std::shared_ptr<Opened> Smb::opened(const Command1& command, uint16_t file) {
  std::shared_ptr<Opened>& before = side(command.direction).opened;
  if (!before) before = opened(HandleKey{file, kHandle1}, fuid(file));
  return before;
}

void Smb::message(const v1::Header& header, Bytes bytes, uint64_t size, uint64_t at, Direction direction) {
  Command1 command{header, header.command, {}, bytes, size, at, direction};
  for (std::optional<v1::Next> here = v1::Next{header.command, kHeader1}; here && here->at < bytes.size();) {
    const auto block = v1::read_block(bytes, here->at);
    std::optional<v1::Next> next;
    if (block && v1::chains(here->command)) next = v1::next_command(*block);
    command.command = here->command;
    command.block = block.value_or(v1::Block());
    // Or each command would have the names of all behind it read once more.
    if (next) command.block.message = bytes.first(std::min(command.block.message.size(), next->at));
    command.sound = block.has_value();
    header.response() ? response(command) : request(command);
    here = next;
  }
}

void Smb::malformed(const Command1& command) {
  Operation* operation = operations_.find(key_of(command));
  if (!operation && !command.header.response()) operation = &open(command, Kind::generic);
  tell(Anomaly::malformed_data, command.direction, operation);
}

/// The request is whole with this message.
void Smb::asked(Operation& operation, Direction direction) {
  out_.reach(operation, direction, kComplete);
}

void Smb::request(const Command1& command) {
  if (!command.sound) return malformed(command);
  const bool unicode = command.header.unicode();
  const v1::Block& block = command.block;
  switch (command.command) {
    case Command::negotiate: return negotiate_request(command);
    case Command::session_setup_andx: return session_setup_request(command);
    case Command::trans:
    case Command::trans2:
    case Command::nt_trans: return transaction_request(command);
    case Command::read:
    case Command::lock_and_read:
    case Command::read_andx:
      if (const auto said = v1::read_read_request(command.command, block)) {
        if (told_alone(command.command)) asked(open(command, Kind::generic), command.direction);
        return expect_read(key_of(command), {opened(command, said->file), said->offset});
      }
      break;
    case Command::write_andx:
    case Command::write:
    case Command::write_and_unlock:
    case Command::write_and_close: return write_request(command);
    case Command::read_raw: return raw_read_request(command);
    case Command::write_raw: return raw_write_request(command);
    case Command::tree_connect:
    case Command::tree_connect_andx:
      if (auto said = command.command == Command::tree_connect ? v1::read_lone_tree_connect_request(block, unicode)
                                                               : v1::read_tree_connect_request(block, unicode)) {
        Operation& operation = open(command, Kind::tree_connect);
        operation.tree = 0;
        connect(operation, std::move(said->path), command.direction).asked = std::move(said->service);
        return;
      }
      break;
    case Command::nt_create_andx:
      if (auto said = v1::read_create_request(block, unicode)) {
        Operation& operation = open(command, Kind::create);
        Creation& detail = operation.detail.emplace<Creation>();
        detail.ask(*said, std::move(said->name));
        side(command.direction).opened = detail.opened;
        return asked(operation, command.direction);
      }
      break;
    case Command::rename:
      if (auto said = v1::read_rename_request(block, unicode)) {
        Operation& operation = open(command, Kind::rename);
        operation.detail = Renaming{{}, make_name(std::move(said->from)), make_name(std::move(said->to))};
        return asked(operation, command.direction);
      }
      break;
    case Command::nt_rename:
      if (auto said = v1::read_nt_rename_request(block, unicode)) {
        Operation& operation = open(command, said->to.empty() ? Kind::generic : Kind::rename);
        Name from = make_name(std::move(said->from));
        if (said->to.empty()) {
          operation.detail = Named{std::move(from), {}};
        } else {
          operation.detail = Renaming{{}, std::move(from), make_name(std::move(said->to))};
        }
        return asked(operation, command.direction);
      }
      break;
    case Command::close:
      if (const auto file = v1::read_close_request(block)) return close_request(command, *file);
      break;
    case Command::open:
    case Command::create:
    case Command::create_new:
    case Command::open_andx:
      if (auto path = v1::read_open_request(command.command, block, unicode)) {
        Operation& operation = open(command, Kind::generic);
        auto opened = std::make_shared<Opened>();
        opened->name = make_name(std::move(*path));
        side(command.direction).opened = opened;
        operation.detail = Named{opened->name, opened};
        return asked(operation, command.direction);
      }
      break;
    case Command::create_directory:
    case Command::delete_directory:
    case Command::check_directory:
    case Command::remove:
    case Command::query_information:
    case Command::set_information:
    case Command::search:
      if (auto path = v1::read_path(block, unicode)) {
        Operation& operation = open(command, Kind::generic);
        operation.detail = Named{make_name(std::move(*path)), {}};
        return asked(operation, command.direction);
      }
      break;
    case Command::trans_secondary:
    case Command::nt_trans_secondary:
    case Command::trans2_secondary:
      if (transaction_goes_on(command)) return;
      [[fallthrough]];
    case Command::nt_cancel:
    case Command::locking_andx: {  // of which only the last may be answered
      Operation& operation = open(command, Kind::generic);
      asked(operation, command.direction);
      if (command.command != Command::locking_andx) {
        close(operation, command.direction);
      } else if (const auto file = v1::read_locking_request(block)) {
        opened(command, *file);
      }
      return;
    }
    default: return asked(open(command, Kind::generic), command.direction);
  }
  malformed(command);
}

void Smb::response(const Command1& command) {
  const v1::Header& header = command.header;
  if (command.command == Command::read_andx) return read_response(command);
  if (command.command == Command::read || command.command == Command::lock_and_read) read_response(command);
  if (command.command == Command::trans) return pipe_response(command);
  if (header.status != kSuccess) gathered_.erase(key_of(command));
  Operation* const operation = operations_.find(key_of(command));
  if (!operation) return;
  const bool success = header.status == kSuccess && command.sound;
  switch (command.command) {
    case Command::negotiate: negotiate_response(command, *operation); break;
    case Command::session_setup_andx: session_setup_response(command, *operation); break;
    case Command::tree_connect:
    case Command::tree_connect_andx: tree_connect_response(command, *operation); break;
    case Command::nt_create_andx:
      if (success) create_response(command, *operation);
      break;
    case Command::open:
    case Command::create:
    case Command::create_new:
    case Command::open_andx:
      if (const auto file = success ? v1::read_open_response(command.command, command.block) : std::nullopt) {
        const Named* const named = operation->as<Named>();
        auto opened = named ? named->opened : std::make_shared<Opened>();
        hold1(*file, std::move(opened));
      }
      break;
    case Command::write_raw:
      if (success) side(Direction::to_server).raw = std::move(raw_);
      raw_.reset();
      break;
    case Command::tree_disconnect: trees_.erase({0, header.tree}); break;
    case Command::logoff_andx: logins_.erase(header.user); break;
    case Command::trans2:
    case Command::nt_trans:
      if (success) transaction_response(command, *operation);
      break;
    default: break;
  }
  answer(*operation, status_of(header), command.direction);
}

void Smb::negotiate_request(const Command1& command) {
  const bool again = negotiating_.has_value();
  size_t left_out = 0;
  const auto dialects = v1::read_negotiate_request(command.block, out_.limit(Cap::dialects), left_out);
  if (!dialects) return malformed(command);
  if (left_out > 0) out_.capped(Cap::dialects, left_out);
  Operation& operation = open(command, Kind::negotiate);
  operation.session = operation.tree = 0;
  Negotiation& detail = operation.detail.emplace<Negotiation>();
  detail.dialects = *dialects;
  negotiating_ = operation.key;
  if (std::ranges::count(detail.dialects, std::string()) > 0) {
    tell(Anomaly::negotiate_malformed_dialects, command.direction, &operation);
  }
  if (again) tell(Anomaly::duplicate_negotiate, command.direction, &operation);
  asked(operation, command.direction);
}

void Smb::negotiate_response(const Command1& command, Operation& operation) {
  Negotiation* const detail = operation.as<Negotiation>();
  if (!detail) return;
  auto said = command.sound ? v1::read_negotiate_response(command.block, command.header.unicode()) : std::nullopt;
  if (!said) return tell(Anomaly::malformed_data, command.direction, &operation);
  if (said->guid.size() == 16) detail->server_guid = guid_text(said->guid);
  detail->signing_required = (said->security & v1::kSigningRequired) != 0;
  plain_passwords_ = !(said->security & v1::kPasswordsHashed);
  if (said->dialect < detail->dialects.size()) {
    agreement_.dialect1 = detail->dialects[said->dialect];
  } else {
    tell(Anomaly::negotiate_malformed_dialects, command.direction, &operation);
  }
}

void Smb::session_setup_request(const Command1& command) {
  auto said = v1::read_session_setup_request(command.block, command.header.unicode());
  if (!said) return malformed(command);
  Operation& operation = open(command, Kind::session_setup);
  operation.tree = 0;
  Setup& setup = operation.detail.emplace<Setup>();
  if (said->extended) {
    setup.login = login(command.header.user);
    take_token(operation, said->token, command.direction);
  } else {
    setup.own = true;
    setup.user = std::move(said->user);
    setup.domain = std::move(said->domain);
    setup.clear = plain_passwords_ && said->password;
  }
  setup.request = std::move(said->native);
  asked(operation, command.direction);
}

void Smb::session_setup_response(const Command1& command, Operation& operation) {
  Setup* const setup = operation.as<Setup>();
  if (!setup) return;
  operation.session = command.header.user;
  operation.tree = command.header.tree;
  auto said = command.sound ? v1::read_session_setup_response(command.block, command.header.unicode()) : std::nullopt;
  if (said) {
    setup->guest = said->action & 1;
    setup->response = std::move(said->native);
    take_token(operation, said->token, command.direction);
  } else if (command.header.status == kSuccess) {
    tell(Anomaly::malformed_data, command.direction, &operation);
  }
  end_setup(*setup, command.header.user, command.header.status == kMoreProcessing);
}

void Smb::tree_connect_response(const Command1& command, Operation& operation) {
  Connect* const detail = operation.as<Connect>();
  if (!detail || command.header.status != kSuccess) return;
  uint16_t number = command.header.tree;
  if (command.command == Command::tree_connect) {
    const auto said = command.sound ? v1::read_lone_tree_connect_response(command.block) : std::nullopt;
    if (!said) return tell(Anomaly::malformed_data, command.direction, &operation);
    number = *said;
    if (detail->asked != kAnyService) detail->tree->pipes = detail->asked == kPipeService;
  } else {
    auto service = command.sound ? v1::read_tree_connect_response(command.block) : std::nullopt;
    if (!service) return tell(Anomaly::malformed_data, command.direction, &operation);
    detail->tree->pipes = *service == kPipeService;
    detail->given = std::move(*service);
  }
  operation.session = command.header.user;
  operation.tree = detail->tree->number = number;
  operation.chained = false;
  enter({0, number}, detail->tree);
}

void Smb::create_response(const Command1& command, Operation& operation) {
  Creation* const detail = operation.as<Creation>();
  if (!detail) return;
  const auto said = v1::read_create_response(command.block);
  if (!said) return tell(Anomaly::malformed_data, command.direction, &operation);
  detail->answer(*said);
  hold1(said->file, detail->opened);
}

/// The server gives it a number.
void Smb::hold1(uint16_t file, std::shared_ptr<Opened> opened) {
  opened->fuid = fuid(file);
  if (!opened->closing) hold({file, kHandle1}, std::move(opened));
}

void Smb::write_request(const Command1& command) {
  const auto said = v1::read_write_request(command.command, command.block);
  if (!said) return malformed(command);
  if (told_alone(command.command)) asked(open(command, Kind::generic), command.direction);
  const std::shared_ptr<Opened> opened = this->opened(command, said->file);
  const Origin from = origin(command);
  const bool counted = (said->mode & v1::kCountedMessage) == v1::kCountedMessage && may_be_pipe(from);
  const uint32_t count = counted ? std::min<uint32_t>(sizeof(uint16_t), said->length) : 0;
  const size_t data = said->data + count;
  if (const uint32_t length = said->length - count; length > 0) {
    const bool whole = data + uint64_t{length} <= command.size;
    take_data(opened, from, {command.at + data, length, said->offset, whole}, behind(command.bytes, data));
  }
  if (command.command != Command::write_and_close) return;
  handles_.erase({said->file, kHandle1});
  close_behind(opened, command.direction);
}

void Smb::raw_read_request(const Command1& command) {
  const auto said = v1::read_raw_read_request(command.block);
  if (!said) return malformed(command);
  asked(open(command, Kind::generic), command.direction);
  Origin from = origin(command);
  from.direction = Direction::to_client;
  side(Direction::to_client).raw = Raw{opened(command, said->file), said->offset, said->length, from};
}

void Smb::raw_write_request(const Command1& command) {
  const auto said = v1::read_raw_write_request(command.block);
  if (!said) return malformed(command);
  asked(open(command, Kind::generic), command.direction);
  const v1::Extent& first = said->first;
  const std::shared_ptr<Opened> opened = this->opened(command, first.file);
  const Origin from = origin(command);
  raw_ = Raw{opened, first.offset + first.length, said->count - first.length, from};
  if (first.length == 0) return;
  const bool whole = first.data + uint64_t{first.length} <= command.size;
  take_data(opened, from, {command.at + first.data, first.length, first.offset, whole},
            behind(command.bytes, first.data));
}

/// The bytes of what was written before it in a chain may lie behind it.
void Smb::close_request(const Command1& command, uint16_t file) {
  asked(open(command, Kind::generic), command.direction);
  const HandleKey key{file, kHandle1};
  std::shared_ptr<Opened> opened = side(command.direction).opened;
  if (const auto* known = handles_.find(key); known && !opened) opened = *known;
  if (!opened) return;
  handles_.erase(key);
  close_behind(opened, command.direction);
}

void Smb::read_response(const Command1& command) {
  const auto pending = take_read(key_of(command));
  if (!pending) return;
  const uint32_t status = command.header.status;
  const bool has_data = command.sound && (status == kSuccess || status == kBufferOverflow);
  const auto said = has_data ? v1::read_read_response(command.command, command.block) : std::nullopt;
  if (has_data && !said) {
    tell(Anomaly::malformed_data, command.direction);
  } else if (said && said->length > 0) {
    const bool whole = said->data + uint64_t{said->length} <= command.size;
    take_data(pending->opened, origin(command), {command.at + said->data, said->length, pending->offset, whole},
              behind(command.bytes, said->data));
  }
  if (pending->opened->closing) close_read(*pending->opened, command.direction);
}

}  // namespace lapwing::smb
