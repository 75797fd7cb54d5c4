#include <algorithm>
#include <string>

#include "dissectors/dns/dns.h"

namespace lapwing::dns {

namespace {

std::string_view type_text(uint16_t type, char (&scratch)[8]) {
  return type_name(type, scratch);
}

void write_name(const Message& message, std::string_view key, std::string_view truncated_key, const Name& name,
                JsonWriter& json) {
  json.member(key, message.text_of(name));
  if (name.truncated) json.member(truncated_key, true);
}

void write_flags(const Message& message, JsonWriter& json) {
  constexpr struct {
    uint16_t bit;
    std::string_view name;
  } kFlags[] = {{flag::response, "qr"},          {flag::authoritative, "aa"},       {flag::truncated, "tc"},
                {flag::recursion_desired, "rd"}, {flag::recursion_available, "ra"}, {flag::z, "z"}};
  char text[8];
  auto end = std::to_chars(text, text + sizeof text, message.flags, 16).ptr;
  json.member("flags", std::string_view(text, end));
  for (const auto& row : kFlags) {
    if (message.flags & row.bit) json.member(row.name, true);
  }
  json.member("opcode", message.opcode());
}

void write_address(Bytes data, JsonWriter& json) {
  if (data.size() == 4 || data.size() == 16) {
    json.value(data.size() == 4 ? IpAddress::v4(data.data()) : IpAddress::v6(data.data()));
  } else {
    json.value("");
  }
}

void write_soa(const Message& message, const Record& record, JsonWriter& json) {
  ByteReader reader(record.data);
  write_name(message, "mname", "mname_truncated", record.host, json.begin_object());
  json.member("rname", message.text_of(record.mailbox));
  for (std::string_view key : {"serial", "refresh", "retry", "expire", "minimum"}) json.member(key, reader.u32());
  json.end_object();
}

void write_srv(const Message& message, const Record& record, JsonWriter& json) {
  ByteReader reader(record.data);
  json.begin_object();
  for (std::string_view key : {"priority", "weight", "port"}) json.member(key, reader.u16());
  json.member("name", message.text_of(record.host)).end_object();
}

void write_sshfp(const Record& record, JsonWriter& json) {
  ByteReader reader(record.data);
  const uint8_t algorithm = reader.u8(), type = reader.u8();
  json.begin_object().key("fingerprint").hex(reader.rest(), ':');
  json.member("algo", algorithm).member("type", type).end_object();
}

/// `additional`: of the section in which alone an OPT record means anything (RFC 6891 6.1.1).
void write_record(const Message& message, const Record& record, bool additional, JsonWriter& json) {
  char scratch[8];
  json.begin_object();
  write_name(message, "rrname", "rrname_truncated", record.name, json);
  json.member("rrtype", type_text(record.type, scratch)).member("ttl", record.ttl);
  switch (record.shape) {
    case Shape::opaque: break;
    case Shape::address: write_address(record.data, json.key("rdata")); break;
    case Shape::host: write_name(message, "rdata", "rdata_truncated", record.host, json); break;
    case Shape::text: json.member("rdata", record.data); break;
    case Shape::soa: write_soa(message, record, json.key("soa")); break;
    case Shape::srv: write_srv(message, record, json.key("srv")); break;
    case Shape::sshfp: write_sshfp(record, json.key("sshfp")); break;
    case Shape::options: {
      if (!additional) break;
      json.begin_array("opt");
      Bytes rest = record.data;
      for (Option option; next_option(rest, option);) {
        json.begin_object().member("code", option.code).key("data").hex(option.data).end_object();
      }
      json.end_array();
    }
  }
  json.end_object();
}

void write_section(const Message& message, std::string_view key, std::span<const Record> section, JsonWriter& json) {
  bool open = false;
  for (const Record& record : section) {
    if (record.type == kOpt && record.data.empty()) continue;  // says nothing but a buffer size
    if (!open) json.begin_array(key);
    open = true;
    write_record(message, record, key == "additionals", json);
  }
  if (open) json.end_array();
}

bool groupable(const Record& record) {
  return record.shape != Shape::opaque && record.shape != Shape::options;
}

/// Answers by type, in the order in which types first appear.
void write_grouped(const Message& message, JsonWriter& json) {
  const auto answers = message.answers();
  bool open = false;
  uint64_t done = 0;  // types written, a bit each: all groupable types are below 64
  for (size_t first = 0; first < answers.size(); ++first) {
    const uint16_t type = answers[first].type;
    if (!groupable(answers[first]) || done >> type & 1) continue;
    done |= uint64_t{1} << type;
    if (!open) json.begin_object("grouped");
    open = true;
    char scratch[8];
    json.begin_array(type_text(type, scratch));
    for (const Record& record : answers.subspan(first)) {
      if (record.type != type || !groupable(record)) continue;
      switch (record.shape) {
        case Shape::address: write_address(record.data, json); break;
        case Shape::host: json.value(message.text_of(record.host)); break;
        case Shape::text: json.value(record.data); break;
        case Shape::soa: write_soa(message, record, json); break;
        case Shape::srv: write_srv(message, record, json); break;
        case Shape::sshfp: write_sshfp(record, json); break;
        case Shape::opaque:
        case Shape::options: break;
      }
    }
    json.end_array();
  }
  if (open) json.end_object();
}

struct Formats {
  bool detailed, grouped;
};

void write_sections(const Message& message, Formats formats, JsonWriter& json) {
  if (formats.detailed) write_section(message, "answers", message.answers(), json);
  if (formats.grouped) write_grouped(message, json);
  write_section(message, "authorities", message.authorities(), json);
  write_section(message, "additionals", message.additionals(), json);
}

void write_v3(const MessageTransaction& tx, Formats formats, JsonWriter& json) {
  const Message& message = *tx.message;
  char scratch[8];
  json.member("version", 3).member("type", message.is_response() ? "response" : "request");
  json.member("tx_id", tx.id).member("id", message.id);
  write_flags(message, json);
  json.member("rcode", rcode_name(message.rcode(), scratch));
  if (!message.questions.empty()) {
    json.begin_array("queries");
    for (const Question& question : message.questions) {
      json.begin_object();
      write_name(message, "rrname", "rrname_truncated", question.name, json);
      json.member("rrtype", type_text(question.type, scratch)).end_object();
    }
    json.end_array();
  }
  write_sections(message, formats, json);
}

void write_query_v2(const MessageTransaction& tx, const Question* question, JsonWriter& json) {
  const Message& message = *tx.message;
  char scratch[8];
  json.member("version", 2).member("type", "query").member("id", message.id);
  if (question) {
    json.member("rrname", message.text_of(question->name)).member("rrtype", type_text(question->type, scratch));
  }
  json.member("tx_id", tx.id);
  if (message.flags & flag::z) json.member("z", true);
  json.member("opcode", message.opcode());
}

void write_answer_v2(const MessageTransaction& tx, Formats formats, JsonWriter& json) {
  const Message& message = *tx.message;
  char scratch[8];
  json.member("version", 2).member("type", "answer").member("id", message.id);
  write_flags(message, json);
  if (!message.questions.empty()) {
    const Question& question = message.questions[0];
    json.member("rrname", message.text_of(question.name)).member("rrtype", type_text(question.type, scratch));
  }
  json.member("rcode", rcode_name(message.rcode(), scratch));
  write_sections(message, formats, json);
}

void write(const Event& event, const RecordContext& context, JsonWriter& json) {
  const auto& tx = static_cast<const MessageTransaction&>(*event.tx);
  const auto* config = static_cast<const Config*>(context.config);
  Formats formats{true, true};
  if (config) {
    auto chosen = [&](std::string_view name) {
      return std::ranges::find(config->formats, name) != config->formats.end();
    };
    formats = {chosen("detailed"), chosen("grouped")};
  }
  json.begin_object("dns");
  if (!config || config->version != "2") {
    write_v3(tx, formats, json);
  } else if (tx.message->is_response()) {
    write_answer_v2(tx, formats, json);
  } else {
    write_query_v2(tx, static_cast<const Question*>(event.detail), json);
  }
  json.end_object();
}

constexpr RecordRow kRecords[] = {{"dns", &write, "a DNS request or response"}};

}  // namespace

std::span<const RecordRow> records() {
  return kRecords;
}

void write_in_alert(const Event& event, const RecordContext&, JsonWriter& json) {
  json.begin_object("dns");
  write_v3(static_cast<const MessageTransaction&>(*event.tx), {.detailed = true, .grouped = false}, json);
  json.end_object();
}

}  // namespace lapwing::dns
