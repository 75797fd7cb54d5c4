// Messages of SMB as a client and a server send them, with only what the dissector reads.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lapwing::test::smb {

inline std::string le(uint64_t number, size_t bytes) {
  std::string out;
  for (size_t i = 0; i < bytes; ++i) out.push_back(static_cast<char>(number >> (8 * i)));
  return out;
}
inline std::string be(uint64_t number, size_t bytes) {
  const std::string turned = le(number, bytes);
  return {turned.rbegin(), turned.rend()};
}
inline std::string zeros(size_t bytes) {
  return std::string(bytes, '\0');
}
inline std::string wide(std::string_view text) {
  std::string out;
  for (char c : text) out += {c, '\0'};
  return out;
}
/// A message as the session service of NetBIOS carries it.
inline std::string packet(const std::string& message) {
  return be(message.size(), 4) + message;
}

// Version 2 (MS-SMB2 2.2).

struct Head2 {
  uint64_t message = 1;
  uint64_t session = 0x77;
  uint32_t tree = 5;
  uint32_t status = 0;
  uint32_t flags = 0;
};
inline constexpr uint32_t kResponse = 1, kAsync = 2, kRelated = 4, kPending = 0x103, kEndOfFile = 0xc0000011,
                          kMoreProcessing = 0xc0000016, kLogonFailure = 0xc000006d;

/// `next`: where the next message of the compound begins.
inline std::string message2(uint16_t command, const Head2& head, const std::string& body, uint32_t next = 0) {
  return "\xfeSMB" + le(64, 2) + le(1, 2) + le(head.status, 4) + le(command, 2) + le(1, 2) + le(head.flags, 4) +
         le(next, 4) + le(head.message, 8) + zeros(4) + le(head.tree, 4) + le(head.session, 8) + zeros(16) + body;
}
/// Each padded to 8 bytes, but for the last.
inline std::string compound(std::vector<std::string> messages) {
  std::string out;
  for (std::string& message : messages) {
    if (&message != &messages.back()) {
      message.resize((message.size() + 7) / 8 * 8);
      message.replace(20, 4, le(message.size(), 4));
    }
    out += message;
  }
  return packet(out);
}
/// The same message with all behind `plain` bytes compressed, which nobody undoes (MS-SMB2 2.2.42.1).
inline std::string compressed2(const std::string& message, size_t plain) {
  return packet("\xfcSMB" + le(message.size() - plain, 4) + le(2, 2) + zeros(2) + le(plain, 4) +
                message.substr(0, plain) + std::string(9, '\x5a'));
}
inline std::string file_id(uint64_t number) {
  return le(number, 8) + le(0x1234, 8);
}
inline const std::string kFileBefore(16, '\xff');

