// Writes RDP octet by octet for tests.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lapwing::test {

std::string le16(unsigned value);
std::string le32(uint32_t value);
/// UTF-16 in `size` bytes, filled up with zeros.
std::string rdp_text(std::string_view text, size_t size);

std::string tpkt(std::string_view tpdu);
/// With what stands behind the fixed part of a request or confirm of class 0.
std::string rdp_request(std::string_view variable);
std::string rdp_confirm(std::string_view variable = "");
std::string rdp_negotiation(unsigned type, unsigned flags, uint32_t value);
std::string rdp_data(std::string_view data);

std::string rdp_block(unsigned type, std::string_view data);
struct CoreParts {
  uint32_t version = 0x00080004, keyboard_layout = 0x409, build = 7601;
  std::string name = "DESK";
  std::string optional;  // what follows the mandatory fields
};
std::string rdp_core(const CoreParts& parts);
std::string rdp_channels(const std::vector<std::string>& names, std::optional<uint32_t> count = {});
/// A TPKT of Connect-Initial, or Connect-Response, with these blocks.
std::string rdp_connect(std::string_view blocks);
std::string rdp_connected(std::string_view blocks, unsigned result = 0);
/// Behind the header of its block: method, level, random and certificate.
std::string rdp_security(uint32_t method, uint32_t level, std::string_view certificate = "");
std::string rdp_rsa_certificate(uint32_t bits);
std::string rdp_x509_chain(const std::vector<std::string>& chain, std::optional<uint32_t> count = {});

}  // namespace lapwing::test
