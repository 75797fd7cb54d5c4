#include "dissectors/dns/dns_parser.h"

#include <algorithm>

namespace lapwing::dns {

namespace {

/// Reads one message; `rest_` walks over the wire form once, names may look anywhere in it.
class Parser {
 public:
  Parser(Bytes wire, Message& out) : wire_(wire), reader_(wire), out_(out) {}

  bool header() {
    out_.id = reader_.u16();
    out_.flags = reader_.u16();
    for (auto& count : counts_) count = reader_.u16();
    return reader_.ok();
  }

  bool questions() {
    for (unsigned i = 0; i < counts_[0]; ++i) {
      Question question;
      if (!name(question.name)) return false;
      question.type = reader_.u16();
      question.klass = reader_.u16();
      if (!reader_.ok()) return false;
      out_.questions.push_back(question);
      out_.names.push_back(question.name);
    }
    return true;
  }

  void sections() {
    bool intact = records(counts_[1]);
    if (!intact) out_.faults |= kMalformedAnswers;
    out_.answers_end = out_.authorities_end = static_cast<uint32_t>(out_.records.size());
    if (!intact) return;
    if (!whole_section(counts_[2], kInvalidAuthorities)) return;
    out_.authorities_end = static_cast<uint32_t>(out_.records.size());
    if (!whole_section(counts_[3], kInvalidAdditionals)) return;
    if (reader_.left() > 0) out_.faults |= kTrailingBytes;
  }

  const uint16_t (&counts() const)[4] { return counts_; }

 private:
  bool name(Name& out) { return name(reader_, wire_.size(), out); }

  /// Reads a name at the reader's place and leaves the reader behind it. Labels in place stay before `end`.
  bool name(ByteReader& reader, size_t end, Name& out) {
    const size_t start = out_.text.size();
    size_t place = reader.position(), resume = 0;
    out = {.at = static_cast<uint32_t>(start)};
    const bool paid = out_.steps < kMaxSteps && start < kMaxText;
    if (!paid) {
      out.truncated = true;
      out_.faults |= kNameTooLong;
    }
    for (size_t steps = 0;;) {
      const size_t bound = resume ? wire_.size() : end;
      if (place >= bound) {
        out_.faults |= kUnterminatedName;
        break;
      }
      const uint8_t length = wire_[place];
      if (length == 0) {
        ++place;
        break;
      }
      if ((length & 0xc0) == 0) {
        if (place + 1 + length > bound) return false;
        if (!out.truncated) append(wire_.subspan(place + 1, length), start, out);
        place += size_t{1} + length;
      } else if ((length & 0xc0) == 0xc0) {
        if (place + 2 > bound) return false;
        const size_t target = load_be16(&wire_[place]) & 0x3fff;
        if (target > wire_.size()) return false;
        const bool first = resume == 0;
        if (target == place) {
          out_.faults |= kInfiniteLoop;
          if (first) return false;
          break;
        }
        if (first) resume = place + 2;
        if (!paid) break;
        place = target;
      } else {
        return false;
      }
      ++out_.steps;
      if (++steps > kMaxLabels) {
        out_.faults |= kTooManyLabels;
        if (!resume) return false;
        break;
      }
    }
    out.size = static_cast<uint16_t>(out_.text.size() - start);
    return reader.seek(resume ? resume : place);
  }

  void append(Bytes label, size_t start, Name& out) {
    if (out_.text.size() > start) out_.text.push_back('.');
    out_.text.append(to_text(label));
    if (out_.text.size() - start <= kMaxName) return;
    out_.text.resize(start + kMaxName);
    out.truncated = true;
    out_.faults |= kNameTooLong;
  }

  /// Drops a broken section whole; what follows it has no known place.
  bool whole_section(unsigned count, Fault fault) {
    const size_t records_before = out_.records.size(), names_before = out_.names.size();
    if (records(count)) return true;
    out_.records.resize(records_before);
    out_.names.resize(names_before);
    out_.faults |= fault;
    return false;
  }

  bool records(unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
      Record record;
      if (!name(record.name)) return false;
      out_.names.push_back(record.name);
      record.type = reader_.u16();
      record.klass = reader_.u16();
      record.ttl = reader_.u32();
      const size_t size = reader_.u16();
      const size_t at = reader_.position();
      record.data = reader_.bytes(size);
      if (!reader_.ok() || !rdata(record, at)) return false;
    }
    return true;
  }

  /// Understands the data at wire offset `at`, and adds the record or, of a TXT record, one for each string.
  bool rdata(Record& record, size_t at) {
    const size_t end = at + record.data.size();
    ByteReader reader(wire_.first(end));
    reader.seek(at);
    if (!record.data.empty()) {
      switch (record.type) {
        case kA:
        case kAaaa: record.shape = Shape::address; break;
        case kCname:
        case kNs:
        case kPtr:
          record.shape = Shape::host;
          if (!name(reader, end, record.host)) return false;
          break;
        case kMx:
          record.shape = Shape::host;
          if (!reader.skip(2) || !name(reader, end, record.host)) return false;
          break;
        case kSoa:
          record.shape = Shape::soa;
          if (!name(reader, end, record.host) || !name(reader, end, record.mailbox)) return false;
          record.data = reader.bytes(20);
          break;
        case kSrv:
          record.shape = Shape::srv;
          record.data = reader.bytes(6);
          if (!reader.ok() || !name(reader, end, record.host)) return false;
          break;
        case kSshfp:
          record.shape = Shape::sshfp;
          reader.skip(2);
          break;
        case kNull: record.shape = Shape::text; break;
        case kTxt: return strings(record);
        case kOpt: {
          record.shape = Shape::options;
          Bytes rest = record.data;
          for (Option option; next_option(rest, option);) {
          }
          if (!rest.empty()) return false;
          break;
        }
        default: break;
      }
    }
    if (!reader.ok()) return false;
    if (record.shape == Shape::host || record.shape == Shape::soa) out_.names.push_back(record.host);
    out_.records.push_back(record);
    return true;
  }

  bool strings(Record& record) {
    Bytes rest = record.data;
    if (size_t{1} + rest[0] > rest.size()) return false;
    record.shape = Shape::text;
    while (!rest.empty() && size_t{1} + rest[0] <= rest.size()) {
      record.data = rest.subspan(1, rest[0]);
      rest = rest.subspan(size_t{1} + rest[0]);
      out_.records.push_back(record);
    }
    return true;
  }

  Bytes wire_;
  ByteReader reader_;
  Message& out_;
  uint16_t counts_[4] = {};  // questions, answers, authorities, additionals
};

}  // namespace

void Message::clear() {
  constexpr size_t kKept = 4096;  // one monstrous message must not hold its memory for good
  if (records.capacity() > kKept) records = {};
  if (questions.capacity() > kKept) questions = {};
  if (names.capacity() > kKept) names = {};
  questions.clear();
  records.clear();
  names.clear();
  text.clear();
  answers_end = authorities_end = 0;
  faults = 0;
  steps = 0;
  id = flags = 0;
}

bool parse(Bytes wire, Message& message) {
  message.clear();
  Parser parser(wire, message);
  if (!parser.header() || !parser.questions()) return false;
  parser.sections();
  return true;
}

bool next_option(Bytes& rdata, Option& out) {
  ByteReader reader(rdata);
  out.code = reader.u16();
  out.data = reader.bytes(reader.u16());
  if (!reader.ok()) return false;
  rdata = reader.rest();
  return true;
}

}  // namespace lapwing::dns
