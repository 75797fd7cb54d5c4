#include <array>

#include "dissectors/dns/dns.h"

namespace lapwing::dns {

namespace {

const Message& message_of(const Transaction& tx) {
  return *static_cast<const MessageTransaction&>(tx).message;
}

Direction direction_of(const Message& message) {
  return message.is_response() ? Direction::to_client : Direction::to_server;
}

bool give(const Message& message, const Name& name, Value& out) {
  out.bytes = message.text_of(name);
  return true;
}

bool get_query(const Transaction& tx, Direction direction, uint32_t index, std::string&, Value& out) {
  const Message& message = message_of(tx);
  if (direction != direction_of(message) || index >= message.questions.size()) return false;
  return give(message, message.questions[index].name, out);
}

template <std::span<const Record> (Message::*Section)() const>
bool get_section(const Transaction& tx, Direction direction, uint32_t index, std::string&, Value& out) {
  const Message& message = message_of(tx);
  const auto section = (message.*Section)();
  if (direction != direction_of(message) || index >= section.size()) return false;
  return give(message, section[index].name, out);
}

bool get_response_name(const Transaction& tx, Direction direction, uint32_t index, std::string&, Value& out) {
  const Message& message = message_of(tx);
  if (direction != Direction::to_client || !message.is_response() || index >= message.names.size()) return false;
  return give(message, message.names[index], out);
}

bool get_opcode(const Transaction& tx, Direction direction, uint32_t index, std::string&, Value& out) {
  const Message& message = message_of(tx);
  if (index > 0 || direction != direction_of(message)) return false;
  out.integer = message.opcode();
  return true;
}

bool get_rcode(const Transaction& tx, Direction direction, uint32_t index, std::string&, Value& out) {
  const Message& message = message_of(tx);
  if (index > 0 || direction != direction_of(message)) return false;
  out.integer = message.rcode();
  return true;
}

bool get_rrtype(const Transaction& tx, Direction direction, uint32_t index, std::string&, Value& out) {
  const Message& message = message_of(tx);
  if (direction != direction_of(message)) return false;
  if (direction == Direction::to_server) {
    if (index >= message.questions.size()) return false;
    out.integer = message.questions[index].type;
  } else {
    if (index >= message.answers().size()) return false;
    out.integer = message.answers()[index].type;
  }
  return true;
}

/// The parser's names as the rule compiler wants them.
std::span<const FieldName> names_of(std::span<const NamedNumber> rows, std::vector<FieldName>& out) {
  for (const auto& row : rows) out.push_back({row.name, row.number});
  return out;
}

std::span<const FieldName> rrtype_names() {
  static std::vector<FieldName> names;
  return names.empty() ? names_of(type_names(), names) : names;
}

std::span<const FieldName> rcode_field_names() {
  static std::vector<FieldName> names;
  return names.empty() ? names_of(rcode_names(), names) : names;
}

constexpr FieldName kOpcodes[] = {{"QUERY", 0}, {"IQUERY", 1}, {"STATUS", 2}, {"NOTIFY", 4}, {"UPDATE", 5}, {"DSO", 6}};

}  // namespace

std::span<const Field> fields() {
  static const std::array kFields = {
      Field{.name = "dns.query",
            .side = Side::to_server,
            .stage = kMessage,
            .get = &get_query,
            .help = "name of each question of a request",
            .many = true,
            .sticky_aliases = {"dns_query"}},
      Field{.name = "dns.queries.rrname",
            .side = Side::both,
            .stage = kMessage,
            .get = &get_query,
            .help = "name of each question, of requests and responses",
            .many = true,
            .sticky_aliases = {"dns.query.name"}},
      Field{.name = "dns.answers.rrname",
            .side = Side::both,
            .stage = kMessage,
            .get = &get_section<&Message::answers>,
            .help = "owner name of each answer",
            .many = true,
            .sticky_aliases = {"dns.answer.name"}},
      Field{.name = "dns.authorities.rrname",
            .side = Side::both,
            .stage = kMessage,
            .get = &get_section<&Message::authorities>,
            .help = "owner name of each authority record",
            .many = true},
      Field{.name = "dns.additionals.rrname",
            .side = Side::both,
            .stage = kMessage,
            .get = &get_section<&Message::additionals>,
            .help = "owner name of each additional record",
            .many = true},
      Field{.name = "dns.response.rrname",
            .side = Side::to_client,
            .stage = kMessage,
            .get = &get_response_name,
            .help = "every name in a response: of questions, records, and in CNAME, NS, PTR, MX and SOA data",
            .many = true},
      Field{.name = "dns.opcode",
            .kind = FieldKind::integer,
            .side = Side::both,
            .stage = kMessage,
            .get = &get_opcode,
            .help = "operation code of the message",
            .names = kOpcodes},
      Field{.name = "dns.rcode",
            .kind = FieldKind::integer,
            .side = Side::both,
            .stage = kMessage,
            .get = &get_rcode,
            .help = "response code of the message",
            .names = rcode_field_names()},
      Field{.name = "dns.rrtype",
            .kind = FieldKind::integer,
            .side = Side::both,
            .stage = kMessage,
            .get = &get_rrtype,
            .help = "type of each question of a request, of each answer of a response",
            .many = true,
            .names = rrtype_names()},
  };
  return kFields;
}

}  // namespace lapwing::dns
