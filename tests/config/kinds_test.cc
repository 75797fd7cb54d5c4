#include <gtest/gtest.h>

#include "sensor/config/config.h"

namespace lapwing {
namespace {

const std::vector<std::string> kKnown = {"stream.memcap",
                                         "stream.reassembly.depth",
                                         "file.hash",
                                         "file.hash.all",
                                         "outputs.eve-log.community-id",
                                         "outputs.eve-log.types.alert.payload",
                                         "outputs.eve-log.types.alert.metadata.flow",
                                         "app-layer.protocols.tls.ja3.enabled",
                                         "pcap.threads"};

/// What is wrong with a file, or nothing.
std::string fault(std::string_view yaml) {
  try {
    check_kinds(*parse_yaml(yaml, "x.yaml"), kKnown);
  } catch (const SettingError& error) {
    return error.what();
  }
  return "";
}

TEST(CheckKinds, AValueWhereAMapBelongsIsAFault) {
  EXPECT_EQ(fault("flow: 1\nstream: yes\n"),
            "x.yaml:2:9: stream: a map of settings is expected here, such as memcap: ..., not 'yes'");
  EXPECT_EQ(fault("stream: {reassembly: 1mb}\n").find("x.yaml:1:22: stream.reassembly: "), 0u);
  for (const char* yaml :
       {"outputs: eve", "outputs: [eve-log]", "outputs: [{eve-log: yes}]", "outputs: {eve-log: yes}", "vars: none",
        "vars: {address-groups: x}", "vars: {port-groups: 80}", "pcap: eth0", "app-layer: {protocols: {tls: no}}"}) {
    EXPECT_NE(fault(yaml), "") << yaml;
  }
}

TEST(CheckKinds, MapsListsAndNothingAreNone) {
  for (const char* yaml :
       {"stream:", "stream: {memcap: 1mb}", "stream: ''", "unknown: yes", "pcap: [eth0, {threads: 2}]",
        "outputs: [{eve-log: {types: [alert, {alert: yes}]}}, {fast: no}]", "file: {hash: [md5]}", "file: {hash: md5}",
        "outputs: [{eve-log: {types: [{alert: {metadata: no}}]}}]", "vars: {address-groups: {HOME_NET: any}}",
        "stream: [{memcap: 1}]"}) {
    EXPECT_EQ(fault(yaml), "") << yaml;
  }
}

}  // namespace
}  // namespace lapwing
