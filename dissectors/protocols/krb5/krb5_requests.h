// Requests: those of a flow that wait for their answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "dissectors/parts/kerberos/kerberos.h"

namespace lapwing::krb5 {

using kerberos::Message;
using kerberos::Type;

/// [W] Clients may ask for several tickets before the first answer comes. An answer repeats none of what would tell for
/// sure which request it is about: the nonce is encrypted.
class Requests {
 public:
  static constexpr size_t kWaiting = 64;

  /// `mark`: hash of its bytes. What is sent again, because no answer came in time, asks for nothing new. What reading
  /// has grown of `request` is exchanged for what another had. False: the oldest made room for it.
  bool add(Message& request, uint64_t mark);
  /// The one that the answer is about, which waits no more; null where none is known. Holds until the next is added.
  const Message* answered(const Message& answer);
  /// Some may not have been heard, so that the next in turn need not be the one.
  void lose() { lost_ = true; }
  bool empty() const { return slots_.empty(); }

 private:
  struct Slot {
    Message message;
    uint64_t mark = 0;
    uint64_t turn = 0;     // how many came before it
    bool waiting = false;  // else it is kept as long as it is the latest, since it may be sent again
  };
  Slot& free_slot(bool& pushed);

  std::vector<Slot> slots_;
  uint64_t turns_ = 0;
  bool lost_ = false;
};

}  // namespace lapwing::krb5
