// The configuration of feeds: "analytics.intel.feeds" and what no feed may name.
#pragma once

#include <vector>

#include "analytics/intel/indicator_set.h"
#include "sensor/base/option_source.h"
#include "sensor/base/options.h"

namespace lapwing::analytics {

/// Rows of "analytics.intel.feeds". No feed may name "analytics.intel.never", the own networks (analytics.internal,
/// HOME_NET), and peers that rows of analytics.allow name for whatever subject and port. None where "analytics.off"
/// names the detector, or nothing is judged. The seed is the caller's. Throws SettingError.
FeedOptions read_feeds(const OptionSource& source);
/// The lists among its options.
std::vector<OptionInfo> describe_feeds();

}  // namespace lapwing::analytics