inline std::string negotiate2(const std::vector<uint16_t>& dialects) {
  std::string out = le(36, 2) + le(dialects.size(), 2) + le(1, 2) + zeros(6) + "clientguid.16byt" + zeros(8);
  for (uint16_t dialect : dialects) out += le(dialect, 2);
  return out;
}
/// 3.1.1 with AES-128-GCM and AES-CMAC.
inline std::string negotiated2(uint16_t dialect, uint32_t max_read = 1 << 20, uint32_t max_write = 1 << 20) {
  const std::string contexts = le(2, 2) + le(4, 2) + zeros(4) + le(1, 2) + le(2, 2) + zeros(4) +  //
                               le(8, 2) + le(4, 2) + zeros(4) + le(1, 2) + le(1, 2);
  return le(65, 2) + le(3, 2) + le(dialect, 2) + le(2, 2) + "serverguid.16byt" + le(0x40, 4) + le(1 << 20, 4) +
         le(max_read, 4) + le(max_write, 4) + zeros(16) + le(0, 2) + le(0, 2) + le(128, 4) + contexts;
}
inline std::string session_setup2(const std::string& token) {
  return le(25, 2) + zeros(10) + le(88, 2) + le(token.size(), 2) + zeros(8) + token;
}
inline std::string session2(const std::string& token, uint16_t flags = 0) {
  return le(9, 2) + le(flags, 2) + le(72, 2) + le(token.size(), 2) + token;
}
inline std::string tree_connect2(std::string_view path) {
  return le(9, 2) + zeros(2) + le(72, 2) + le(2 * path.size(), 2) + wide(path);
}
inline std::string tree2(uint8_t type, uint32_t flags = 0) {
  return le(16, 2) + le(type, 1) + zeros(1) + le(flags, 4) + zeros(8);
}
inline std::string create2(std::string_view name, uint32_t options = 0, uint32_t disposition = 1) {
  return le(57, 2) + zeros(22) + le(0x120089, 4) + zeros(8) + le(disposition, 4) + le(options, 4) + le(120, 2) +
         le(2 * name.size(), 2) + zeros(8) + wide(name);
}
inline std::string created2(const std::string& file, uint64_t size = 0) {
  const std::string time = le((1'700'000'000 + 11'644'473'600ull) * 10'000'000, 8);
  return le(89, 2) + zeros(2) + le(1, 4) + time + time + time + time + zeros(8) + le(size, 8) + zeros(8) + file +
         zeros(8);
}
inline std::string close2(const std::string& file) {
  return le(24, 2) + zeros(6) + file;
}
inline std::string closed2() {
  return le(60, 2) + zeros(58);
}
inline std::string read2(const std::string& file, uint32_t length, uint64_t offset) {
  return le(49, 2) + zeros(2) + le(length, 4) + le(offset, 8) + file + zeros(17);
}
inline std::string data2(const std::string& bytes) {
  return le(17, 2) + le(80, 1) + zeros(1) + le(bytes.size(), 4) + zeros(8) + bytes;
}
inline std::string write2(const std::string& file, uint64_t offset, const std::string& bytes) {
  return le(49, 2) + le(112, 2) + le(bytes.size(), 4) + le(offset, 8) + file + zeros(16) + bytes;
}
inline std::string written2() {
  return le(17, 2) + zeros(15);
}
inline std::string set_info2(const std::string& file, uint8_t level, const std::string& data) {
  return le(33, 2) + le(1, 1) + le(level, 1) + le(data.size(), 4) + le(96, 2) + zeros(6) + file + data;
}
inline std::string rename_info2(std::string_view to) {
  return zeros(16) + le(2 * to.size(), 4) + wide(to);
}
inline std::string ioctl2(uint32_t function, const std::string& file, const std::string& data) {
  return le(57, 2) + zeros(2) + le(function, 4) + file + le(120, 4) + le(data.size(), 4) + zeros(4) + le(120, 4) +
         zeros(16) + data;
}
inline std::string controlled2(uint32_t function, const std::string& file, const std::string& data) {
  return le(49, 2) + zeros(2) + le(function, 4) + file + le(112, 4) + zeros(4) + le(112, 4) + le(data.size(), 4) +
         zeros(8) + data;
}
inline constexpr uint32_t kTransceive = 0x11c017;

// Version 1 (MS-CIFS 2.2).

struct Head1 {
  uint16_t multiplex = 1;
  uint16_t user = 100;
  uint16_t tree = 3;
  uint32_t status = 0;
  bool response = false;
  bool unicode = true;
};
inline std::string head1(uint8_t command, const Head1& head) {
  return "\xffSMB" + le(command, 1) + le(head.status, 4) + le(head.response ? 0x88 : 0x08, 1) +
         le(head.unicode ? 0xc001 : 0x4001, 2) + zeros(12) + le(head.tree, 2) + le(9, 2) + le(head.user, 2) +
         le(head.multiplex, 2);
}
inline std::string block1(const std::string& words, const std::string& bytes) {
  return le(words.size() / 2, 1) + words + le(bytes.size(), 2) + bytes;
}
inline std::string message1(uint8_t command, const Head1& head, const std::string& words, const std::string& bytes) {
  return packet(head1(command, head) + block1(words, bytes));
}
inline const std::string kNoAndx("\xff\0\0\0", 4);
/// `at`: where in the message the next command begins.
inline std::string andx(uint8_t command, size_t at) {
  return le(command, 1) + zeros(1) + le(at, 2);
}
/// The text behind bytes up to there: texts of UTF-16 begin at even offsets of the message.
inline std::string aligned(size_t offset, std::string_view text) {
  return zeros(offset % 2) + wide(text) + zeros(2);
}

