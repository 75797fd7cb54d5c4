// How a login ended, guessed from how much is said in turn: what is said is encrypted.
#pragma once

#include <cstdint>

#include "sensor/event/chunk.h"
#include "sensor/event/outcome.h"

namespace lapwing::ssh {

/// [W] A client asks and waits for the reply (RFC 4252 5): the bytes that the server sends between two words of the
/// client are one reply, however TCP cut them. SSH_MSG_USERAUTH_SUCCESS is the shortest message there is; a refusal
/// names the methods that may go on, mostly the same each time; and what a session begins with is as long as the
/// reply to the request for the service.
class Login {
 public:
  /// Encrypted bytes begin. Sizes on the wire of a payload of 1 byte, a success, and of 17: the service accepted, and
  /// a channel opened (RFC 4253 10, RFC 4254 5.1). 0: not known.
  void begin(uint64_t success, uint64_t accept) {
    success_ = success;
    accept_ = accept;
    begun_ = true;
  }
  void heard(Direction from, uint64_t bytes);
  /// No more comes.
  void end();

  bool begun() const { return begun_; }
  bool over() const { return over_; }
  Outcome outcome() const { return outcome_; }
  /// Requests that were answered, that for no authentication, with which most clients begin, among them.
  uint32_t attempts() const { return attempts_; }

 private:
  void judge(uint64_t reply);
  void succeed();

  uint64_t success_ = 0, accept_ = 0;
  uint64_t ahead_ = 0;    // bytes beside the service's acceptance: a refusal, of a client that did not wait for that
  uint64_t reply_ = 0;    // bytes of the one that is coming
  uint64_t refusal_ = 0;  // bytes of a reply that is taken for one
  uint64_t other_ = 0;    // bytes of the last that is not
  uint32_t replies_ = 0, others_ = 0, attempts_ = 0;
  bool begun_ = false, asked_ = false, over_ = false;
  Outcome outcome_ = Outcome::unknown;
};

}  // namespace lapwing::ssh
