// What streams of unknown protocol begin with.
#include <gtest/gtest.h>

#include <string>

#include "analytics/detectors/cleartext_shell.h"
#include "analytics/detectors/mining.h"
#include "tests/analytics/scene.h"

namespace lapwing::analytics {
namespace {

using test::Scene;

TEST(CleartextShellTest, Signs) {
  using namespace shell_sign;
  const std::string stage = std::string("\x00\x0a\x0b\x00", 4) + "MZ\xe8";
  const struct {
    std::string_view said;
    int signs;
  } kRows[] = {
      {"Microsoft Windows XP [Version 5.1.2600]\r\n(C) Copyright 1985-2001 Microsoft Corp.\r\n\r\nC:\\WINDOWS>",
       banner | prompt},
      {"C:\\WINNT\\system32>", prompt},
      {"PS C:\\Users\\bob> ", prompt},
      {"bash: no job control in this shell\nbash-4.2$ ", unix_shell | unix_prompt},
      {"root@web-1:/var/www# id", unix_prompt},
      {"[root@host ~]# ", unix_prompt},
      {"sh-5.1$ ", unix_prompt},
      {"\x1b[?2004hroot@web-1:/# ", unix_prompt},
      {"\x1b]0;root@web-1: ~\a\x1b[01;32mroot@web-1:~# ", unix_prompt},
      {"\u250c\u2500\u2500(root@web)-[~]\n\u2514\u2500# ", unix_prompt},
      {"$ root@web-1:/# ", unix_prompt},
      {"/ # ", unix_prompt},
      {"see / # ", 0},
      {"/etc/hosts # of this one", 0},
      {"BusyBox v1.19.4 (2014-01-01) built-in shell (ash)\n", unix_shell},
      {"python3 -c 'import pty;pty.spawn(\"/bin/sh\")'\n", unix_shell},
      {"ls\ncat /etc/shadow\n", commands},
      {"$ daemon:x:1:1:\nroot:x:0:0:root:/root:/bin/sh\n", unix_shell},
      {"id\nuname -a\n", commands},
      {"whoami\r\ndir\r\n", commands},
      {"ls\ncd x\n", 0},
      {"id\nid\n", 0},
      {"cat /etc/passwd\n", 0},
      {"identify\nlsof\n", 0},
      {"\x1b[", 0},
      {"\x1b]0;root@web-1: ~", 0},
      {"uid=33(www-data) gid=33(www-data) groups=33(www-data)", unix_shell},
      {"\r\n\r\n\rid\nwhoami\r", shell_sign::commands},
      {"jp;jno job control in this shell", unix_shell},
      {"cannot set terminal process; cannot set terminal process group", unix_shell},
      {stage, shell_sign::stage},
      {"", 0},
      {"hello", 0},
      {"C:\\", 0},
      {"see C:\\WINDOWS> there", 0},
      {"<a href=\"C:\\x\">", 0},
      {"costs 5$ or more# ", 0},
      {"a@b.example, c@d.example: $ ", 0},
      {"MZ", 0},
      {"Microsoft Windows is a system", 0},
  };
  for (const auto& [said, signs] : kRows) EXPECT_EQ(shell_signs(to_bytes(said)), signs) << said;
}

TEST(MiningTest, Methods) {
  EXPECT_NE(pool_methods(to_bytes(R"({"id":1,"method":"mining.subscribe","params":["cpuminer/2.5"]})"), {}), 0U);
  EXPECT_NE(
      pool_methods(to_bytes(R"({"worker": "", "jsonrpc": "2.0", "params": [], "id": 3, "method": "eth_getWork"})"), {}),
      0U);
  EXPECT_NE(pool_methods(
                to_bytes(R"({"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"4A","agent":"XMRig"}})"), {}),
            0U);
  EXPECT_EQ(pool_methods(to_bytes(R"({"method":"login","params":{"user":"bob"}})"), {}), 0U);
  EXPECT_EQ(pool_methods(to_bytes(R"(POST / "method":"mining.subscribe")"), {}), 0U);
  EXPECT_EQ(pool_methods(to_bytes(R"({"method":"mining.subscribed"})"), {}), 0U);
  EXPECT_EQ(pool_methods(to_bytes(R"({"method":)"), {}), 0U);
  EXPECT_EQ(pool_methods({}, {}), 0U);
  constexpr std::string_view kLogin = R"({"method":"login","params":{"login":"4A","pass":"x"},"id":1})";
  EXPECT_NE(pool_methods(to_bytes(kLogin), to_bytes(R"({"result":{"job":{"blob":"07","job_id":"1"}}})")), 0U);
  EXPECT_EQ(pool_methods(to_bytes(kLogin), to_bytes(R"({"result":{"session":"1","job_id":"1"}})")), 0U);
}

template <class D>
std::vector<Behaviour> begun(std::string_view client, std::string_view server) {
  Scene scene;
  const FlowRef flow = scene.flow({"10.0.0.5", "203.0.113.9", 4444});
  scene.tell(flow, {.moment = FlowMoment::spoke, .said = {to_bytes(client), to_bytes(server)}});
  return scene.found(*detector<D>().read(OptionSource()));
}

TEST(CleartextShellTest, IsTheClientsWhoeverRunsIt) {
  for (bool reverse : {false, true}) {
    const auto all = reverse ? begun<CleartextShell>("C:\\>", "dir\n") : begun<CleartextShell>("dir\n", "C:\\>");
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].subject, "10.0.0.5");
    EXPECT_EQ(all[0].objects, std::vector<std::string>{"203.0.113.9:4444"});
    EXPECT_EQ(all[0].attack.size(), 2U);
  }
  EXPECT_TRUE(begun<CleartextShell>("dir\n", "nothing").empty());
}

