#include <algorithm>
#include <optional>
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

/// How much of one message a record shows, so that no few bytes make many: entries in all, and JSON text by the size
/// of the message. Whoever finds no room says so in the record.
class Room {
 public:
  Room(const Message& message, JsonWriter& json)
      : json_(json), most_(json.text().size() + kBase + kTimes * size_t{message.size}) {}
  bool entry() { return take(entries_); }
  /// One more value of those grouped by type, which say again what entries say.
  bool value() { return take(values_); }
  bool truncated() const { return truncated_; }

 private:
  static constexpr size_t kBase = 2048, kTimes = 8;

  bool take(size_t& count) {
    if (count == kMaxEntries || json_.text().size() > most_) {
      truncated_ = true;
      return false;
    }
    ++count;
    return true;
  }

  JsonWriter& json_;
  size_t most_, entries_ = 0, values_ = 0;
  bool truncated_ = false;
};

/// What a section shows on its own: a record, or one string of a TXT record.
struct Entry {
  const Record* record = nullptr;
  Bytes data;
};

/// Walks over the entries of a section, those of one type or all.
class Entries {
 public:
  explicit Entries(std::span<const Record> section, std::optional<uint16_t> type = {})
      : section_(section), type_(type) {}

  bool next(Entry& out) {
    while (true) {
      if (next_string(strings_, out.data)) {
        out.record = record_;
        return true;
      }
      if (section_.empty()) return false;
      const Record& record = section_.front();
      section_ = section_.subspan(1);
      if (type_ && record.type != *type_) continue;
      if (record.type == kOpt && record.data.empty()) continue;  // says nothing but a buffer size
      strings_ = {};
      out = {&record, record.data};
      if (record.shape != Shape::strings) return true;
      record_ = &record;
      strings_ = record.data;
    }
  }

 private:
  std::span<const Record> section_;
  std::optional<uint16_t> type_;
  const Record* record_ = nullptr;
  Bytes strings_;  // of that record, those still to come
};

bool same(const Message& message, const Name& a, const Name& b) {
  if (a.size != b.size || a.truncated != b.truncated) return false;
  return a.at == b.at || std::ranges::equal(message.text_of(a), message.text_of(b));
}

bool same(const Message& message, const Entry& a, const Entry& b) {
  const Record &x = *a.record, &y = *b.record;
  if (x.type != y.type || x.shape != y.shape || !std::ranges::equal(a.data, b.data)) return false;
  return &x == &y || (x.ttl == y.ttl && x.klass == y.klass && same(message, x.name, y.name) &&
                      same(message, x.host, y.host) && same(message, x.mailbox, y.mailbox));
}

bool same(const Message& message, const Question& a, const Question& b) {
  return a.type == b.type && a.klass == b.klass && same(message, a.name, b.name);
}

bool same(const Message&, const Option& a, const Option& b) {
  return a.code == b.code && std::ranges::equal(a.data, b.data);
}

/// Calls `show(item, count)` for each run of equal neighbours of what `next(item)` yields, until it returns false.
template <class Item>
void each_run(const Message& message, auto&& next, auto&& show) {
  Item item, following;
  bool more = next(item);
  while (more) {
    size_t count = 1;
    while ((more = next(following)) && same(message, item, following)) ++count;
    if (!show(item, count)) return;
    item = following;
  }
}

void write_count(size_t count, JsonWriter& json) {
  if (count > 1) json.member("count", count);
}

void write_options(const Message& message, const Record& record, Room& room, JsonWriter& json) {
  json.begin_array("opt");
  Bytes rest = record.data;
  each_run<Option>(
      message, [&](Option& option) { return next_option(rest, option); },
      [&](const Option& option, size_t count) {
        if (!room.entry()) return false;
        json.begin_object().member("code", option.code).key("data").hex(option.data);
        write_count(count, json);
        json.end_object();
        return true;
      });
  json.end_array();
}

/// `additional`: of the section in which alone an OPT record means anything (RFC 6891 6.1.1).
void write_entry(const Message& message, const Entry& entry, size_t count, bool additional, Room& room,
                 JsonWriter& json) {
  const Record& record = *entry.record;
  char scratch[8];
  json.begin_object();
  write_name(message, "rrname", "rrname_truncated", record.name, json);
  json.member("rrtype", type_text(record.type, scratch)).member("ttl", record.ttl);
  switch (record.shape) {
    case Shape::opaque: break;
    case Shape::address: write_address(record.data, json.key("rdata")); break;
    case Shape::host: write_name(message, "rdata", "rdata_truncated", record.host, json); break;
    case Shape::text:
    case Shape::strings: json.member("rdata", entry.data); break;
    case Shape::soa: write_soa(message, record, json.key("soa")); break;
    case Shape::srv: write_srv(message, record, json.key("srv")); break;
    case Shape::sshfp: write_sshfp(record, json.key("sshfp")); break;
    case Shape::options:
      if (additional) write_options(message, record, room, json);
      break;
  }
  write_count(count, json);
  json.end_object();
}