/// A block that begins there, and the command whose block follows it.
inline std::string chained1(std::string block, uint8_t next, size_t at = 32) {
  return block.replace(1, 4, andx(next, at + block.size()));
}
inline std::string open1(std::string_view name) {
  const std::string words = kNoAndx + zeros(26);
  return block1(words, aligned(32 + 1 + words.size() + 2, name));
}
inline std::string opened1(uint16_t file) {
  return block1(kNoAndx + le(file, 2) + zeros(24), "");
}
inline std::string close1(uint16_t file) {
  return block1(le(file, 2) + zeros(4), "");
}
inline std::string nt_create1(std::string_view name, uint32_t options = 0) {
  const std::string words = kNoAndx + zeros(1) + le(2 * name.size(), 2) + zeros(8) + le(0x20089, 4) + zeros(16) +
                            le(1, 4) + le(options, 4) + zeros(5);
  return block1(words, aligned(32 + 1 + words.size() + 2, name));
}
inline std::string nt_created1(uint16_t file, uint64_t size = 0) {
  const std::string time = le((1'700'000'000 + 11'644'473'600ull) * 10'000'000, 8);
  return block1(
      kNoAndx + zeros(1) + le(file, 2) + le(1, 4) + time + time + time + time + zeros(12) + le(size, 8) + zeros(5), "");
}
inline std::string tree_connect1(std::string_view path, std::string_view service) {
  const std::string words = kNoAndx + zeros(2) + le(1, 2);
  return block1(words, zeros(1) + aligned(32 + 1 + words.size() + 2 + 1, path) + std::string(service) + zeros(1));
}
/// Behind its words, without a pad.
inline std::string write_andx1(uint16_t file, uint64_t offset, const std::string& bytes, size_t at = 32) {
  const size_t data = at + 1 + 28 + 2;
  return block1(kNoAndx + le(file, 2) + le(offset & UINT32_MAX, 4) + zeros(8) + le(bytes.size() >> 16, 2) +
                    le(bytes.size() & 0xffff, 2) + le(data, 2) + le(offset >> 32, 4),
                bytes);
}
inline std::string read_andx1(uint16_t file, uint64_t offset, uint16_t length) {
  return block1(kNoAndx + le(file, 2) + le(offset & UINT32_MAX, 4) + le(length, 2) + zeros(2) + zeros(4) + zeros(2) +
                    le(offset >> 32, 4),
                "");
}
inline std::string read_data1(const std::string& bytes, size_t at = 32) {
  const size_t data = at + 1 + 24 + 2;
  return block1(kNoAndx + zeros(6) + le(bytes.size() & 0xffff, 2) + le(data, 2) + le(bytes.size() >> 16, 2) + zeros(8),
                bytes);
}
/// `total`: bytes of data in all, of which these are the first.
inline std::string transact1(uint16_t file, const std::string& data, size_t total = 0, uint16_t function = 0x26) {
  const size_t at = 32 + 1 + 32 + 2 + 16;
  const std::string words = zeros(2) + le(total, 2) + zeros(14) + le(0, 2) + le(at, 2) + le(data.size(), 2) +
                            le(at, 2) + le(2, 1) + zeros(1) + le(function, 2) + le(file, 2);
  return block1(words, zeros(1) + wide("\\PIPE\\") + zeros(3) + data);
}
/// The rest, or some of it; `parameters`: in all.
inline std::string secondary1(size_t offset, const std::string& data, size_t total, size_t parameters = 0,
                              bool second = false) {
  const size_t at = 32 + 1 + 16 + 2 + (second ? 2 : 0);
  const std::string words = le(parameters, 2) + le(total, 2) + zeros(6) + le(data.size(), 2) + le(at, 2) +
                            le(offset, 2) + (second ? le(0xffff, 2) : "");
  return block1(words, data);
}
/// TRANSACTION2.
inline std::string transact2(uint16_t function, const std::string& parameters, const std::string& data, size_t total) {
  const size_t at = 32 + 1 + 30 + 2;
  const std::string words = le(parameters.size(), 2) + le(total, 2) + zeros(14) + le(parameters.size(), 2) + le(at, 2) +
                            le(data.size(), 2) + le(at + parameters.size(), 2) + le(1, 1) + zeros(1) + le(function, 2);
  return block1(words, parameters + data);
}
inline std::string transacted2(const std::string& parameters) {
  const size_t at = 32 + 1 + 20 + 2;
  return block1(le(parameters.size(), 2) + zeros(4) + le(parameters.size(), 2) + le(at, 2) + zeros(10), parameters);
}
inline std::string transacted1(const std::string& data) {
  const size_t at = 32 + 1 + 20 + 2;
  return block1(zeros(6) + le(0, 2) + le(at, 2) + zeros(2) + le(data.size(), 2) + le(at, 2) + zeros(2) + zeros(2),
                data);
}

