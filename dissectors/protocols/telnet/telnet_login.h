// The dialogue of a login, as people and programs read it: prompts, and what is typed behind them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "sensor/event/outcome.h"

namespace lapwing::telnet {

/// [W] Takes the text of both sides byte by byte, so that nothing depends on how it was cut. What is typed at a prompt
/// for a password is never kept.
class Login {
 public:
  static constexpr size_t kLine = 128;  // bytes of a line that are looked at

  /// Called with each attempt whose outcome is known, and at the end with one that is under way.
  using Told = std::function<void(const std::string& user, Outcome)>;
  explicit Login(Told told) : told_(std::move(told)) {}

  /// The client's environment names the user, who need not be asked then.
  void name(std::string user) { named_ = std::move(user); }
  void server(std::string_view text);
  void client(std::string_view text);
  /// Text was lost: what comes answers nothing that was asked.
  void lose();
  void end();
  /// Lines that were longer than kLine, since it was asked last.
  uint64_t take_cut() { return std::exchange(cut_, 0); }

 private:
  enum class Waits : uint8_t { prompt, user, password, judgement, over };

  /// One byte beyond kLine says that the line was cut.
  void keep(std::string& line, char byte);
  void server_byte(char byte);
  void judge_line();
  void settle(Outcome outcome);

  const Told told_;
  std::string shown_, typed_;  // the line at hand of server and client
  std::string user_;
  std::string named_;  // who would log in where no user is asked for
  Waits waits_ = Waits::prompt;
  uint64_t cut_ = 0;
};

}  // namespace lapwing::telnet
