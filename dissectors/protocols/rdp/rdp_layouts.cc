// Languages of keyboards.
#include <algorithm>
#include <iterator>

#include "dissectors/protocols/rdp/rdp_names.h"

namespace lapwing::rdp {

namespace {

struct Layout {
  uint16_t number;
  std::string_view tag;
};

#define LAYOUT(number, tag) {number, tag},
constexpr Layout kLayouts[] = {
#include "dissectors/protocols/rdp/rdp_layouts.inc"
};
#undef LAYOUT
static_assert(std::ranges::is_sorted(kLayouts, std::less_equal(), &Layout::number));

}  // namespace

/// The upper half tells keyboards of one language apart.
std::string_view layout_name(uint64_t layout, std::string&) {
  const auto number = static_cast<uint16_t>(layout);
  const auto* found = std::ranges::lower_bound(kLayouts, number, {}, &Layout::number);
  return found != std::end(kLayouts) && found->number == number ? found->tag : "unknown";
}

}  // namespace lapwing::rdp
