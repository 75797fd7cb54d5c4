// IMAP (RFC 9051): tags that nobody answers, literals of all kinds that come before leave or never, messages in
// sections and pieces, and sides that are out of step.
#include "tests/hunt/dialogue.h"

namespace lapwing::hunt {
namespace {

std::string tag(Random& random) {
  return "a" + std::to_string(random.below(6));
}

std::string message(Random& random) {
  switch (random.below(5)) {
    case 0: return "Subject: " + random.letters(random.below(30)) + "\r\n\r\n" + random.bytes(random.length(3000));
    case 1:
      return "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: application/x; name=a.exe\r\n"
             "Content-Transfer-Encoding: base64\r\n\r\nTVqQ\r\n--b--\r\n";
    case 2: return "From: a@b\r\n\r\n";
    case 3: return random.bytes(random.below(60));
    default: return {};
  }
}

/// With a size that is mostly its own.
std::string literal(Random& random, const std::string& text) {
  const std::string size = random.chance(90) ? std::to_string(text.size()) : random.number();
  return std::string(random.pick({"", "~"})) + "{" + size + std::string(random.pick({"", "+"})) + "}\r\n" + text;
}

std::string section(Random& random) {
  std::string out(random.pick({"BODY[]", "BODY[HEADER]", "BODY[TEXT]", "BODY[2.MIME]", "BODY[2]", "BINARY[2]", "RFC822",
                               "RFC822.HEADER", "BODY[HEADER.FIELDS (FROM)]", "ENVELOPE"}));
  if (random.chance(20)) out += "<" + std::to_string(random.below(100)) + ">";
  return out;
}

std::string command(Random& random) {
  const std::string begin = tag(random) + " ";
  switch (random.below(10)) {
    case 0: return begin + "LOGIN ann " + random.letters(random.length(9000));
    case 1: return begin + "LOGIN " + literal(random, "ann") + " " + literal(random, "secret");
    case 2:
      return begin + "AUTHENTICATE " + std::string(random.pick({"PLAIN AGEAYg==", "LOGIN\r\nYQ==\r\nYg==", "X\r\n*"}));
    case 3: return begin + std::string(random.pick({"SELECT", "EXAMINE", "STATUS"})) + " INBOX";
    case 4:
      return begin + std::string(random.pick({"STARTTLS", "COMPRESS DEFLATE", "LOGOUT", "CLOSE", "IDLE\r\nDONE"}));
    case 5: return begin + "UID FETCH 1:* (UID " + section(random) + ")";
    case 6:
    case 7: return begin + "APPEND x (\\Seen) " + literal(random, message(random));
    case 8: return begin + "SEARCH " + literal(random, random.bytes(random.below(40)));
    default: return random.letters(random.below(8)) + " " + random.bytes(random.below(30));
  }
}

std::string response(Random& random) {
  switch (random.below(9)) {
    case 0: return tag(random) + std::string(random.pick({" OK done", " NO [ALERT] no", " BAD what"}));
    case 1: return std::string(random.pick({"+ go on", "+", "* BYE", "* OK [UNSEEN 3]", "* PREAUTH x"}));
    case 2: return "* " + random.number() + std::string(random.pick({" EXISTS", " RECENT", " EXPUNGE"}));
    case 3: return "* LIST () \"/\" " + literal(random, random.letters(random.below(20)));
    case 4:
      return std::string(random.pick({"* SEARCH 1 2 3", "* STATUS x (MESSAGES 3)", "* CAPABILITY IMAP4rev1 IDLE"}));
    case 5: return random.bytes(random.below(40));
    default: {
      std::string out = "* " + std::to_string(random.below(3)) + " FETCH (UID 7";
      for (size_t items = random.between(1, 3); items > 0; --items) {
        out += " " + section(random) + " " + literal(random, message(random));
      }
      return out + ")";
    }
  }
}

}  // namespace

Dialogue speak_imap(Random& random) {
  Dialogue out;
  if (random.chance(80)) out.push_back({Direction::to_client, "* OK [CAPABILITY IMAP4rev1] ready\r\n"});
  for (size_t turns = random.between(1, 30); turns > 0; --turns) {
    const auto direction = static_cast<Direction>(random.below(2));
    const std::string line = direction == Direction::to_server ? command(random) : response(random);
    out.push_back({direction, line + (random.chance(95) ? "\r\n" : "\n")});
  }
  return out;
}

}  // namespace lapwing::hunt
