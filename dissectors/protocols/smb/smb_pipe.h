// A pipe that carries DCERPC (MS-RPCE 2.1.1.2): what is written to it are requests, what is read from it are answers.
#pragma once

#include "dissectors/parts/dcerpc/dcerpc.h"
#include "dissectors/protocols/smb/smb.h"

namespace lapwing::smb {

/// [W] Each call is an operation.
class Pipe final : public dcerpc::Carrier {
 public:
  /// `number`: by which the flow knows it.
  Pipe(Smb& smb, uint64_t number);

  uint64_t number() const { return number_; }
  void take(Bytes bytes, const Smb::Origin& origin);
  void gap(Direction direction, uint64_t lost) { association_.gap(direction, lost); }
  /// Calls that wait are given up, with that status where it is none of success.
  void finish(uint32_t status);

  dcerpc::Call& begin(uint32_t call_id, Direction direction) override;
  void reached(dcerpc::Call& call, Direction direction) override;
  void end(dcerpc::Call& call) override;
  void endpoint(const dcerpc::Endpoint& endpoint) override;

 private:
  Smb& smb_;
  const uint64_t number_;
  Smb::Origin origin_;            // of the message at hand
  std::optional<Status> status_;  // of that, if it is a response
  dcerpc::Association association_;
};

}  // namespace lapwing::smb
