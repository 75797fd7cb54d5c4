#include "tests/dissectors/rdp/rdp_wire.h"

#include <algorithm>

namespace lapwing::test {

namespace {

std::string be16_text(size_t value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value)};
}

/// BER, with a length of two octets.
std::string ber(unsigned tag, const std::string& content) {
  return static_cast<char>(tag) + ("\x82" + be16_text(content.size())) + content;
}

std::string per_length(size_t size) {
  return size < 0x80 ? std::string(1, static_cast<char>(size)) : be16_text(size | 0x8000);
}

const std::string kStandard("\0\5\0\x14\x7c\0\1", 7);
const std::string kParameters = ber(0x30, "\2\1\x22");

}  // namespace

std::string le16(unsigned value) {
  return {static_cast<char>(value), static_cast<char>(value >> 8)};
}
std::string le32(uint32_t value) {
  return le16(value & 0xffff) + le16(value >> 16);
}

std::string rdp_text(std::string_view text, size_t size) {
  std::string out;
  for (const char c : text) out += le16(static_cast<unsigned char>(c));
  out.resize(size);
  return out;
}

std::string tpkt(std::string_view tpdu) {
  return std::string("\3\0", 2) + be16_text(tpdu.size() + 4) + std::string(tpdu);
}

std::string rdp_request(std::string_view variable) {
  return tpkt(static_cast<char>(6 + variable.size()) + std::string("\xe0\0\0\0\0\0", 6) + std::string(variable));
}
std::string rdp_confirm(std::string_view variable) {
  return tpkt(static_cast<char>(6 + variable.size()) + std::string("\xd0\0\0\x12\x34\0", 6) + std::string(variable));
}
std::string rdp_negotiation(unsigned type, unsigned flags, uint32_t value) {
  return static_cast<char>(type) + (static_cast<char>(flags) + le16(8)) + le32(value);
}
std::string rdp_data(std::string_view data) {
  return tpkt("\2\xf0\x80" + std::string(data));
}

std::string rdp_block(unsigned type, std::string_view data) {
  return le16(type) + le16(static_cast<unsigned>(data.size() + 4)) + std::string(data);
}
std::string rdp_core(const CoreParts& parts) {
  return rdp_block(0xc001, le32(parts.version) + le16(1280) + le16(768) + le16(0xca01) + le16(0xaa03) +
                               le32(parts.keyboard_layout) + le32(parts.build) + rdp_text(parts.name, 32) + le32(4) +
                               le32(0) + le32(12) + rdp_text("", 64) + parts.optional);
}
std::string rdp_channels(const std::vector<std::string>& names, std::optional<uint32_t> count) {
  std::string out = le32(count.value_or(static_cast<uint32_t>(names.size())));
  for (std::string name : names) {
    name.resize(8);
    out += name + le32(0x80000000);
  }
  return rdp_block(0xc003, out);
}

std::string rdp_connect(std::string_view blocks) {
  const std::string request =
      std::string("\0\x08\0\x10\0\1\xc0\0", 8) + "Duca" + per_length(blocks.size()) + std::string(blocks);
  const std::string gcc = kStandard + per_length(request.size()) + request;
  return rdp_data("\x7f" + ber(0x65, ber(4, "\1") + ber(4, "\1") + ber(1, "\xff") + kParameters + kParameters +
                                         kParameters + ber(4, gcc)));
}
std::string rdp_connected(std::string_view blocks, unsigned result) {
  const std::string response = std::string("\x14\x76\x0a\1\1", 5) + static_cast<char>(result) +
                               std::string("\1\xc0\0", 3) + "McDn" + per_length(blocks.size()) + std::string(blocks);
  const std::string gcc = kStandard + "\x2a" + response;
  return rdp_data("\x7f" + ber(0x66, std::string("\x0a\1\0\2\1\0", 6) + kParameters + ber(4, gcc)));
}

std::string rdp_security(uint32_t method, uint32_t level, std::string_view certificate) {
  return rdp_block(0x0c02, le32(method) + le32(level) + le32(32) + le32(static_cast<uint32_t>(certificate.size())) +
                               std::string(32, 'r') + std::string(certificate));
}
std::string rdp_rsa_certificate(uint32_t bits) {
  const std::string key =
      "RSA1" + le32(bits / 8 + 8) + le32(bits) + le32(bits / 8 - 1) + le32(65537) + std::string(bits / 8 + 8, 'm');
  return le32(1) + le32(1) + le32(1) + le16(6) + le16(static_cast<unsigned>(key.size())) + key + le16(8) + le16(72) +
         std::string(72, 's');
}
std::string rdp_x509_chain(const std::vector<std::string>& chain, std::optional<uint32_t> count) {
  std::string out = le32(0x80000002) + le32(count.value_or(static_cast<uint32_t>(chain.size())));
  for (const std::string& der : chain) out += le32(static_cast<uint32_t>(der.size())) + der;
  return out;
}

}  // namespace lapwing::test
