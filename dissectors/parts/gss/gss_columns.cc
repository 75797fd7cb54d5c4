#include "dissectors/parts/gss/gss_columns.h"

#include "dissectors/parts/kerberos/kerberos_names.h"

namespace lapwing::gss::read {

std::string encryption(const kerberos::Ticket& ticket) {
  if (!ticket.encryption) return {};
  std::string scratch;
  return std::string(kerberos::encryption_name(*ticket.encryption, scratch));
}

}  // namespace lapwing::gss::read
