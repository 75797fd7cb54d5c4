// Sessions of mail for tests.
#pragma once

#include <string>

#include "tests/dissectors/dialogue.h"

namespace lapwing::test {

inline const std::string kMailGreeting = "220 mx.example ESMTP\r\n", kMailOk = "250 ok\r\n", kMailGo = "354 go\r\n";

/// A session up to its first envelope.
inline Dialogue& mail_envelope(Dialogue& d) {
  d.server(kMailGreeting).client("EHLO c.example\r\n").server("250-mx.example\r\n250 PIPELINING\r\n");
  d.client("MAIL FROM:<a@example.org> SIZE=9\r\n").server(kMailOk);
  return d.client("RCPT TO:<b@example.org>\r\n").server(kMailOk);
}
/// With a text, as it is sent behind DATA, and the answer to it.
inline Dialogue& mail_text(Dialogue& d, const std::string& text, size_t piece = 0) {
  mail_envelope(d).client("DATA\r\n").server(kMailGo);
  return d.client(text + "\r\n.\r\n", piece).server("250 queued\r\n");
}

}  // namespace lapwing::test
