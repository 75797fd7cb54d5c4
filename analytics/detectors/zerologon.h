// Zerologon: the login of a machine at a domain controller is guessed until it happens to be let in (CVE-2020-1472).
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <span>

#include "analytics/detectors/acts.h"

namespace lapwing::analytics {

/// One finding for a client and a server. A credential of zeros is right for one session key in 256, so that some
/// hundred tries do; a machine that is set up well logs in once.
struct Zerologon {
  static constexpr Technique kTechniques[] = {{"T1210", "TA0008"}};
  static constexpr About about = {
      .name = "zerologon",
      .techniques = kTechniques,
      .operations = true,
      .idle = 3600,
      .help =
          "a client tries to log in at a domain controller as a machine again and again (netlogon's authentication, "
          "sealed or not); graver where it sets the machine's password then (CVE-2020-1472)"};

  struct Config {
    uint64_t authentications = 0, window = 0;
  };
  static std::span<const OptionRow<Config>> options();

  enum Kind : uint8_t {
    authenticate,  // unless it is seen to succeed
    password_set,
  };

  using Delta = Acts;

  class Local;
  class Global;
};

/// [W]
class Zerologon::Local {
 public:
  Local(const Config&, const Surroundings& surroundings) : surroundings_(surroundings), seed_(surroundings.hash_seed) {}
  void operation(const OperationOf& operation, Delta& delta) const;

 private:
  const Surroundings& surroundings_;
  uint64_t seed_;
};

/// [G]
class Zerologon::Global {
 public:
  static constexpr uint32_t kMostActs = 4'096;

  Global(const Config& config, const Surroundings& surroundings) : config_(config), acts_(kMostActs, surroundings) {}
  void take(Second second, Delta& delta, Findings& findings);
  void expire(Second second, Findings& findings);
  StateUse use() const;

 private:
  void judge(const PairOf& pair, Timestamp time, Findings& findings);

  const Config config_;
  ActMemory acts_;
  std::map<PairOf, Timestamp> touched_;  // in the second that is judged
  uint32_t now_ = 0;
  uint64_t overflow_ = 0;
};

}  // namespace lapwing::analytics