void write_section(const Message& message, std::string_view key, std::span<const Record> section, Room& room,
                   JsonWriter& json) {
  bool open = false;
  Entries entries(section);
  each_run<Entry>(
      message, [&](Entry& entry) { return entries.next(entry); },
      [&](const Entry& entry, size_t count) {
        if (!room.entry()) return false;
        if (!open) json.begin_array(key);
        open = true;
        write_entry(message, entry, count, key == "additionals", room, json);
        return true;
      });
  if (open) json.end_array();
}

bool groupable(const Record& record) {
  return record.shape != Shape::opaque && record.shape != Shape::options;
}

void write_value(const Message& message, const Entry& entry, JsonWriter& json) {
  const Record& record = *entry.record;
  switch (record.shape) {
    case Shape::address: write_address(record.data, json); break;
    case Shape::host: json.value(message.text_of(record.host)); break;
    case Shape::text:
    case Shape::strings: json.value(entry.data); break;
    case Shape::soa: write_soa(message, record, json); break;
    case Shape::srv: write_srv(message, record, json); break;
    case Shape::sshfp: write_sshfp(record, json); break;
    case Shape::opaque:
    case Shape::options: break;
  }
}

/// Answers by type, in the order in which types first appear.
void write_grouped(const Message& message, Room& room, JsonWriter& json) {
  const auto answers = message.answers();
  bool open = false;
  uint64_t done = 0;  // types written, a bit each: all groupable types are below 64
  for (const Record& first : answers) {
    if (!groupable(first) || done >> first.type & 1) continue;
    done |= uint64_t{1} << first.type;
    if (!open) json.begin_object("grouped");
    open = true;
    char scratch[8];
    json.begin_array(type_text(first.type, scratch));
    Entries entries(answers, first.type);
    each_run<Entry>(
        message, [&](Entry& entry) { return entries.next(entry); },
        [&](const Entry& entry, size_t) {
          if (!groupable(*entry.record)) return true;
          if (!room.value()) return false;
          write_value(message, entry, json);
          return true;
        });
    json.end_array();
  }
  if (open) json.end_object();
}

struct Formats {
  bool detailed, grouped;
};

void write_sections(const Message& message, Formats formats, Room& room, JsonWriter& json) {
  if (formats.detailed) write_section(message, "answers", message.answers(), room, json);
  if (formats.grouped) write_grouped(message, room, json);
  write_section(message, "authorities", message.authorities(), room, json);
  write_section(message, "additionals", message.additionals(), room, json);
  if (room.truncated()) json.member("truncated", true);
}

void write_questions(const Message& message, Room& room, JsonWriter& json) {
  if (message.questions.empty()) return;
  json.begin_array("queries");
  size_t at = 0;
  each_run<Question>(
      message,
      [&](Question& question) {
        if (at == message.questions.size()) return false;
        question = message.questions[at++];
        return true;
      },
      [&](const Question& question, size_t count) {
        if (!room.entry()) return false;
        char scratch[8];
        json.begin_object();
        write_name(message, "rrname", "rrname_truncated", question.name, json);
        json.member("rrtype", type_text(question.type, scratch));
        write_count(count, json);
        json.end_object();
        return true;
      });
  json.end_array();
}

void write_v3(const MessageTransaction& tx, Formats formats, JsonWriter& json) {
  const Message& message = *tx.message;
  Room room(message, json);
  char scratch[8];
  json.member("version", 3).member("type", message.is_response() ? "response" : "request");
  json.member("tx_id", tx.id).member("id", message.id);
  write_flags(message, json);
  json.member("rcode", rcode_name(message.rcode(), scratch));
  write_questions(message, room, json);
  write_sections(message, formats, room, json);
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
  if (tx.cut) json.member("truncated", true);
}

void write_answer_v2(const MessageTransaction& tx, Formats formats, JsonWriter& json) {
  const Message& message = *tx.message;
  Room room(message, json);
  char scratch[8];
  json.member("version", 2).member("type", "answer").member("id", message.id);
  write_flags(message, json);
  if (!message.questions.empty()) {
    const Question& question = message.questions[0];
    json.member("rrname", message.text_of(question.name)).member("rrtype", type_text(question.type, scratch));
  }
  json.member("rcode", rcode_name(message.rcode(), scratch));
  write_sections(message, formats, room, json);
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
