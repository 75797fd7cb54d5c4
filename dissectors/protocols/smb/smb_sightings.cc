// What requests tell of what a client does to what a server shares.
#include <string>

#include "dissectors/parts/dcerpc/dcerpc_sightings.h"
#include "dissectors/protocols/smb/smb.h"
#include "sensor/event/sighting.h"

namespace lapwing::smb {

namespace {

/// Its end, where it is longer than paths are: it would be told anew for each request about it. Characters of UTF-8
/// stay whole.
std::string_view end_of(std::string_view text, size_t most) {
  if (text.size() <= most) return text;
  text.remove_prefix(text.size() - most);
  while (!text.empty() && (static_cast<uint8_t>(text.front()) & 0xc0) == 0x80) text.remove_prefix(1);
  return text;
}

/// "ADMIN$" of "\\host\ADMIN$".
std::string_view share_of(std::string_view path) {
  constexpr size_t kLongest = 3 * 80;  // bytes: NNLEN, the most characters of a share's name
  path = end_of(path, kLongest + 2);
  while (path.ends_with('\\')) path.remove_suffix(1);
  const size_t at = path.rfind('\\');
  return at == std::string_view::npos ? path : path.substr(at + 1);
}

/// A path begins with a backslash in version 1, and does not in version 2.
std::string object_of(const Operation& operation, std::string_view file) {
  constexpr size_t kLongest = 3 * 260;  // bytes: characters of MAX_PATH
  if (file.starts_with('\\')) file.remove_prefix(1);
  file = end_of(file, kLongest);
  std::string out(operation.share ? share_of(operation.share->path) : std::string_view());
  if (!file.empty()) out.append("\\").append(file);
  return out;
}

class Teller {
 public:
  Teller(const Operation& operation, SightingSink& sink) : operation_(operation), sink_(sink) {}

  void tell(std::string_view what, std::string_view object) {
    constexpr uint32_t kMoreRequired = 0xc0000016, kPending = 0x103;
    Outcome outcome = Outcome::unknown;
    if (const auto& status = operation_.status; status && status->code != kMoreRequired && status->code != kPending) {
      outcome = status->code == 0 ? Outcome::success : Outcome::failure;
    }
    sink_.operation(
        {.interface = "smb", .operation = what, .object = object, .number = operation_.command, .outcome = outcome});
  }

  void connect(const Connect& said) { tell("tree_connect", share_of(said.tree->path)); }
  void create(const Creation& said) {
    constexpr uint32_t kOpened = 1, kOpen = 1;  // action and disposition (MS-SMB2 2.2.14, 2.2.13)
    const bool opens = said.action ? *said.action == kOpened : said.disposition == kOpen;
    const std::string object = object_of(operation_, text_of(said.opened->name));
    tell(opens ? "open" : "create", object);
    if (said.delete_on_close && said.action) tell("delete", object);
  }
  void transfer(const Transferred& said) {
    if (!said.opened->name) return;
    tell(said.direction == Direction::to_server ? "write" : "read", object_of(operation_, said.name));
  }
  void remove(std::string_view name) { tell("delete", object_of(operation_, name)); }

 private:
  const Operation& operation_;
  SightingSink& sink_;
};

}  // namespace

void tell_operations(const Operation& operation, SightingSink& sink) {
  Teller teller(operation, sink);
  if (const auto* call = call_of(operation)) return dcerpc::tell_operations(*call, true, sink);
  if (const auto* said = operation.as<Connect>()) return teller.connect(*said);
  if (const auto* said = operation.as<Creation>()) return teller.create(*said);
  if (const auto* said = operation.as<Transferred>()) return teller.transfer(*said);
  if (const auto* said = operation.as<Renaming>())
    return teller.tell("rename", object_of(operation, text_of(said->to)));
  if (const auto* said = operation.as<Disposal>(); said && said->removed) return teller.remove(text_of(said->name));
  if (operation.as<Control>()) return teller.tell("ioctl", object_of(operation, {}));
  const auto* named = operation.as<Named>();
  if (named && operation.command == static_cast<uint16_t>(v1::Command::remove)) teller.remove(text_of(named->path));
}

}  // namespace lapwing::smb
