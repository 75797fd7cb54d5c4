// Messages that literals carry: what APPEND stores and FETCH gives, whole, in sections or in parts.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "dissectors/contract/out.h"
#include "dissectors/parts/mime/mime.h"
#include "dissectors/protocols/imap/imap_parser.h"
#include "dissectors/protocols/imap/imap_structure.h"

namespace lapwing::imap {

struct Config;
struct Exchange;
class Imap;

/// A message, or what was asked for of one [W].
struct Mail {
  Direction direction;
  std::optional<uint64_t> number, uid;  // of a FETCH
  std::string section;                  // of a FETCH, as the server names it; behind a header what follows it
  bool headers = false;                 // it begins with those of a message
  bool partial = false;                 // it is not all there is of the section
  uint64_t offset = 0;                  // where in the section it begins
  uint64_t size = 0;                    // bytes that came
  mime::Message message = {};
};

/// [W] Of one direction: the message under way. It may come in several literals, and be asked for by several commands:
/// a section behind its header, or parts that follow each other.
class Delivery final : private mime::Carrier {
 public:
  /// Where it is, as far as the response says.
  struct Place {
    std::optional<uint64_t> number, uid;
    Section section = {};
    std::optional<uint64_t> whole;       // bytes of the message
    std::optional<uint64_t> asked;       // bytes of the part that was asked for
    const PartHeader* header = nullptr;  // of the part, where it is known
  };

  /// All that it is given outlives it.
  Delivery(const Config& config, Out<Imap>& out, Direction direction);
  ~Delivery() override;

  /// A literal begins, at this offset of the stream.
  void begin(const Exchange& of, const Place& place, uint64_t at);
  void take(Bytes bytes);
  void lose(uint64_t count);
  /// The command or response is over: so is the message, unless more of it may follow.
  void end_line(std::optional<uint64_t> uid);
  /// Nothing follows any more.
  void end();
  /// It broke off, or not.
  void close(FileState state);
  /// No more of it is read, amid its literal.
  void break_off();
  Exchange* exchange() const { return exchange_.get(); }

 private:
  bool goes_on(const Place& place) const;
  void open(const Exchange& of, const Place& place, uint64_t at);
  void open_file(std::string name);
  void tell(FileState state);
  void message_headers() override;
  void message_file(file::File& file, Bytes bytes, bool over) override;

  const Config& config_;
  Out<Imap>& out_;
  const Direction direction_;
  std::unique_ptr<Exchange> exchange_;
  std::unique_ptr<Exchange> told_;      // whose literal goes on: it lives as long as the frame of that
  std::optional<mime::Reader> reader_;  // of its message
  Section::Kind kind_ = Section::Kind::whole;
  std::string part_;
  std::optional<uint64_t> asked_, whole_;
  uint64_t begun_ = 0;  // its size when the literal began
};

}  // namespace lapwing::imap
