#include "dissectors/protocols/smb/smb2_messages.h"

#include <algorithm>

#include "sensor/base/utf16.h"

namespace lapwing::smb::v2 {

namespace {

constexpr uint16_t kDialect311 = 0x0311;

/// A reader behind the header, or of nothing where the message is shorter.
LittleReader body(Bytes message) {
  LittleReader out(message);
  out.skip(kHeader2);
  return out;
}

/// Bytes that the message points to.
std::optional<Bytes> within(Bytes message, size_t offset, size_t size) {
  if (size == 0) return Bytes();
  if (offset < kHeader2 || offset > message.size() || size > message.size() - offset) return {};
  return message.subspan(offset, size);
}

FileId take_file(LittleReader& reader) {
  FileId out{};
  const Bytes id = reader.bytes(out.size());
  std::ranges::copy(id, out.begin());
  return out;
}

std::vector<uint16_t> take_numbers(LittleReader& reader, size_t count) {
  std::vector<uint16_t> out;
  if (!reader.has(2 * count)) reader.skip(2 * count);
  for (size_t i = 0; i < count && reader.ok(); ++i) out.push_back(reader.u16());
  return out;
}

/// MS-SMB2 2.2.3.1: a list, each aligned to 8 bytes. What is not sound in it says nothing.
Contexts take_contexts(Bytes message, uint32_t offset, uint16_t count) {
  constexpr uint16_t kCiphers = 2, kCompressions = 3, kSignings = 8;
  Contexts out;
  LittleReader reader(message);
  if (offset < kHeader2 || !reader.seek(offset)) return out;
  for (size_t i = 0; i < count; ++i) {
    reader.skip(std::min((8 - reader.position() % 8) % 8, reader.left()));
    const uint16_t type = reader.u16(), size = reader.u16();
    reader.skip(4);
    LittleReader data(reader.bytes(size));
    if (!reader.ok()) break;
    if (type == kCiphers) out.ciphers = take_numbers(data, data.u16());
    if (type == kCompressions) {
      const uint16_t count_of = data.u16();
      data.skip(6);  // padding, flags
      out.compressions = take_numbers(data, count_of);
    }
    if (type == kSignings) out.signings = take_numbers(data, data.u16());
  }
  return out;
}

}  // namespace

Header read_header(Bytes message) {
  LittleReader reader(message);
  reader.skip(8);  // magic, size, credit charge
  Header out;
  out.status = reader.u32();
  out.command = static_cast<Command>(reader.u16());
  reader.skip(2);
  out.flags = reader.u32();
  out.next = reader.u32();
  out.message = reader.u64();
  reader.skip(4);
  out.tree = reader.u32();
  if (out.asynchronous()) out.tree = 0;
  out.session = reader.u64();
  return out;
}

std::optional<Compressed> read_compressed(Bytes head, uint64_t size) {
  constexpr uint16_t kNone = 0, kChained = 1;
  LittleReader reader(head);
  reader.skip(4);
  Compressed out{.size = reader.u32()};
  const uint16_t algorithm = reader.u16(), flags = reader.u16();
  const uint32_t length =
      reader.u32();  // of the first part of a chain; else of what is in front of the compressed bytes
  if (!reader.ok() || length > size - kCompressedHead) return {};
  if (flags & kChained) {
    if (algorithm == kNone) out.plain = length;
  } else {
    out.plain = length;
    out.size += length;
  }
  if (out.plain > out.size) return {};
  return out;
}

std::optional<NegotiateRequest> read_negotiate_request(Bytes message) {
  LittleReader reader = body(message);
  reader.skip(2);
  const uint16_t count = reader.u16();
  NegotiateRequest out;
  out.security = reader.u16();
  reader.skip(6);
  out.guid = reader.bytes(16);
  const uint32_t contexts = reader.u32();
  const uint16_t contexts_count = reader.u16();
  reader.skip(2);
  out.dialects = take_numbers(reader, count);
  if (!reader.ok()) return {};
  // Without that dialect there is a time where the contexts' place would be told.
  if (std::ranges::count(out.dialects, kDialect311)) out.contexts = take_contexts(message, contexts, contexts_count);
  return out;
}

std::optional<NegotiateResponse> read_negotiate_response(Bytes message) {
  LittleReader reader = body(message);
  reader.skip(2);
  NegotiateResponse out;
  out.security = reader.u16();
  out.dialect = reader.u16();
  const uint16_t contexts_count = reader.u16();
  out.guid = reader.bytes(16);
  out.capabilities = reader.u32();
  out.max_transact = reader.u32();
  out.max_read = reader.u32();
  out.max_write = reader.u32();
  reader.skip(16);
  const uint16_t offset = reader.u16(), size = reader.u16();
  const uint32_t contexts = reader.u32();
  const auto token = within(message, offset, size);
  if (!reader.ok() || !token) return {};
  out.token = *token;
  if (out.dialect == kDialect311) out.contexts = take_contexts(message, contexts, contexts_count);
  return out;
}

std::optional<Bytes> read_session_setup_request(Bytes message) {
  LittleReader reader = body(message);
  reader.skip(12);
  const uint16_t offset = reader.u16(), size = reader.u16();
  reader.skip(8);
  return reader.ok() ? within(message, offset, size) : std::nullopt;
}

std::optional<SessionSetupResponse> read_session_setup_response(Bytes message) {
  LittleReader reader = body(message);
  reader.skip(2);
  SessionSetupResponse out;
  out.flags = reader.u16();
  const uint16_t offset = reader.u16(), size = reader.u16();
  const auto token = within(message, offset, size);
  if (!reader.ok() || !token) return {};
  out.token = *token;
  return out;
}

std::optional<std::string> read_tree_connect_request(Bytes message) {
  LittleReader reader = body(message);
  reader.skip(4);
  const uint16_t offset = reader.u16(), size = reader.u16();
  const auto path = within(message, offset, size);
  return reader.ok() && path ? std::optional(utf16_to_utf8(*path)) : std::nullopt;
}

std::optional<TreeConnectResponse> read_tree_connect_response(Bytes message) {
  LittleReader reader = body(message);
  reader.skip(2);
  TreeConnectResponse out;
  out.type = reader.u8();
  reader.skip(1);
  out.flags = reader.u32();
  return reader.ok() ? std::optional(out) : std::nullopt;
}

std::optional<CreateRequest> read_create_request(Bytes message) {
  LittleReader reader = body(message);
  reader.skip(24);
  CreateRequest out;
  out.access = reader.u32();
  reader.skip(8);
  out.disposition = reader.u32();
  out.options = reader.u32();
  const uint16_t offset = reader.u16(), size = reader.u16();
  const auto name = within(message, offset, size);
  if (!reader.ok() || !name) return {};
  out.name = *name;
  return out;
}

std::optional<CreateResponse> read_create_response(Bytes message) {
  LittleReader reader = body(message);
  reader.skip(4);
  CreateResponse out;
  out.action = reader.u32();
  out.created = reader.u64();
  out.accessed = reader.u64();
  out.written = reader.u64();
  out.changed = reader.u64();
  reader.skip(8);
  out.size = reader.u64();
  out.attributes = reader.u32();
  reader.skip(4);
  out.file = take_file(reader);
  return reader.ok() ? std::optional(out) : std::nullopt;
}

std::optional<FileId> read_close_request(Bytes message) {
  LittleReader reader = body(message);
  reader.skip(8);
  const FileId out = take_file(reader);
  return reader.ok() ? std::optional(out) : std::nullopt;
}

std::optional<Extent> read_read_request(Bytes message) {
  LittleReader reader = body(message);
  reader.skip(4);
  Extent out;
  out.length = reader.u32();
  out.offset = reader.u64();
  out.file = take_file(reader);
  return reader.ok() ? std::optional(out) : std::nullopt;
}

std::optional<Extent> read_read_response(Bytes message) {
  LittleReader reader = body(message);
  reader.skip(2);
  Extent out;
  out.data = reader.u8();
  reader.skip(1);
  out.length = reader.u32();
  const bool apart = out.length == 0 || out.data >= kReadHead;
  reader.skip(8);
  return reader.ok() && apart ? std::optional(out) : std::nullopt;
}

std::optional<Extent> read_write_request(Bytes message) {
  LittleReader reader = body(message);
  reader.skip(2);
  Extent out;
  out.data = reader.u16();
  out.length = reader.u32();
  out.offset = reader.u64();
  out.file = take_file(reader);
  reader.skip(16);
  const bool apart = out.length == 0 || out.data >= kWriteHead;
  return reader.ok() && apart ? std::optional(out) : std::nullopt;
}

std::optional<SetInfoRequest> read_set_info_request(Bytes message) {
  LittleReader reader = body(message);
  reader.skip(2);
  SetInfoRequest out;
  out.type = reader.u8();
  out.level = reader.u8();
  const uint32_t size = reader.u32();
  const uint16_t offset = reader.u16();
  reader.skip(6);
  out.file = take_file(reader);
  const auto data = within(message, offset, size);
  if (!reader.ok() || !data) return {};
  out.data = *data;
  return out;
}

std::optional<Ioctl> read_ioctl(Bytes message, bool response) {
  LittleReader reader = body(message);
  reader.skip(4);
  Ioctl out;
  out.function = reader.u32();
  out.file = take_file(reader);
  const uint32_t input = reader.u32(), input_size = reader.u32();
  if (!response) reader.skip(4);
  const uint32_t output = reader.u32(), output_size = reader.u32();
  reader.skip(8);
  if (!response) reader.skip(4);
  out.data = response ? output : input;
  out.length = response ? output_size : input_size;
  const size_t head = response ? kIoctlResponseHead : kIoctlRequestHead;
  return reader.ok() && (out.length == 0 || out.data >= head) ? std::optional(out) : std::nullopt;
}

std::optional<std::string> read_rename(Bytes data) {
  LittleReader reader(data);
  reader.skip(16);
  const Bytes name = reader.bytes(reader.u32());
  return reader.ok() ? std::optional(utf16_to_utf8(name)) : std::nullopt;
}

}  // namespace lapwing::smb::v2
