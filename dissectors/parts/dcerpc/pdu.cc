#include "dissectors/parts/dcerpc/pdu.h"

#include <algorithm>
#include <iterator>

#include "sensor/base/named_value.h"

namespace lapwing::dcerpc {

namespace {

/// Suricata's words.
constexpr std::string_view kTypes[] = {
    "REQUEST",   "PING",     "RESPONSE",   "FAULT",    "WORKING", "NOCALL",  "REJECT",        "ACK",
    "CL_CANCEL", "FACK",     "CANCEL_ACK", "BIND",     "BINDACK", "BINDNAK", "ALTER_CONTEXT", "ALTER_CONTEXT_RESP",
    "AUTH3",     "SHUTDOWN", "CO_CANCEL",  "ORPHANED", "RTS",
};
static_assert(std::size(kTypes) == kLastType + 1);

struct Numbered {
  uint64_t number;
  std::string_view name;
};

/// MS-RPCE 2.2.1.1.7
constexpr Numbered kSecurityTypes[] = {
    {0, "none"},      {1, "krb5_dce"}, {9, "spnego"},    {10, "ntlmssp"},
    {14, "schannel"}, {16, "krb5"},    {68, "netlogon"}, {255, "default"},
};

/// MS-RPCE 2.2.1.1.8
constexpr Numbered kSecurityLevels[] = {
    {0, "default"}, {1, "none"}, {2, "connect"}, {3, "call"}, {4, "packet"}, {5, "integrity"}, {6, "privacy"},
};

/// C706 E and MS-RPCE 2.2.2.5; below them errors of Windows (MS-ERREF 2.2), which its servers send as well.
constexpr Numbered kStatus[] = {
    {0x1c010002, "nca_op_rng_error"},
    {0x1c010003, "nca_unk_if"},
    {0x1c010006, "nca_wrong_boot_time"},
    {0x1c010009, "nca_you_crashed"},
    {0x1c01000b, "nca_proto_error"},
    {0x1c010013, "nca_out_args_too_big"},
    {0x1c010014, "nca_server_too_busy"},
    {0x1c010015, "nca_fault_string_too_long"},
    {0x1c010017, "nca_unsupported_type"},
    {0x1c000001, "nca_fault_int_div_by_zero"},
    {0x1c000002, "nca_fault_addr_error"},
    {0x1c000003, "nca_fault_fp_div_zero"},
    {0x1c000004, "nca_fault_fp_underflow"},
    {0x1c000005, "nca_fault_fp_overflow"},
    {0x1c000006, "nca_fault_invalid_tag"},
    {0x1c000007, "nca_fault_invalid_bound"},
    {0x1c000008, "nca_rpc_version_mismatch"},
    {0x1c000009, "nca_unspec_reject"},
    {0x1c00000a, "nca_bad_actid"},
    {0x1c00000b, "nca_who_are_you_failed"},
    {0x1c00000c, "nca_manager_not_entered"},
    {0x1c00000d, "nca_fault_cancel"},
    {0x1c00000e, "nca_fault_ill_inst"},
    {0x1c00000f, "nca_fault_fp_error"},
    {0x1c000010, "nca_fault_int_overflow"},
    {0x1c000012, "nca_fault_unspec"},
    {0x1c000013, "nca_fault_remote_comm_failure"},
    {0x1c000014, "nca_fault_pipe_empty"},
    {0x1c000015, "nca_fault_pipe_closed"},
    {0x1c000016, "nca_fault_pipe_order"},
    {0x1c000017, "nca_fault_pipe_discipline"},
    {0x1c000018, "nca_fault_pipe_comm_error"},
    {0x1c000019, "nca_fault_pipe_memory"},
    {0x1c00001a, "nca_fault_context_mismatch"},
    {0x1c00001b, "nca_fault_remote_no_memory"},
    {0x1c00001c, "nca_invalid_pres_context_id"},
    {0x1c00001d, "nca_unsupported_authn_level"},
    {0x1c00001f, "nca_invalid_checksum"},
    {0x1c000020, "nca_invalid_crc"},
    {0x1c000021, "nca_fault_user_defined"},
    {0x1c000022, "nca_fault_tx_open_failed"},
    {0x1c000023, "nca_fault_codeset_conv_error"},
    {0x1c000024, "nca_fault_object_not_found"},
    {0x1c000025, "nca_fault_no_client_stub"},
    {0x00000005, "access_denied"},
    {0x00000721, "sec_pkg_error"},
    {0x000006d1, "procnum_out_of_range"},
    {0x000006d8, "cant_perform"},
    {0x000006e4, "cannot_support"},
    {0x000006f7, "bad_stub_data"},
    {0x000006f8, "invalid_bound"},
    {0x000006e1, "invalid_tag"},
};

std::string_view name_of(std::span<const Numbered> rows, uint64_t number, std::string& scratch) {
  const auto row = std::ranges::find(rows, number, &Numbered::number);
  return row == rows.end() ? scratch = std::to_string(number) : row->name;
}

constexpr uint8_t kVersion = 5;  // of connections
constexpr size_t kSyntax = 20;   // bytes of an interface or transfer syntax: UUID, version

/// MS-RPCE 2.2.4.12
constexpr Uuid kNdr64 = *parse_uuid("71710533-beba-4937-8319-b5dbef9ccc36");

/// Fields of a UUID, by bytes: numbers are in the order of the PDU.
constexpr size_t kUuidFields[] = {4, 2, 2};

}  // namespace

std::string_view type_name(Type type) {
  return kTypes[static_cast<size_t>(type)];
}

std::string_view uuid_text(const Uuid& uuid, std::string& scratch) {
  static constexpr char kDigits[] = "0123456789abcdef";
  scratch.resize(2 * uuid.size() + 4);
  char* to = scratch.data();
  for (size_t i = 0; i < uuid.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *to++ = '-';
    *to++ = kDigits[uuid[i] >> 4];
    *to++ = kDigits[uuid[i] & 15];
  }
  return scratch;
}

Uuid OrderedReader::uuid() {
  Uuid out = {};
  const Bytes wire = bytes(out.size());
  if (wire.empty()) return out;
  std::ranges::copy(wire, out.begin());
  if (!little_) return out;
  auto field = out.begin();
  for (size_t size : kUuidFields) {
    std::reverse(field, field + static_cast<std::ptrdiff_t>(size));
    field += static_cast<std::ptrdiff_t>(size);
  }
  return out;
}

bool may_begin_pdu(Bytes bytes) {
  constexpr uint8_t kMostMinor = 1, kMostFloat = 3;
  const auto is = [&](size_t at, auto fits) { return bytes.size() <= at || fits(bytes[at]); };
  // Byte order and characters are each 0 or 1 (C706 14.1).
  return is(0, [](uint8_t byte) { return byte == kVersion; }) &&
         is(1, [](uint8_t byte) { return byte <= kMostMinor; }) &&
         is(2, [](uint8_t byte) { return byte <= kLastType; }) &&
         is(4, [](uint8_t byte) { return (byte & 0xee) == 0; }) &&
         is(5, [](uint8_t byte) { return byte <= kMostFloat; });
}

std::optional<Header> parse_header(Bytes bytes) {
  if (bytes.size() < Header::kSize || !may_begin_pdu(bytes)) return {};
  const uint8_t* const p = bytes.data();
  Header out{.minor = p[1], .type = static_cast<Type>(p[2]), .flags = p[3], .little = (p[4] & 0x10) != 0};
  OrderedReader reader(bytes.subspan(8, 8), out.little);
  out.size = reader.u16();
  out.auth = reader.u16();
  out.call_id = reader.u32();
  const size_t verifier = out.auth ? Security::kSize + out.auth : 0;
  return out.size < Header::kSize + verifier ? std::nullopt : std::optional(out);
}

bool begins_pdu(Bytes bytes) {
  return parse_header(bytes) && bytes[6] == 0 && bytes[7] == 0;
}

bool sent_by(Direction direction, Type type) {
  switch (type) {
    case Type::request:
    case Type::bind:
    case Type::alter_context:
    case Type::auth3:
    case Type::co_cancel:
    case Type::orphaned: return direction == Direction::to_server;
    case Type::response:
    case Type::fault:
    case Type::bind_ack:
    case Type::bind_nak:
    case Type::alter_context_resp:
    case Type::shutdown: return direction == Direction::to_client;
    default: return false;
  }
}

Likelihood judge(Bytes first, Direction direction) {
  if (first.empty() || first[0] != kVersion) return Likelihood::no;
  if (first.size() < Header::kSize) return Likelihood::more;
  const auto header = parse_header(first);
  if (!header || !begins_pdu(first)) return Likelihood::no;
  if (header->type == Type::rts) return Likelihood::maybe;
  return sent_by(direction, header->type) ? Likelihood::sure : Likelihood::no;
}

std::string_view security_type_name(uint64_t type, std::string& scratch) {
  return name_of(kSecurityTypes, type, scratch);
}

std::string_view security_level_name(uint64_t level, std::string& scratch) {
  return name_of(kSecurityLevels, level, scratch);
}

bool is_gss(const Security& security) {
  constexpr uint8_t kSpnego = 9, kNtlmssp = 10, kKerberos = 16;
  return security.type == kSpnego || security.type == kNtlmssp || security.type == kKerberos;
}

std::string_view status_name(uint64_t status, std::string& scratch) {
  return name_of(kStatus, status, scratch);
}

bool refuses_login(uint32_t status) {
  constexpr uint32_t kAccessDenied = 0x00000005, kSecurityError = 0x00000721;
  return status == kAccessDenied || status == kSecurityError;
}

std::optional<Verifier> parse_verifier(const Header& header, Bytes pdu) {
  if (header.auth == 0 || pdu.size() < header.size) return {};
  const Bytes wire = pdu.subspan(header.size - header.auth - Security::kSize, Security::kSize + header.auth);
  return Verifier{{wire[0], wire[1], wire[2]}, wire.subspan(Security::kSize)};
}

bool parse_offers(const Header& header, Bytes pdu, std::vector<Offer>& offers) {
  offers.clear();
  OrderedReader reader(pdu, header.little);
  reader.skip(Header::kSize + 8);  // sizes of fragments, group
  const size_t count = reader.u8();
  reader.skip(3);
  for (size_t i = 0; i < count; ++i) {
    Offer offer{.context = reader.u16()};
    const size_t syntaxes = reader.u8();
    reader.skip(1);
    offer.interface = reader.uuid();
    const uint32_t version = reader.u32();
    offer.major = static_cast<uint16_t>(version);
    offer.minor = static_cast<uint16_t>(version >> 16);
    reader.skip(syntaxes * kSyntax);
    if (!reader.ok()) return false;
    offers.push_back(offer);
  }
  return reader.ok();
}

bool parse_answers(const Header& header, Bytes pdu, std::vector<Answer>& answers) {
  answers.clear();
  OrderedReader reader(pdu, header.little);
  reader.skip(Header::kSize + 8);
  reader.skip(reader.u16());  // the secondary address
  reader.align(4);
  const size_t count = reader.u8();
  reader.skip(3);
  for (size_t i = 0; i < count; ++i) {
    Answer answer{.result = reader.u16(), .reason = reader.u16()};
    answer.wide = reader.uuid() == kNdr64;
    reader.skip(kSyntax - kNdr64.size());
    if (!reader.ok()) return false;
    answers.push_back(answer);
  }
  return reader.ok();
}

std::optional<uint16_t> parse_refusal(const Header& header, Bytes pdu) {
  OrderedReader reader(pdu, header.little);
  reader.skip(Header::kSize);
  const uint16_t reason = reader.u16();
  return reader.ok() ? std::optional(reason) : std::nullopt;
}

}  // namespace lapwing::dcerpc
