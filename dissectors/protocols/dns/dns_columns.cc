#include <algorithm>
#include <array>
#include <charconv>

#include "dissectors/contract/columns.h"
#include "dissectors/protocols/dns/dns.h"
#include "sensor/base/text.h"

namespace lapwing::dns {

namespace {

using namespace columns;

// Names may be empty: the root of the domain name system is one.
using NameText = std::optional<Bytes>;

NameText asked(const Question& question, const MessageTransaction& tx) {
  return tx.message.text_of(question.name);
}
bool asked_cut(const Question& question) {
  return question.name.truncated;
}

constexpr Column kQuestion[] = {
    text<&asked>("rrname", "name that is asked for")
        .rule({.name = "dns.query",
               .stage = kMessage,
               .aliases = {"dns_query"},
               .help = "name of each question of a request"})
        .rule({.name = "dns.queries.rrname",
               .sender = Sender::either,
               .stage = kMessage,
               .aliases = {"dns.query.name"},
               .help = "name of each question, of requests and responses"}),
    flag<&asked_cut>("rrname_truncated", "the name is longer than is kept"),
    choice<&Question::type, &type_name, &type_names>("rrtype", "type that is asked for")
        .rule({.name = "dns.rrtype",
               .stage = kMessage,
               .help = "type of each question of a request, of each answer of a response"}),
    count(),
};

/// What a section shows on its own: a record, or one string of a TXT record.
struct Entry {
  const Record* record = nullptr;
  Bytes data;
};

/// A range of the entries of a section.
class Entries {
 public:
  explicit Entries(std::span<const Record> section) : section_(section) {}

  class Iterator {
   public:
    using difference_type = std::ptrdiff_t;
    explicit Iterator(std::span<const Record> section) : section_(section) { next(); }
    Entry operator*() const { return entry_; }
    Iterator& operator++() {
      next();
      return *this;
    }
    void operator++(int) { next(); }
    bool operator==(std::default_sentinel_t) const { return !entry_.record; }

   private:
    void next() {
      while (!next_string(strings_, entry_.data)) {
        if (section_.empty()) {
          entry_ = {};
          return;
        }
        const Record& record = section_.front();
        section_ = section_.subspan(1);
        if (record.type == kOpt && record.data.empty()) continue;  // says nothing but a buffer size
        entry_ = {&record, record.data};
        if (record.shape != RecordShape::strings) return;
        strings_ = record.data;
      }
    }

    std::span<const Record> section_;
    Bytes strings_;  // of the record at hand, those still to come
    Entry entry_;
  };
  Iterator begin() const { return Iterator(section_); }
  static std::default_sentinel_t end() { return {}; }

