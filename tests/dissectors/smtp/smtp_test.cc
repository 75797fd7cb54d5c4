#include <gmock/gmock.h>

#include "tests/dissectors/caps.h"
#include "tests/dissectors/smtp/smtp_wire.h"
#include "tests/support/cost.h"

namespace lapwing {
namespace {

using namespace test;
using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

const DissectorRow& row() {
  return dissector("smtp");
}

std::string attachment(size_t i, const std::string& body = "x") {
  return "--b\r\nContent-Disposition: attachment; filename=f" + std::to_string(i) + "\r\n\r\n" + body + "\r\n";
}
const std::string kMixed = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";

std::string nested(size_t depth) {
  return repeated(depth, [](size_t i) {
    const std::string b = std::to_string(i);
    return "Content-Type: multipart/mixed; boundary=" + b + "\r\n\r\n--" + b + "\r\n";
  });
}

const std::string kCodedMessage = "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n";

CapReach in_text(std::string_view cap, const std::string& text) {
  return {"smtp", cap, {}, [text](Dialogue& d) { mail_text(d, text); }, "mime"};
}

const CapReaches kReaches = {
    in_text("boundary", "Content-Type: multipart/mixed; boundary=" + std::string(256, 'b') + "\r\n\r\nx"),
    in_text("filename", "Content-Disposition: attachment; filename=" + std::string(256, 'f') + "\r\n\r\nx"),
    in_text("depth", nested(33)),
    in_text("coded", repeated(5, [](size_t) { return kCodedMessage; }) + "x"),
    in_text("files", kMixed + repeated(257, [](size_t i) { return attachment(i); })),
    in_text("content", kMixed + repeated(50, [](size_t i) { return attachment(i, std::string(100'000, 'x')); })),
    in_text("received", repeated(65, [](size_t) { return std::string("Received: x\r\n"); }) + "\r\nx"),
    in_text("urls", "\r\n" + repeated(257, [](size_t) { return std::string("http://x "); })),
    in_text("url", "\r\nhttp://" + std::string(2048, 'x')),
    {"smtp",
     "tx",
     {{"app-layer.protocols.smtp.max-tx", "2"}},
     [](Dialogue& d) {
       d.server(kMailGreeting).client(repeated(3, [](size_t) { return std::string("MAIL FROM:<a@b>\r\nRSET\r\n"); }));
     }},
    {"smtp",
     "recipients",
     {},
     [](Dialogue& d) { d.client(repeated(1025, [](size_t) { return std::string("RCPT TO:<a@b>\r\n"); })); }},
    {"smtp", "line", {}, [](Dialogue& d) { d.client("NOOP " + std::string(5000, 'x') + "\r\n"); }},
    {"smtp",
     "unanswered",
     {},
     [](Dialogue& d) { d.client(repeated(257, [](size_t) { return std::string("NOOP\r\n"); })); }},
    {"smtp", "ahead", {}, [](Dialogue& d) { d.server(kMailGreeting).client("DATA\r\n" + std::string(70'000, 'x')); }},
};

TEST(Smtp, AMailIsOneRecordWithItsText) {
  for (size_t piece : {0, 1, 2, 5}) {
    Dialogue d(row());
    mail_text(d, "From: a@example.org\r\nSubject: hello\r\n\r\n..dots\r\n.more", piece);
    d.client("QUIT\r\n").server("221 bye\r\n").finish();
    EXPECT_THAT(d.records, SizeIs(1));
    EXPECT_THAT(d.records, Each(HasSubstr(R"("mail_from":"<a@example.org>","rcpt_to":["<b@example.org>"])")));
    EXPECT_THAT(d.anomalies, IsEmpty());
    EXPECT_THAT(d.values("smtp.mail_from"), ElementsAre("<a@example.org>"));
    EXPECT_THAT(d.values("email.subject"), ElementsAre("hello"));
  }
}

TEST(Smtp, APasswordIsInNoRecordUnlessAskedFor) {
  for (bool asked : {false, true}) {
    Dialogue d(row(), asked ? Settings{{"app-layer.protocols.smtp.record.passwords", "yes"}} : Settings{});
    d.server(kMailGreeting).client("EHLO c\r\n").server(kMailOk);
    d.client("AUTH PLAIN AHVzZXIAc2VjcmV0\r\n").server("235 welcome\r\n").finish();
    ASSERT_THAT(d.records, SizeIs(1));
    EXPECT_THAT(d.records[0], HasSubstr(R"("user":"user")"));
    EXPECT_EQ(d.records[0].find("secret") != std::string::npos, asked);
  }
}

TEST(Smtp, ATextMayComeByChunks) {
  Dialogue d(row());
  mail_envelope(d).client("BDAT 14\r\nSubject: a\r\n\r\nBDAT 3 LAST\r\nx\r\n").server(kMailOk).server(kMailOk).finish();
  EXPECT_THAT(d.records, SizeIs(1));
  EXPECT_THAT(d.values("email.subject"), ElementsAre("a"));
  EXPECT_THAT(d.anomalies, IsEmpty());
  Dialogue huge(row());
  mail_envelope(huge).client("BDAT 9223372036854775808 LAST\r\nSubject: a\r\n\r\n").client(std::string(100'000, 'x'));
  huge.finish();
  EXPECT_THAT(huge.records, SizeIs(1));
  EXPECT_FALSE(huge.failed);
}

TEST(Smtp, AnAnswerTellsWhatIsAheadOfIt) {
  Dialogue text(row()), commands(row());
  text.server(kMailGreeting).client("EHLO c\r\nMAIL FROM:<a@b>\r\nDATA\r\nSubject: a\r\n\r\nx\r\n.\r\nQUIT\r\n");
  text.server("250 ok\r\n250 ok\r\n354 go\r\n250 queued\r\n221 bye\r\n").finish();
  EXPECT_THAT(text.values("email.subject"), ElementsAre("a"));
  EXPECT_THAT(text.anomalies, ElementsAre("invalid_pipelined_sequence@0"));
  commands.server(kMailGreeting).client("EHLO c\r\nMAIL FROM:<a@b>\r\nDATA\r\nRSET\r\nMAIL FROM:<c@d>\r\n");
  commands.server("250 ok\r\n250 ok\r\n503 no\r\n250 ok\r\n250 ok\r\n").finish();
  EXPECT_THAT(commands.values("smtp.mail_from"), ElementsAre("<a@b>", "<c@d>"));
}

/// Who refuses a login takes what a client has put behind it for commands.
TEST(Smtp, WhatIsBehindARefusedLoginIsRead) {
  const std::string mail = "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nSubject: a\r\n\r\nx\r\n.\r\n";
  const std::string answers = "250 ok\r\n250 ok\r\n354 go\r\n250 queued\r\n";
  for (const std::string login : {"AUTH X\r\n", "AUTH PLAIN AGFubgBzZWNyZXQ=\r\n"}) {
    for (size_t piece : {0, 1, 7}) {
      Dialogue d(row());
      d.server(kMailGreeting).client("EHLO c\r\n").server(kMailOk).client(login + mail, piece);
      d.server("504 no\r\n" + answers, piece).finish();
      EXPECT_THAT(d.values("smtp.mail_from"), ElementsAre("<a@b>"));
      EXPECT_THAT(d.values("email.subject"), ElementsAre("a"));
      EXPECT_THAT(d.records, SizeIs(2));
      EXPECT_THAT(d.records, Each(HasSubstr(R"("outcome":"failure")")));
    }
  }
  // Behind an answer to a challenge as well; and where there is none, words tell.
  Dialogue ahead(row()), lost(row()), alone(row());
  ahead.server(kMailGreeting).client("AUTH LOGIN\r\nYW5u\r\n*\r\n" + mail);
  ahead.server("334 x\r\n334 x\r\n501 no\r\n" + answers).finish();
  lost.server(kMailGreeting)
      .client("AUTH LOGIN\r\nYW5u\r\n" + mail)
      .gap(Direction::to_client, 8)
      .server(answers)
      .finish();
  alone.client("EHLO c\r\nAUTH LOGIN\r\nYW5u\r\nc2VjcmV0\r\n" + mail).finish();
  for (Dialogue* d : {&ahead, &lost, &alone}) {
    EXPECT_THAT(d->values("email.subject"), ElementsAre("a"));
    EXPECT_THAT(d->records.back(), HasSubstr(R"("user":"ann")"));
  }
}

TEST(Smtp, AClientIsKnownByItsFirstWords) {
  const auto sure = [](std::string_view text) { return probe(row(), Direction::to_server, text) == Likelihood::sure; };
  for (std::string_view text : {"EHLO x", "helo\r\n", "Lhlo\t", "MAIL FROM:<", "rcpt to :"})
    EXPECT_TRUE(sure(text)) << text;
  for (std::string_view text : {"EHLO", "HELOX", "MAIL FROMX", "QUIT\r\n"}) EXPECT_FALSE(sure(text)) << text;
}

TEST(Smtp, BlanksInFrontOfCommandsHideNothing) {
  Dialogue d(row());
  d.server(kMailGreeting).client("EHLO c\r\n").server(kMailOk).client(" \tMAIL FROM:<a@b>\r\n").server(kMailOk);
  d.client("\tDATA \r\n").server(kMailGo).client("Subject: a\r\n\r\nx\r\n.\r\n").server(kMailOk).finish();
  EXPECT_THAT(d.values("smtp.mail_from"), ElementsAre("<a@b>"));
  EXPECT_THAT(d.values("email.subject"), ElementsAre("a"));
  EXPECT_THAT(d.anomalies, ElementsAre("unparsable_content@0"));
}

/// Some servers take lines of 16 KB.
TEST(Smtp, WhatALongLineAnnouncesComesBehindItsEnd) {
  const std::string blanks(10'000, ' '), text = "Subject: a\r\nX: y\r\n\r\n";
  for (size_t piece : {0, 1000}) {
    Dialogue chunk(row()), data(row());
    mail_envelope(chunk).client("BDAT " + std::to_string(text.size()) + " LAST" + blanks + "\r\n" + text, piece);
    chunk.server(kMailOk).client("QUIT\r\n").server("221 bye\r\n").finish();
    mail_envelope(data).client("DATA" + blanks + "\r\n", piece).server(kMailGo).client(text + ".\r\n").server(kMailOk);
    data.finish();
    for (Dialogue* d : {&chunk, &data}) {
      EXPECT_THAT(d->values("email.subject"), ElementsAre("a"));
      EXPECT_THAT(d->records, ElementsAre(HasSubstr(R"("size":)" + std::to_string(text.size()))));
      EXPECT_THAT(d->anomalies, SizeIs(2));
    }
  }
  Dialogue open(row());
  open.server(kMailGreeting).client("MAIL FROM:<a@b>" + blanks).finish();
  EXPECT_THAT(open.values("smtp.mail_from"), ElementsAre("<a@b>"));
}

TEST(Smtp, WithoutAnAnswerBytesTellThemselvesWhatTheyAre) {
  const std::string ahead = "DATA\r\nSubject: a\r\n\r\nx\r\n.\r\n";
  Dialogue lost(row()), late(row()), never(row());
  mail_envelope(lost).gap(Direction::to_client, 8).client(ahead);
  mail_envelope(late).client(ahead).gap(Direction::to_client, 8);
  mail_envelope(never).client(ahead).end(Direction::to_server);
  for (Dialogue* d : {&lost, &late, &never}) {
    d->finish();
    EXPECT_THAT(d->values("email.subject"), ElementsAre("a"));
    EXPECT_THAT(d->records, SizeIs(1));
  }
}

TEST(Smtp, AMailOfTwoUnansweredCommandsEndsOnce) {
  Dialogue d(row());
  d.server(kMailGreeting)
      .gap(Direction::to_client, 8)
      .client("EHLO c\r\nMAIL FROM:<a@b>\r\nDATA\r\nSubject: a\r\n\r\nx\r\n.\r\n");
  d.gap(Direction::to_client, 8).finish();
  EXPECT_THAT(d.records, SizeIs(1));
}

TEST(Smtp, EachMechanismTellsItsUser) {
  const std::pair<std::string_view, std::string_view> kLogins[] = {
      {"PLAIN", "AGFubgBzZWNyZXQ="},
      {"LOGIN", "YW5u"},
      {"CRAM-MD5", "YW5uIDAxMjM0NQ=="},
      {"scram-sha-256", "bixhPWEsbj1hbm4scj14"},
      {"OAUTHBEARER", "bixhPWFubiwBaG9zdD1teAFhdXRoPUJlYXJlciB4AQE="},
      {"XOAUTH2", "dXNlcj1hbm4BYXV0aD1CZWFyZXIgeAEB"},
  };
  for (const auto& [mechanism, coded] : kLogins) {
    Dialogue d(row());
    d.server(kMailGreeting).client("EHLO c\r\n").server(kMailOk);
    d.client("AUTH " + std::string(mechanism) + " " + std::string(coded) + "\r\n").server("535 no\r\n").finish();
    EXPECT_THAT(d.values("smtp.auth.user"), ElementsAre("ann")) << mechanism;
    EXPECT_THAT(d.values("smtp.auth.outcome"), SizeIs(1)) << mechanism;
  }
}

TEST(Smtp, OneSideAloneIsRead) {
  Dialogue d(row());
  d.client(
      "EHLO c\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nSubject: a\r\n\r\nx\r\n.\r\nMAIL FROM:<e@f>\r\nQUIT\r\n");
  d.finish();
  EXPECT_THAT(d.records, SizeIs(2));
  EXPECT_THAT(d.anomalies, IsEmpty());
}

TEST(Smtp, WhereMimeIsNotReadTheTextMayBeAFile) {
  for (const char* limit : {"100000", "0"}) {
    for (size_t piece : {0, 1, 3}) {
      Dialogue d(row(), {{"app-layer.protocols.smtp.mime.decode-mime", "no"},
                         {"app-layer.protocols.smtp.raw-extraction", "yes"},
                         {"app-layer.protocols.smtp.inspected-tracker.content-limit", limit}});
      d.store_depth = 1000;
      mail_text(d, "Subject: a\r\n\r\n..dots\r\nx\r\n.", piece).finish();
      ASSERT_THAT(d.stored, SizeIs(1));
      EXPECT_THAT(d.stored[0], HasSubstr("rawmsg=Subject: a\r\n\r\n.dots\r\nx\r\n"));
      ASSERT_THAT(d.records, SizeIs(2));
      EXPECT_THAT(d.records[0], HasSubstr(R"("filename":"rawmsg","gaps":false,"state":"CLOSED")"));
      EXPECT_THAT(d.records[1], Not(HasSubstr("email")));
    }
  }
}

TEST(Smtp, DataBehindChunksBeginsTheTextAnew) {
  Dialogue d(row());
  mail_envelope(d).client("BDAT 62\r\nContent-Disposition: attachment; filename=one\r\n\r\nabcdefghijklm");
  d.server(kMailOk)
      .client("DATA\r\n")
      .server(kMailGo)
      .client("Content-Disposition: attachment; filename=two\r\n\r\nx\r\n.\r\n");
  d.server(kMailOk).finish();
  ASSERT_THAT(d.records, SizeIs(3));
  EXPECT_THAT(d.records[0], HasSubstr(R"("filename":"one","gaps":false,"state":"TRUNCATED")"));
  EXPECT_THAT(d.records[1], HasSubstr(R"("filename":"two","gaps":false,"state":"CLOSED")"));
}

TEST(Smtp, ChunksThatBreakOffLeaveATruncatedFile) {
  const std::string head = "BDAT 61\r\nContent-Disposition: attachment; filename=one\r\n\r\nabcdefghijkl";
  for (const char* decode : {"yes", "no"}) {
    for (const std::string behind : {"", "EHLO d\r\n", "RSET\r\n", "MAIL FROM:<c@d>\r\n", "BDAT 5\r\nx"}) {
      Dialogue d(row(), {{"app-layer.protocols.smtp.mime.decode-mime", decode},
                         {"app-layer.protocols.smtp.raw-extraction", "yes"}});
      mail_envelope(d).client(head).server(kMailOk).client(behind).finish();
      ASSERT_THAT(d.records, SizeIs(2)) << behind;
      EXPECT_THAT(d.records[0], HasSubstr(R"("state":"TRUNCATED")")) << behind;
    }
    // What is refused changes nothing: chunks behind it are a text of their own, for the first is over.
    Dialogue refused(row(), {{"app-layer.protocols.smtp.mime.decode-mime", decode},
                             {"app-layer.protocols.smtp.raw-extraction", "yes"}});
    mail_envelope(refused).client(head).server(kMailOk).client("EHLO\r\n").server("501 no\r\n");
    refused.client("BDAT 6 LAST\r\na: b\r\n").server(kMailOk).finish();
    EXPECT_THAT(refused.records, Each(HasSubstr(R"("mail_from":"<a@example.org>")")));
  }
}

TEST(Smtp, ALoginThatIsRefusedAmidATextEndsNoMail) {
  for (const char* decode : {"yes", "no"}) {
    for (const std::string text : {"BDAT 5\r\nab", "DATA\r\nab cd: ef gh"}) {
      Dialogue d(row(), {{"app-layer.protocols.smtp.mime.decode-mime", decode}});
      d.server(kMailGreeting).gap(Direction::to_client, 5).client("AUTH PLAIN eA==\r\n" + text);
      d.server("\r\n535 no\r\n").client("cde\r\n.\r\nQUIT\r\n").finish();
      EXPECT_THAT(d.records, SizeIs(1));
    }
  }
}

TEST(Smtp, AnswersToCommandsBeyondTheBoundAreCounted) {
  Dialogue d(row());
  d.server(kMailGreeting).client("EHLO c\r\n").server(kMailOk).client(repeated(300, [](size_t) { return "NOOP\r\n"; }));
  d.client("STARTTLS\r\n")
      .server(repeated(300, [](size_t) { return kMailOk; }))
      .server("454 no\r\n")
      .client("QUIT\r\n");
  d.finish();
  EXPECT_THAT(d.anomalies, ElementsAre("too_many_commands@0", "tls_rejected@0"));
}

TEST(Smtp, AnswersToMailsBehindOneWhoseEndIsUnseenAreNotItsOwn) {
  Dialogue d(row());
  mail_envelope(d).client("DATA\r\n").server(kMailGo).client("Subject: a\r\n\r\nx");
  d.server("250 queued\r\n250 ok\r\n354 go\r\n250 other\r\n").gap(Direction::to_server, 1'000'000).finish();
  EXPECT_THAT(d.records, ElementsAre(HasSubstr(R"("last_reply":"250 queued")")));
  EXPECT_THAT(d.anomalies, IsEmpty());
}

/// Clients need not greet before (RFC 4954 4), and servers let many of them.
TEST(Smtp, ALoginWithoutAGreetingIsTold) {
  for (const bool answered : {true, false}) {
    Dialogue d(row());
    d.server(kMailGreeting).client("AUTH PLAIN AGFubgBzZWNyZXQ=\r\n");
    if (answered) d.server("235 welcome\r\n").client("QUIT\r\n").server("221 bye\r\n");
    d.finish();
    EXPECT_THAT(d.records,
                ElementsAre(AllOf(HasSubstr(R"("user":"ann")"),
                                  HasSubstr(answered ? R"("outcome":"success")" : R"("outcome":"unknown")"))));
    EXPECT_EQ(d.logins, std::vector<std::string>(answered, "ann success"));
    EXPECT_THAT(d.anomalies, IsEmpty());
  }
}

TEST(Smtp, EachAnsweredLoginIsToldAndNoPasswordIsAUser) {
  Dialogue d(row());
  d.server(kMailGreeting).client("EHLO c\r\n").server(kMailOk);
  for (const std::string user : {"YW5u", "Ym9i", ""}) {
    d.client("AUTH LOGIN\r\n").server("334 VXNlcm5hbWU6\r\n").client(user + "\r\n");
    d.server("334 UGFzc3dvcmQ6\r\n").client("c2VjcmV0\r\n").server("535 no\r\n");
  }
  d.client("AUTH CRAM-MD5\r\n").server("334 PDFAYj4=\r\n").client("dG9tIDAx\r\n").server("235 yes\r\n");
  d.client("QUIT\r\n").server("221 bye\r\n").finish();
  EXPECT_THAT(d.values("smtp.auth.user"), ElementsAre("ann", "bob", "tom"));
  const auto failure = HasSubstr(R"("outcome":"failure")"), success = HasSubstr(R"("outcome":"success")");
  EXPECT_THAT(d.records, ElementsAre(failure, failure, failure, success));
  EXPECT_THAT(d.logins, ElementsAre("ann failure", "bob failure", " failure", "tom success"));
  EXPECT_THAT(d.records, Each(Not(HasSubstr("secret"))));
  EXPECT_THAT(d.anomalies, IsEmpty());
}

TEST(SmtpCost, GrowsWithTheSession) {
  const std::pair<std::string_view, std::function<void(Dialogue&, size_t)>> shapes[] = {
      {"recipients",
       [](Dialogue& d, size_t n) { d.client(repeated(n, [](size_t) { return "RCPT TO:<a@b>\r\n"; }), 1460); }},
      {"resets", [](Dialogue& d,
                    size_t n) { d.client(repeated(n, [](size_t) { return "MAIL FROM:<a@b>\r\nRSET\r\n"; }), 1460); }},
      {"empty chunks", [](Dialogue& d, size_t n) { d.client(repeated(n, [](size_t) { return "BDAT 0\r\n"; }), 1460); }},
      {"endless chunk",
       [](Dialogue& d, size_t n) { d.client("BDAT 9223372036854775808\r\n\r\n" + std::string(n * 20, 'x'), 1460); }},
      {"logins",
       [](Dialogue& d, size_t n) {
         d.client(repeated(n, [](size_t) { return "AUTH PLAIN AGEAYg==\r\n"; }), 1460);
         d.server(repeated(n, [](size_t) { return "535 no\r\n"; }), 1460);
       }},
      {"ahead",
       [](Dialogue& d, size_t n) {
         d.client(repeated(n / 10, [](size_t) { return "MAIL FROM:<a@b>\r\nDATA\r\nx\r\n.\r\n"; }), 1460);
         d.server(repeated(n / 10, [](size_t) { return "250 a\r\n354 b\r\n250 c\r\n"; }), 1460);
       }},
  };
  for (const auto& [name, talk] : shapes) {
    const double grown = growth(
        [&talk = talk](size_t n) {
          return [&talk, n] {
            Dialogue d(row());
            talk(d.server(kMailGreeting), n);
            d.finish();
          };
        },
        20'000);
    EXPECT_LT(grown, kDoubled) << name;
  }
}

TEST(SmtpCost, GrowsWithTheBytes) {
  const std::pair<std::string_view, std::function<std::string(size_t)>> shapes[] = {
      {"one line", [](size_t n) { return "\r\n" + std::string(n, 'x'); }},
      {"colons", [](size_t n) { return "\r\n" + std::string(n, ':'); }},
      {"dots", [](size_t n) { return "\r\n" + repeated(n / 4, [](size_t) { return std::string("..\r\n"); }); }},
      {"headers", [](size_t n) { return repeated(n / 8, [](size_t) { return std::string("To: =?=\r\n"); }); }},
      {"folding", [](size_t n) { return "To: x\r\n" + repeated(n / 4, [](size_t) { return std::string(" y\r\n"); }); }},
      {"nested", [](size_t n) { return nested(n / 60); }},
      {"messages",
       [](size_t n) {
         return repeated(n / 40, [](size_t) { return std::string("Content-Type: message/rfc822; name=m\r\n\r\n"); });
       }},
      {"near delimiters",
       [](size_t n) {
         return "Content-Type: multipart/mixed; boundary=" + std::string(250, '-') + "b\r\n\r\n" +
                repeated(n / 256, [](size_t) { return std::string(254, '-') + "\r\n"; });
       }},
      {"names",
       [](size_t n) {
         return kMixed + repeated(n / 2000, [](size_t) {
                  return "--b\r\nContent-Disposition: attachment" +
                         repeated(100, [](size_t i) { return "; filename*" + std::to_string(99 - i) + "=x"; }) +
                         "\r\n\r\n";
                });
       }},
      {"delimiters",
       [](size_t n) { return kMixed + repeated(n / 6, [](size_t) { return std::string("--b\r\n\r\n"); }); }},
      {"base64",
       [](size_t n) {
         return "Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
                repeated(n / 6, [](size_t) { return std::string("QUJD\r\n"); });
       }},
  };
  for (const auto& [name, make] : shapes) {
    const double grown = growth(
        [&make = make](size_t n) {
          return [text = make(n)] {
            Dialogue d(row());
            mail_text(d, text, 1460).finish();
          };
        },
        400'000);
    EXPECT_LT(grown, kDoubled) << name;
  }
}

TEST(Smtp, AMailWithMoreAnswersThanAreWaitedForIsNotClosedAmidThem) {
  Dialogue d(dissector("smtp"));
  d.server("220 x\r\n").client("LHLO c\r\n").server("250 x\r\n").client("MAIL FROM:<a@b.c>\r\n").server("250 a\r\n");
  for (int i = 0; i < 300; ++i) d.client("RCPT TO:<" + std::to_string(i) + "@b.c>\r\n").server("250 a\r\n");
  // So much comes ahead of its answer that it is waited for still when the text has ended.
  d.client("DATA\r\n").client("Subject: a\r\n\r\n" + repeated(2000, [](size_t) {
                                return std::string(70, 'b') + "\r\n";
                              }));
  d.client(".\r\n");
  EXPECT_GT(d.capped("unanswered"), 0U);
  EXPECT_THAT(d.records, IsEmpty()) << "nobody has answered";
  d.server("250 a\r\n").finish();
  EXPECT_THAT(d.records, SizeIs(1));
}

}  // namespace
}  // namespace lapwing
