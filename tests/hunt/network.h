// Network: who there is in a campaign, under which addresses and stations.
#pragma once

#include <string>
#include <vector>

#include "tests/hunt/random.h"

namespace lapwing::hunt {

struct Host {
  std::string address, station;
  bool six() const { return address.find(':') != std::string::npos; }
};

/// Two ends of a flow.
struct Ends {
  Host client, server;
  uint16_t client_port = 0, server_port = 0;
};

struct Network {
  explicit Network(Random& random);

  bool six;
  std::vector<Host> clients, servers, outside;  // the servers are inside as well
  Host router;                                  // whose station all that is outside has

  /// One of the clients; now and then under another station, as addresses are reused.
  Host client(Random& random) const;
  Host server(Random& random) const;
  Host stranger(Random& random) const { return random.pick(outside); }
  Host anyone(Random& random) const;
  Ends ends(Random& random, uint16_t server_port) const;
};

std::string station(size_t number);

}  // namespace lapwing::hunt
