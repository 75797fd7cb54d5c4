#include "dissectors/packets/local_names/local_names.h"

#include <array>

#include "sensor/base/per_thread.h"
#include "sensor/base/text.h"

namespace lapwing::local_names {

namespace {

constexpr uint8_t kUdp = 17;
constexpr uint16_t kNbns = 137, kMdns = 5353, kLlmnr = 5355;
constexpr size_t kHeader = 12;
/// Bytes of a message's names that are read: a pointer that many records follow makes more of few.
constexpr size_t kMostText = 8 << 10;
constexpr size_t kMostName = 255, kMostSteps = 128;  // RFC 1035 section 2.3.4; labels and pointers of one name
constexpr size_t kMostEntries = 64;

enum Type : uint16_t { kA = 1, kAaaa = 28, kNb = 32, kAny = 255 };
enum Operation : uint8_t { kQuery = 0, kRegistration = 5, kRefresh = 8, kRefreshToo = 9, kMultihomed = 15 };

struct Header {
  uint16_t flags = 0, questions = 0, answers = 0, authorities = 0, additionals = 0;
  bool response() const { return flags & 0x8000; }
  uint8_t operation() const { return flags >> 11 & 15; }
};

/// Behind the name at the reader's place; its text in lower case at the end of `text`. False where it is broken.
bool read_name(ByteReader& reader, std::string& text, Name& out) {
  out = {.at = static_cast<uint32_t>(text.size())};
  ByteReader at = reader;
  bool away = false;
  for (size_t step = 0; step < kMostSteps; ++step) {
    const uint8_t size = at.u8();
    if (!at.ok()) return false;
    if (size >= 0xc0) {
      const size_t target = size_t{size & 0x3fU} << 8 | at.u8();
      if (!at.ok()) return false;
      if (!away) reader = at;
      away = true;
      if (!at.seek(target)) return false;
      continue;
    }
    if (size > 63) return false;
    if (size == 0) {
      if (!away) reader = at;
      out.size = static_cast<uint16_t>(text.size() - out.at);
      return true;
    }
    const Bytes label = at.bytes(size);
    if (!at.ok() || text.size() - out.at + 1 + size > kMostName) return false;
    if (text.size() > out.at) text += '.';
    for (uint8_t byte : label) text += static_cast<char>(lower(byte));
  }
  return false;
}

/// A first label of 32 letters is a name of 16 bytes, padded by spaces, of which the last says what it is the name of
/// (RFC 1001 section 14.1): 0 a host, 0x20 what it serves. False for names of groups, browsers and users, and where it
/// is none.
bool decode_netbios(std::string& text, Name& name) {
  constexpr size_t kLetters = 32, kName = 15;
  if (name.size < kLetters) return false;
  std::array<uint8_t, kName + 1> bytes{};
  for (size_t i = 0; i < kLetters; ++i) {
    const char letter = text[name.at + i];
    if (letter < 'a' || letter > 'p') return false;
    bytes[i / 2] = static_cast<uint8_t>(bytes[i / 2] << 4 | (letter - 'a'));
  }
  text.resize(name.at);
  for (size_t i = 0; i < kName; ++i) text += static_cast<char>(lower(bytes[i]));
  while (text.size() > name.at && (text.back() == ' ' || text.back() == 0)) text.pop_back();
  name.size = static_cast<uint16_t>(text.size() - name.at);
  return name.size > 0 && (bytes[kName] == 0 || bytes[kName] == 0x20);
}

bool read_host(ByteReader& reader, bool netbios, std::string& text, Name& name, bool& is_host) {
  if (!read_name(reader, text, name)) return false;
  is_host = netbios ? decode_netbios(text, name) : name.size > 0;
  return true;
}

bool has_room(Message& out) {
  out.cut |= out.text.size() > kMostText;
  return !out.cut;
}

/// Takes `count` records; those of addresses go to `out`. False where they are broken, and where there is no more room.
bool read_records(ByteReader& reader, size_t count, bool netbios, Message& out, std::vector<Entry>* into) {
  constexpr uint16_t kGroup = 0x8000;  // RFC 1002 section 4.2.1.3
  for (; count > 0; --count) {
    Name name;
    bool is_host = false;
    if (!has_room(out) || !read_host(reader, netbios, out.text, name, is_host)) return false;
    const uint16_t type = reader.u16();
    reader.skip(6);  // class, time to live
    const Bytes data = reader.bytes(reader.u16());
    if (!reader.ok()) return false;
    if (!into || !is_host) continue;
    if (netbios && type == kNb && data.size() >= 6 && !(load_be16(data.data()) & kGroup)) {
      into->push_back({name, IpAddress::v4(&data[2])});
    } else if (!netbios && type == kA && data.size() == 4) {
      into->push_back({name, IpAddress::v4(data.data())});
    } else if (!netbios && type == kAaaa && data.size() == 16) {
      into->push_back({name, IpAddress::v6(data.data())});
    }
  }
  return true;
}

/// Multicast DNS asks for names of services much more than for those of hosts.
bool asks_for_host(uint16_t type, bool netbios) {
  return netbios ? type == kNb : type == kA || type == kAaaa || type == kAny;
}

const Table kObserved = columns();
const Protocol kProtocol{.name = "local_names",
                         .help = "LLMNR, multicast DNS and NetBIOS name service",
                         .observed = kObserved,
                         .most_entries = kMostEntries};

std::string_view service_of(const Datagram& datagram) {
  for (const auto& [port, name] : {std::pair{kNbns, "nbns"}, {kMdns, "mdns"}, {kLlmnr, "llmnr"}}) {
    if (datagram.source == port || datagram.target == port) return name;
  }
  return {};
}

bool parse_names(Bytes wire, Message& out) {
  const bool netbios = out.service == "nbns";
  ByteReader reader(wire);
  reader.skip(2);
  Header header;
  for (uint16_t* field :
       {&header.flags, &header.questions, &header.answers, &header.authorities, &header.additionals}) {
    *field = reader.u16();
  }
  const uint8_t operation = header.operation();
  const bool registers =
      netbios && !header.response() &&
      (operation == kRegistration || operation == kRefresh || operation == kRefreshToo || operation == kMultihomed);
  if (!registers && operation != kQuery) return false;
  out.broadcast = netbios && header.flags & 0x10;
  out.kind = header.response() ? "response" : "query";
  for (size_t left = header.questions; left > 0; --left) {
    if (!has_room(out)) return true;
    Entry question;
    bool is_host = false;
    if (!read_host(reader, netbios, out.text, question.name, is_host)) return false;
    const uint16_t type = reader.u16();
    if (!reader.skip(2)) return false;
    if (is_host && asks_for_host(type, netbios)) out.questions.push_back(question);
  }
  if (header.response()) {
    if (header.flags & 15) return false;  // no such name
    read_records(reader, header.answers, netbios, out, &out.answers);
  } else if (registers) {
    out.kind = "registration";
    // The name stands in the question, and a record that points to it says whose it is (RFC 1002 section 4.2.2).
    if (read_records(reader, size_t{header.answers} + header.authorities, netbios, out, nullptr)) {
      read_records(reader, header.additionals, netbios, out, &out.answers);
    }
  } else if (out.service == "mdns" && header.authorities > 0) {
    // Who asks for any record of a name, and says which it would have, is about to take it (RFC 6762 section 8.2).
    out.kind = "registration";
    if (read_records(reader, header.answers, netbios, out, nullptr)) {
      read_records(reader, header.authorities, netbios, out, &out.answers);
    }
  }
  if (out.cut) return true;
  return out.kind == "query" ? !out.questions.empty() : !out.answers.empty();
}

}  // namespace

bool parse(Bytes bytes, Message& out) {
  Datagram datagram;
  if (!read_datagram(bytes, datagram) || datagram.payload.size() < kHeader) return false;
  out.service = service_of(datagram);
  out.questions.clear();
  out.answers.clear();
  out.text.clear();
  out.cut = false;
  return !out.service.empty() && parse_names(datagram.payload, out);
}

extern const PacketDissectorRow kPacketRow;
const PacketDissectorRow kPacketRow{
    .protocol = &kProtocol,
    .selector = {.ipv4_proto = kUdp, .ipv6_proto = kUdp, .ports = {kNbns, kMdns, kLlmnr}},
    .read = &read_as<&parse, Message>};

}  // namespace lapwing::local_names
