#include "sensor/pipeline/signature_totals.h"

#include <algorithm>

namespace lapwing {

void SignatureTotals::add(std::span<const SignatureHits> hits) {
  for (const SignatureHits& hit : hits) {
    SignatureTotal& total = totals_[{hit.rule->sid, hit.rule->gid}];
    total.gid = hit.rule->gid;
    total.sid = hit.rule->sid;
    total.msg = hit.rule->msg;
    total.hits += hit.hits;
  }
}

std::vector<SignatureTotal> SignatureTotals::sorted() const {
  std::vector<SignatureTotal> out;
  for (const auto& [id, total] : totals_) out.push_back(total);
  std::ranges::stable_sort(out, [](const auto& a, const auto& b) { return a.hits > b.hits; });
  return out;
}

}  // namespace lapwing
