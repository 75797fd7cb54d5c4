// TestCase: a capture, what the sensor is told, and what must come of it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sensor/verify/expectation.h"
#include "sensor/verify/lab.h"

namespace lapwing::verify {

/// Captures as one: one after the other, or merged by time, each then begun `shift` after the one before it.
struct Footage {
  std::vector<std::string> files;
  bool merged = false, shifted = false;
  int64_t shift = 0;  // ns
};

/// A check that is not made, and why.
struct Omitted {
  std::string title, why;
};

struct TestCase {
  std::string name, path, folder;  // file that it stands in, and where it is run
  SourceMark mark;
  std::vector<std::string> attack;  // ATT&CK ids
  std::string skipped;              // why it is not run; empty: it is
  bool generated = false;           // its traffic was made for it
  std::optional<Staging> staging;   // how it is made anew

  Footage capture;
  std::vector<std::string> learn;  // captures that the sensor has seen before
  std::vector<std::string> rule_files;
  std::string rule_text;
  SourceMark rule_mark;  // of the text

  std::shared_ptr<const DataNode> config;  // laid on the defaults
  std::string config_file, suricata_config;
  std::vector<std::string> assignments;  // key=value
  std::string checksums;                 // none, all or auto; empty: as configured

  std::vector<Expectation> expectations;
  std::vector<Omitted> omitted;
  bool recut = true, scale = true;  // holds of other segments, and of other times and addresses
  bool adopted = false;             // of suricata-verify: judged as it is there, and no further
};

/// The tests of a file, one a document. Throws SettingError.
std::vector<TestCase> read_tests(const std::string& path);

/// The test of a folder of suricata-verify, which `name` calls it. One that cannot be run says why. Throws SettingError
/// where test.yaml is no YAML.
TestCase read_suricata_test(const std::string& folder, const std::string& name);

/// All tests at `paths`: files, and folders with all below them, in the order of their names. A folder with a test.yaml
/// that has no `expect` is one of suricata-verify's. What is at fault is added to `faults`.
std::vector<TestCase> find_tests(const std::vector<std::string>& paths, std::vector<std::string>& faults);

}  // namespace lapwing::verify
