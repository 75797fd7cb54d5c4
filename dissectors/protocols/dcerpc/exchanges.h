// Exchanges: the transactions of a flow that are not over.
#pragma once

#include <memory>
#include <vector>

#include "dissectors/parts/dcerpc/dcerpc.h"

namespace lapwing::dcerpc {

/// [W]
struct Exchange : Transaction {
  Call call;
  size_t place = 0;  // among those that are open

  void reset();
};

inline Exchange& exchange_of(const Call& call) {
  return static_cast<Exchange&>(*call.tx);
}

/// [W] One is opened and closed in constant time, whichever ends first; some are kept for the next.
class Exchanges {
 public:
  Exchange& open();
  void close(Exchange& exchange);

 private:
  std::vector<std::unique_ptr<Exchange>> open_, spare_;
};

}  // namespace lapwing::dcerpc
