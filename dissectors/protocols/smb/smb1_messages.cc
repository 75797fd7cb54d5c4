#include "dissectors/protocols/smb/smb1_messages.h"

#include <algorithm>
#include <utility>

#include "sensor/base/utf16.h"

namespace lapwing::smb::v1 {

namespace {

constexpr size_t kAndx = 4;          // bytes: the command that follows, a byte unused, where it begins
constexpr uint8_t kTextFollows = 4;  // MS-CIFS 2.2.1.2: format of a buffer

constexpr size_t kBufferHead = 3;  // bytes before those of a buffer: its format and length (MS-CIFS 2.2.1.1)

/// The parameters, behind those of a chain where there are any.
LittleReader words(const Block& block, size_t begin) {
  LittleReader out(block.words);
  out.skip(begin);
  return out;
}

std::optional<std::string> take_path(LittleReader& reader, bool unicode) {
  if (reader.u8() != kTextFollows || !reader.ok()) return {};
  return take_text(reader, unicode);
}

Native take_native(LittleReader& reader, bool unicode) {
  Native out;
  out.os = take_text(reader, unicode);
  out.lm = take_text(reader, unicode);
  return out;
}

/// Times and size, which stand behind the action.
void take_rest(LittleReader& reader, CreateResponse& out) {
  out.created = reader.u64();
  out.accessed = reader.u64();
  out.written = reader.u64();
  out.changed = reader.u64();
  reader.skip(12);
  out.size = reader.u64();
}

void take_setup(LittleReader& words, std::vector<uint16_t>& out) {
  const uint8_t count = words.u8();
  words.skip(1);
  for (size_t i = 0; i < count && words.ok(); ++i) out.push_back(words.u16());
}

/// Bytes that the message points to; none where it points elsewhere.
std::optional<Bytes> within(Bytes message, size_t offset, size_t size) {
  if (size == 0) return Bytes();
  if (offset < kHeader1 || offset > message.size() || size > message.size() - offset) return {};
  return message.subspan(offset, size);
}

/// Both portions that the message holds; `number` reads a field. False where they lie elsewhere.
template <class Number>
bool take_portions(const Block& block, TransactionForm form, LittleReader& fields, Number number, Transaction& out) {
  for (Portion* portion : {&out.parameters, &out.data}) {
    const uint32_t size = number(), offset = number();
    if (form != TransactionForm::request) portion->at = number();
    const auto bytes = within(block.message, offset, size);
    if (!fields.ok() || !bytes) return false;
    portion->bytes = *bytes;
  }
  return true;
}

}  // namespace

bool chains(Command command) {
  switch (command) {
    case Command::locking_andx:
    case Command::open_andx:
    case Command::read_andx:
    case Command::write_andx:
    case Command::session_setup_andx:
    case Command::logoff_andx:
    case Command::tree_connect_andx:
    case Command::nt_create_andx: return true;
    default: return false;
  }
}

Header read_header(Bytes message) {
  LittleReader reader(message);
  reader.skip(kMagicSize);
  Header out;
  out.command = static_cast<Command>(reader.u8());
  out.status = reader.u32();
  out.flags = reader.u8();
  out.flags2 = reader.u16();
  reader.skip(12);
  out.tree = reader.u16();
  out.process = reader.u16();
  out.user = reader.u16();
  out.multiplex = reader.u16();
  return out;
}

std::optional<Block> read_block(Bytes message, size_t at) {
  LittleReader reader(message);
  reader.seek(at);
  Block out;
  out.words = reader.bytes(size_t{2} * reader.u8());
  const size_t size = reader.u16();
  if (!reader.ok()) return {};
  out.data = reader.position();
  out.message = message.first(out.data + std::min(size, reader.left()));
  return out;
}

std::optional<Next> next_command(const Block& block) {
  LittleReader reader(block.words);
  const auto command = static_cast<Command>(reader.u8());
  reader.skip(1);
  const size_t next = reader.u16();
  if (!reader.ok() || command == Command::none || next < block.data) return {};
  return Next{command, next};
}

std::optional<std::vector<std::string>> read_negotiate_request(const Block& block, size_t most, size_t& left_out) {
  constexpr uint8_t kDialect = 2;
  std::vector<std::string> out;
  LittleReader reader = block.reader();
  while (reader.left() > 0) {
    if (reader.u8() != kDialect) return {};
    std::string dialect = take_text(reader, false);
    if (out.size() == most) {
      ++left_out;
    } else {
      out.push_back(std::move(dialect));
    }
  }
  return out;
}

std::optional<NegotiateResponse> read_negotiate_response(const Block& block, bool unicode) {
  constexpr uint32_t kExtendedSecurity = 0x80000000;
  LittleReader parameters = words(block, 0);
  NegotiateResponse out;
  out.dialect = parameters.u16();
  if (!parameters.ok()) return {};
  if (block.words.size() < 34) return out;  // a dialect before NT LM 0.12
  out.security = parameters.u8();
  parameters.skip(16);
  const uint32_t capabilities = parameters.u32();
  parameters.skip(10);
  const uint8_t challenge = parameters.u8();
  LittleReader reader = block.reader();
  if (capabilities & kExtendedSecurity) {
    out.guid = reader.bytes(16);
  } else if (reader.skip(challenge)) {
    // Unicode, without alignment (MS-CIFS 2.2.4.52.2).
    const bool even = reader.position() % 2 == 0;
    if (unicode && !even) {
      out.domain = utf16_to_utf8(reader.rest());
      out.domain = out.domain.substr(0, out.domain.find('\0'));
    } else {
      out.domain = take_text(reader, unicode);
    }
  }
  return reader.ok() ? std::optional(out) : std::nullopt;
}

std::optional<SessionSetupRequest> read_session_setup_request(const Block& block, bool unicode) {
  constexpr size_t kLanManager = 20, kExtended = 24;  // bytes of words; NT LM 0.12 without a token has 26
  LittleReader parameters = words(block, kAndx + 10);
  SessionSetupRequest out;
  LittleReader reader = block.reader();
  const uint16_t first = parameters.u16();
  if (!parameters.ok()) return {};
  out.extended = block.words.size() == kExtended;
  if (out.extended) {
    out.token = reader.bytes(first);
  } else {
    const size_t second = block.words.size() == kLanManager ? 0 : parameters.u16();
    out.password = first + second > 1;  // of nobody it is empty, or a zero
    reader.skip(first + second);
    out.user = take_text(reader, unicode);
    out.domain = take_text(reader, unicode);
  }
  if (!reader.ok()) return {};
  out.native = take_native(reader, unicode);
  return out;
}

std::optional<SessionSetupResponse> read_session_setup_response(const Block& block, bool unicode) {
  constexpr size_t kExtended = 8;  // bytes of words
  LittleReader parameters = words(block, kAndx);
  SessionSetupResponse out;
  out.action = parameters.u16();
  LittleReader reader = block.reader();
  if (block.words.size() >= kExtended) out.token = reader.bytes(parameters.u16());
  if (!parameters.ok() || !reader.ok()) return {};
  out.native = take_native(reader, unicode);
  return out;
}

std::optional<TreeConnectRequest> read_tree_connect_request(const Block& block, bool unicode) {
  LittleReader parameters = words(block, kAndx + 2);
  LittleReader reader = block.reader();
  reader.skip(parameters.u16());
  if (!parameters.ok() || !reader.ok()) return {};
  TreeConnectRequest out;
  out.path = take_text(reader, unicode);
  out.service = take_text(reader, false);
  return out;
}

std::optional<std::string> read_tree_connect_response(const Block& block) {
  if (block.words.empty()) return {};
  LittleReader reader = block.reader();
  return take_text(reader, false);
}

std::optional<TreeConnectRequest> read_lone_tree_connect_request(const Block& block, bool unicode) {
  LittleReader reader = block.reader();
  auto path = take_path(reader, unicode);
  const auto password = path ? take_path(reader, unicode) : std::nullopt;
  auto service = password ? take_path(reader, unicode) : std::nullopt;
  return service ? std::optional(TreeConnectRequest{std::move(*path), std::move(*service)}) : std::nullopt;
}

std::optional<uint16_t> read_lone_tree_connect_response(const Block& block) {
  LittleReader parameters = words(block, sizeof(uint16_t));  // behind the longest message that the server takes
  const uint16_t tree = parameters.u16();
  return parameters.ok() ? std::optional(tree) : std::nullopt;
}

std::optional<CreateRequest> read_create_request(const Block& block, bool unicode) {
  LittleReader parameters = words(block, kAndx + 11);
  CreateRequest out;
  out.access = parameters.u32();
  parameters.skip(16);
  out.disposition = parameters.u32();
  out.options = parameters.u32();
  if (!parameters.ok()) return {};
  LittleReader reader = block.reader();
  out.name = take_text(reader, unicode);
  return out;
}

std::optional<CreateResponse> read_create_response(const Block& block) {
  LittleReader parameters = words(block, kAndx + 1);
  CreateResponse out;
  out.file = parameters.u16();
  out.action = parameters.u32();
  take_rest(parameters, out);
  return parameters.ok() ? std::optional(out) : std::nullopt;
}

std::optional<std::string> read_open_request(Command command, const Block& block, bool unicode) {
  if (command != Command::open_andx) return read_path(block, unicode);
  if (block.words.size() < 30) return {};
  LittleReader reader = block.reader();
  return take_text(reader, unicode);
}

std::optional<uint16_t> read_open_response(Command command, const Block& block) {
  LittleReader parameters = words(block, command == Command::open_andx ? kAndx : 0);
  const uint16_t file = parameters.u16();
  return parameters.ok() ? std::optional(file) : std::nullopt;
}

std::optional<uint16_t> read_locking_request(const Block& block) {
  LittleReader parameters = words(block, kAndx);
  const uint16_t file = parameters.u16();
  return parameters.ok() ? std::optional(file) : std::nullopt;
}

std::optional<uint16_t> read_close_request(const Block& block) {
  LittleReader parameters = words(block, 0);
  const uint16_t file = parameters.u16();
  return parameters.ok() ? std::optional(file) : std::nullopt;
}

std::optional<Extent> read_read_request(Command command, const Block& block) {
  constexpr size_t kLong = 24;  // bytes of words with the high half of the offset
  const bool andx = command == Command::read_andx;
  LittleReader parameters = words(block, andx ? kAndx : 0);
  Extent out;
  out.file = parameters.u16();
  if (!andx) {
    out.length = parameters.u16();
    out.offset = parameters.u32();
    return parameters.ok() ? std::optional(out) : std::nullopt;
  }
  out.offset = parameters.u32();
  out.length = parameters.u16();
  parameters.skip(2);
  const uint32_t high = parameters.u32();
  if (high != UINT32_MAX) out.length |= high << 16;  // else it is a timeout
  parameters.skip(2);
  if (block.words.size() >= kLong) out.offset |= uint64_t{parameters.u32()} << 32;
  return parameters.ok() ? std::optional(out) : std::nullopt;
}

std::optional<Extent> read_raw_read_request(const Block& block) {
  constexpr size_t kLong = 20;  // bytes of words with the high half of the offset
  LittleReader parameters = words(block, 0);
  Extent out;
  out.file = parameters.u16();
  out.offset = parameters.u32();
  out.length = parameters.u16();
  parameters.skip(8);
  if (block.words.size() >= kLong) out.offset |= uint64_t{parameters.u32()} << 32;
  return parameters.ok() ? std::optional(out) : std::nullopt;
}

std::optional<RawWrite> read_raw_write_request(const Block& block) {
  constexpr size_t kLong = 28;  // bytes of words with the high half of the offset
  LittleReader parameters = words(block, 0);
  RawWrite out;
  out.first.file = parameters.u16();
  out.count = parameters.u16();
  parameters.skip(2);
  out.first.offset = parameters.u32();
  parameters.skip(10);
  out.first.length = parameters.u16();
  out.first.data = parameters.u16();
  if (block.words.size() >= kLong) out.first.offset |= uint64_t{parameters.u32()} << 32;
  const bool apart = out.first.length == 0 || out.first.data >= block.data;
  return parameters.ok() && apart && out.first.length <= out.count ? std::optional(out) : std::nullopt;
}

std::optional<Extent> read_read_response(Command command, const Block& block) {
  const bool andx = command == Command::read_andx;
  LittleReader parameters = words(block, andx ? kAndx + 6 : 0);
  Extent out;
  out.length = parameters.u16();
  if (andx) {
    out.data = parameters.u16();
    out.length |= uint32_t{parameters.u16()} << 16;
  } else {
    out.data = block.data + kBufferHead;
  }
  if (!parameters.ok() || (out.length > 0 && out.data < block.data)) return {};
  return out;
}

std::optional<Extent> read_write_request(Command command, const Block& block) {
  const bool andx = command == Command::write_andx;
  constexpr size_t kLong = 28;  // bytes of words with the high half of the offset
  LittleReader parameters = words(block, andx ? kAndx : 0);
  Extent out;
  out.file = parameters.u16();
  if (andx) {
    out.offset = parameters.u32();
    parameters.skip(4);
    out.mode = parameters.u16();
    parameters.skip(2);
    out.length = uint32_t{parameters.u16()} << 16;
    out.length |= parameters.u16();
    out.data = parameters.u16();
    if (block.words.size() >= kLong) out.offset |= uint64_t{parameters.u32()} << 32;
  } else {
    out.length = parameters.u16();
    out.offset = parameters.u32();
    // Behind the format and length of a buffer, or behind a pad.
    out.data = block.data + (command == Command::write_and_close ? 1 : kBufferHead);
  }
  if (!parameters.ok() || (out.length > 0 && out.data < block.data)) return {};
  return out;
}

std::optional<Transaction> read_transaction(const Block& block, TransactionForm form) {
  const bool request = form == TransactionForm::request;
  Transaction out;
  LittleReader fields = words(block, 0);
  out.parameters.total = fields.u16();
  out.data.total = fields.u16();
  fields.skip(request ? 14 : form == TransactionForm::response ? 2 : 0);
  if (!take_portions(
          block, form, fields, [&] { return fields.u16(); }, out))
    return {};
  if (form != TransactionForm::secondary) take_setup(fields, out.setup);
  return fields.ok() ? std::optional(out) : std::nullopt;
}

std::optional<Transaction> read_nt_transaction(const Block& block, TransactionForm form) {
  const bool request = form == TransactionForm::request;
  Transaction out;
  LittleReader fields = words(block, 0);
  fields.skip(3);
  out.parameters.total = fields.u32();
  out.data.total = fields.u32();
  if (request) fields.skip(8);
  if (!take_portions(
          block, form, fields, [&] { return fields.u32(); }, out))
    return {};
  if (!request) return out;
  fields.skip(1);  // how many words follow the function: nobody asks for them
  out.setup.push_back(fields.u16());
  return fields.ok() ? std::optional(out) : std::nullopt;
}

std::optional<CreateRequest> read_create_request(Bytes parameters, bool unicode) {
  LittleReader reader(parameters);
  CreateRequest out;
  reader.skip(8);
  out.access = reader.u32();
  reader.skip(16);
  out.disposition = reader.u32();
  out.options = reader.u32();
  reader.skip(8);
  const uint32_t size = reader.u32();
  reader.skip(5);
  // Samba aligns the name, which the specification does not.
  if (unicode && size < reader.left()) reader.skip(reader.position() % 2);
  LittleReader name(reader.bytes(size));
  if (!reader.ok()) return {};
  out.name = take_text(name, unicode);
  return out;
}

std::optional<CreateResponse> read_create_response(Bytes parameters) {
  LittleReader reader(parameters);
  CreateResponse out;
  reader.skip(2);
  out.file = reader.u16();
  out.action = reader.u32();
  reader.skip(4);
  take_rest(reader, out);
  return reader.ok() ? std::optional(out) : std::nullopt;
}

std::optional<std::string> read_open2_request(Bytes parameters, bool unicode) {
  LittleReader reader(parameters);
  reader.skip(28);
  if (!reader.ok()) return {};
  return take_text(reader, unicode);
}

std::optional<uint16_t> read_open2_response(Bytes parameters) {
  LittleReader reader(parameters);
  const uint16_t file = reader.u16();
  return reader.ok() ? std::optional(file) : std::nullopt;
}

std::optional<SetInfo> read_set_info(const Transaction& transaction, bool unicode) {
  if (transaction.setup.empty()) return {};
  LittleReader reader(transaction.parameters.bytes);
  SetInfo out;
  if (transaction.setup[0] == kSetFileInfo) out.file = reader.u16();
  out.level = reader.u16();
  if (transaction.setup[0] == kSetPathInfo) {
    reader.skip(4);
    out.path = take_text(reader, unicode);
  }
  out.data = transaction.data.bytes;
  return reader.ok() ? std::optional(out) : std::nullopt;
}

std::optional<std::string> read_rename_info(Bytes data, bool unicode) {
  LittleReader reader(data);
  reader.skip(8);
  const Bytes name = reader.bytes(reader.u32());
  if (!reader.ok()) return {};
  return unicode ? utf16_to_utf8(name) : std::string(to_text(name));
}

std::optional<Rename> read_rename_request(const Block& block, bool unicode) {
  LittleReader reader = block.reader();
  const auto from = take_path(reader, unicode);
  const auto to = from ? take_path(reader, unicode) : std::nullopt;
  return to ? std::optional(Rename{*from, *to}) : std::nullopt;
}

std::optional<Rename> read_nt_rename_request(const Block& block, bool unicode) {
  constexpr uint16_t kRenames = 0x104;
  LittleReader parameters = words(block, 2);
  const uint16_t level = parameters.u16();
  auto out = read_rename_request(block, unicode);
  if (!parameters.ok()) return {};
  if (out && level != kRenames) out->to.clear();
  return out;
}

std::optional<std::string> read_path(const Block& block, bool unicode) {
  LittleReader reader = block.reader();
  return take_path(reader, unicode);
}

}  // namespace lapwing::smb::v1
