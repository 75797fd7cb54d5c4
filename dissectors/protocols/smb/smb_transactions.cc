// Transactions of version 1 (MS-CIFS 2.2.5 to 2.2.7): what they say to pipes, open, rename and delete.
#include <algorithm>
#include <utility>

#include "dissectors/protocols/smb/smb.h"
#include "dissectors/protocols/smb/smb_pipe.h"

namespace lapwing::smb {

namespace {

using v1::Command;

std::optional<v1::Transaction> read(Command command, const v1::Block& block, v1::TransactionForm form) {
  const bool nt = command == Command::nt_trans || command == Command::nt_trans_secondary;
  return nt ? v1::read_nt_transaction(block, form) : v1::read_transaction(block, form);
}

/// Of which more is told than that they were.
bool is_read(Command command, const std::vector<uint16_t>& setup) {
  if (setup.empty()) return false;
  switch (command) {
    case Command::trans:
      return setup.size() > 1 &&
             (setup[0] == v1::kTransactPipe || setup[0] == v1::kReadPipe || setup[0] == v1::kReadPipeRaw ||
              setup[0] == v1::kWritePipe || setup[0] == v1::kWritePipeRaw);
    case Command::trans2: return setup[0] == v1::kOpen2 || setup[0] == v1::kSetPathInfo || setup[0] == v1::kSetFileInfo;
    case Command::nt_trans: return setup[0] == v1::kTransactCreate;
    default: return false;
  }
}

Command first_of(Command secondary) {
  return secondary == Command::trans_secondary    ? Command::trans
         : secondary == Command::trans2_secondary ? Command::trans2
                                                  : Command::nt_trans;
}

}  // namespace

/// Later messages may say that there is less in all than was said before (MS-CIFS 2.2.4.34.1).
bool Smb::Gathered::Part::take(const v1::Portion& portion) {
  if (portion.total >= end) total = std::min(total, portion.total);
  const uint64_t behind = uint64_t{portion.at} + portion.bytes.size();
  if (portion.bytes.empty() || behind > total) return portion.bytes.empty();
  pieces.add(portion.at, portion.bytes, {UINT64_MAX, UINT64_MAX}, [](Bytes, Bytes) {});
  end = std::max(end, behind);
  received += portion.bytes.size();
  return true;
}

void Smb::Gathered::Part::join() {
  bytes.resize(total);
  while (!pieces.empty()) {
    const uint64_t at = pieces.begin();
    std::ranges::copy(pieces.take(), bytes.begin() + static_cast<ptrdiff_t>(at));
  }
}

bool Smb::Gathered::take(const v1::Transaction& said) {
  return parameters.take(said.parameters) && data.take(said.data);
}

v1::Transaction Smb::Gathered::all() {
  for (Part* part : {&parameters, &data}) part->join();
  return {setup, {.bytes = to_bytes(parameters.bytes)}, {.bytes = to_bytes(data.bytes)}};
}

void Smb::transaction_request(const Command1& command) {
  const auto said = read(command.command, command.block, v1::TransactionForm::request);
  if (!said) return malformed(command);
  const bool nt = command.command == Command::nt_trans;
  if (!is_read(command.command, said->setup)) {
    if (nt) asked(open(command, Kind::generic), command.direction);
    return;
  }
  if (!said->goes_on()) return transact(command, *said);
  if (const size_t most = out_.limit(Cap::message); said->parameters.total > most || said->data.total > most) {
    out_.capped(Cap::message);
    return;
  }
  const Key key = key_of(command);
  gathered_.erase(key);
  while (gathered_.size() >= out_.limit(Cap::transactions)) {
    out_.capped(Cap::transactions);
    gathered_.erase(Key(gathered_.oldest_key()));
  }
  Gathered& gathered = gathered_.add(key);
  gathered.setup = said->setup;
  gathered.parameters.total = said->parameters.total;
  gathered.data.total = said->data.total;
  gathered.take(*said);
}

/// False where nobody waits for it.
bool Smb::transaction_goes_on(const Command1& command) {
  Command1 first = command;
  first.command = first_of(command.command);
  const Key key = key_of(first);
  Gathered* const gathered = gathered_.find(key);
  if (!gathered) return false;
  const auto said = read(command.command, command.block, v1::TransactionForm::secondary);
  if (!said || !gathered->take(*said)) {
    gathered_.erase(key);
    tell(Anomaly::malformed_data, command.direction);
  } else if (gathered->whole()) {
    Gathered whole = std::move(*gathered);
    gathered_.erase(key);
    transact(first, whole.all());
  }
  return true;
}

/// All of it has come.
void Smb::transact(const Command1& command, const v1::Transaction& said) {
  const bool unicode = command.header.unicode();
  if (command.command == Command::trans) return pipe_request(command, said);
  if (command.command == Command::nt_trans) {
    auto create = v1::read_create_request(said.parameters.bytes, unicode);
    if (!create) return malformed(command);
    Operation& operation = open(command, Kind::create);
    operation.detail.emplace<Creation>().ask(*create, std::move(create->name));
    return asked(operation, command.direction);
  }
  if (said.setup[0] != v1::kOpen2) return set_info_request(command, said);
  auto path = v1::read_open2_request(said.parameters.bytes, unicode);
  if (!path) return malformed(command);
  Operation& operation = open(command, Kind::generic);
  auto opened = std::make_shared<Opened>();
  opened->name = make_name(std::move(*path));
  operation.detail = Named{opened->name, opened};
  asked(operation, command.direction);
}

/// What was opened or renamed, the server has done.
void Smb::transaction_response(const Command1& command, Operation& operation) {
  renamed(operation);
  Creation* const creation = operation.as<Creation>();
  const Named* const named = operation.as<Named>();
  if (!creation && !named) return;
  const auto said = read(command.command, command.block, v1::TransactionForm::response);
  const Bytes parameters = said ? said->parameters.bytes : Bytes();
  if (const auto answer = creation ? v1::read_create_response(parameters) : std::nullopt) {
    creation->answer(*answer);
    return hold1(answer->file, creation->opened);
  }
  if (const auto file = named ? v1::read_open2_response(parameters) : std::nullopt) return hold1(*file, named->opened);
  tell(Anomaly::malformed_data, command.direction, &operation);
}

/// A pipe is written to, read from, or both at once (MS-CIFS 2.2.5.6).
void Smb::pipe_request(const Command1& command, const v1::Transaction& said) {
  const std::shared_ptr<Opened> opened = this->opened(command, said.setup[1]);
  if (!is_pipe(opened, origin(command), said.data.bytes)) return;
  expect_read(key_of(command), {.opened = opened});
  if (opened->pipe) opened->pipe->take(said.data.bytes, origin(command));
}

/// In one message or several (MS-CIFS 2.2.4.33.2). One that says nothing asks for the rest of the request.
void Smb::pipe_response(const Command1& command) {
  const uint32_t status = command.header.status;
  if (status == kSuccess && command.sound && command.block.words.empty()) return;
  const Key key = key_of(command);
  auto pending = take_read(key);
  if (const Gathered* const gathered = gathered_.find(key)) {  // the rest of that was lost
    if (!pending) {
      if (const auto* known = handles_.find({gathered->setup[1], kHandle1})) pending = PendingRead{.opened = *known};
    }
    gathered_.erase(key);
  }
  if (!pending) return;
  const bool has_data = command.sound && (status == kSuccess || status == kBufferOverflow);
  const auto said = has_data ? v1::read_transaction(command.block, v1::TransactionForm::response) : std::nullopt;
  if (has_data && !said) tell(Anomaly::malformed_data, command.direction);
  if (said && pending->opened->pipe) pending->opened->pipe->take(said->data.bytes, origin(command));
  if (!has_data) end_pipe(*pending->opened, status);
  if (said && said->goes_on()) return expect_read(key, std::move(*pending));
  if (pending->opened->closing) close_read(*pending->opened, command.direction);
}

/// What is set of names and deletion is told.
void Smb::set_info_request(const Command1& command, const v1::Transaction& said) {
  const bool unicode = command.header.unicode();
  const auto info = v1::read_set_info(said, unicode);
  if (!info) return malformed(command);
  const std::shared_ptr<Opened> file = info->file ? opened(command, *info->file) : nullptr;
  const Name name = file ? file->name : make_name(info->path);
  if (info->level == v1::kDispositionInfo || info->level == v1::kDispositionCifs) {
    if (info->data.empty()) return malformed(command);
    Operation& operation = open(command, Kind::set_file_path_info);
    operation.detail = Disposal{file, name, (info->data[0] & 1) != 0, said.setup[0], info->level};
    asked(operation, command.direction);
  } else if (info->level == v1::kRenameInfo) {
    const auto to = v1::read_rename_info(info->data, unicode);
    if (!to) return malformed(command);
    Operation& operation = open(command, Kind::rename);
    operation.detail = Renaming{file, name, make_name(*to)};
    asked(operation, command.direction);
  }
}

}  // namespace lapwing::smb
