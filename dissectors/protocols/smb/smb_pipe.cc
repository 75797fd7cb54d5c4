#include "dissectors/protocols/smb/smb_pipe.h"

#include <algorithm>
#include <array>

namespace lapwing::smb {

namespace {

constexpr uint64_t kCalls = 64;  // of one pipe that wait: clients make one or two at a time

}  // namespace

Opened::Opened() = default;
Opened::~Opened() = default;

Pipe::Pipe(Smb& smb, uint64_t number)
    : smb_(smb),
      number_(number),
      association_(smb.out_.part<dcerpc::Rpc>(), smb.out_.part<gss::Gss>(), *this,
                   {.calls = kCalls, .stub = smb.config_.max_stub, .contents = smb.out_.contents(), .bare = true}) {}

void Pipe::take(Bytes bytes, const Smb::Origin& origin) {
  origin_ = origin;
  if (origin.direction == Direction::to_client) status_ = Status{origin.status};
  association_.take(bytes, origin.direction);
}

void Pipe::finish(uint32_t status) {
  status_.reset();
  if (status != 0) status_ = Status{status};
  association_.finish();
}

dcerpc::Call& Pipe::begin(uint32_t, Direction) {
  return smb_.begin_call(origin_);
}

void Pipe::reached(dcerpc::Call& call, Direction direction) {
  smb_.out_.reach(*call.tx, direction, kComplete);
}

void Pipe::end(dcerpc::Call& call) {
  Operation& operation = static_cast<Operation&>(*call.tx);
  if (call.response().seen || (status_ && status_->code != 0)) operation.status = status_;
  smb_.close(operation, origin_.direction);
}

void Pipe::endpoint(const dcerpc::Endpoint& endpoint) {
  smb_.out_.expect(endpoint.expectation());
}

bool Smb::may_be_pipe(const Origin& origin) {
  const auto* const known = tree(origin);
  return !known || (*known)->pipes != false;
}

/// What is said to it, or by it, is DCERPC. That is looked at anew until it is, though it come in messages of a byte.
bool Smb::is_pipe(const std::shared_ptr<Opened>& opened, const Origin& origin, Bytes first) {
  if (!may_be_pipe(origin)) return false;
  if (opened->pipe) {
    pipes_.use(opened->pipe->number());
    return true;
  }
  constexpr size_t kHeader = dcerpc::Header::kSize;
  std::string& begun = opened->begun[index(origin.direction)];
  first = first.first(std::min(first.size(), kHeader));
  size_t before = begun.size();
  std::array<uint8_t, 2 * kHeader> joined;
  std::ranges::copy(first, std::ranges::copy(to_bytes(begun), joined.begin()).out);
  const Bytes all = Bytes(joined).first(before + first.size());
  begun.clear();
  if (!dcerpc::parse_header(all)) {
    if (!dcerpc::parse_header(first)) {
      if (all.size() < kHeader && dcerpc::may_begin_pdu(all)) begun = to_text(all);
      return false;
    }
    before = 0;
  }
  while (pipes_.size() >= std::max<uint64_t>(config_.pipes, 1)) {
    out_.capped(Cap::pipes);
    end_pipe(*std::shared_ptr<Opened>(pipes_.oldest()), 0);
  }
  opened->pipe = std::make_unique<Pipe>(*this, ++own_);
  pipes_.add(opened->pipe->number(), opened);
  if (before > 0) opened->pipe->take(all.first(before), origin);
  return true;
}

/// `status`: why, where it is none of success.
void Smb::end_pipe(Opened& opened, uint32_t status) {
  if (!opened.pipe) return;
  opened.pipe->finish(status);
  const uint64_t number = opened.pipe->number();
  opened.pipe.reset();
  pipes_.erase(number);  // and with it perhaps what it is the pipe of
}

dcerpc::Call& Smb::begin_call(const Origin& origin) {
  Operation& operation = calls_.add(++own_);
  begin(operation, Kind::dcerpc, origin);
  operation.key.own = own_;
  dcerpc::Call& call = operation.detail.emplace<dcerpc::Call>();
  call.tx = &operation;
  return call;
}

}  // namespace lapwing::smb
