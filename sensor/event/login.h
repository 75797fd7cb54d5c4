// LoginSeen: what an event of any protocol tells of a login.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sensor/event/outcome.h"

namespace lapwing {

/// [W] An attempt to log in, or several of a kind.
struct LoginSeen {
  std::string user;  // empty where it does not show
  Outcome outcome = Outcome::unknown;
  uint32_t attempts = 1;    // of which the last ended so, and those before failed
  bool clear = false;       // whoever reads along has the secret
  bool guessed = false;     // by sizes, where what is said is encrypted, or by how forms are mostly answered
  std::string_view secret;  // views the event; empty where it does not show
};

}  // namespace lapwing
