#include "dissectors/protocols/imap/imap_parser.h"

#include <gmock/gmock.h>

#include "dissectors/protocols/imap/imap_structure.h"
#include "sensor/base/text.h"

namespace lapwing::imap {
namespace {

using testing::Optional;

TEST(ImapParser, ReadsCommands) {
  const auto fetch = parse_command("a.1 uid fetch 1:5 (FLAGS)");
  ASSERT_TRUE(fetch);
  EXPECT_EQ(fetch->tag, "a.1");
  EXPECT_EQ(fetch->name, "UID FETCH");
  EXPECT_EQ(fetch->arguments, "1:5 (FLAGS)");
  EXPECT_EQ(parse_command("1 examine x")->verb, Verb::select);
  EXPECT_EQ(parse_command("1 FROB")->verb, Verb::other);
  for (std::string_view line : {"", " ", "a", "a ", "* OK x", "+ x", "a (b", "a\x01 NOOP"}) {
    EXPECT_FALSE(parse_command(line)) << line;
  }
}

TEST(ImapParser, ReadsLiterals) {
  const auto waits = parse_literal("a LOGIN {11}");
  ASSERT_TRUE(waits);
  EXPECT_TRUE(waits->waits && waits->readable);
  EXPECT_EQ(waits->size, 11u);
  EXPECT_EQ(waits->begin, 8u);
  const auto binary = parse_literal("~{0+}");
  ASSERT_TRUE(binary);
  EXPECT_FALSE(binary->waits);
  EXPECT_EQ(binary->begin, 0u);
  EXPECT_TRUE(parse_literal("{9223372036854775807}")->readable);
  EXPECT_FALSE(parse_literal("{9223372036854775808}")->readable);
  EXPECT_FALSE(parse_literal("{99999999999999999999999999999}")->readable);
  for (std::string_view line : {"", "}", "{}", "{+}", "{a}", "{1} ", "{1-2}", "{-1}"}) {
    EXPECT_FALSE(parse_literal(line)) << line;
  }
}

TEST(ImapParser, ReadsArguments) {
  const std::string text = "  \"a \\\"b\\\\\" " + quoted("c\"d") + "e \"f";
  std::string_view rest = text;
  EXPECT_THAT(next_argument(rest), Optional(std::string("a \"b\\")));
  EXPECT_THAT(next_argument(rest), Optional(std::string("c\"d")));
  EXPECT_THAT(next_argument(rest), Optional(std::string("e")));
  EXPECT_THAT(next_argument(rest), Optional(std::string("f")));
  EXPECT_EQ(next_argument(rest), std::nullopt);
}

TEST(ImapParser, ReadsResponses) {
  using Kind = Response::Kind;
  const Response exists = parse_response("* 23 EXISTS");
  EXPECT_EQ(exists.kind, Kind::untagged);
  EXPECT_THAT(exists.number, Optional(23u));
  EXPECT_EQ(exists.name, "EXISTS");
  const Response done = parse_response("a1 ok [READ-ONLY] EXAMINE done");
  EXPECT_EQ(done.kind, Kind::tagged);
  EXPECT_EQ(done.status, Status::ok);
  EXPECT_EQ(done.code, "READ-ONLY");
  EXPECT_EQ(done.text, "EXAMINE done");
  EXPECT_EQ(parse_response("+ idling").kind, Kind::continuation);
  EXPECT_EQ(parse_response("+").kind, Kind::continuation);
  EXPECT_EQ(parse_response("* BYE").status, Status::bye);
  for (std::string_view line : {"", "*", "a1", "a1 DONE", "a1 BYE x", "+OK", "%1 OK x"}) {
    EXPECT_EQ(parse_response(line).kind, Kind::none) << line;
  }
}

TEST(ImapParser, ReadsSections) {
  using Kind = Section::Kind;
  const auto kind = [](std::string_view data) { return parse_section(data)->kind; };
  EXPECT_EQ(kind("(UID 1 BODY[] "), Kind::whole);
  EXPECT_EQ(kind("(RFC822"), Kind::whole);
  EXPECT_EQ(kind("(FLAGS () RFC822.HEADER "), Kind::header);
  EXPECT_EQ(kind("BODY[HEADER.FIELDS (From \"To\")]"), Kind::header);
  EXPECT_EQ(kind(" BODY[1.2.MIME] "), Kind::mime);
  EXPECT_EQ(kind("(body[text]"), Kind::text);
  EXPECT_EQ(kind("(BODY[3]"), Kind::part);
  const auto part = parse_section("(BINARY[1.2]<100> ");
  ASSERT_TRUE(part);
  EXPECT_EQ(part->name, "BINARY[1.2]");
  EXPECT_EQ(part->part, "1.2");
  EXPECT_TRUE(part->partial && part->decoded);
  EXPECT_EQ(part->offset, 100u);
  for (std::string_view data : {"", "(", "(ENVELOPE ", "BODYSTRUCTURE", "X[]", "]", "BODY[]<x>", "<1>"}) {
    EXPECT_FALSE(parse_section(data)) << data;
  }
}

FetchItems items(std::initializer_list<std::string_view> pieces) {
  FetchItems out;
  for (std::string_view piece : pieces) out.take(piece);
  return out;
}

TEST(ImapParser, FindsNumbersAmongItems) {
  const auto found = items({"(ENVELOPE (\"UID 1\" UID 2 \"\\\" UID 3\") UID 44 rfc822.size 5)"});
  EXPECT_THAT(found.uid, Optional(44u));
  EXPECT_THAT(found.size, Optional(5u));
  EXPECT_THAT(items({"(BODY[HEADER.FIELDS (FROM)] ", " UID 7)"}).uid, Optional(7u));
  EXPECT_EQ(items({"UID 4"}).uid, std::nullopt);
  EXPECT_EQ(items({"(UID", "(\"\\"}).uid, std::nullopt);
  const auto asked = parse_asked_part("1 (UID BODY.PEEK[]<100.20480>)");
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->offset, 100u);
  EXPECT_EQ(asked->size, 20480u);
  for (std::string_view text : {"", "]<", "BODY[]<1>", "BODY[]<.2>", "BODY[]<1.>"}) {
    EXPECT_FALSE(parse_asked_part(text)) << text;
  }
}

constexpr size_t kMostWithin = 32;

TEST(ImapStructure, TellsThePartsOfAMessage) {
  const auto whole = parse_structure(
      "(UID 1 BODYSTRUCTURE (((\"text\" \"plain\" (\"charset\" \"utf-8\") NIL NIL \"7bit\" 4 1 NIL NIL NIL NIL)"
      "(\"TEXT\" \"HTML\" NIL NIL NIL \"quoted-printable\" 9 2) \"alternative\" (\"boundary\" \"b\"))"
      "(\"application\" \"pdf\" (\"name\" \"a \\\"b\\\".pdf\") \"<id>\" \"text\" \"base64\" 88 NIL "
      "(\"attachment\" (\"filename\" \"c.pdf\" \"size\" \"66\")) NIL NIL)"
      "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 200 (NIL NIL ((NIL NIL \"a\" \"b\"))) "
      "(\"image\" \"png\" NIL NIL NIL \"base64\" 4) 7 NIL NIL) \"mixed\") FLAGS ())",
      kMostWithin);
  std::string all;
  for (const PartHeader& part : whole.parts)
    all += part.part + "|" + part.text(part.part == "2") + part.file_name() + "\n";
  EXPECT_EQ(all,
            "1.1|Content-Type: text/plain; charset=\"utf-8\"\r\nContent-Transfer-Encoding: 7bit\r\n\n"
            "1.2|Content-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\n"
            "2|Content-Type: application/pdf; name=\"a \\\"b\\\".pdf\"\r\n"
            "Content-Disposition: attachment; filename=\"c.pdf\"; size=\"66\"\r\nc.pdf\n"
            "3.1|Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\n"
            "3|Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 7bit\r\n\n");
  const auto alone =
      parse_structure("(BODYSTRUCTURE (\"text\" \"plain\" NIL NIL NIL \"7bit\" 1 1))", kMostWithin).parts;
  ASSERT_EQ(alone.size(), 1u);
  EXPECT_EQ(alone[0].part, "1");
}

TEST(ImapStructure, IsReadWhateverItIs) {
  for (std::string_view text :
       {"", "BODYSTRUCTURE (", "BODYSTRUCTURE ())))", "BODYSTRUCTURE (\"a", "BODYSTRUCTURE (\"\\", "BODYSTRUCTURE (((",
        "BODYSTRUCTURE (a b (c (d) e", "BODYSTRUCTURE (\"message\" \"rfc822\""}) {
    parse_structure(text, kMostWithin);
  }
  std::string nested = "BODYSTRUCTURE ";
  nested.append(100'000, '(');
  const auto deep = parse_structure(nested, kMostWithin);
  EXPECT_LE(deep.parts.size(), 1u);
  EXPECT_EQ(deep.deeper, 1u);
}

TEST(ImapParser, OnlyWhatNoOtherProtocolSaysIsCertain) {
  for (std::string_view text : {"* OK hi\r\n", "* BYE\r\n", "* 3 EXISTS\r\n", "* FLAGS ()\n"}) {
    EXPECT_EQ(judge(text, false), Likelihood::sure) << text;
  }
  for (std::string_view text : {"* OK", "*", "a1 O", "a1", "* 3 EXI"})
    EXPECT_EQ(judge(text, false), Likelihood::more) << text;
  for (std::string_view text :
       {"220 x", "+OK hi\r\n", "*1\r\n", "HTTP/1.1 200 OK\r\n", "* hello\r\n", "SSH-2.0-x\r\n"}) {
    EXPECT_EQ(judge(text, false), Likelihood::no) << text;
  }
  EXPECT_EQ(judge("a1 OK done\r\n", false), Likelihood::maybe);
  for (std::string_view text : {"a1 LOGIN a b\r\n", "001 capability\r\n", "1 UID FETCH 1 FLAGS\r\n"}) {
    EXPECT_EQ(judge(text, true), Likelihood::sure) << text;
  }
  for (std::string_view text : {"USER LOGIN\r\n", "a1 NOOP\r\n", "STAT LIST\r\n"}) {
    EXPECT_EQ(judge(text, true), Likelihood::maybe) << text;
  }
  for (std::string_view text : {"a", "a1 ", "a1 LOG", "a1 U", "a1 x"})
    EXPECT_EQ(judge(text, true), Likelihood::more) << text;
  for (std::string_view text : {"EHLO x\r\n", "GET / HTTP/1.1\r\n", "USER a\r\n", "QUIT\r\n", "* OK\r\n", "a1 xx"}) {
    EXPECT_EQ(judge(text, true), Likelihood::no) << text;
  }
}

}  // namespace
}  // namespace lapwing::imap
