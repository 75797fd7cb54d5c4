// Whether the checksums of a capture can be verified at all.
#pragma once

#include <string>
#include <vector>

#include "sensor/decode/decode.h"

namespace lapwing {

/// [cold] What `mode` comes to for these captures, paths as open_captures takes them. Where a capture was taken before
/// a card filled its checksums in, or was rewritten without them, there are hosts none of whose segments of TCP are
/// right: if of the first kChecksumSample frames more than one in kChecksumRatio is theirs, `automatic` is none. What
/// can be read only once is not looked at. Throws as open_captures does.
ChecksumMode settle_checksums(ChecksumMode mode, const std::vector<std::string>& captures, const DecodeConfig& config);

}  // namespace lapwing
