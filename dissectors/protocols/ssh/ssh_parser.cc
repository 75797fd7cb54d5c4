#include "dissectors/protocols/ssh/ssh_parser.h"

#include <algorithm>
#include <vector>

#include "sensor/base/text.h"

namespace lapwing::ssh {

namespace {

struct Cipher {
  std::string_view name;
  uint8_t block;
  uint8_t tag;  // 0: needs a MAC
};
/// RFC 4253 6.3, 4344, 5647; names with a domain are OpenSSH's.
constexpr Cipher kCiphers[] = {
    {"3des-cbc", 8, 0},
    {"3des-ctr", 8, 0},
    {"AEAD_AES_128_GCM", 16, 16},
    {"AEAD_AES_256_GCM", 16, 16},
    {"aes128-cbc", 16, 0},
    {"aes128-ctr", 16, 0},
    {"aes128-gcm@openssh.com", 16, 16},
    {"aes192-cbc", 16, 0},
    {"aes192-ctr", 16, 0},
    {"aes256-cbc", 16, 0},
    {"aes256-ctr", 16, 0},
    {"aes256-gcm@openssh.com", 16, 16},
    {"arcfour", 8, 0},
    {"arcfour128", 8, 0},
    {"arcfour256", 8, 0},
    {"blowfish-cbc", 8, 0},
    {"cast128-cbc", 8, 0},
    {"chacha20-poly1305@openssh.com", 8, 16},
    {"rijndael-cbc@lysator.liu.se", 16, 0},
};

struct Mac {
  std::string_view name;
  uint8_t size;
};
/// RFC 4253 6.4, 6668.
constexpr Mac kMacs[] = {
    {"hmac-md5", 16},      {"hmac-md5-96", 12},          {"hmac-ripemd160", 20},
    {"hmac-sha1", 20},     {"hmac-sha1-96", 12},         {"hmac-sha2-256", 32},
    {"hmac-sha2-512", 64}, {"umac-128@openssh.com", 16}, {"umac-64@openssh.com", 8},
};
/// The MAC is of what was encrypted, and the length in front of it is not.
constexpr std::string_view kEncryptThenMac = "-etm@openssh.com";

const Cipher* find_cipher(std::string_view name) {
  const auto* row = std::ranges::find(kCiphers, name, &Cipher::name);
  return row == std::end(kCiphers) ? nullptr : row;
}

/// As names are written (RFC 4251 6).
bool is_graph(uint8_t byte) {
  return byte > ' ' && byte < 0x7f;
}

/// Takes the first name off a list.
std::string_view next_name(std::string_view& list) {
  const size_t end = std::min(list.find(','), list.size());
  const std::string_view name = list.substr(0, end);
  list.remove_prefix(std::min(end + 1, list.size()));
  return name;
}

}  // namespace

bool parse_banner(std::string_view line, Banner& out) {
  if (!line.starts_with(kBannerStart)) return false;
  line.remove_prefix(kBannerStart.size());
  const size_t dash = line.find('-');
  if (dash == 0 || dash == std::string_view::npos) return false;
  out.proto = line.substr(0, dash);
  line.remove_prefix(dash + 1);
  // RFC 4253 4.2 has a name without blanks here; to leave it out, or to begin it with one, ends no session.
  const size_t space = std::min(line.find(' ', 1), line.size());
  out.software = line.substr(0, space);
  out.comments = line.substr(std::min(space + 1, line.size()));
  return true;
}

bool is_version_1(std::string_view proto) {
  return proto.starts_with("1.") && proto != "1.99";
}

RecordHeader read_record_header(const uint8_t* bytes) {
  return {.length = load_be32(bytes), .padding = bytes[4], .type = bytes[5]};
}

Likelihood begins_records(Bytes bytes) {
  constexpr size_t kCookie = 16, kShownOfList = 4;
  constexpr uint8_t kLeastPadding = 4;  // RFC 4253 6
  constexpr uint32_t kNewKeysLength = 12;
  constexpr uint8_t kNewKeysPadding = 10;
  if (!bytes.empty() && bytes[0] != 0) return Likelihood::no;
  if (bytes.size() < RecordHeader::kSize) return Likelihood::more;
  const RecordHeader header = read_record_header(bytes.data());
  if (header.type == kNewKeys && header.length == kNewKeysLength && header.padding == kNewKeysPadding) {
    return Likelihood::sure;
  }
  if (header.type != kKexInit || header.length > RecordHeader::kLongest || header.padding < kLeastPadding) {
    return Likelihood::no;
  }
  if (bytes.size() < kEnoughToResume) return Likelihood::more;
  ByteReader reader(bytes);
  reader.skip(RecordHeader::kSize + kCookie);
  const uint32_t list = reader.u32();
  const bool names = std::ranges::all_of(reader.bytes(kShownOfList), is_graph);
  return names && list >= kShownOfList && list < header.length ? Likelihood::sure : Likelihood::no;
}

bool parse_kex_init(Bytes payload, Lists& out) {
  constexpr size_t kCookie = 16;
  ByteReader reader(payload);
  reader.skip(kCookie);
  for (std::string_view& list : out) {
    const uint32_t size = reader.u32();
    list = to_text(reader.bytes(size));
  }
  return reader.ok();
}

HostKey parse_host_key(Bytes payload) {
  ByteReader reader(payload);
  const uint32_t size = reader.u32();
  const Bytes blob = reader.bytes(size);
  ByteReader key(blob);
  const uint32_t length = key.u32();
  const Bytes type = key.bytes(length);
  if (!reader.ok() || !key.ok() || type.empty() || !std::ranges::all_of(type, is_graph)) return {};
  return {to_text(type), blob};
}

std::string hassh(const Lists& offered, Direction whose) {
  const size_t side = index(whose);
  std::string out;
  for (const List list : {List::kex, List::cipher_to_server, List::mac_to_server, List::compression_to_server}) {
    if (!out.empty()) out += ';';
    out += offered[static_cast<size_t>(list) + (list == List::kex ? 0 : side)];
  }
  return out;
}

std::string_view choose(std::string_view client, std::string_view server) {
  std::vector<std::string_view> known;
  while (!server.empty()) known.push_back(next_name(server));
  std::ranges::sort(known);
  while (!client.empty()) {
    const std::string_view name = next_name(client);
    if (!name.empty() && std::ranges::binary_search(known, name)) return name;
  }
  return {};
}

bool authenticates(std::string_view cipher) {
  const Cipher* row = find_cipher(cipher);
  return row && row->tag > 0;
}

size_t size_on_wire(std::string_view cipher, std::string_view mac, size_t payload) {
  constexpr size_t kPaddingLength = 1, kLeastPadding = 4;  // RFC 4253 6
  const Cipher* row = find_cipher(cipher);
  if (!row) return 0;
  size_t trailer = row->tag;
  bool length_in_front = row->tag > 0;
  if (row->tag == 0) {
    if (mac.ends_with(kEncryptThenMac)) {
      length_in_front = true;
      mac.remove_suffix(kEncryptThenMac.size());
    }
    const auto* known = std::ranges::find_if(kMacs, [&](const Mac& one) {
      return one.name == mac || (length_in_front && one.name.substr(0, one.name.find('@')) == mac);
    });
    if (known == std::end(kMacs)) return 0;
    trailer = known->size;
  }
  const size_t outside = length_in_front ? RecordHeader::kLengthSize : 0;
  const size_t inside = RecordHeader::kLengthSize - outside + kPaddingLength + payload + kLeastPadding;
  return outside + (inside + row->block - 1) / row->block * row->block + trailer;
}

}  // namespace lapwing::ssh
