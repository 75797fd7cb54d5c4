// HTTP's options, and the libhtp configuration they make.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sensor/base/options.h"

struct htp_cfg_t;

namespace lapwing::http {

enum Dumped : uint8_t { kRequestHeaders = 1, kResponseHeaders = 2 };

/// [S]
struct Config {
  int personality = 0;                                       // htp_server_personality_t
  uint64_t request_body_limit = 0, response_body_limit = 0;  // bytes kept of a decoded body; 0: no limit
  uint64_t response_layers = 0;
  bool double_decode_path = false, double_decode_query = false, plus_space = false, include_all = false;
  bool lzma = false;
  uint64_t lzma_memlimit = 0, bomb_limit = 0, max_tx = 0, headers_limit = 0;

  bool extended = true;                                   // http records show more than host and URL
  std::vector<std::string> custom;                        // headers of either message that http records show
  uint8_t dumped = 0;                                     // bits of Dumped: all headers of these messages are shown
  bool alert_body = false, alert_body_printable = false;  // alerts show the bodies

  /// libhtp's configuration for these options: made by the first flow, shared by all workers, never changed.
  htp_cfg_t* library() const;

 private:
  struct Library;
  std::shared_ptr<Library> library_ = make_library();
  static std::shared_ptr<Library> make_library();
};

std::span<const OptionRow<Config>> options();

}  // namespace lapwing::http
