#include "dissectors/protocols/dns/dns_parser.h"

#include <algorithm>

#include "sensor/base/per_thread.h"

namespace lapwing::dns {

namespace {

/// What names say from a place of the message on: pointers to it need not read it again.
struct Tail {
  uint32_t at = 0;  // in Message::text
  uint16_t size = 0, steps = 0, place = 0;
};

/// [W] The tails of one message by their place.
class Tails {
 public:
  void clear() {
    for (const Tail& tail : tails_) by_place_[tail.place] = 0;
    tails_.clear();
  }
  const Tail* at(size_t place) const {
    return place < kPlaces && by_place_[place] ? &tails_[by_place_[place] - 1u] : nullptr;
  }
  void begin_name() { passed_.clear(); }
  /// The name at hand has a label or a pointer here; `text` characters and `steps` steps came before.
  void passed(size_t place, size_t text, size_t steps) {
    if (place < kPlaces && !by_place_[place])
      passed_.push_back({static_cast<uint32_t>(text), 0, static_cast<uint16_t>(steps), static_cast<uint16_t>(place)});
  }
  void end_name(const Name& name, size_t steps) {
    for (Tail tail : passed_) {
      if (by_place_[tail.place]) continue;
      const uint32_t before = std::min<uint32_t>(tail.at, name.size);
      tails_.push_back({name.at + before, static_cast<uint16_t>(name.size - before),
                        static_cast<uint16_t>(steps - tail.steps), tail.place});
      by_place_[tail.place] = static_cast<uint16_t>(tails_.size());
    }
  }

 private:
  static constexpr size_t kPlaces = 1 << 14;  // that a pointer reaches (RFC 1035 4.1.4)

  // 1 + index into tails_. Not within the object, which is every thread's, those of libraries with small stacks too.
  std::vector<uint16_t> by_place_ = std::vector<uint16_t>(kPlaces);
  std::vector<Tail> tails_, passed_;
};

Tails& tails_of_worker() {
  Tails& tails = per_thread([] { return Tails(); });
  tails.clear();
  return tails;
}

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
    size_t place = reader.position(), resume = 0, steps = 0;
    bool sound = true;  // nothing is wrong with it: whoever points here may have it as it is
    out = {.at = static_cast<uint32_t>(start)};
    tails_.begin_name();
    while (true) {
      const size_t bound = resume ? wire_.size() : end;
      if (place >= bound) {
        out_.faults |= kUnterminatedName;
        sound = false;
        break;
      }
      const uint8_t length = wire_[place];
      if (length == 0) {
        ++place;
        break;
      }
      const size_t label = out_.text.size() - start + (out_.text.size() > start ? 1 : 0);
      const Tail* known = nullptr;
      if ((length & 0xc0) == 0) {
        if (place + 1 + length > bound) return false;
        tails_.passed(place, label, steps);
        append(wire_.subspan(place + 1, length), start, out);
        place += size_t{1} + length;
        if (resume) out_.followed += 1u + length;
      } else if ((length & 0xc0) == 0xc0) {
        if (place + 2 > bound) return false;
        const size_t target = load_be16(&wire_[place]) & 0x3fff;
        if (target > wire_.size()) return false;
        const bool first = resume == 0;
        if (target == place) {
          out_.faults |= kInfiniteLoop;
          if (first) return false;
          sound = false;
          break;
        }
        tails_.passed(place, label, steps);
        if (first) resume = place + 2;
        known = tails_.at(target);
        if (!known && out_.followed >= kMaxFollowed * wire_.size() + kMaxName) {
          cut(out);
          break;
        }
        place = target;
        out_.followed += known ? 0 : 2;
      } else {
        return false;
      }
      steps += 1 + (known ? known->steps : 0);
      if (steps > kMaxLabels) {
        out_.faults |= kTooManyLabels;
        if (!resume) return false;
        sound = false;
        break;
      }
      if (!known) continue;
      if (out_.text.size() == start) {
        out.at = known->at;
        out.size = known->size;
        tails_.end_name(out, steps);
        return reader.seek(resume);
      }
      if (known->size > 0) {
        out_.text.reserve(out_.text.size() + 1 + known->size);  // it must not move while it is copied to its own end
        append(to_bytes(out_.text).subspan(known->at, known->size), start, out);
      }
      break;
    }
    out.size = static_cast<uint16_t>(out_.text.size() - start);
    if (sound && !out.truncated) tails_.end_name(out, steps);
    return reader.seek(resume ? resume : place);
  }

  void append(Bytes label, size_t start, Name& out) {
    if (out.truncated) return;
    if (out_.text.size() >= kMaxExpansion * wire_.size()) return cut(out);
    if (out_.text.size() > start) out_.text.push_back('.');
    out_.text.append(to_text(label));
    // Without a loop no name is longer than its message.
    const size_t most = std::min(kMaxName, wire_.size());
    if (out_.text.size() - start <= most) return;
    out_.text.resize(start + most);
    cut(out);
  }

  void cut(Name& name) {
    name.truncated = true;
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

  /// Understands the data at wire offset `at`, and adds the record.
  bool rdata(Record& record, size_t at) {
    const size_t end = at + record.data.size();
    ByteReader reader(wire_.first(end));
    reader.seek(at);
    if (!record.data.empty()) {
      switch (record.type) {
        case kA:
        case kAaaa: record.shape = RecordShape::address; break;
        case kCname:
        case kNs:
        case kPtr:
          record.shape = RecordShape::host;
          if (!name(reader, end, record.host)) return false;
          break;
        case kMx:
          record.shape = RecordShape::host;
          if (!reader.skip(2) || !name(reader, end, record.host)) return false;
          break;
        case kSoa:
          record.shape = RecordShape::soa;
          if (!name(reader, end, record.host) || !name(reader, end, record.mailbox)) return false;
          record.data = reader.bytes(20);
          break;
        case kSrv:
          record.shape = RecordShape::srv;
          if (!reader.skip(6) || !name(reader, end, record.host)) return false;
          break;
        case kSshfp:
          record.shape = RecordShape::sshfp;
          reader.skip(2);
          break;
        case kNull: record.shape = RecordShape::text; break;
        case kTxt:
          if (size_t{1} + record.data[0] > record.data.size()) return false;
          record.shape = RecordShape::strings;
          break;
        case kOpt: {
          record.shape = RecordShape::options;
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
    if (record.shape == RecordShape::host || record.shape == RecordShape::soa) out_.names.push_back(record.host);
    out_.records.push_back(record);
    return true;
  }

  Bytes wire_;
  ByteReader reader_;
  Message& out_;
  uint16_t counts_[4] = {};  // questions, answers, authorities, additionals
  Tails& tails_ = tails_of_worker();
};

}  // namespace

void Message::clear() {
  constexpr size_t kKept = 256 << 10;  // one monstrous message must not hold its memory for good
  if (text.capacity() > kKept) text = {};
  questions.clear();
  records.clear();
  names.clear();
  text.clear();
  answers_end = authorities_end = 0;
  faults = 0;
  size = followed = 0;
  id = flags = 0;
}

bool parse(Bytes wire, Message& message) {
  message.clear();
  message.size = static_cast<uint32_t>(wire.size());
  Parser parser(wire, message);
  if (!parser.header() || !parser.questions()) return false;
  parser.sections();
  return true;
}

bool next_string(Bytes& rdata, Bytes& out) {
  ByteReader reader(rdata);
  out = reader.bytes(reader.u8());
  if (!reader.ok()) return false;
  rdata = reader.rest();
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
