// Protocols that do not exist, of lines that say what is to become of their flow: "<protocol> <verb> ...\n".
//   says TEXT                                               nothing more
//   asks PROTOCOL [CONTEXT]                                 to go over; what the client says behind it waits
//   grants, or refuses                                      the server's answer
//   becomes PROTOCOL [CONTEXT]                              goes over unasked; PROTOCOL "any": by its first bytes
//   expects server|client tcp|udp PORT PROTOCOL [CONTEXT]   announces a flow, of which that side listens
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "dissectors/contract/columns.h"
#include "dissectors/contract/dissector.h"
#include "sensor/base/text.h"

namespace lapwing::test {

struct Herald {
  static constexpr std::string_view kName = "herald", kBuffer = "herald.text";
};
struct Guest {
  static constexpr std::string_view kName = "guest", kBuffer = "guest.text";
};

inline constexpr uint16_t kData = 5000;  // where the flow listens that is announced

/// The line of a herald that announces a flow; `more`: its protocol, and the context.
inline std::string expects(std::string_view listener, std::string_view how, int port,
                           std::string_view more = Guest::kName) {
  return "herald expects " + std::string(listener) + " " + std::string(how) + " " + std::to_string(port) + " " +
         std::string(more) + "\n";
}

/// What one dissector hands to the next.
struct Note : Context {
  explicit Note(std::string_view said) : text(said) {}
  std::string text;
};

struct Line : Transaction {
  std::string text, context;
  std::string_view from;
};

template <class Name>
inline constexpr Column kLine[] = {
    columns::text<&Line::text>("text", "the line")
        .rule({.name = Name::kBuffer, .sender = Sender::either, .stage = kComplete}),
    columns::text<&Line::context>("context", "what the dissector was handed"),
    columns::text<&Line::from>("from_proto", "the protocol before this one"),
};
template <class Name>
inline constexpr Column kLineRecord[] = {
    columns::object<&columns::self<Line>>(Name::kName, kLine<Name>, "a line of either side")};
template <class Name>
inline constexpr Table kLineShapes[] = {kLineRecord<Name>};
template <class Name>
inline constexpr RecordRow kLineRecords[] = {{.type = Name::kName, .help = "a line", .shapes = kLineShapes<Name>}};

template <class Name>
class Lines {
 public:
  struct Config {};
  using Anomaly = None;
  using Pdu = None;
  using Cap = None;
  using Context = Note;
  static constexpr About about{
      .name = Name::kName, .transports = transport::tcp | transport::udp, .help = "lines of commands"};
  static const Protocol protocol;
  static std::span<const OptionRow<Config>> options() { return {}; }
  static Likelihood probe(const Chunk& first) {
    const std::string_view text = to_text(first.data), name = Name::kName;
    if (text.substr(0, name.size()) != name.substr(0, text.size())) return Likelihood::no;
    return text.size() < name.size() ? Likelihood::more : Likelihood::sure;
  }

  Lines(const Config&, const Out<Lines>& out, std::shared_ptr<const Note> note)
      : out_(out), context_(note ? note->text : "") {}

  Step data(const Chunk& chunk) {
    size_t used = 0;
    while (chunk.direction == Direction::to_client || asked_.empty()) {
      const std::string_view rest = to_text(chunk.data).substr(used), line = rest.substr(0, rest.find('\n'));
      if (line.size() == rest.size()) break;
      used += line.size() + 1;
      if (!take(line, chunk.direction)) break;
    }
    return Step::ok(used);
  }
  Step gap(Direction, uint64_t) { return Step::fail(); }
  void finish() {}

 private:
  /// False when the flow goes over to another protocol.
  bool take(std::string_view text, Direction direction) {
    Line line;
    out_.open(line);
    line.text = text;
    line.context = context_;
    line.from = out_.from();
    line.progress[index(direction)] = kComplete;
    out_.emit({.tx = &line,
               .direction = direction,
               .record = kLineRecords<Name>,
               .reversed = direction == Direction::to_client});
    std::string_view rest = text.substr(std::min(text.size(), Name::kName.size() + 1));
    const std::string_view verb = word(rest);
    if (verb == "expects") expect(rest);
    if (verb == "asks") asked_ = rest;
    if (verb == "becomes") become(rest);
    if (verb == "grants") become(asked_);
    if (verb == "refuses") asked_.clear();
    return verb != "becomes" && verb != "grants";
  }
  void become(std::string_view to) {
    const std::string_view name = constant(word(to));
    out_.become(name, note(to));
  }
  void expect(std::string_view rest) {
    Expectation announced{.listener = word(rest) == "client" ? Sender::client : Sender::server};
    announced.datagrams = word(rest) == "udp";
    announced.port = static_cast<uint16_t>(parse_unsigned(word(rest)).value_or(0));
    announced.protocol = constant(word(rest));
    announced.context = note(rest);
    out_.expect(announced);
  }
  static std::string_view word(std::string_view& rest) {
    const std::string_view out = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(rest.size(), out.size() + 1));
    return out;
  }
  static std::shared_ptr<const Note> note(std::string_view text) {
    return text.empty() ? nullptr : std::make_shared<const Note>(text);
  }
  static std::string_view constant(std::string_view name) {
    for (std::string_view known : {Herald::kName, Guest::kName, std::string_view("http"), std::string_view("dns")}) {
      if (name == known) return known;
    }
    return {};
  }

  Out<Lines> out_;
  const std::string context_;
  std::string asked_;  // by the client, of which the server has the last word
};

template <class Name>
const Protocol Lines<Name>::protocol{.name = Name::kName,
                                     .records = kLineRecords<Name>,
                                     .help = "lines of commands",
                                     .one_message = true,
                                     .in_alert = kLineRecord<Name>};

}  // namespace lapwing::test
