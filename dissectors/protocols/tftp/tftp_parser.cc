#include "dissectors/protocols/tftp/tftp_parser.h"

#include "sensor/base/text.h"

namespace lapwing::tftp {

namespace {

/// Takes the bytes before the next zero off the front, with it.
bool take_text(ByteReader& reader, std::string_view& text) {
  const std::string_view rest = to_text(reader.rest());
  const size_t size = rest.find('\0');
  if (size == std::string_view::npos) return false;
  text = rest.substr(0, size);
  return reader.skip(size + 1);
}

Options take_options(ByteReader& reader) {
  Options out;
  std::string_view name, value;
  while (take_text(reader, name) && take_text(reader, value)) {
    const auto number = parse_unsigned(value);
    if (equal_nocase(name, "blksize")) out.block_size = number;
    if (equal_nocase(name, "timeout")) out.timeout = number;
    if (equal_nocase(name, "tsize")) out.transfer_size = number;
    if (equal_nocase(name, "windowsize")) out.window_size = number;
  }
  return out;
}

}  // namespace

std::optional<Packet> parse(Bytes bytes) {
  ByteReader reader(bytes);
  Packet out{.opcode = static_cast<Opcode>(reader.u16())};
  switch (out.opcode) {
    case Opcode::read:
    case Opcode::write:
      if (!take_text(reader, out.file) || !take_text(reader, out.mode)) return {};
      out.options = take_options(reader);
      break;
    case Opcode::data:
      out.number = reader.u16();
      out.data = reader.rest();
      break;
    case Opcode::acknowledgement: out.number = reader.u16(); break;
    case Opcode::error:
      out.number = reader.u16();
      // Some senders leave its zero out.
      if (!take_text(reader, out.message)) out.message = to_text(reader.rest());
      break;
    case Opcode::options: out.options = take_options(reader); break;
    default: return {};
  }
  return reader.ok() ? std::optional(out) : std::nullopt;
}

bool is_request(const Packet& packet) {
  const bool mode =
      equal_nocase(packet.mode, "octet") || equal_nocase(packet.mode, "netascii") || equal_nocase(packet.mode, "mail");
  return (packet.opcode == Opcode::read || packet.opcode == Opcode::write) && !packet.file.empty() && mode;
}

}  // namespace lapwing::tftp
