// THE list of dissectors: a protocol is one row here and one folder beside it.
#include <array>

#include "dissectors/dissector.h"
#include "dissectors/dns/dns.h"
#include "dissectors/echo/echo.h"
#include "dissectors/http/http.h"
#include "dissectors/tls/tls.h"

namespace lapwing {

namespace {
const std::array kDissectors{
    row<dns::Dns>(),
    row<tls::Tls>(),
    row<echo::Echo>(),
    row<http::Http>(),
};
}  // namespace

std::span<const DissectorRow> dissectors() {
  return kDissectors;
}

}  // namespace lapwing
