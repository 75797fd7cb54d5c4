#include "dissectors/protocols/imap/imap_structure.h"

#include <algorithm>
#include <utility>

#include "dissectors/parts/mime/mime_header.h"
#include "sensor/base/text.h"

namespace lapwing::imap {

namespace {

/// Reads values one behind the other; at a value of another kind than is asked for it stands still.
class Reader {
 public:
  Reader(std::string_view text, size_t most_within) : rest_(text), most_within_(most_within) {}

  Structure structure;

  /// `part`: its number or, with `holder`, that of what it is the body of.
  void body(const std::string& part, bool holder, size_t depth) {
    if (depth == most_within_) ++structure.deeper;
    if (depth == most_within_ || !open()) return skip();
    if (next() == '(') {
      for (size_t number = 1; next() == '('; ++number) body(below(part, number), false, depth + 1);
    } else {
      single(holder ? below(part, 1) : part, depth);
    }
    close();
  }

 private:
  static std::string below(const std::string& part, size_t number) {
    return (part.empty() ? "" : part + ".") + std::to_string(number);
  }

  void single(const std::string& part, size_t depth) {
    const std::string type = to_lower(string()), subtype = to_lower(string());
    PartHeader header{.part = part, .type = type + "/" + subtype + parameters(), .disposition = {}, .coding = {}};
    skip();  // id
    skip();  // description
    header.coding = string();
    skip();  // size
    if (type == "message" && (subtype == "rfc822" || subtype == "global")) {
      skip();  // envelope
      body(part, true, depth + 1);
    }
    if (type == "text" || type == "message") skip();  // lines
    skip();                                           // MD5
    if (open()) {
      header.disposition = string();
      header.disposition += parameters();
      close();
    }
    structure.parts.push_back(std::move(header));
  }

  std::string parameters() {
    std::string out;
    if (!open()) {
      skip();
      return out;
    }
    while (next() != ')' && next() != '(' && next() != 0) {
      const std::string name = string();
      out += "; " + name + "=\"";
      for (char c : string()) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
      }
      out += '"';
    }
    close();
    return out;
  }

  char next() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size()));
    return rest_.empty() ? '\0' : rest_.front();
  }
  bool open() {
    if (next() != '(') return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// The end of what was opened, with all that stands before it.
  void close() {
    while (next() != ')' && next() != 0) skip();
    rest_.remove_prefix(std::min<size_t>(1, rest_.size()));
  }
  /// Empty where it is NIL, or no string. No header can be put into another by it.
  std::string string() {
    std::string out;
    if (next() == '(' || next() == ')') return out;
    if (next() != '"') {
      const size_t size = std::min(rest_.find_first_of(" ()\""), rest_.size());
      if (const auto atom = rest_.substr(0, size); !equal_nocase(atom, "NIL")) out = atom;
      rest_.remove_prefix(size);
      return out;
    }
    size_t at = 1;
    for (; at < rest_.size() && rest_[at] != '"'; ++at) {
      if (rest_[at] == '\\' && at + 1 < rest_.size()) ++at;
      if (rest_[at] != '\r' && rest_[at] != '\n') out += rest_[at];
    }
    rest_.remove_prefix(std::min(at + 1, rest_.size()));
    return out;
  }
  /// One value, with all that it holds.
  void skip() {
    size_t depth = 0;
    do {
      const char c = next();
      if (c == 0) return;
      if (c == '(' || c == ')') {
        if (c == ')' && depth == 0) return;
        depth += c == '(' ? 1 : -1;
        rest_.remove_prefix(1);
      } else {
        string();
      }
    } while (depth > 0);
  }

  std::string_view rest_;
  size_t most_within_;
};

}  // namespace

std::string PartHeader::text(bool decoded) const {
  std::string out = "Content-Type: " + type + "\r\n";
  if (!disposition.empty()) out += "Content-Disposition: " + disposition + "\r\n";
  if (!coding.empty() && !decoded) out += "Content-Transfer-Encoding: " + coding + "\r\n";
  return out;
}

std::string PartHeader::file_name() const {
  auto name = mime::parameter(disposition, "filename");
  if (!name || name->empty()) name = mime::parameter(type, "name");
  return mime::decode_words(name.value_or(""));
}

Structure parse_structure(std::string_view data, size_t most_within) {
  constexpr std::string_view kItem = "BODYSTRUCTURE (";
  const size_t at = data.find(kItem);
  if (at == std::string_view::npos) return {};
  Reader reader(data.substr(at + kItem.size() - 1), most_within);
  reader.body("", true, 0);
  return std::move(reader.structure);
}

bool Structures::add(Entry entry, size_t most) {
  if (entry.parts.empty() || find(entry.number, entry.uid)) return true;
  const bool fits = entries_.size() < most;
  if (!fits) entries_.pop_front();
  entries_.push_back(std::move(entry));
  return fits;
}

const PartHeader* Structures::find(std::optional<uint64_t> number, std::optional<uint64_t> uid,
                                   std::string_view part) const {
  const Entry* const entry = find(number, uid);
  if (!entry) return nullptr;
  const auto found = std::ranges::find(entry->parts, part, &PartHeader::part);
  return found == entry->parts.end() ? nullptr : &*found;
}

const Structures::Entry* Structures::find(std::optional<uint64_t> number, std::optional<uint64_t> uid) const {
  const auto found = std::ranges::find_if(
      entries_, [&](const Entry& entry) { return same_message(number, uid, entry.number, entry.uid); });
  return found == entries_.end() ? nullptr : &*found;
}

}  // namespace lapwing::imap