TEST(CleartextShellTest, FromTheMiddleOnlyWhatHides) {
  const std::string stage = std::string("\x00\x0a\x0b\x00", 4) + "MZ\xe8";
  const auto found = [&](uint16_t port, std::string_view server) {
    Scene scene;
    FlowRef flow = scene.flow({"10.0.0.5", "203.0.113.9", port});
    flow.midstream = true;
    scene.tell(flow, {.moment = FlowMoment::spoke, .said = {to_bytes("dir\n"), to_bytes(server)}});
    return !scene.found(*detector<CleartextShell>().read(OptionSource())).empty();
  };
  EXPECT_TRUE(found(4444, "C:\\>"));
  EXPECT_FALSE(found(4444, stage)) << "it comes first";
  for (const uint16_t port : std::initializer_list<uint16_t>{23, 513, 514})
    EXPECT_FALSE(found(port, "root@web-1:/var/www# ")) << port;
}

// Whoever hides the pool behind a proxy speaks to it all the same.
TEST(MiningTest, ThroughAProxy) {
  const std::string login = R"({"id":1,"method":"login","params":{"login":"x","agent":"miner"}})";
  const auto through = [&](std::string_view told, std::string_view answered) {
    return pool_methods(to_bytes(std::string(told) + login), to_bytes(std::string(answered) + R"({"id":1})"));
  };
  using std::string_view_literals::operator""sv;
  EXPECT_NE(through("\5\1\0\5\1\0\3\4pool\x0d\5"sv, "\5\0\5\0\0\1\0\0\0\0\0\0"sv), 0U);
  EXPECT_NE(through("\4\1\x0d\5\0\0\0\1u\0pool\0"sv, "\0\x5a\0\0\0\0\0\0"sv), 0U);
  EXPECT_NE(through("CONNECT pool.example:3333 HTTP/1.1\r\n\r\n", "HTTP/1.1 200 Connected\r\n\r\n"), 0U);
  EXPECT_EQ(through("\x16\3\1"sv, {}), 0U) << "of another protocol";
  EXPECT_EQ(pool_methods(to_bytes("\5\1\0"sv), {}), 0U);
}

TEST(MiningTest, FromTheMiddleSharesAndJobsTell) {
  constexpr std::string_view kShare =
      R"({"id":9,"method":"submit","params":{"id":"ab","job_id":"3","nonce":"0a","result":"77"}})";
  constexpr std::string_view kJob = R"({"method":"job","params":{"blob":"07","job_id":"4","target":"b8"}})";
  constexpr std::string_view kNotify = R"({"params":["bf","4d"],"id":null,"method":"mining.notify"})";
  EXPECT_NE(pool_methods(to_bytes(kShare), {}), 0U);
  EXPECT_NE(pool_methods({}, to_bytes(kJob)), 0U);
  EXPECT_NE(pool_methods({}, to_bytes(kNotify)), 0U);
  EXPECT_EQ(pool_methods(to_bytes(kNotify), {}), 0U) << "only pools do so";
  EXPECT_EQ(pool_methods(to_bytes(R"({"method":"submit","params":{"job_id":"3"}})"), {}), 0U) << "a batch queue";
  EXPECT_EQ(pool_methods({}, to_bytes(R"({"method":"job","params":{"job_id":"3"}})")), 0U);

  const auto found = [&](bool midstream) {
    Scene scene;
    FlowRef flow = scene.flow({"203.0.113.9", "10.0.0.5", 50'000});
    flow.midstream = midstream;
    scene.tell(flow, {.moment = FlowMoment::spoke, .said = {to_bytes(kNotify), to_bytes(kShare)}});
    return scene.found(*detector<Mining>().read(OptionSource()));
  };
  ASSERT_FALSE(found(true).empty());
  EXPECT_EQ(found(true)[0].subject, "10.0.0.5");
  EXPECT_TRUE(found(true)[0].objects[0].starts_with("203.0.113.9:"));
  EXPECT_TRUE(found(false).empty()) << "who listens is no miner";
}

TEST(MiningTest, NamesThePool) {
  const auto all = begun<Mining>(R"({"id":1,"method":"mining.subscribe"})", "{}");
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].objects, std::vector<std::string>{"203.0.113.9:4444"});
  EXPECT_EQ(all[0].confidence, 90);
}

}  // namespace
}  // namespace lapwing::analytics
