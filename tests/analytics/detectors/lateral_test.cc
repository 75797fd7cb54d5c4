#include "analytics/detectors/lateral.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "dissectors/protocols/http/http.h"
#include "tests/analytics/detectors/operation_scene.h"

namespace lapwing::analytics {
namespace {

using test::level;
using test::names;
using test::OperationScene;
using test::says;

constexpr uint16_t kCreateService = 12, kStartService = 19, kDeleteService = 2, kChangeService = 11;

/// The verdict of the last that is told while it is open, or "".
std::string verdict(const std::vector<Behaviour>& found) {
  if (found.empty()) return {};
  const std::string& text = found.back().evidence;
  const std::string_view begin = R"("verdict":")";
  const size_t at = text.find(begin) + begin.size();
  return text.substr(at, text.find('"', at) - at);
}
std::string verdict(const OperationScene& scene) {
  return verdict(scene.found<Lateral>());
}

TEST(LateralTest, AProgramOnAnAdministrativeShareThatBecomesAService) {
  const auto found = OperationScene()
                         .smb("create", "ADMIN$\\PSEXESVC.exe")
                         .smb("write", "ADMIN$\\PSEXESVC.exe")
                         .at(22)
                         .call("svcctl", kCreateService, "PSEXESVC")
                         .at(23)
                         .call("svcctl", kStartService)
                         .found<Lateral>();
  ASSERT_GE(found.size(), 2u);
  const Behaviour& last = found.back();
  EXPECT_EQ(last.subject, "10.0.0.5");
  EXPECT_EQ(last.objects, std::vector<std::string>{"10.0.0.9"});
  EXPECT_EQ(last.severity, 90);
  EXPECT_EQ(level(last), FindingLevel::medium);
  EXPECT_TRUE(names(last, "T1021.002") && names(last, "T1569.002") && names(last, "T1543.003"));
  EXPECT_TRUE(says(last, R"("verdict":"psexec")")) << last.evidence;
  EXPECT_TRUE(says(last, R"("PSEXESVC")")) << last.evidence;
  EXPECT_TRUE(says(last, R"(["admin-share-write","program-write","service-change","service-start"])")) << last.evidence;
  EXPECT_TRUE(says(last, R"("stages_s":[0,0,22,23])")) << last.evidence;
}

TEST(LateralTest, EachWayHasItsVerdict) {
  EXPECT_EQ(verdict(OperationScene().call("svcctl", kChangeService).call("svcctl", kStartService)), "service");
  EXPECT_EQ(verdict(OperationScene().call("ITaskSchedulerService", 1)), "task");
  EXPECT_EQ(verdict(OperationScene().call("atsvc", 0)), "task");
  EXPECT_EQ(verdict(OperationScene().call("ITaskSchedulerService", 12)), "task-run");
  EXPECT_EQ(verdict(OperationScene().call("IWbemServices", 24)), "wmi");
  EXPECT_EQ(verdict(OperationScene().call("IWbemServices", kBound)), "wmi-query");
  EXPECT_EQ(verdict(OperationScene().call("IRemoteSCMActivator", 4).call("IDispatch", 6)), "dcom-call");
  EXPECT_EQ(verdict(OperationScene().call("IRemoteSCMActivator", 4).call("IWbemServices", 24)), "wmi");
  EXPECT_EQ(verdict(OperationScene().call("svcctl", kStartService)), "service-start");
  OperationScene there;
  there.smb("write", "ADMIN$\\x.exe", Outcome::failure).call("svcctl", kCreateService, {}, Outcome::failure);
  EXPECT_EQ(verdict(there), "");
  EXPECT_EQ(verdict(there.call("svcctl", kStartService)), "service-again");
  EXPECT_EQ(verdict(OperationScene().smb("write", "C$\\Users\\x.txt")), "admin-share-write");
  EXPECT_EQ(verdict(OperationScene().smb("write", "share\\x.EXE").call("svcctl", kCreateService)), "psexec");
}

TEST(LateralTest, ASealedCallCountsAsOthersDo) {
  OperationScene scene;
  scene.operation(scene.flow({"10.0.0.5", "10.0.0.9", 49'154}),
                  {.interface = "IWbemServices", .number = 24, .outcome = Outcome::unknown, .sealed = true});
  const auto found = scene.found<Lateral>();
  EXPECT_EQ(verdict(found), "wmi");
  EXPECT_TRUE(says(found.back(), R"("sealed":1)")) << found.back().evidence;
}

TEST(LateralTest, OutputThatIsFetchedTellsOfACommand) {
  const auto fetch = [](OperationScene scene, std::string_view file) {
    return scene.at(2).smb("read", file).at(3).smb("delete", file);
  };
  EXPECT_EQ(verdict(fetch(OperationScene().call("IWbemServices", 24), "ADMIN$\\__1577.2")), "wmi-output");
  EXPECT_EQ(verdict(fetch(OperationScene().call("svcctl", kCreateService), "C$\\__output")), "service-output");
  EXPECT_EQ(verdict(fetch(OperationScene().call("atsvc", 0), "ADMIN$\\Temp\\x.tmp")), "task-output");
  EXPECT_EQ(verdict(fetch(OperationScene().call("IDispatch", 6), "ADMIN$\\__1")), "dcom-output");
  EXPECT_EQ(verdict(fetch(OperationScene(), "ADMIN$\\__1")), "output");
  EXPECT_EQ(verdict(fetch(OperationScene().smb("write", "C$\\a.txt"), "C$\\a.txt")), "admin-share-write")
      << "it is the client's own";
  OperationScene often, once;
  for (const std::string_view file : {"C$\\a.txt", "C$\\A.TXT", "C$\\a.txt"}) often.smb("open", file).smb("read", file);
  EXPECT_EQ(verdict(often), "output");
  once.call("IWbemServices", 20).smb("open", "C$\\a.iso");
  for (int i = 0; i < 50; ++i) once.smb("read", "C$\\a.iso");
  EXPECT_EQ(verdict(once), "wmi-query") << "a large file, in parts";
  EXPECT_EQ(verdict(OperationScene().smb("read", "C$\\a.txt").smb("delete", "C$\\b.txt")), "");
  EXPECT_EQ(verdict(fetch(OperationScene(), "public\\a.txt")), "") << "no administrative share";
}

TEST(LateralTest, ServicesThatAreMadeAndDeletedInSeries) {
  OperationScene scene;
  for (int i = 0; i < 3; ++i) scene.at(10.0 * i).call("svcctl", kCreateService).call("svcctl", kDeleteService);
  const auto found = scene.found<Lateral>();
  EXPECT_EQ(verdict(found), "service-series");
  EXPECT_EQ(found.back().severity, 90);
}

TEST(LateralTest, WhatIsNone) {
  EXPECT_EQ(verdict(OperationScene()
                        .smb("tree_connect", "IPC$")
                        .smb("open", "public\\report.docx")
                        .smb("write", "public\\report.docx")
                        .smb("write", "home$\\report.docx")
                        .smb("write", "public\\setup.exe")
                        .smb("read", "ADMIN$\\x")),
            "")
      << "work on shared files";
  EXPECT_EQ(verdict(OperationScene().call("svcctl", 15).call("svcctl", 6).call("samr", 64).call("netlogon", 26)), "");
  EXPECT_EQ(verdict(OperationScene().call("svcctl", kCreateService, "x", Outcome::failure)), "") << "it was refused";
  EXPECT_EQ(verdict(OperationScene().smb("write", "ADMIN$\\x.exe", Outcome::failure)), "");
  EXPECT_EQ(verdict(OperationScene().between("10.0.0.5", "198.51.100.7").call("svcctl", kCreateService)), "")
      << "no host of ours";
  EXPECT_EQ(verdict(OperationScene().smb("write", "share\\x.exe").at(700).call("svcctl", kCreateService)), "service")
      << "they lie apart";
}

TEST(LateralTest, ManyServersAreOneFindingMore) {
  OperationScene scene;
  for (int i = 1; i <= 5; ++i) {
    scene.at(100.0 * i).between("10.0.0.5", "10.0.1." + std::to_string(i)).call("svcctl", kCreateService);
  }
  const auto all = scene.found<Lateral>();
  const auto fan = std::ranges::find_if(all, [](const Behaviour& of) { return says(of, R"("fan-out")"); });
  ASSERT_NE(fan, all.end());
  EXPECT_EQ(fan->severity, 95);
  EXPECT_EQ(fan->objects.size(), 4u);
  EXPECT_GE(level(*fan), FindingLevel::medium);
}

TEST(LateralTest, WhatIsNewCountsMore) {
  const auto confidence = [](uint64_t learn, double known) {
    OperationScene scene;
    scene.learn = learn;
    const auto call = [&](double time) { scene.at(time).call("svcctl", kCreateService); };
    if (known != 0) call(known);
    for (double time = 1000; time < 90'000; time += 1000) scene.at(time).between("10.0.0.7", "10.0.0.8").call("x", 0);
    for (double time = 1000; time < 90'000; time += 1000) scene.at(time).show(0, [](AnyLocal&, uint32_t) {});
    scene.at(90'000).between("10.0.0.5", "10.0.0.9").call("svcctl", kCreateService);
    const auto all = scene.found<Lateral>();
    return all.empty() ? 0 : int{all.back().confidence};
  };
  EXPECT_EQ(confidence(86'400, 0), 80);
  EXPECT_EQ(confidence(86'400, 10), 60) << "it did so before";
  EXPECT_EQ(confidence(7 * 86'400, 0), 60) << "too little is known";
}

TEST(LateralTest, AnAccountAtManyHostsCountsMore) {
  OperationScene scene;
  for (int i = 1; i <= 3; ++i) {
    FlowRef flow = scene.at(i).flow({"10.0.0.5", "10.0.0." + std::to_string(10 + i), 445});
    flow.protocol = "smb";
    scene.login(flow, {.user = "CORP\\Admin", .outcome = Outcome::success});
  }
  const auto found = scene.at(5).between("10.0.0.5", "10.0.0.11").call("svcctl", kCreateService).found<Lateral>();
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found.back().confidence, 70);
  EXPECT_TRUE(says(found.back(), R"("account":"corp\\admin","account_hosts":3)")) << found.back().evidence;
}

/// A session of a protocol by which hosts are worked on.
void work(OperationScene& scene, double time, std::string client, std::string server, std::string_view protocol,
          uint64_t bytes = 20'000) {
  FlowRef flow = scene.at(time).flow({std::move(client), std::move(server), 22});
  flow.protocol = protocol;
  scene.tell(flow, {.moment = FlowMoment::closed, .bytes = {bytes, bytes}, .packets = {20, 20}});
}

TEST(LateralTest, LoginsAtManyHostsWhereNobodyElseIsLetIn) {
  const auto severity = [](std::string_view user, int servers, double pause, bool others, bool learned) {
    OperationScene scene;
    if (learned) scene.learn = 86'400;
    const auto log_in = [&](double time, const std::string& client, const std::string& server, std::string_view as) {
      FlowRef flow = scene.at(time).flow({client, server, 445});
      flow.protocol = "smb";
      scene.login(flow, {.user = std::string(as), .outcome = Outcome::success});
    };
    for (double time = 1000; time < 90'000; time += 1000) log_in(time, "10.0.0.1", "10.0.0.2", "anna");
    for (int i = 0; i < servers; ++i) {
      const std::string server = "10.0.1." + std::to_string(1 + i);
      if (others) log_in(90'000 + pause * i, "10.0.0.8", server, "ben");
      log_in(90'000.5 + pause * i, "10.0.0.5", server, user);
    }
    const auto found = scene.found<Lateral>();
    return found.empty() ? 0 : int{found.back().severity};
  };
  EXPECT_EQ(severity("admin", 12, 10, false, false), 35);
  EXPECT_EQ(severity("admin", 12, 10, false, true), 65);
  EXPECT_EQ(severity("admin", 7, 10, false, true), 0);
  EXPECT_EQ(severity("admin", 12, 200, false, true), 0) << "in an hour";
  EXPECT_EQ(severity("admin", 12, 10, true, true), 0) << "servers";
  EXPECT_EQ(severity("PC7$", 12, 10, false, true), 0) << "a machine";
}

TEST(LateralTest, SessionsWithManyHostsCountAsLogins) {
  for (const std::string_view protocol : {"ssh", "rdp"}) {
    OperationScene scene;
    for (int i = 0; i < 10; ++i) work(scene, 20.0 * i, "10.0.0.5", "10.0.1." + std::to_string(1 + i), protocol);
    const auto found = scene.found<Lateral>();
    ASSERT_FALSE(found.empty()) << protocol;
    EXPECT_EQ(verdict(found), "logins");
    EXPECT_TRUE(names(found.back(), protocol == "ssh" ? "T1021.004" : "T1021.001"));
  }
}

TEST(LateralTest, SessionsCountWhereTheyAreNew) {
  const auto found = [](std::string_view protocol, bool known, uint64_t bytes) {
    OperationScene scene;
    scene.learn = 86'400;
    if (known) work(scene, 10, "10.0.0.5", "10.0.0.9", protocol);
    for (double time = 1000; time < 90'000; time += 1000) work(scene, time, "10.0.0.1", "10.0.0.2", protocol);
    work(scene, 90'000, "10.0.0.5", "10.0.0.9", protocol, bytes);
    return verdict(scene);
  };
  EXPECT_EQ(found("ssh", false, 20'000), "ssh");
  EXPECT_EQ(found("rdp", false, 20'000), "rdp");
  EXPECT_EQ(found("ssh", true, 20'000), "");
  EXPECT_EQ(found("ssh", false, 2'000), "") << "no more than a refusal";
  EXPECT_EQ(found("tls", false, 20'000), "");
}

}  // namespace
}  // namespace lapwing::analytics
