// OperationScene: what clients have servers do, as detectors are shown it.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "tests/analytics/scene.h"

namespace lapwing::test {

inline constexpr uint16_t kAuthenticate = 26;  // of Netlogon, NetrServerAuthenticate3

class OperationScene : public Scene {
 public:
  OperationScene() { learn = 7 * 86'400; }
  /// From whom to whom what follows is.
  OperationScene& between(std::string client, std::string server, uint16_t port = 445) {
    ends_ = {.client = std::move(client), .server = std::move(server), .port = port};
    return *this;
  }
  OperationScene& at(double seconds) {
    Scene::at(seconds);
    return *this;
  }
  /// Of DCERPC.
  OperationScene& call(std::string_view interface, uint16_t number, std::string_view object = {},
                       Outcome outcome = Outcome::success) {
    operation(flow(ends_), {.interface = interface,
                            .operation = "call",
                            .object = object,
                            .number = number,
                            .outcome = outcome,
                            .by_pipe = ends_.port == 445});
    return *this;
  }
  OperationScene& smb(std::string_view what, std::string_view object, Outcome outcome = Outcome::success) {
    operation(flow(ends_), {.interface = "smb", .operation = what, .object = object, .outcome = outcome});
    return *this;
  }
  OperationScene& search(std::string_view search) {
    operation(flow(ends_), {.interface = "ldap", .operation = "search", .object = search, .outcome = Outcome::success});
    return *this;
  }
  OperationScene& session(std::string client, std::string server, uint16_t port) {
    tell(flow({std::move(client), std::move(server), port}),
         {.moment = FlowMoment::answered, .all_packets = {1, 1}, .tcp_flags = {2, 18}});
    return *this;
  }
  template <class D>
  std::vector<Behaviour> found() const {
    return Scene::found(*analytics::detector<D>().read(OptionSource()));
  }

 private:
  Ends ends_{"10.0.0.5", "10.0.0.9", 445};
};

inline bool names(const Behaviour& behaviour, std::string_view technique) {
  return std::ranges::any_of(behaviour.attack, [&](const Technique& of) { return of.id == technique; });
}
inline bool says(const Behaviour& behaviour, std::string_view text) {
  return behaviour.evidence.find(text) != std::string::npos;
}
inline FindingLevel level(const Behaviour& behaviour) {
  return level_of(behaviour.severity, behaviour.confidence);
}

}  // namespace lapwing::test
