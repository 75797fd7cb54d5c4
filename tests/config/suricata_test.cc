#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>

#include "sensor/base/text.h"
#include "sensor/config/config.h"
#include "tests/config/text_at.h"

namespace lapwing {
namespace {

using test::text_at;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST(SuricataInterfaces, TheListOfAfPacketIsTaken) {
  Setting root;
  root.kind = Setting::Kind::map;
  adopt_suricata(
      parse_yaml("af-packet:\n  - interface: eth0\n    cluster-id: 99\n    threads: 4\n    disable-promisc: yes\n"
                 "    checksum-checks: kernel\n  - interface: default\npcap:\n  - interface: eth7\n",
                 "/s.yaml"),
      root);
  ASSERT_TRUE(root.find("pcap"));
  EXPECT_EQ(root.find("pcap")->children.size(), 2u);
  EXPECT_EQ(root.find("pcap.0.interface")->scalar, "eth0");
  EXPECT_EQ(root.find("pcap.0.threads")->scalar, "4");
  EXPECT_EQ(root.find("pcap.0.promisc")->scalar, "no");
  EXPECT_EQ(root.find("pcap.0.checksum-checks")->scalar, "auto");
  EXPECT_EQ(root.find("pcap.0.cluster-id"), nullptr);
  EXPECT_EQ(root.find("af-packet"), nullptr);
}

TEST(SuricataTest, RelativeFilesGetTheirFolders) {
  std::filesystem::path folder = testing::TempDir() + "lapwing-nids";
  std::filesystem::create_directories(folder / "etc");
  for (const char* name : {"etc/classification.config", "reference.config"}) std::ofstream(folder / name) << "";
  Setting root;
  adopt_suricata(parse_yaml("default-rule-path: rules\nrule-files: [a.rules, /abs/b.rules]\n"
                            "classification-file: classification.config\nreference-config-file: ../reference.config\n"
                            "threshold-file: " +
                                (folder / "reference.config").string() + "\n",
                            folder / "etc/suricata.yaml"),
                 root);
  EXPECT_EQ(text_at(root, "default-rule-path"), folder / "etc/rules");
  EXPECT_EQ(text_at(root, "rule-files.0"), folder / "etc/rules/a.rules");
  EXPECT_EQ(text_at(root, "rule-files.1"), "/abs/b.rules");
  EXPECT_EQ(text_at(root, "classification-file"), folder / "etc/classification.config");
  EXPECT_EQ(text_at(root, "reference-config-file"), folder / "reference.config");
  EXPECT_EQ(text_at(root, "threshold-file"), folder / "reference.config");
}

TEST(SuricataTest, TablesThatAreNotThereAreReportedAndLeftToTheirDefaults) {
  Setting root;
  Warnings notes = adopt_suricata(
      parse_yaml("classification-file: none/classification.config\nthreshold-file: /none/t\n", "/none/suricata.yaml"),
      root);
  EXPECT_THAT(notes, ElementsAre("/none/suricata.yaml:1:22: classification-file: there is no "
                                 "'/none/none/classification.config'",
                                 HasSubstr("threshold-file: there is no '/none/t'")));
  EXPECT_EQ(text_at(root, "classification-file"), "(none)");
}

TEST(SuricataTest, RecordsAreShortUnlessToldOtherwise) {
  Setting root;
  adopt_suricata(parse_yaml("outputs:\n  - eve-log:\n      types: [alert, http, {tls: {extended: yes}}]\n"
                            "  - eve-log:\n      types: [{http: {custom: [via]}}, {tls: }]\n",
                            "/etc/suricata.yaml"),
                 root);
  EXPECT_EQ(text_at(root, "outputs.0.eve-log.types.1.http.extended"), "no");
  EXPECT_EQ(text_at(root, "outputs.0.eve-log.types.2.tls.extended"), "yes");
  EXPECT_EQ(text_at(root, "outputs.1.eve-log.types.0.http.extended"), "no");
  EXPECT_EQ(text_at(root, "outputs.1.eve-log.types.1.tls.extended"), "no");
}

TEST(SuricataTest, DnsIsOfVersion2BeforeSuricata8) {
  const auto version = [](const std::string& head, const std::string& type) {
    Setting root;
    adopt_suricata(parse_yaml(head + "outputs:\n  - eve-log:\n      types: [" + type + "]\n", "/etc/suricata.yaml"),
                   root);
    return text_at(root, "outputs.0.eve-log.types.0.dns.version");
  };
  EXPECT_EQ(version("suricata-version: \"7.0\"\n", "dns"), "2");
  EXPECT_EQ(version("suricata-version: \"7.0\"\n", "{dns: {formats: [grouped]}}"), "2");
  EXPECT_EQ(version("suricata-version: \"7.0\"\n", "{dns: {version: 3}}"), "3");
  EXPECT_EQ(version("suricata-version: \"8.0\"\n", "dns"), "(none)");
  EXPECT_EQ(version("", "dns"), "(none)");
}

TEST(SuricataTest, IncludedFilesThatAreNotThereAreReportedAndPassedOver) {
  std::string path = testing::TempDir() + "lapwing-include.yaml";
  std::ofstream(path) << "include: nowhere.yaml\nstream: {depth: 1}\n";
  Warnings warnings;
  auto root = read_suricata_yaml(path, warnings);
  EXPECT_THAT(warnings, ElementsAre(HasSubstr("lapwing-include.yaml:1:10: there is no ")));
  EXPECT_EQ(text_at(*root, "stream.depth"), "1");
  EXPECT_THROW(read_yaml(path), SettingError);
}

TEST(SuricataTest, RuleFilesWithoutARulePathLieBesideTheFile) {
  Setting root;
  adopt_suricata(parse_yaml("rule-files: local.rules\n", "/etc/nids/suricata.yaml"), root);
  EXPECT_EQ(text_at(root, "rule-files"), "/etc/nids/local.rules");
}

TEST(SuricataTest, PortsOfTunnelsMayBeVariables) {
  Setting root;
  adopt_suricata(parse_yaml("vars: {port-groups: {VXLAN_PORTS: 4789, BOTH: '[$VXLAN_PORTS,8472]'}}\n"
                            "decoder: {vxlan: {ports: $BOTH}, teredo: {ports: '3544'}}\n",
                            "s.yaml"),
                 root);
  EXPECT_EQ(text_at(root, "decoder.vxlan.ports"), "4789,8472");
  EXPECT_EQ(text_at(root, "decoder.teredo.ports"), "3544");
}

TEST(SuricataTest, AMissingOrCircularVariableIsRefusedWithItsPlace) {
  for (auto ports : {"$NONE", "$LOOP"}) {
    Setting root;
    auto yaml = parse_yaml(
        "vars: {port-groups: {LOOP: $LOOP}}\ndecoder:\n  vxlan:\n    ports: " + std::string(ports) + "\n", "s.yaml");
    try {
      adopt_suricata(std::move(yaml), root);
      FAIL() << ports;
    } catch (const SettingError& e) {
      EXPECT_THAT(e.what(), HasSubstr("s.yaml:4:12: ports: "));
    }
  }
}

TEST(SuricataTest, PoliciesThatBlockAreNamedWithTheirPlace) {
  Setting root;
  auto notes = adopt_suricata(
      parse_yaml("exception-policy: bypass\nstream:\n  memcap-policy: drop-flow\n  midstream-policy: Bypass\n"
                 "  reassembly: {memcap-policy: ignore}\napp-layer:\n  error-policy: reject\n"
                 "flow: {memcap-policy: bypass}\ndefrag: {memcap-policy: auto}\n",
                 "s.yaml"),
      root);
  EXPECT_THAT(
      notes, ElementsAre("s.yaml:3:18: stream.memcap-policy: drop-flow is taken as ignore, since a sensor only watches",
                         "s.yaml:7:17: app-layer.error-policy: reject is taken as ignore, since a sensor only watches",
                         "s.yaml:8:23: flow.memcap-policy: bypass is without effect: at the cap the flow "
                         "nearest to its timeout makes room"));
  EXPECT_EQ(text_at(root, "exception-policy"), "bypass");
  EXPECT_EQ(text_at(root, "stream.midstream-policy"), "bypass");
  EXPECT_EQ(text_at(root, "stream.memcap-policy"), "ignore");
  EXPECT_EQ(text_at(root, "app-layer.error-policy"), "ignore");
  for (auto key : {"flow.memcap", "defrag.memcap", "stream.reassembly.memcap-policy"}) root.find(key);
  EXPECT_EQ(unsupported_keys_message(root), "") << "told once";
}

TEST(SuricataTest, NoAlertAtAllIsWhatNobodyMeans) {
  Setting root;
  auto notes = adopt_suricata(parse_yaml("packet-alert-max: 0\n", "s.yaml"), root);
  EXPECT_EQ(root.find("packet-alert-max")->as_integer(), 15u);
  EXPECT_THAT(notes, ElementsAre(HasSubstr("packet-alert-max: 0 would drop every alert")));
}

TEST(SuricataTest, AdoptedSettingsLieOverThoseThatWereThere) {
  auto root = parse_yaml("stream: {memcap: 1, midstream: yes}\n", "own.yaml");
  adopt_suricata(parse_yaml("stream: {memcap: 2}\n", "s.yaml"), *root);
  EXPECT_EQ(text_at(*root, "stream.memcap"), "2");
  EXPECT_EQ(text_at(*root, "stream.midstream"), "yes");
}

/// "a.b.0" -> text, as suricata --dump-config lists settings; a list member that is a map shows its first key.
void flatten(const Setting& node, const std::string& path, std::map<std::string, std::string>& out) {
  bool list = node.kind == Setting::Kind::list;
  for (size_t i = 0; i < node.children.size(); ++i) {
    const Setting& child = *node.children[i];
    std::string name = (path.empty() ? "" : path + ".") + (list ? std::to_string(i) : child.key);
    std::string text = child.kind == Setting::Kind::scalar ? child.scalar : "(null)";
    if (list && child.kind == Setting::Kind::map && !child.children.empty()) text = child.children[0]->key;
    out[name] = text;
    flatten(child, name, out);
  }
}

constexpr char kInstalled[] = "/etc/suricata/suricata.yaml";

TEST(SuricataTest, TheInstalledFileIsReadAsSuricataReadsIt) {
  if (!std::filesystem::exists(kInstalled) || std::system("command -v suricata >/dev/null 2>&1") != 0) {
    GTEST_SKIP() << "no Suricata here";
  }
  std::map<std::string, std::string> ours, theirs;
  flatten(*read_yaml(kInstalled), "", ours);
  FILE* pipe = ::popen((std::string("suricata --dump-config -c ") + kInstalled + " 2>/dev/null").c_str(), "r");
  char line[4096];
  while (std::fgets(line, sizeof line, pipe)) {
    std::string_view text(line);
    size_t equals = text.find(" = ");
    if (equals != text.npos) theirs[std::string(text.substr(0, equals))] = trim(text.substr(equals + 3));
  }
  ::pclose(pipe);
  ASSERT_GT(theirs.size(), 400u);
  for (const auto& [name, text] : theirs) {
    EXPECT_TRUE(ours.contains(name)) << name;
    if (ours.contains(name)) {
      EXPECT_EQ(trim(ours[name]), text) << name;
    }
  }
  EXPECT_EQ(ours.size(), theirs.size());
}

TEST(SuricataTest, NoKeyOfTheInstalledFileIsTakenForATypingError) {
  if (!std::filesystem::exists(kInstalled)) GTEST_SKIP() << "no Suricata here";
  Setting root;
  adopt_suricata(read_yaml(kInstalled), root);
  const std::vector<std::string> known = {"rule-files", "default-rule-path", "stream.memcap", "flow.memcap",
                                          "exception-policy"};
  for (const char* read :
       {"rule-files", "default-rule-path", "stream.reassembly.memcap", "flow.memcap", "stream.memcap",
        "stream.checksum-validation", "stream.reassembly.depth", "defrag.memcap", "defrag.timeout",
        "outputs.eve-log.enabled", "outputs.eve-log.filetype", "outputs.eve-log.filename", "detect", "threading"}) {
    root.find(read);
  }
  EXPECT_THAT(unknown_key_messages(root, known), IsEmpty());
  std::string message = unsupported_keys_message(root);
  EXPECT_LT(message.size(), 1'200u) << message;
}

TEST(SuricataTest, KeysThatTheInstalledFileLeavesOutAreKnownToo) {
  Setting root;
  adopt_suricata(parse_yaml("outputs:\n"
                            "  - eve-log:\n"
                            "      types:\n"
                            "        - drop: {alerts: yes, flows: all}\n"
                            "        - mqtt: {passwords: yes, string-log-limit: 1kb}\n"
                            "        - pgsql: {passwords: yes}\n",
                            "suricata.yaml"),
                 root);
  EXPECT_THAT(unknown_key_messages(root, {}), IsEmpty());
}

}  // namespace
}  // namespace lapwing
