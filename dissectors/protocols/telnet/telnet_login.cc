#include "dissectors/protocols/telnet/telnet_login.h"

#include <algorithm>

#include "sensor/base/text.h"

namespace lapwing::telnet {

namespace {

constexpr char kErase = '\x7f', kBackspace = '\b', kKillLine = '\x15';

bool ends_with_any(std::string_view text, std::initializer_list<std::string_view> ends) {
  return std::ranges::any_of(ends, [&](std::string_view end) { return text.ends_with(end); });
}
bool holds_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(words, [&](std::string_view word) { return text.find(word) != std::string_view::npos; });
}

/// "host login:", but not the "Last login:" that greets who is in.
bool asks_user(std::string_view line) {
  return ends_with_any(line, {"login:", "username:", "user name:", "user:", "login as:"}) &&
         !line.starts_with("last login");
}
bool asks_password(std::string_view line) {
  return ends_with_any(line, {"password:", "passwd:", "passcode:"});
}
bool refuses(std::string_view line) {
  return holds_any(line, {"incorrect", "invalid", "denied", "failed", "failure", "bad password", "bad user",
                          "unknown user", "not correct", "wrong", "try again"});
}
/// Of a shell or a device.
bool is_prompt(std::string_view line) {
  return ends_with_any(line, {"$ ", "# ", "> ", "% ", "$", "#", ">"});
}

}  // namespace

void Login::settle(Outcome outcome) {
  told_(user_, outcome);
  user_.clear();
  named_.clear();
  waits_ = outcome == Outcome::success ? Waits::over : Waits::prompt;
}

void Login::end() {
  if (!user_.empty() || waits_ == Waits::judgement) settle(Outcome::unknown);
}

void Login::lose() {
  end();
  shown_.clear();
  typed_.clear();
  named_.clear();
  if (waits_ != Waits::over) waits_ = Waits::prompt;
}

void Login::keep(std::string& line, char byte) {
  if (line.size() > kLine) return;
  line += byte;
  cut_ += line.size() > kLine;
}

void Login::server(std::string_view text) {
  for (const char byte : text) {
    if (waits_ == Waits::over) return;
    server_byte(byte);
  }
}

/// A line of the server is over.
void Login::judge_line() {
  if (waits_ != Waits::judgement) return;
  const std::string_view line = trim(shown_);
  if (line.empty()) return;
  settle(refuses(line) ? Outcome::failure : Outcome::success);
}

void Login::server_byte(char byte) {
  if (byte == '\n' || byte == '\r') {
    judge_line();
    shown_.clear();
    return;
  }
  if (byte == '\0') return;
  keep(shown_, static_cast<char>(lower(static_cast<uint8_t>(byte))));
  if (byte != ':' && waits_ != Waits::judgement) return;
  if (asks_user(shown_)) {
    if (waits_ == Waits::judgement) settle(Outcome::failure);
    waits_ = Waits::user;
    named_.clear();
    typed_.clear();
  } else if (asks_password(shown_)) {
    if (waits_ == Waits::judgement) settle(Outcome::failure);
    waits_ = Waits::password;
    if (user_.empty()) user_ = named_;
    typed_.clear();
  } else if (waits_ == Waits::judgement && is_prompt(shown_) && !refuses(shown_)) {
    settle(Outcome::success);
  }
}

void Login::client(std::string_view text) {
  for (const char byte : text) {
    // Who goes on behind a prompt that nobody had to log in for has been let in by name.
    if (waits_ == Waits::prompt && !named_.empty() && is_prompt(shown_)) {
      user_ = named_;
      settle(Outcome::success);
    }
    if (waits_ != Waits::user && waits_ != Waits::password) return;
    if (byte == '\r' || byte == '\n') {
      if (waits_ == Waits::user) {
        user_ = typed_.substr(0, kLine);
        waits_ = Waits::prompt;
      } else {
        waits_ = Waits::judgement;
      }
      shown_.clear();
      typed_.clear();
    } else if (byte == kErase || byte == kBackspace) {
      if (!typed_.empty()) typed_.pop_back();
    } else if (byte == kKillLine) {
      typed_.clear();
    } else if (waits_ == Waits::user && byte != '\0') {
      keep(typed_, byte);
    }
  }
}

}  // namespace lapwing::telnet
