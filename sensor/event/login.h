// LoginSeen: what an event of any protocol tells of a login.
#pragma once

#include <cstdint>
#include <string>

#include "sensor/event/outcome.h"

namespace lapwing {

/// [W] An attempt to log in, or several of a kind.
struct LoginSeen {
  std::string user;  // empty where it does not show
  Outcome outcome = Outcome::unknown;
  uint32_t attempts = 1;  // of which the last ended so, and those before failed
  bool clear = false;     // whoever reads along has the secret
  bool guessed = false;   // by sizes: what is said is encrypted
};

}  // namespace lapwing
