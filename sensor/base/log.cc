#include "sensor/base/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>

#include "sensor/base/terminal.h"

namespace lapwing {
namespace {

/// The message: it may quote rules and files that others wrote.
class Message final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
    shown_.clear();
    append_for_terminal(shown_, {message.payload.data(), message.payload.size()});
    out.append(shown_.data(), shown_.data() + shown_.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<Message>(); }

 private:
  std::string shown_;
};

}  // namespace

void start_log(const std::string& level) {
  auto logger = spdlog::stderr_color_mt("lapwing");
  auto line = std::make_unique<spdlog::pattern_formatter>();
  line->add_flag<Message>('v').set_pattern("%^%l%$: %v");
  logger->set_formatter(std::move(line));
  logger->set_level(spdlog::level::from_str(level));
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace lapwing
