// The parts of a message as BODYSTRUCTURE tells them (RFC 9051 7.5.2): who fetches one by one asks for no headers.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lapwing::imap {

struct PartHeader {
  std::string part;                       // "1.2"
  std::string type, disposition, coding;  // values of the headers that say the same

  /// Those headers, each with its end. `decoded`: the coding is undone.
  std::string text(bool decoded) const;
  /// Of the file that the part is; empty where it is none.
  std::string file_name() const;
};
struct Structure {
  std::vector<PartHeader> parts;
  uint64_t deeper = 0;  // parts that were passed over with all within them
};
/// Of the items of a FETCH; what is cut off or wrong is left out. `most_within`: parts within each other that are read.
Structure parse_structure(std::string_view data, size_t most_within);

/// [W] What a session was told of the messages of its mailbox.
class Structures {
 public:
  struct Entry {
    std::optional<uint64_t> number, uid;
    std::vector<PartHeader> parts;
  };
  /// What is known already stays; beyond `most` the oldest is forgotten, which is false.
  bool add(Entry entry, size_t most);
  /// Null where it is not known; it lives until the next call that changes anything.
  const PartHeader* find(std::optional<uint64_t> number, std::optional<uint64_t> uid, std::string_view part) const;
  void clear() { entries_.clear(); }

 private:
  const Entry* find(std::optional<uint64_t> number, std::optional<uint64_t> uid) const;

  std::deque<Entry> entries_;  // oldest first
};

/// Whether two numbers with two UIDs name the same message.
inline bool same_message(std::optional<uint64_t> number, std::optional<uint64_t> uid,
                         std::optional<uint64_t> other_number, std::optional<uint64_t> other_uid) {
  return uid && other_uid ? uid == other_uid : number == other_number;
}

}  // namespace lapwing::imap
