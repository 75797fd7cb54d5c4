// What is compressed in messages of SMB 3.1.1 (MS-SMB2 2.2.42, MS-XCA 2). Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sensor/base/bytes.h"

namespace lapwing::smb {

/// MS-SMB2 2.2.3.1.3. LZ4 is not undone.
enum class Compression : uint16_t { none, lznt1, lz77, lz77_huffman, pattern, lz4 };

/// Whether it is of a compression that is undone, as far as its beginning tells; `message` begins with the transform's
/// header.
bool can_unpack(Bytes message);
/// Bytes of what it carries once nothing is compressed, as its header says, which must be there.
uint64_t unpacked_size(Bytes message);
/// The messages that it carries, of at most `most` bytes. Nothing where they are more, or it is not sound.
std::optional<std::string> unpack(Bytes message, uint64_t most);

}  // namespace lapwing::smb
