#include "dissectors/protocols/smb/smb.h"

#include <algorithm>
#include <utility>

#include "dissectors/protocols/smb/smb_unpack.h"

namespace lapwing::smb {

namespace {

constexpr uint16_t kPorts[] = {445, 139};
constexpr std::string_view kAlso[] = {"dcerpc"};  // rules of which look at pipes, as in Suricata
constexpr uint32_t kNetbiosLength = 0x1ffff;      // RFC 1002 4.3.1
constexpr uint32_t kSessionPacketMax = 1024;      // bytes: two names of at most 255, or an address

constexpr auto kAnomalies = names<Smb::Anomaly::too_many_transactions>({
    {Smb::Anomaly::malformed_data, "malformed_data"},
    {Smb::Anomaly::internal_error, "internal_error"},
    {Smb::Anomaly::record_overflow, "record_overflow"},
    {Smb::Anomaly::malformed_ntlmssp_request, "malformed_ntlmssp_request"},
    {Smb::Anomaly::malformed_ntlmssp_response, "malformed_ntlmssp_response"},
    {Smb::Anomaly::unusual_ntlmssp_order, "unusual_ntlmssp_order"},
    {Smb::Anomaly::duplicate_negotiate, "duplicate_negotiate"},
    {Smb::Anomaly::negotiate_malformed_dialects, "negotiate_malformed_dialects"},
    {Smb::Anomaly::file_overlap, "file_overlap"},
    {Smb::Anomaly::request_to_client, "request_to_client"},
    {Smb::Anomaly::response_to_server, "response_to_server"},
    {Smb::Anomaly::negotiate_max_read_size_too_large, "negotiate_max_read_size_too_large"},
    {Smb::Anomaly::negotiate_max_write_size_too_large, "negotiate_max_write_size_too_large"},
    {Smb::Anomaly::read_request_too_large, "read_request_too_large"},
    {Smb::Anomaly::read_response_too_large, "read_response_too_large"},
    {Smb::Anomaly::read_queue_size_exceeded, "read_queue_size_exceeded"},
    {Smb::Anomaly::read_queue_cnt_exceeded, "read_queue_cnt_exceeded"},
    {Smb::Anomaly::write_request_too_large, "write_request_too_large"},
    {Smb::Anomaly::write_queue_size_exceeded, "write_queue_size_exceeded"},
    {Smb::Anomaly::write_queue_cnt_exceeded, "write_queue_cnt_exceeded"},
    {Smb::Anomaly::too_many_transactions, "too_many_transactions"},
});
constexpr FrameKind kFrames[] = {
    {"nbss.pdu", "a packet of NetBIOS's session service"},
    {"nbss.hdr", "its header"},
    {"nbss.data", "what it carries"},
    {"smb1.pdu", "a message of SMB 1"},
    {"smb1.hdr", "its header"},
    {"smb1.data", "what is behind its header"},
    {"smb2.pdu", "a message of SMB 2 or 3, one of a compound"},
    {"smb2.hdr", "its header"},
    {"smb2.data", "what is behind its header"},
    {"smb3.pdu", "messages of SMB 3 that are encrypted"},
    {"smb3.hdr", "the header that tells by which session"},
    {"smb3.data", "what is encrypted"},
};

constexpr NamedValue bit_of(std::string_view name, Kind kind) {
  return {name, uint64_t{1} << static_cast<uint8_t>(kind)};
}
constexpr NamedValue kKinds[] = {
    bit_of("file", Kind::file),
    bit_of("tree_connect", Kind::tree_connect),
    bit_of("negotiate", Kind::negotiate),
    bit_of("dcerpc", Kind::dcerpc),
    bit_of("create", Kind::create),
    bit_of("session_setup", Kind::session_setup),
    bit_of("ioctl", Kind::ioctl),
    bit_of("rename", Kind::rename),
    bit_of("set_file_path_info", Kind::set_file_path_info),
    bit_of("generic", Kind::generic),
};

#define LAPWING_SMB_KEY "app-layer.protocols.smb."

constexpr OptionRow<Config> kOptions[] = {
    {LAPWING_SMB_KEY "max-tx", &Config::max_tx, "1024",
     "requests of one flow that may wait for their response; then the oldest is recorded as it is"},
    {LAPWING_SMB_KEY "inspection-limit", &Config::inspected, "100kb", "bytes of a file that are inspected; 0: all",
     Unit::bytes},
    {LAPWING_SMB_KEY "max-read-size", &Config::max_read_size, "16mb",
     "bytes of one request to read beyond which it is not followed; 0: any", Unit::bytes},
    {LAPWING_SMB_KEY "max-write-size", &Config::max_write_size, "16mb",
     "bytes of one request to write beyond which it is not followed; 0: any", Unit::bytes},
    {LAPWING_SMB_KEY "max-read-queue-size", &Config::max_read_queue_size, "64mb",
     "bytes of a file that is read that may wait for those before; 0: any", Unit::bytes},
    {LAPWING_SMB_KEY "max-read-queue-cnt", &Config::max_read_queue_count, "64",
     "pieces of a file that is read that may wait for those before; 0: any"},
    {LAPWING_SMB_KEY "max-write-queue-size", &Config::max_write_queue_size, "64mb",
     "bytes of a file that is written that may wait for those before; 0: any", Unit::bytes},
    {LAPWING_SMB_KEY "max-write-queue-cnt", &Config::max_write_queue_count, "64",
     "pieces of a file that is written that may wait for those before; 0: any"},
    {LAPWING_SMB_KEY "max-guid-cache-size", &Config::handles, "1024", "open files of one flow that are known at once"},
    {LAPWING_SMB_KEY "max-read-offset-cache-size", &Config::reads, "8192",
     "requests to read of one flow that may wait for their response"},
    {LAPWING_SMB_KEY "max-tree-cache-size", &Config::trees, "512", "shares of one flow that are known at once"},
    {LAPWING_SMB_KEY "max-session-cache-size", &Config::sessions, "512",
     "logins of one flow that may be under way at once"},
    {LAPWING_SMB_KEY "max-dcerpc-frag-cache-size", &Config::pipes, "128",
     "pipes of one flow whose fragments of DCERPC are joined at once"},
    {LAPWING_SMB_KEY "dcerpc.max-stub-size", &Config::max_stub, "1mb", "bytes of one side of a call that are kept",
     Unit::bytes},
    {LAPWING_SMB_KEY "record.types", some_of<&Config::kinds>(kKinds),
     "file,tree_connect,negotiate,dcerpc,create,session_setup,ioctl,rename,set_file_path_info,generic",
     "write records of these operations alone"},
};

bool told_login(const Event& event, LoginSeen& login) {
  constexpr uint32_t kGoesOn = 0xc0000016;  // STATUS_MORE_PROCESSING_REQUIRED
  const auto& operation = static_cast<const Operation&>(*event.tx);
  const Setup* setup = operation.as<Setup>();
  if (!setup || (operation.status && operation.status->code == kGoesOn)) return false;
  const bool proposed = setup->login && setup->login->proposed();
  if (!proposed && !setup->own) return false;
  const Outcome outcome = !operation.status             ? Outcome::unknown
                          : operation.status->code == 0 ? Outcome::success
                                                        : Outcome::failure;
  if (proposed) {
    login = setup->login->seen(outcome);
  } else {
    login.user = setup->user;
    login.outcome = outcome;
  }
  login.clear = setup->clear;
  return true;
}

/// Bytes of a message that are waited for. What it reads or writes is passed on as it comes.
size_t head_of(const v2::Header& header) {
  const bool response = header.response();
  if (header.command == v2::Command::read && response) return v2::kReadHead;
  if (header.command == v2::Command::write && !response) return v2::kWriteHead;
  if (header.command == v2::Command::ioctl) return response ? v2::kIoctlResponseHead : v2::kIoctlRequestHead;
  return Smb::kCaps[static_cast<size_t>(Smb::Cap::message)].limit;
}

/// Which side sends a message most headers say, so that a flow whose first bytes were missed is turned the right way:
/// from the other side it is likely, but not sure.
Likelihood judge_message(Bytes packet, Direction direction) {
  const Likelihood verdict = begins_message(packet);
  if (verdict != Likelihood::sure) return verdict;
  const Bytes message = packet.subspan(kNetbiosHeader);
  bool response = false;
  switch (static_cast<Magic>(load_be32(message.data()))) {
    case Magic::smb1:
      if (message.size() < kHeader1) return Likelihood::more;
      response = v1::read_header(message).response();
      // Either side asks so: the server for its leave to be given back (MS-CIFS 3.3.4.2).
      if (v1::read_header(message).command == v1::Command::locking_andx && !response) return verdict;
      break;
    case Magic::smb2:
      if (message.size() < kHeader2) return Likelihood::more;
      response = v2::read_header(message).response();
      break;
    default: return verdict;
  }
  return response == (direction == Direction::to_client) ? verdict : Likelihood::maybe;
}

constexpr size_t kRawRefusal = kNetbiosHeader + kMagicSize + 6;  // bytes to the flags of a header

/// An answer to READ_RAW with a header.
bool refuses_raw(Bytes packet) {
  constexpr uint8_t kResponse = 0x80;
  if (packet.size() < kRawRefusal) return false;
  const Bytes message = packet.subspan(kNetbiosHeader);
  return static_cast<Magic>(load_be32(message.data())) == Magic::smb1 &&
         static_cast<v1::Command>(message[kMagicSize]) == v1::Command::read_raw && message.back() & kResponse;
}

/// What both sides say of their names and systems as they log in, and what the client has the server do.
void sightings(const Event& event, SightingSink& sink) {
  if (event.record == records().data()) tell_operations(static_cast<const Operation&>(*event.tx), sink);
  const Setup* setup = static_cast<const Operation&>(*event.tx).as<Setup>();
  if (!event.record || !setup) return;
  if (setup->login && setup->login->proposed()) gss::sightings(*setup->login, sink);
  const auto software = [&](const std::optional<v1::Native>& native, lapwing::Side whose) {
    if (!native) return;
    for (const std::string* text : {&native->os, &native->lm}) {
      if (!text->empty()) sink.software({.kind = SoftwareKind::product, .side = whose, .value = *text});
    }
  };
  software(setup->request, lapwing::Side::client);
  software(setup->response, lapwing::Side::server);
}

}  // namespace

const About Smb::about{
    .name = "smb",
    .transports = transport::tcp,
    .ports = kPorts,
    .help = "files, printers and pipes of Windows (MS-CIFS, MS-SMB2)",
    .client_first = true,
    .starts = {bytes_of(std::string_view("\0\x81", 2)), bytes_of(std::string_view("\0\x82\x83\x84", 4))},
    .stream_depth = 0};  // files are longer than what other flows are followed for

const Protocol Smb::protocol{.name = "smb",
                             .anomalies = kAnomalies,
                             .records = records(),
                             .help = "files, printers and pipes of Windows",
                             .also = kAlso,
                             .file = &carried_file,
                             .login = &told_login,
                             .sightings = &sightings,
                             .frames = kFrames,
                             .in_alert = columns(),
                             .caps = kCaps,
                             .parts = kParts};

std::span<const OptionRow<Config>> Smb::options() {
  return kOptions;
}

Likelihood Smb::probe(const Chunk& first) {
  const Bytes data = first.data;
  if (data.empty()) return Likelihood::more;
  const auto type = static_cast<Packet>(data[0]);
  if (type == Packet::message) return judge_message(data, first.direction);
  if (!about.starts[index(first.direction)].has(data[0])) return Likelihood::no;
  if (type == Packet::session_request) {
    // Who is called, and who calls: two names of 32 letters.
    constexpr size_t kName = 34, kRequest = kNetbiosHeader + 2 * kName;
    if (data.size() < kRequest)
      return data.size() > kNetbiosHeader && data[4] != 32 ? Likelihood::no : Likelihood::more;
    const Bytes called = data.subspan(kNetbiosHeader, kName), calling = data.subspan(kNetbiosHeader + kName, kName);
    return netbios_name(called).empty() || calling[0] != 32 ? Likelihood::no : Likelihood::sure;
  }
  if (data.size() < kNetbiosHeader) return Likelihood::more;
  const uint32_t size = packet_size(data.data());
  if (type == Packet::positive_response) return size == 0 ? Likelihood::maybe : Likelihood::no;
  if (type == Packet::negative_response) return size == 1 ? Likelihood::maybe : Likelihood::no;
  return type == Packet::retarget && size == 6 ? Likelihood::maybe : Likelihood::no;
}

Smb::Smb(const Config& config, const Out<Smb>& out) : config_(config), out_(out) {
  if (!out_.picked_up_late()) return;
  for (Side& side : sides_) side.resync.lose();
}

Step Smb::data(const Chunk& chunk) {
  Side& from = side(chunk.direction);
  go_on(from, chunk);
  size_t used = from.resync.skip(chunk, kBeginning, &begins_message);
  size_t wanted = from.resync.lost() ? 1 : 0;
  while (wanted == 0 && used < chunk.data.size()) {
    const Bytes rest = chunk.data.subspan(used);
    const uint64_t at = chunk.offset + used;
    if (at < from.pdu_end) {
      used += pass(from, rest, at);
    } else if (at < from.message_end) {
      used += take_pdu(from, chunk.direction, rest, at, wanted);
    } else {
      used += take_packet(from, chunk.direction, rest, at, wanted);
    }
    if (from.resync.lost()) {
      const Chunk behind{.data = chunk.data.subspan(used), .offset = chunk.offset + used};
      used += from.resync.skip(behind, kBeginning, &begins_message);
      if (from.resync.lost()) wanted = 1;
    }
  }
  from.position = chunk.offset + used;
  const size_t left = chunk.data.size() - used;
  return wanted > 0 ? Step::need(used, wanted > left ? wanted - left : 1) : Step::ok(used);
}

/// Bytes were lost before these: those of a file have their place in it, and of a message whose length is known the end
/// is.
void Smb::go_on(Side& from, const Chunk& chunk) {
  if (!std::exchange(from.broken, false)) return;
  skip_bulk(from, chunk.offset);
  if (chunk.offset < from.pdu_end) return;
  from.position = chunk.offset;
  end_pdu(from);
  if (chunk.offset == from.pdu_end) return;
  if (chunk.offset < from.message_end) {
    from.pdu_end = from.message_end;
    return;
  }
  from.message_end = from.pdu_end = 0;
  from.compressed = false;
  from.raw.reset();
  from.resync.lose();
}

size_t Smb::take_packet(Side& from, Direction direction, Bytes rest, uint64_t at, size_t& wanted) {
  if (rest.size() < kNetbiosHeader) {
    wanted = kNetbiosHeader;
    return 0;
  }
  const uint32_t size = packet_size(rest.data()) & (netbios_ ? kNetbiosLength : UINT32_MAX);
  const uint64_t end = at + kNetbiosHeader + size;
  switch (static_cast<Packet>(rest[0])) {
    case Packet::message: break;
    case Packet::session_request:
    case Packet::positive_response:
    case Packet::negative_response:
    case Packet::retarget:
    case Packet::keepalive:
      if (size > kSessionPacketMax) return lose(from, direction);
      netbios_ |= static_cast<Packet>(rest[0]) == Packet::session_request;
      frames(Pdu::nbss_pdu, direction, at, kNetbiosHeader + size, kNetbiosHeader);
      from.resync.reaches(end);
      from.message_end = from.pdu_end = end;
      return kNetbiosHeader;
    default: return lose(from, direction);
  }
  if (from.raw) {
    // A server that does not say its bytes so answers.
    const size_t told = std::min<size_t>(kNetbiosHeader + size, kRawRefusal);
    if (direction == Direction::to_client && rest.size() < told) {
      wanted = told;
      return 0;
    }
    if (direction == Direction::to_server || !refuses_raw(rest.first(told))) return take_raw(from, direction, at, size);
    from.raw.reset();
  }
  if (size == 0) return kNetbiosHeader;
  // Its length is known: what is wrong behind the magic spoils that alone, as servers have it (MS-SMB2 3.3.5.2).
  if (size < kMagicSize) return lose(from, direction);
  if (rest.size() < kNetbiosHeader + kMagicSize) {
    wanted = kNetbiosHeader + kMagicSize;
    return 0;
  }
  if (!is_magic(load_be32(&rest[kNetbiosHeader]))) return lose(from, direction);
  frames(Pdu::nbss_pdu, direction, at, kNetbiosHeader + size, kNetbiosHeader);
  from.resync.reaches(end);
  from.message_end = end;
  from.compressed = false;
  from.session = 0;
  from.tree = 0;
  from.leave_chain();
  return kNetbiosHeader;
}

size_t Smb::take_raw(Side& from, Direction direction, uint64_t at, uint32_t size) {
  frames(Pdu::nbss_pdu, direction, at, kNetbiosHeader + size, kNetbiosHeader);
  from.resync.reaches(at + kNetbiosHeader + size);
  from.message_end = from.pdu_end = at + kNetbiosHeader + size;
  from.compressed = false;
  const Raw raw = *std::exchange(from.raw, std::nullopt);
  const uint32_t length = std::min(size, raw.count);
  if (length > 0) take_data(raw.opened, raw.origin, {at + kNetbiosHeader, length, raw.offset, true}, {});
  return kNetbiosHeader;
}

/// No message begins here: the next is looked for.
size_t Smb::lose(Side& from, Direction direction) {
  tell(Anomaly::malformed_data, direction);
  from.resync = {};
  from.resync.lose();
  return 1;
}

size_t Smb::take_pdu(Side& from, Direction direction, Bytes rest, uint64_t at, size_t& wanted) {
  const uint64_t left = from.message_end - at;
  const auto pass_over = [&] {
    from.pdu_end = from.message_end;
    return size_t{0};
  };
  const auto malformed = [&] {
    tell(Anomaly::malformed_data, direction);
    return pass_over();
  };
  if (from.compressed) return pass_over();
  if (left < kMagicSize) return malformed();
  if (rest.size() < kMagicSize) {
    wanted = kMagicSize;
    return 0;
  }
  switch (static_cast<Magic>(load_be32(rest.data()))) {
    case Magic::smb1:
      // Its shortest message has no words and no bytes.
      if (left < kHeader1 + 3) return malformed();
      return take_smb1(from, direction, rest, at, wanted);
    case Magic::smb2:
      if (left < kHeader2) return malformed();
      return take_smb2(from, direction, rest, at, wanted);
    case Magic::encrypted:
      if (left >= kHeader3) frames(Pdu::smb3_pdu, direction, at, left, kHeader3);
      return pass_over();
    case Magic::compressed:
      if (from.unpacked) return malformed();
      return take_packed(from, direction, rest, at, wanted);
    default: return malformed();
  }
}

/// Its messages are read as if they had come in its place. What they say of places in the stream is of none.
size_t Smb::take_packed(Side& from, Direction direction, Bytes rest, uint64_t at, size_t& wanted) {
  const uint64_t left = from.message_end - at, most = out_.limit(Cap::compressed);
  if (left < v2::kCompressedHead || left > most) return take_compressed(from, direction, rest, at, wanted);
  if (rest.size() < v2::kCompressedHead) {
    wanted = v2::kCompressedHead;
    return 0;
  }
  // What says that it is long is paid for by what came.
  const uint64_t size = unpacked_size(rest);
  if (!can_unpack(rest) || size > most) return take_compressed(from, direction, rest, at, wanted);
  if (rest.size() < left) {
    wanted = static_cast<size_t>(left);
    return 0;
  }
  const auto whole = out_.work(size) ? unpack(rest.first(static_cast<size_t>(left)), most) : std::nullopt;
  if (!whole) return take_compressed(from, direction, rest, at, wanted);
  take_unpacked(from, direction, to_bytes(*whole), at);
  return static_cast<size_t>(left);
}

void Smb::take_unpacked(Side& from, Direction direction, Bytes bytes, uint64_t at) {
  const uint64_t end = from.message_end;
  from.message_end = at + bytes.size();
  from.pdu_end = from.data_end = at;
  from.unpacked = true;
  for (size_t used = 0, wanted = 0; used < bytes.size() && wanted == 0;) {
    const Bytes rest = bytes.subspan(used);
    const uint64_t here = at + used;
    used += here < from.pdu_end ? pass(from, rest, here) : take_pdu(from, direction, rest, here, wanted);
  }
  from.unpacked = false;
  from.position = from.message_end = from.pdu_end = from.data_end = end;
}

/// What stands before the first compressed byte is read; the rest is as if it were lost, and what lacks it is not
/// wrong.
size_t Smb::take_compressed(Side& from, Direction direction, Bytes rest, uint64_t at, size_t& wanted) {
  const uint64_t left = from.message_end - at;
  const auto need = [&](size_t bytes) {
    wanted = bytes;
    return size_t{0};
  };
  if (left >= v2::kCompressedHead && rest.size() < v2::kCompressedHead) return need(v2::kCompressedHead);
  const auto said = left >= v2::kCompressedHead ? v2::read_compressed(rest, left) : std::nullopt;
  const size_t fixed = v2::kCompressedHead + kHeader2;
  const bool begins = said && said->plain >= kHeader2;
  if (begins && rest.size() < fixed) return need(fixed);
  const Bytes plain = begins ? rest.subspan(v2::kCompressedHead) : Bytes();
  const bool readable = begins && static_cast<Magic>(load_be32(plain.data())) == Magic::smb2;
  v2::Header header;
  uint64_t size = 0;
  size_t head = 0;
  if (readable) {
    header = v2::read_header(plain);
    size = header.next >= kHeader2 ? std::min<uint64_t>(header.next, said->size) : said->size;
    head = static_cast<size_t>(std::min({uint64_t{head_of(header)}, said->plain, size}));
    if (plain.size() < head) return need(v2::kCompressedHead + head);
  }
  if (!said) tell(Anomaly::malformed_data, direction);
  out_.capped(Cap::compressed);
  from.compressed = true;
  from.pdu_end = readable ? at + v2::kCompressedHead + said->plain : from.message_end;
  if (!readable) return 0;
  const uint64_t begin = at + v2::kCompressedHead;
  frames(Pdu::smb2_pdu, direction, begin, said->plain, kHeader2);
  if (misdirected(header.response(), direction)) return fixed;
  from.session = header.session;
  from.tree = header.tree;
  message({header, plain.first(head), size, begin, direction});
  return fixed;
}

size_t Smb::take_smb2(Side& from, Direction direction, Bytes rest, uint64_t at, size_t& wanted) {
  const uint64_t left = from.message_end - at;
  if (rest.size() < kHeader2) {
    wanted = kHeader2;
    return 0;
  }
  v2::Header header = v2::read_header(rest);
  uint64_t size = left;
  bool sound = true;
  if (header.next != 0) {
    sound = header.next >= kHeader2 && header.next <= left;
    if (sound) size = header.next;
  }
  const bool response = header.response();
  const auto head = static_cast<size_t>(std::min<uint64_t>(head_of(header), size));
  if (rest.size() < head) {
    wanted = head;
    return 0;
  }
  frames(Pdu::smb2_pdu, direction, at, size, kHeader2);
  if (!sound) tell(Anomaly::malformed_data, direction);
  from.pdu_end = at + size;
  if (misdirected(response, direction)) return kHeader2;
  if (header.related()) {
    header.session = from.session;
    if (!header.asynchronous()) header.tree = from.tree;
  } else {
    from.session = header.session;
    from.tree = header.tree;
    from.leave_chain();
  }
  message({header, rest.first(head), size, at, direction});
  return kHeader2;
}

size_t Smb::take_smb1(Side& from, Direction direction, Bytes rest, uint64_t at, size_t& wanted) {
  const uint64_t left = from.message_end - at;
  const size_t fixed = kHeader1 + 1;
  if (rest.size() < fixed) {
    wanted = fixed;
    return 0;
  }
  const v1::Header header = v1::read_header(rest);
  size_t head = out_.limit(Cap::message);
  // What one command alone reads or writes is not waited for.
  if (const size_t words = fixed + size_t{2} * rest[kHeader1] + 2; words < left && carries_data(header)) {
    if (rest.size() < words) {
      wanted = words;
      return 0;
    }
    const auto block = v1::read_block(rest.first(words), kHeader1);
    if (!v1::chains(header.command) || !v1::next_command(*block)) head = words;
  }
  head = static_cast<size_t>(std::min<uint64_t>(head, left));
  if (rest.size() < head) {
    wanted = head;
    return 0;
  }
  frames(Pdu::smb1_pdu, direction, at, left, kHeader1);
  from.pdu_end = from.message_end;
  if (!misdirected(header.response(), direction)) message(header, rest.first(head), left, at, direction);
  return kHeader1;
}

/// What belongs to a file goes there; the rest of the message is not wanted.
size_t Smb::pass(Side& from, Bytes rest, uint64_t at) {
  const auto size = static_cast<size_t>(std::min<uint64_t>(rest.size(), from.pdu_end - at));
  Bulk& bulk = from.bulk;
  const uint64_t begin = std::max(at, bulk.begin), end = std::min(at + size, bulk.end);
  if (bulk.opened && begin < end) take_bulk(bulk, rest.subspan(begin - at, end - begin));
  from.position = at + size;
  if (from.position == from.pdu_end) end_pdu(from);
  return size;
}

void Smb::end_pdu(Side& from) {
  if (from.compressed) {
    skip_bulk(from, UINT64_MAX);
    from.data_end = from.pdu_end;
    from.compressed = from.pdu_end < from.message_end;
  }
  end_bulk(from);
}

/// It comes from the wrong side. Which side is the client's may be wrong where the flow was picked up late.
bool Smb::misdirected(bool response, Direction direction) {
  if (response == (direction == Direction::to_client)) return false;
  tell(response ? Anomaly::response_to_server : Anomaly::request_to_client, direction);
  return true;
}

/// Of a packet or message: its whole, its header and what is behind that are three kinds in a row.
void Smb::frames(Pdu first, Direction direction, uint64_t at, uint64_t size, size_t header) {
  if (side(direction).unpacked) return;
  const auto kind = [&](uint8_t i) { return static_cast<Pdu>(static_cast<uint8_t>(first) + i); };
  out_.frame(kind(0), direction, at, size);
  out_.frame(kind(1), direction, at, header);
  if (size > header) out_.frame(kind(2), direction, at + header, size - header);
}

Step Smb::gap(Direction direction, uint64_t) {
  side(direction).broken = true;
  return Step::ok(0);
}

void Smb::finish() {
  for (Side& side : sides_) {
    if (side.bulk.opened) settle(side.bulk);
  }
  while (!pipes_.empty()) end_pipe(*std::shared_ptr<Opened>(pipes_.oldest()), 0);
  while (!operations_.empty()) close(operations_.oldest(), Direction::to_server);
}

extern const DissectorRow kRow;
const DissectorRow kRow = row<Smb>();

}  // namespace lapwing::smb
