// Literals that end alike: which part of each is looked for.
#pragma once

#include <string>
#include <vector>

namespace lapwing::rules {

/// Hyperscan tells literals apart by their last bytes, and compiles many that end alike in quadratic time: names below
/// one domain, paths of one program. Of such literals the common ending goes but for its first bytes; what is left
/// tells them apart, and is in every buffer that the whole is in. Others stay as they are.
void part_common_endings(const std::vector<std::string*>& literals);

}  // namespace lapwing::rules
