// CleartextShell: a stream of unknown protocol begins with the prompt of a shell, or with a program to be run.
#pragma once

#include <cstdint>
#include <limits>
#include <span>

#include "analytics/frame/detector.h"
#include "analytics/shape/delta_table.h"
#include "analytics/shape/table.h"
#include "sensor/base/bytes.h"

namespace lapwing::analytics {

/// Signs of what began a stream, as bits.
namespace shell_sign {
inline constexpr uint8_t banner = 1;  // of cmd.exe
inline constexpr uint8_t prompt = 2;  // "C:\WINNT\system32>", "PS C:\>"
inline constexpr uint8_t unix_prompt = 4;
inline constexpr uint8_t unix_shell = 8;  // what a shell without terminal complains of, or what id and passwd hold
inline constexpr uint8_t stage = 16;      // a program behind its length, as a stager loads it
inline constexpr uint8_t commands = 32;   // what is typed to shells that show no prompt, to find out where one is
}  // namespace shell_sign

/// Linear in what was said.
uint8_t shell_signs(Bytes said);

struct CleartextShell {
  static constexpr Technique kTechniques[] = {{"T1059", "TA0002"}, {"T1571", "TA0011"}, {"T1105", "TA0011"}};
  static constexpr About about = {.name = "cleartext-shell",
                                  .techniques = kTechniques,
                                  .moments = bit(FlowMoment::spoke),
                                  .idle = 3600,
                                  .help = "a shell, or a program that is loaded to be one, talks over a bare stream"};

  struct Config {};
  static std::span<const OptionRow<Config>> options() { return {}; }

  /// A key: no padding.
  struct Service {
    IpAddress client, server;
    uint16_t port = 0;
  };
  struct Talk {
    uint64_t connections = 0;
    uint8_t by_client = 0, by_server = 0;                           // bits of shell_sign
    int64_t first = std::numeric_limits<int64_t>::max(), last = 0;  // ns
    uint64_t flow = std::numeric_limits<uint64_t>::max();           // the least, and its client's port
    uint16_t client_port = 0;

    void merge(const Talk& other);
  };
  /// Of a second.
  struct Delta {
    DeltaTable<Service, Talk> services;

    void operator+=(Delta&& other) { services.merge(other.services); }
    void seal() { services.seal(); }
    void clear() { services.clear(); }
    bool empty() const { return services.empty(); }
  };

  /// [W]
  class Local {
   public:
    Local(const Config& config, const Surroundings& surroundings);
    void flow(const FlowUpdate& update, Delta& delta);

   private:
    uint64_t seed_;
  };

  /// [G]
  class Global {
   public:
    static constexpr uint32_t kMostServices = 8192;

    Global(const Config& config, const Surroundings& surroundings);
    void take(Second second, Delta& delta, Findings& findings);
    void expire(Second second, Findings& findings);
    StateUse use() const;

   private:
    Table<Service, Talk> services_;
    uint64_t overflow_ = 0;
  };
};

}  // namespace lapwing::analytics
