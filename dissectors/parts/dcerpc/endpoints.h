// What the endpoint mapper answers (C706 O, MS-RPCE 2.2.1.2.5), and who activates objects of DCOM (MS-DCOM 3.1.2.5):
// where interfaces and objects are to be had.
#pragma once

#include "dissectors/parts/dcerpc/dcerpc.h"

namespace lapwing::dcerpc {

/// The call is one of these, and this its answer.
bool maps_endpoints(const Call& call);
/// Fills in Call::endpoints by the stub data of its answer: those of TCP and UDP. The carrier is told of each.
/// `bare`: nothing stands before that data (Limits::bare).
void read_endpoints(Call& call, bool bare, PartOut<Rpc> out, Carrier& carrier);

}  // namespace lapwing::dcerpc
