#include "dissectors/protocols/ssh/ssh_login.h"

namespace lapwing::ssh {

namespace {

/// Servers hang up after fewer refusals (OpenSSH's MaxAuthTries is 6), and no method asks as often in one attempt: so
/// many replies that are no refusal are a session.
constexpr uint32_t kSession = 8;
constexpr uint32_t kService = 1, kFirst = 2;  // by number: the reply to the request for the service, and the next

}  // namespace

void Login::heard(Direction from, uint64_t bytes) {
  if (over_ || bytes == 0) return;
  if (from == Direction::to_client) {
    if (asked_) reply_ += bytes;
    return;
  }
  asked_ = true;
  if (reply_ == 0) return;
  judge(reply_);
  reply_ = 0;
}

void Login::end() {
  if (over_) return;
  if (reply_ > 0) judge(reply_);
  over_ = true;
  // Who got in has more to ask: a connection that ends behind its first refusal is one failure.
  if (outcome_ == Outcome::unknown && (attempts_ > 1 || replies_ == kFirst)) outcome_ = Outcome::failure;
}

void Login::judge(uint64_t reply) {
  if (++replies_ == kService) {
    ahead_ = reply > accept_ ? reply - accept_ : 0;
    return;
  }
  if (reply == success_) return succeed();
  if (replies_ == kFirst) {
    refusal_ = reply;
    attempts_ = reply == ahead_ ? 2 : 1;
    return;
  }
  // The first refusal may have come with the server's banner, which comes once.
  if (reply == refusal_ || (reply == other_ && reply < refusal_)) {
    attempts_ += reply == refusal_ ? 1 : 2;
    refusal_ = reply;
    others_ = 0;
    return;
  }
  if (reply == accept_ || ++others_ == kSession) return succeed();
  other_ = reply;
}

void Login::succeed() {
  ++attempts_;
  outcome_ = Outcome::success;
  over_ = true;
}

}  // namespace lapwing::ssh
