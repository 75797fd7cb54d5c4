#include "analytics/detectors/cleartext_shell.h"

#include <algorithm>
#include <bit>
#include <string>
#include <string_view>

#include "sensor/base/hash.h"

namespace lapwing::analytics {
namespace {

constexpr size_t kMostPath = 260;                              // bytes: MAX_PATH of Windows
constexpr uint32_t kMemory = 86'400;                           // seconds
constexpr uint32_t kLeastStage = 1024, kMostStage = 16 << 20;  // bytes

bool letter(char c) {
  return (c | 32) >= 'a' && (c | 32) <= 'z';
}
bool of_name(char c) {
  return letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

/// "C:\WINNT\system32>", at the beginning of a line.
bool is_prompt(std::string_view line) {
  if (line.starts_with("PS ")) line.remove_prefix(3);
  if (line.size() < 4 || !letter(line[0]) || line[1] != ':' || line[2] != '\\') return false;
  const size_t end = line.substr(0, kMostPath).find('>');
  if (end == std::string_view::npos) return false;
  return std::ranges::none_of(line.substr(3, end - 3), [](char c) {
    return static_cast<uint8_t>(c) < 32 || std::string_view("/:*?\"<|").find(c) != std::string_view::npos;
  });
}

/// What terminals are told of colours, titles and pasting stands before prompts (ECMA-48 sections 5.4, 5.6).
std::string_view skip_escapes(std::string_view line) {
  while (line.size() > 1 && line[0] == '\x1b') {
    const bool command = line[1] == ']';  // up to BEL
    if (!command && line[1] != '[') break;
    const auto last = std::ranges::find_if(line.substr(2), [&](char c) { return command ? c == '\a' : c >= '@'; });
    if (last == line.end()) break;
    line = {last + 1, line.end()};
  }
  return line;
}

/// Of BusyBox where nobody set another: a directory alone.
bool is_bare_prompt(std::string_view line) {
  constexpr std::string_view kBare[] = {"/ # ", "/ $ ", "~ # ", "~ $ "};
  return std::ranges::any_of(kBare, [&](std::string_view prompt) { return line.starts_with(prompt); });
}

/// What a shell asks for input with where it is told no more: what is said next stands behind it, as nobody echoes what
/// is typed.
std::string_view skip_signs(std::string_view line) {
  while (line.starts_with("$ ") || line.starts_with("# ")) line = skip_escapes(line.substr(2));
  return line;
}

/// "root@host:/tmp# ", "[root@host ~]# ", "sh-5.1$ ", "bash-4.2# ", and the second line of zsh's as some systems have
/// it.
constexpr std::string_view kCorner = "\u2514\u2500";
bool is_unix_prompt(std::string_view line) {
  if (line.starts_with(kCorner)) {
    line = skip_escapes(line.substr(kCorner.size()));
    return line.starts_with('$') || line.starts_with('#');
  }
  const size_t end = std::min(line.find("$ "), line.find("# "));
  if (end == std::string_view::npos || end == 0 || end > 100) return false;
  std::string_view before = line.substr(0, end);
  if (before.starts_with("sh-") || before.starts_with("bash-")) {
    before.remove_prefix(before.find('-') + 1);
    return !before.empty() && std::ranges::all_of(before, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
  }
  const bool bracketed = before.starts_with('[') && before.ends_with(']');
  if (bracketed) before.remove_prefix(1);
  const size_t at = before.find('@');
  if (at == std::string_view::npos || at == 0 || !std::ranges::all_of(before.substr(0, at), of_name)) return false;
  const std::string_view behind = before.substr(at + 1);
  const auto host = static_cast<size_t>(std::ranges::find_if_not(behind, of_name) - behind.begin());
  return host > 0 && host < behind.size() && behind[host] == (bracketed ? ' ' : ':');
}

/// Of telnet, rlogin and rsh: shells in the clear that do not hide (IANA).
constexpr uint16_t kOpenly[] = {23, 513, 514};

/// By whose answers one learns where one is, and what else is typed then.
constexpr std::string_view kAsking[] = {
    "id",       "whoami",   "hostname",   "uname",    "cat /etc/passwd", "cat /etc/shadow", "cat /proc/version",
    "ifconfig", "ipconfig", "systeminfo", "tasklist", "net user",        "net localgroup",  "sudo -l",
};
constexpr std::string_view kTyped[] = {"ls", "dir",  "pwd",  "cd",   "cat",   "type",  "ps",   "netstat",
                                       "ip", "sudo", "wget", "curl", "chmod", "mkdir", "exit", "arp -a"};

/// Which of them a line, which is not empty, is, as bits.
uint32_t commands_of(std::span<const std::string_view> commands, std::string_view line) {
  uint32_t out = 0;
  for (size_t i = 0; i < commands.size(); ++i) {
    if (line[0] != commands[i][0] || !line.starts_with(commands[i])) continue;
    const std::string_view behind = line.substr(commands[i].size());
    if (behind.empty() || behind[0] == ' ' || behind[0] == ';') out |= 1U << i;
  }
  return out;
}

/// What is searched for by one of its letters, which is rare in what others say.
struct Phrase {
  std::string_view text;
  char letter = 0;
};
constexpr Phrase kComplaints[] = {{"no job control in this shell", 'j'},
                                  {"cannot set terminal process group", 'p'},
                                  {"can't access tty; job control turned off", ';'},
                                  {"built-in shell (ash)", '('},
                                  {"pty.spawn(", '('}};

bool contains(std::string_view text, const Phrase& phrase) {
  const size_t before = phrase.text.find(phrase.letter);
  for (size_t at = before; (at = text.find(phrase.letter, at)) != std::string_view::npos; ++at) {
    if (text.substr(at - before).starts_with(phrase.text)) return true;
  }
  return false;
}

/// Lines one by one, but for empty ones; they end at CR or LF.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text), cr_(text.find('\r')), lf_(text.find('\n')) {}
  /// Empty: there are no more.
  std::string_view next() {
    while (begin_ < text_.size()) {
      // Each is searched for from where it was found last, so that every byte is looked at once for both.
      if (cr_ < begin_) cr_ = text_.find('\r', begin_);
      if (lf_ < begin_) lf_ = text_.find('\n', begin_);
      const size_t end = std::min({cr_, lf_, text_.size()});
      const std::string_view line = text_.substr(begin_, end - begin_);
      begin_ = end + 1;
      if (!line.empty()) return line;
    }
    return {};
  }

 private:
  std::string_view text_;
  size_t begin_ = 0, cr_, lf_;
};

}  // namespace

uint8_t shell_signs(Bytes said) {
  const std::string_view text = to_text(said);
  uint8_t out = 0;
  if (said.size() >= 6 && said[4] == 'M' && said[5] == 'Z') {
    const uint32_t size = said[0] | said[1] << 8 | said[2] << 16 | uint32_t{said[3]} << 24;  // little-endian
    if (size >= kLeastStage && size <= kMostStage) out |= shell_sign::stage;
  }
  const size_t banner = text.find("Microsoft");
  if (banner != std::string_view::npos && text.substr(banner).starts_with("Microsoft Windows") &&
      text.substr(banner, 40).find("[Version ") != std::string_view::npos) {
    out |= shell_sign::banner;
  }
  if (std::ranges::any_of(kComplaints, [&](const Phrase& complaint) { return contains(text, complaint); })) {
    out |= shell_sign::unix_shell;
  }
  const size_t id = text.find("uid=");
  if (id != std::string_view::npos && text.substr(id, 200).find(") gid=") != std::string_view::npos) {
    out |= shell_sign::unix_shell;
  }
  uint32_t asked = 0, typed = 0;  // bits
  const bool prompts = text.find("$ ") != std::string_view::npos || text.find("# ") != std::string_view::npos;
  Lines lines(text);
  for (std::string_view line; !(line = lines.next()).empty();) {
    line = skip_signs(skip_escapes(line));
    if (line.empty()) continue;
    if (const uint32_t asks = commands_of(kAsking, line)) {
      asked |= asks;
    } else {
      typed |= commands_of(kTyped, line);
    }
    if (line.starts_with("root:x:0:0:")) out |= shell_sign::unix_shell;
    if (is_prompt(line)) out |= shell_sign::prompt;
    if ((prompts || line[0] == kCorner[0]) && (is_unix_prompt(line) || is_bare_prompt(line))) {
      out |= shell_sign::unix_prompt;
    }
  }
  if (asked != 0 && std::popcount(asked) + std::popcount(typed) > 1) out |= shell_sign::commands;
  return out;
}

void CleartextShell::Talk::merge(const Talk& other) {
  connections += other.connections;
  by_client |= other.by_client;
  by_server |= other.by_server;
  first = std::min(first, other.first);
  last = std::max(last, other.last);
  if (other.flow < flow) {
    flow = other.flow;
    client_port = other.client_port;
  }
}

CleartextShell::Local::Local(const Config&, const Surroundings& surroundings) : seed_(surroundings.hash_seed) {}

void CleartextShell::Local::flow(const FlowUpdate& update, Delta& delta) {
  const FlowRef& flow = *update.flow;
  uint8_t by_client = shell_signs(update.said[0]), by_server = shell_signs(update.said[1]);
  if (flow.midstream) {
    // What is spoken openly is not recognised from its middle, and a stage is what comes first.
    const auto openly = [](uint16_t port) { return std::ranges::find(kOpenly, port) != std::end(kOpenly); };
    if (openly(flow.server_port) || openly(flow.client_port)) return;
    by_client &= static_cast<uint8_t>(~shell_sign::stage);
    by_server &= static_cast<uint8_t>(~shell_sign::stage);
  }
  if (by_client == 0 && by_server == 0) return;
  if (delta.services.bytes() == 0) delta.services = DeltaTable<Service, Talk>(seed_, Global::kMostServices);
  delta.services.at({flow.client, flow.server, flow.server_port})
      .merge({.connections = 1,
              .by_client = by_client,
              .by_server = by_server,
              .first = update.time.ns,
              .last = update.time.ns,
              .flow = flow.id,
              .client_port = flow.client_port});
}

CleartextShell::Global::Global(const Config&, const Surroundings& surroundings)
    : services_(surroundings.part(kMostServices), surroundings.hash_seed) {}

void CleartextShell::Global::take(Second second, Delta& delta, Findings& findings) {
  const auto now = static_cast<uint32_t>(std::clamp<Second>(second, 0, std::numeric_limits<uint32_t>::max()));
  overflow_ += delta.services.overflowed();
  delta.services.walk([&](const Service& service, const Talk& talk) {
    auto& entry = services_.touch(service, now);
    Talk& all = entry.value;
    all.merge(talk);
    services_.set_worth(entry, static_cast<uint8_t>(std::bit_width(all.connections)));
    const uint8_t signs = all.by_client | all.by_server;
    const bool shell = signs & static_cast<uint8_t>(~shell_sign::stage);
    Report report{.key = hash_of(service, kReplaySeed),
                  .subject = to_string(service.client),
                  .objects = {endpoint(service.server, service.port)},
                  .severity = 75,
                  .confidence = static_cast<uint8_t>(std::popcount(signs) > 1 ? 90 : 70),
                  .techniques = 2U | (shell ? 1 : 0) | (signs & shell_sign::stage ? 4 : 0),
                  .time = {talk.last},
                  .first = {all.first},
                  .last = {all.last},
                  .count = all.connections,
                  .src = service.client,
                  .dest = service.server};
    report.flows = {{all.flow, service.client, service.server, all.client_port, service.port, 6}};
    findings.report(std::move(report), [&](JsonWriter& json) {
      constexpr std::string_view kNames[] = {"banner", "prompt", "unix-prompt", "unix-shell", "stage", "commands"};
      for (const auto& [side, bits] : {std::pair("by_client", all.by_client), std::pair("by_server", all.by_server)}) {
        json.begin_array(side);
        for (size_t i = 0; i < std::size(kNames); ++i) {
          if (bits >> i & 1) json.value(kNames[i]);
        }
        json.end_array();
      }
      json.member("connections", all.connections);
    });
  });
}

void CleartextShell::Global::expire(Second second, Findings&) {
  if (second <= kMemory || second % 60 != 0) return;
  services_.expire(static_cast<uint32_t>(second - kMemory), [](const auto&) {});
}

StateUse CleartextShell::Global::use() const {
  return {.keys = services_.keys(), .bytes = services_.bytes(), .evicted = services_.evicted(), .overflow = overflow_};
}

}  // namespace lapwing::analytics