 private:
  std::span<const Record> section_;
};

const Message& message_of(const Place& at) {
  return static_cast<const MessageTransaction&>(*at.tx).message;
}

bool same(const Name& a, const Name& b, const Message& message) {
  if (a.size != b.size || a.truncated != b.truncated) return false;
  return a.at == b.at || std::ranges::equal(message.text_of(a), message.text_of(b));
}
bool same_question(const Question& a, const Question& b, const Place& at) {
  return a.type == b.type && a.klass == b.klass && same(a.name, b.name, message_of(at));
}
bool same_option(const Option& a, const Option& b, const Place&) {
  return a.code == b.code && std::ranges::equal(a.data, b.data);
}
bool same_entry(const Entry& a, const Entry& b, const Place& at) {
  const Record &x = *a.record, &y = *b.record;
  if (x.type != y.type || x.shape != y.shape || !std::ranges::equal(a.data, b.data)) return false;
  const Message& message = message_of(at);
  return &x == &y || (x.ttl == y.ttl && x.klass == y.klass && same(x.name, y.name, message) &&
                      same(x.host, y.host, message) && same(x.mailbox, y.mailbox, message));
}

// Data of a record, of which the fixed part has its numbers.

template <RecordShape Wanted>
const Record* of_shape(const Entry& entry) {
  return entry.record->shape == Wanted ? entry.record : nullptr;
}
template <class T, size_t Number>
T number(const Record& record) {
  ByteReader reader(record.data);
  reader.skip(Number * sizeof(T));
  return sizeof(T) == 4   ? static_cast<T>(reader.u32())
         : sizeof(T) == 2 ? static_cast<T>(reader.u16())
                          : static_cast<T>(reader.u8());
}
NameText host(const Record& record, const MessageTransaction& tx) {
  return tx.message.text_of(record.host);
}
bool host_cut(const Record& record) {
  return record.host.truncated;
}
NameText mailbox(const Record& record, const MessageTransaction& tx) {
  return tx.message.text_of(record.mailbox);
}
std::string fingerprint(const Record& record) {
  constexpr size_t kFixed = 2;  // algorithm and type (RFC 4255 3.1)
  return to_hex(record.data.subspan(std::min(kFixed, record.data.size())), ':');
}

constexpr Column kSoa[] = {
    text<&host>("mname", "primary name server"),
    flag<&host_cut>("mname_truncated", "the name is longer than is kept"),
    text<&mailbox>("rname", "mailbox of who is responsible"),
    integer<&number<uint32_t, 0>>("serial", "version of the zone"),
    integer<&number<uint32_t, 1>>("refresh", "seconds between a secondary's questions"),
    integer<&number<uint32_t, 2>>("retry", "seconds before it asks again"),
    integer<&number<uint32_t, 3>>("expire", "seconds that it may answer without the primary"),
    integer<&number<uint32_t, 4>>("minimum", "seconds that a name may be known not to be there"),
};
constexpr Column kSrv[] = {
    integer<&number<uint16_t, 0>>("priority", "the lowest comes first"),
    integer<&number<uint16_t, 1>>("weight", "among equals"),
    integer<&number<uint16_t, 2>>("port", "of the service"),
    text<&host>("name", "host that has the service"),
};
constexpr Column kSshfp[] = {
    text<&fingerprint>("fingerprint", "of the host's key, in hex with colons"),
    integer<&number<uint8_t, 0>>("algo", "of the key"),
    integer<&number<uint8_t, 1>>("type", "of the digest"),
};

using Options = Taken<Option, &next_option>;

std::optional<Options> options(const Entry& entry) {
  if (entry.record->shape != RecordShape::options) return {};
  return Options(entry.data);
}

std::optional<Bytes> option_data(const Option& option) {
  return option.data;
}

constexpr Column kOption[] = {
    integer<&Option::code>("code", "of the option (RFC 6891 6.1.2)"),
    hex<&option_data>("data", "its value"),
    count(),
};

NameText owner(const Entry& entry, const MessageTransaction& tx) {
  return tx.message.text_of(entry.record->name);
}
bool owner_cut(const Entry& entry) {
  return entry.record->name.truncated;
}
uint16_t type(const Entry& entry) {
  return entry.record->type;
}
uint32_t ttl(const Entry& entry) {
  return entry.record->ttl;
}
/// Empty where the data is no address.
Bytes address_text(Bytes data, std::string& scratch) {
  if (data.size() != 4 && data.size() != 16) return {};
  const IpAddress address = data.size() == 4 ? IpAddress::v4(data.data()) : IpAddress::v6(data.data());
  scratch.resize(kIpTextSize);
  scratch.resize(static_cast<size_t>(write_ip(address, scratch.data()) - scratch.data()));
  return to_bytes(scratch);
}
std::optional<Bytes> rdata(const Entry& entry, const MessageTransaction& tx, std::string& scratch) {
  switch (entry.record->shape) {
    case RecordShape::host: return tx.message.text_of(entry.record->host);
    case RecordShape::text:
    case RecordShape::strings: return entry.data;
    case RecordShape::address: return address_text(entry.data, scratch);
    default: return {};
  }
}
std::optional<Bytes> data(const Entry& entry) {
  return entry.data;
}
bool rdata_cut(const Entry& entry) {
  return entry.record->shape == RecordShape::host && entry.record->host.truncated;
}

constexpr std::array kRecord{
    text<&owner>("rrname", "owner"),
    flag<&owner_cut>("rrname_truncated", "the name is longer than is kept"),
    choice<&type, &type_name, &type_names>("rrtype", "type of the record"),
    integer<&ttl>("ttl", "seconds that it may be kept"),
    text<&rdata>("rdata", "address of A and AAAA; name or text of CNAME, NS, PTR, MX, TXT and the like"),
    flag<&rdata_cut>("rdata_truncated", "the name is longer than is kept"),
    hex<&data>("data", "data of any type as it came, but for the names of SOA; of TXT each string").on_request(),
    object<&of_shape<RecordShape::soa>>("soa", kSoa, "of SOA"),
    object<&of_shape<RecordShape::srv>>("srv", kSrv, "of SRV"),
    object<&of_shape<RecordShape::sshfp>>("sshfp", kSshfp, "of SSHFP"),
    count(),
};

constexpr Column kAdditional[] = {
    object<&self<Entry>>("", kRecord, ""),
    objects<&options, &same_option>("opt", kOption,
                                    "options of OPT, which means something in this section alone (RFC 6891 6.1.1)")
        .shown_empty(),
};

Entries answers(const MessageTransaction& tx) {
  return Entries(tx.message.answers());
}
Entries authorities(const MessageTransaction& tx) {
  return Entries(tx.message.authorities());
}
Entries additionals(const MessageTransaction& tx) {
  return Entries(tx.message.additionals());
}
const std::vector<Question>& questions(const MessageTransaction& tx) {
  return tx.message.questions;
}

// What rules read of whole sections, record by record.

template <std::span<const Record> (Message::*Section)() const>
auto owners(const MessageTransaction& tx) {
  const auto section = (tx.message.*Section)();
  return Numbered(section.size(), [&tx, section](size_t i) { return tx.message.text_of(section[i].name); });
}
auto all_names(const MessageTransaction& tx) {
  return Numbered(tx.message.names.size(), [&tx](size_t i) { return tx.message.text_of(tx.message.names[i]); });
}
auto answer_types(const MessageTransaction& tx) {
  const auto answers = tx.message.answers();
  return Numbered(answers.size(), [answers](size_t i) { return answers[i].type; });
}

template <uint16_t Bit>
bool has(const MessageTransaction& tx) {
  return tx.message.flags & Bit;
}
template <int Number>
int form(const MessageTransaction&) {
  return Number;
}
std::string_view kind(const MessageTransaction& tx) {
  return tx.message.is_response() ? "response" : "request";
}
uint16_t id(const MessageTransaction& tx) {
  return tx.message.id;
}
std::string_view flags(const MessageTransaction& tx, std::string& scratch) {
  char text[8];
  scratch.assign(text, std::to_chars(text, text + sizeof text, tx.message.flags, 16).ptr);
  return scratch;
}
uint8_t opcode(const MessageTransaction& tx) {
  return tx.message.opcode();
}
uint8_t rcode(const MessageTransaction& tx) {
  return tx.message.rcode();
}

constexpr NamedValue kOpcodes[] = {{"QUERY", 0},  {"IQUERY", 1}, {"STATUS", 2},
                                   {"NOTIFY", 4}, {"UPDATE", 5}, {"DSO", 6}};
std::span<const NamedValue> opcode_names() {
  return kOpcodes;
}

constexpr Column listed(Column column) {
  column.many = true;
  return column;
}
constexpr Column kGrouped[] = {
    listed(text<&rdata>("*", "of another type, by its name")),
    listed(object<&of_shape<RecordShape::soa>>("SOA", kSoa, "of SOA")),
    listed(object<&of_shape<RecordShape::srv>>("SRV", kSrv, "of SRV")),
    listed(object<&of_shape<RecordShape::sshfp>>("SSHFP", kSshfp, "of SSHFP")),
};

void write_value(const Entry& entry, const Shown& shown, const Place& at, RecordWriter& out) {
  const auto text = rdata(entry, static_cast<const MessageTransaction&>(*at.tx), out.scratch);
  if (text) out.json.value(*text);
  struct Within final : PlaceSink {
    bool take(const Place& place) override {
      writer->json.begin_object();
      writer->write(inside, place);
      writer->json.end_object();
      return true;
    }
    RecordWriter* writer = nullptr;
    std::span<const Shown> inside;
  } within;
  within.writer = &out;
  for (const Shown& shape : shown.inside) {
    within.inside = shape.inside;
    if (shape.column->enter) shape.column->enter(at.within(&entry), within);
  }
}

/// The values of answers by type, in the order in which types first appear.
void write_grouped(const Shown& shown, const Place& at, RecordWriter& out) {
  auto groupable = [](const Record& record) {
    return record.shape != RecordShape::opaque && record.shape != RecordShape::options;
  };
  const auto records = message_of(at).answers();
  std::string scratch;
  size_t values = 0;
  uint64_t done = 0;  // types written, a bit each: all groupable types are below 64
  for (const Record& first : records) {
    if (!groupable(first) || done >> first.type & 1) continue;
    if (done == 0) out.json.begin_object(shown.column->member);
    done |= uint64_t{1} << first.type;
    out.json.begin_array(type_name(first.type, scratch));
    std::optional<Entry> last;
    for (const Entry& entry : Entries(records)) {
      if (entry.record->type != first.type || (last && same_entry(*last, entry, at))) continue;
      last = entry;
      if (!groupable(*entry.record)) continue;
      if (!out.entry(values)) break;
      write_value(entry, shown, at, out);
    }
    out.json.end_array();
  }
  if (done != 0) out.json.end_object();
}

constexpr Column kSections[] = {
    objects<&answers, &same_entry>("answers", kRecord, "answers one by one").on_request().option("detailed"),
    custom<&write_grouped>("grouped", "values of answers by type", kGrouped).on_request(),
    objects<&authorities, &same_entry>("authorities", kRecord, "servers that have the zone"),
    objects<&additionals, &same_entry>("additionals", kAdditional, "what may be asked for next"),
    cut("truncated", "more entries came than are shown"),
};

constexpr Column kFlags[] = {
    text<&flags>("flags", "of the header, in hex"),
    flag<&has<header_flag::response>>("qr", "a response"),
    flag<&has<header_flag::authoritative>>("aa", "by a server that has the zone"),
    flag<&has<header_flag::truncated>>("tc", "cut by its sender"),
    flag<&has<header_flag::recursion_desired>>("rd", "recursion is desired"),
    flag<&has<header_flag::recursion_available>>("ra", "recursion is to be had"),
    flag<&has<header_flag::z>>("z", "a bit that must be zero"),
};

constexpr Column kV3[] = {
    integer<&form<3>>("version", "form of this object"),
    text<&kind>("type", "request or response"),
    integer<&MessageTransaction::number>("tx_id", "number of the message within its flow"),
    integer<&id>("id", "of the request, which its response repeats"),
    object<&self<MessageTransaction>>("", kFlags, ""),
    integer<&opcode>("opcode", "operation code of the message")
        .rule({.name = "dns.opcode", .sender = Sender::either, .stage = kMessage})
        .named(&opcode_names),
    choice<&rcode, &rcode_name, &rcode_names>("rcode", "response code of the message")
        .rule({.name = "dns.rcode", .sender = Sender::either, .stage = kMessage}),
    objects<&questions, &same_question>("queries", kQuestion, "questions"),
    object<&self<MessageTransaction>>("", kSections, ""),
    each<&owners<&Message::answers>>("", "owner name of each answer")
        .rule({.name = "dns.answers.rrname",
               .sender = Sender::either,
               .stage = kMessage,
               .aliases = {"dns.answer.name"}}),
    each<&owners<&Message::authorities>>("", "owner name of each authority record")
        .rule({.name = "dns.authorities.rrname", .sender = Sender::either, .stage = kMessage}),
    each<&owners<&Message::additionals>>("", "owner name of each additional record")
        .rule({.name = "dns.additionals.rrname", .sender = Sender::either, .stage = kMessage}),
    each<&all_names>("", "every name in a response: of questions, records, and in CNAME, NS, PTR, MX and SOA data")
        .rule({.name = "dns.response.rrname", .sender = Sender::server, .stage = kMessage}),
    each<&answer_types, Shape::integer>("", "type of each answer")
        .rule({.name = "dns.rrtype", .sender = Sender::server, .stage = kMessage})
        .named(&type_names),
};

// Version 2: a record for each question, and the first one's with the answers.

const Question* first_question(const MessageTransaction& tx) {
  return tx.message.questions.empty() ? nullptr : &tx.message.questions.front();
}
const Question* question_at_hand(const MessageTransaction&, const Place& at) {
  return static_cast<const Question*>(at.detail);
}
std::string_view kind_v2(const MessageTransaction& tx) {
  return tx.message.is_response() ? "answer" : "query";
}

constexpr Column kAsked[] = {
    text<&asked>("rrname", "name that is asked for"),
    flag<&asked_cut>("rrname_truncated", "the name is longer than is kept"),
    choice<&Question::type, &type_name, &type_names>("rrtype", "type that is asked for"),
};
constexpr Column kHead[] = {
    integer<&form<2>>("version", "form of this object"),
    text<&kind_v2>("type", "query or answer"),
    integer<&id>("id", "of the request, which its response repeats"),
};
constexpr Column kQuery2[] = {
    object<&self<MessageTransaction>>("", kHead, ""),
    object<&question_at_hand>("", kAsked, ""),
    integer<&MessageTransaction::number>("tx_id", "number of the message within its flow"),
    flag<&has<header_flag::z>>("z", "a bit that must be zero"),
    integer<&opcode>("opcode", "operation code of the message"),
    flag<&MessageTransaction::cut>("truncated", "more questions came than have records"),
};
constexpr Column kAnswer2[] = {
    object<&self<MessageTransaction>>("", kHead, ""),
    object<&self<MessageTransaction>>("", kFlags, ""),
    integer<&opcode>("opcode", "operation code of the message"),
    object<&first_question>("", kAsked, ""),
    choice<&rcode, &rcode_name, &rcode_names>("rcode", "response code of the message"),
    object<&self<MessageTransaction>>("", kSections, ""),
};

// Alerts show all questions of a request in one object, and of a response no answers.

std::string_view query_kind(const Question&) {
  return "query";
}
uint16_t id_of(const Question&, const MessageTransaction& tx) {
  return id(tx);
}
uint64_t number_of(const Question&, const MessageTransaction& tx) {
  return tx.number;
}
bool z_of(const Question&, const MessageTransaction& tx) {
  return has<header_flag::z>(tx);
}
uint8_t opcode_of(const Question&, const MessageTransaction& tx) {
  return opcode(tx);
}
const std::vector<Question>& asked_by(const MessageTransaction& tx) {
  static const std::vector<Question> kNone;
  return tx.message.is_response() ? kNone : tx.message.questions;
}
const MessageTransaction* answered_by(const MessageTransaction& tx) {
  return tx.message.is_response() ? &tx : nullptr;
}

constexpr Column kAlertQuestion[] = {
    text<&query_kind>("type", "query"),
    integer<&id_of>("id", "of the request, which its response repeats"),
    object<&self<Question>>("", kAsked, ""),
    integer<&number_of>("tx_id", "number of the message within its flow"),
    flag<&z_of>("z", "a bit that must be zero"),
    integer<&opcode_of>("opcode", "operation code of the message"),
    count(),
};
constexpr Column kAlertAnswer[] = {
    object<&self<MessageTransaction>>("", kHead, ""),
    object<&self<MessageTransaction>>("", kFlags, ""),
    integer<&opcode>("opcode", "operation code of the message"),
    object<&first_question>("", kAsked, ""),
    choice<&rcode, &rcode_name, &rcode_names>("rcode", "response code of the message"),
    objects<&authorities, &same_entry>("authorities", kRecord, "servers that have the zone"),
    objects<&additionals, &same_entry>("additionals", kAdditional, "what may be asked for next"),
};

constexpr std::string_view kAlertVersion2 = "version 2";  // asks for these columns in place of the others

constexpr Column kAlert2[] = {
    integer<&form<2>>("version", "form of this object").on_request().option(kAlertVersion2),
    objects<&asked_by, &same_question>("query", kAlertQuestion, "questions of a request, in version 2")
        .on_request()
        .option(kAlertVersion2),
    object<&answered_by>("answer", kAlertAnswer, "a response, in version 2").on_request().option(kAlertVersion2),
};

// One table, as rules enter no more objects than those of a record.
constexpr auto kInAlert = [] {
  std::array<Column, std::size(kAlert2) + std::size(kV3)> out = {};
  std::ranges::copy(kV3, std::ranges::copy(kAlert2, out.begin()).out);
  return out;
}();

constexpr Column kOfAlert[] = {object<&self<MessageTransaction>>("dns", kInAlert, "a request or response")};
constexpr Column kRecord3[] = {object<&self<MessageTransaction>>("dns", kV3, "a request or response")};
constexpr Column kRecordQuery2[] = {object<&self<MessageTransaction>>("dns", kQuery2, "a question, in version 2")};
constexpr Column kRecordAnswer2[] = {object<&self<MessageTransaction>>("dns", kAnswer2, "a response, in version 2")};
constexpr Table kShapes[] = {kRecord3, kRecordQuery2, kRecordAnswer2};

bool version_2(const void* config) {
  return config && static_cast<const Config*>(config)->version == 2;
}
size_t shape_of(const Event& event, const void* config) {
  if (!version_2(config)) return 0;
  return static_cast<const MessageTransaction&>(*event.tx).message.is_response() ? 2 : 1;
}

constexpr RecordRow kRecords[] = {
    {.type = "dns", .help = "a DNS request or response", .shapes = kShapes, .shape = &shape_of}};

}  // namespace

Table columns() {
  return kOfAlert;
}

std::span<const RecordRow> records() {
  return kRecords;
}

RecordExtent record_extent(const void* config, std::string_view record) {
  if (record.empty()) {
    if (version_2(config)) return {.only = true, .names = {std::string(kAlertVersion2), "truncated"}};
    return {.names = {"detailed"}};
  }
  RecordExtent out;
  for (const NamedValue& format : kFormats) {
    if (static_cast<const Config*>(config)->formats & format.value) out.names.emplace_back(format.name);
  }
  return out;
}

}  // namespace lapwing::dns
