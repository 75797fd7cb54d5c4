// SMTP (RFC 5321): sessions that wait for answers or do not, and mails (RFC 2045) whose parts, codings and names are at
// odds with themselves.
#include "tests/hunt/dialogue.h"

namespace lapwing::hunt {
namespace {

std::string text(Random& random, size_t depth);

std::string name(Random& random) {
  switch (random.below(6)) {
    case 0: return "filename=\"" + random.letters(random.length(600)) + ".exe\"";
    case 1: return "filename*=utf-8'en'%C3%BC" + random.letters(3);
    case 2: return "filename*0=\"" + random.letters(5) + "\"; filename*1*=%41; filename*" + random.number() + "=c";
    case 3: return "filename==?iso-8859-1?Q?=FC_?=";
    case 4: return "name=\"=?utf-8?B?" + random.letters(7) + "?=";
    default: return "filename=";
  }
}

std::string coded(Random& random) {
  std::string out;
  for (size_t lines = random.length(60); lines > 0; --lines) {
    switch (random.below(5)) {
      case 0: out += random.letters(76); break;
      case 1: out += "=3D=\r\n=20 = =zz =4" + random.letters(4); break;
      case 2: out += random.bytes(random.below(40)); break;
      case 3: out += "http://" + random.letters(random.length(3000)) + ".example/ mailto:x@y"; break;
      default: out += random.pick({".", "..", "--", "QQ==", ".\r"});
    }
    out += random.chance(95) ? "\r\n" : "\n";
  }
  return out;
}

std::string header(Random& random) {
  const std::string_view known =
      random.pick({"From", "To", "Cc", "Subject", "Date", "Received", "Message-ID", "X-Mailer"});
  std::string out(known);
  out += ": ";
  switch (random.below(4)) {
    case 0: out += "=?utf-8?q?" + random.letters(9) + "?= =?x?b?" + random.letters(9) + "?="; break;
    case 1: out += random.letters(random.length(5000)); break;
    case 2: out += "\"a, b\" <a@example.org>,\r\n\t<" + random.letters(6) + "@example.org>"; break;
    default: out += random.bytes(random.below(50));
  }
  return out + "\r\n";
}

std::string part(Random& random, size_t depth) {
  std::string out;
  if (random.chance(60)) out += "Content-Disposition: attachment; " + name(random) + "\r\n";
  if (random.chance(60)) {
    out +=
        "Content-Transfer-Encoding: " + std::string(random.pick({"base64", "quoted-printable", "7bit", "BASE64 (x)"})) +
        "\r\n";
  }
  if (depth > 0 && random.chance(50)) return out + text(random, depth - 1);
  if (random.chance(15)) return out + "Content-Type: message/rfc822\r\n\r\n" + text(random, depth / 2);
  return out + "Content-Type: " + std::string(random.pick({"text/html", "application/zip", "text/plain", ""})) +
         "\r\n\r\n" + coded(random);
}

std::string text(Random& random, size_t depth) {
  std::string out;
  for (size_t headers = random.length(40); headers > 0; --headers) out += header(random);
  for (size_t hops = random.chance(2) ? 70 : 0; hops > 0; --hops) out += "Received: from " + random.letters(5) + "\r\n";
  if (random.chance(40)) return out + part(random, 0);
  const std::string boundary = random.letters(random.chance(90) ? random.below(4) : random.length(400));
  out += "Content-Type: multipart/mixed; boundary=" + boundary + "\r\n\r\n";
  for (size_t parts = random.length(depth == 0 && random.chance(3) ? 600 : 12); parts > 0; --parts)
    out += "--" + boundary + "\r\n" + part(random, depth);
  return random.chance(80) ? out + "\r\n--" + boundary + "--\r\n" : out;
}

/// Some turns of it, with answers that fit or do not.
void speak(Random& random, Dialogue& out, std::string said, std::string_view answer) {
  out.push_back({Direction::to_server, std::move(said)});
  if (random.chance(75)) {
    const std::string_view other = random.pick({"250-a\r\n250 b\r\n", "451 no\r\n", "220 x\r\n", "354 y\r\n", "9\r\n"});
    out.push_back({Direction::to_client, std::string(random.chance(90) ? answer : other)});
  }
}

void mail(Random& random, Dialogue& out) {
  speak(random, out, "MAIL FROM:<" + random.letters(random.below(9)) + "> SIZE=1\r\n", "250 ok\r\n");
  for (size_t count = random.chance(3) ? 1100 : random.below(4); count > 0; --count) {
    speak(random, out, "RCPT TO:<b@example.org>\r\n", "250 ok\r\n");
  }
  const std::string body = text(random, random.chance(5) ? 12 : random.below(3));
  if (random.chance(30)) {
    for (size_t at = 0; at < body.size();) {
      const size_t size = std::min(body.size() - at, random.length(4000));
      const bool last = at + size == body.size();
      const std::string said = random.chance(97) ? std::to_string(size) : random.number();
      speak(random, out, "BDAT " + said + (last ? " LAST\r\n" : "\r\n") + body.substr(at, size), "250 ok\r\n");
      at += std::max<size_t>(size, 1);
    }
  } else if (random.chance(15)) {
    out.push_back({Direction::to_server, "DATA\r\n" + body + "\r\n.\r\nQUIT\r\n"});
    out.push_back({Direction::to_client, "354 go\r\n250 queued\r\n221 bye\r\n"});
  } else {
    speak(random, out, "DATA\r\n", "354 go\r\n");
    speak(random, out, body + std::string(random.pick({"\r\n.\r\n", "\r\n.\r\n", "\n.\r\n", "\r\n.\n"})),
          "250 queued\r\n");
  }
}

}  // namespace

Dialogue speak_smtp(Random& random) {
  Dialogue out;
  if (random.chance(90)) out.push_back({Direction::to_client, "220 mx.example ESMTP\r\n"});
  speak(random, out, std::string(random.pick({"EHLO c\r\n", "HELO c\r\n", "LHLO c\r\n", "EHLO\r\n"})),
        "250 mx.example\r\n");
  for (size_t turns = random.between(1, 8); turns > 0; --turns) {
    switch (random.below(7)) {
      case 0: speak(random, out, "AUTH PLAIN AGEAYg==\r\n", "535 no\r\n"); break;
      case 1:
        speak(random, out, "AUTH LOGIN\r\n", "334 VXNlcm5hbWU6\r\n");
        speak(random, out, random.letters(8) + "\r\n", "334 UGFzc3dvcmQ6\r\n");
        speak(random, out, random.bytes(8) + "\r\n", "235 yes\r\n");
        break;
      case 2:
        speak(random, out, std::string(random.pick({"RSET\r\n", "NOOP\r\n", "VRFY x\r\n", "EHLO d\r\n"})),
              "250 ok\r\n");
        break;
      case 3:
        speak(random, out, random.chance(20) ? "STARTTLS\r\n" : random.bytes(random.length(6000)) + "\r\n",
              "500 no\r\n");
        break;
      default: mail(random, out);
    }
  }
  speak(random, out, "QUIT\r\n", "221 bye\r\n");
  return out;
}

}  // namespace lapwing::hunt
