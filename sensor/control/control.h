// Control: a running sensor takes commands on a unix stream socket. A request is a line of JSON, and so is its answer:
//   {"command":"reload","strict":true}
//   {"return":"OK","message":{...}}  or  {"return":"NOK","message":...}
// Suricata's clients speak the same, but begin with their version, without an end of line.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/base/counters.h"
#include "sensor/base/options.h"

namespace lapwing {

/// [S] Keys "control.*".
struct ControlConfig {
  bool enabled = true;
  std::string socket;  // empty: default_control_paths()
  unsigned mode = 0;   // of the socket
};
std::span<const OptionRow<ControlConfig>> control_options();

/// Where the socket lies when the configuration does not say, best first: below $RUNTIME_DIRECTORY, in /run/lapwing,
/// below $XDG_RUNTIME_DIR.
std::vector<std::string> default_control_paths();
/// The first of them whose folder is there, or can be made, and may be written to; empty: none.
std::string own_control_path();

struct ControlCounters {
  uint64_t clients = 0, requests = 0, bad_requests = 0;
  uint64_t clients_max = 0, line_max = 0, idle_max = 0;  // clients turned away or let go, by the limit they met
  uint64_t accept_failed = 0;
};
std::span<const CounterRow<ControlCounters>> control_counter_rows();

/// Ends a request, once, from any thread, even when the server is gone. `message` is JSON text.
using ControlAnswer = std::function<void(bool ok, std::string message)>;

/// What a request says beside its command.
struct ControlInput {
  std::vector<std::string> flags;                             // the names of members that are true
  std::map<std::string, std::string, std::less<>> arguments;  // of the member "arguments"

  const std::string& argument(std::string_view name) const { return arguments.find(name)->second; }
};

/// A command, called on the server's thread: what takes long answers from elsewhere.
struct ControlCommand {
  std::string_view name;
  std::vector<std::string_view> flags;  // members that it may have
  std::function<void(const ControlInput&, ControlAnswer)> run;
  std::vector<std::string_view> arguments = {};  // members of "arguments", texts, all of which it needs
};

/// Serves on a thread of its own. Whatever clients send hurts nobody but themselves.
class ControlServer {
 public:
  static constexpr size_t kMaxClients = 16;
  static constexpr size_t kMaxLine = 4096;  // bytes of a request
  static constexpr size_t kMaxHello = 64;   // bytes of the version that a client of Suricata's begins with
  static constexpr int kMaxIdle = 60;       // seconds without a request, or with an answer that is not taken

  /// Makes the folder of the socket where it is missing, and takes the place of a server that died. Throws
  /// std::runtime_error when a living process has the socket, or the file system refuses.
  ControlServer(std::string path, unsigned mode, std::vector<ControlCommand> commands, int max_idle = kMaxIdle);
  /// Joins the thread and removes the socket.
  ~ControlServer();
  ControlCounters counters() const;
  const std::string& path() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// One request to a running sensor; its answer as JSON text. Throws std::runtime_error when nobody listens there, the
/// connection breaks off, or no answer came in time.
std::string ask_sensor(const std::string& path, std::string_view request, int timeout_seconds);

}  // namespace lapwing