// DCERPC (C706 12.6.4): a bind to the interface of the service manager, and a call of it.

inline std::string rpc(uint8_t type, uint32_t call, const std::string& body) {
  return std::string("\x05\x00", 2) + le(type, 1) + le(3, 1) + le(0x10, 4) + le(16 + body.size(), 2) + zeros(2) +
         le(call, 4) + body;
}
inline std::string rpc_bind(uint32_t call) {
  return rpc(11, call,
             le(4280, 2) + le(4280, 2) + zeros(4) + le(1, 4) + le(0, 2) + le(1, 2) +
                 std::string("\x81\xbb\x7a\x36\x44\x98\xf1\x35\xad\x32\x98\xf0\x38\x00\x10\x03", 16) + le(2, 4) +
                 std::string("\x04\x5d\x88\x8a\xeb\x1c\xc9\x11\x9f\xe8\x08\x00\x2b\x10\x48\x60", 16) + le(2, 4));
}
inline std::string rpc_bound(uint32_t call) {
  return rpc(12, call,
             le(4280, 2) + le(4280, 2) + le(1, 4) + le(13, 2) + std::string("\\PIPE\\ntsvcs") + zeros(1) + le(1, 4) +
                 le(0, 2) + le(0, 2) +
                 std::string("\x04\x5d\x88\x8a\xeb\x1c\xc9\x11\x9f\xe8\x08\x00\x2b\x10\x48\x60", 16) + le(2, 4));
}
inline std::string rpc_request(uint32_t call, uint16_t operation, const std::string& stub) {
  return rpc(0, call, le(stub.size(), 4) + le(0, 2) + le(operation, 2) + stub);
}
inline std::string piped_response(uint32_t call, const std::string& stub) {
  return rpc(2, call, le(stub.size(), 4) + zeros(4) + stub);
}

// NTLMSSP (MS-NLMP 2.2.1), as it comes without SPNEGO.

inline std::string ntlm_negotiate() {
  return std::string("NTLMSSP\0", 8) + le(1, 4) + le(0x201, 4) + zeros(16);
}
inline std::string ntlm_challenge() {
  return std::string("NTLMSSP\0", 8) + le(2, 4) + le(0, 2) + le(0, 2) + le(48, 4) + le(0x201, 4) + "challeng" +
         zeros(8) + le(0, 2) + le(0, 2) + le(48, 4);
}
inline std::string ntlm_authenticate(std::string_view domain, std::string_view user, std::string_view host) {
  const std::string none = le(0, 2) + le(0, 2) + le(64, 4);
  std::string out = std::string("NTLMSSP\0", 8) + le(3, 4) + none + none;
  size_t at = 64;
  for (std::string_view name : {domain, user, host}) {
    out += le(2 * name.size(), 2) + le(2 * name.size(), 2) + le(at, 4);
    at += 2 * name.size();
  }
  return out + none + le(0x201, 4) + wide(domain) + wide(user) + wide(host);
}

}  // namespace lapwing::test::smb
