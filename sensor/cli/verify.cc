// `verify`: captures against what must come of them.
#include <algorithm>
#include <thread>

#include "analytics/registry.h"
#include "sensor/cli/commands.h"
#include "sensor/cli/rights.h"
#include "sensor/verify/suite.h"

namespace lapwing {

void add_verify(CLI::App& app, Command& command) {
  CLI::App* sub =
      app.add_subcommand("verify", "run captures against the records, findings and incidents they must give");
  auto options = std::make_shared<verify::SuiteOptions>();
  options->jobs = std::max(1u, std::thread::hardware_concurrency());
  auto quick = std::make_shared<bool>(false);
  sub->add_option("PATH", options->paths, "test files (YAML), or folders of them or of suricata-verify")->required();
  sub->add_option("--filter", options->filter, "only tests with this text in their name, file or techniques");
  sub->add_option("--workers", options->workers, "numbers of workers that must give the same records, 1,2 unless told")
      ->delimiter(',')
      ->check(CLI::Range(1, 256));
  sub->add_flag("--quick", *quick, "judge each capture once: no other workers, segments, times and addresses");
  sub->add_option("--jobs", options->jobs, "tests at once")->check(CLI::Range(1, 256));
  sub->add_option("--limit", options->limit, "seconds that one test may take")->capture_default_str();
  sub->add_option("--junit", options->junit, "write JUnit XML to this file");
  sub->add_option("--json", options->json, "write all results to this file");
  sub->add_option("--navigator", options->navigator, "write a layer of the ATT&CK Navigator to this file");
  sub->add_flag("--live", options->live,
                "make the traffic of tests that say how, in network namespaces without a way out; as root, and their "
                "commands are run as they stand");
  sub->add_flag("--gaps", options->gaps,
                "list techniques that detectors claim and no test shows, and fail where there are any");
  sub->add_flag("--update", options->update, "write the numbers of records found into rows that count an exact one");
  sub->add_flag("-v,--verbose", options->verbose, "tell of what passed, too");
  sub->callback([options, quick, &command] {
    command = [options, quick] {
      for (const analytics::DetectorRow& row : analytics::detectors()) {
        verify::Claim& claim = options->claims.emplace_back();
        claim.name = row.about.name;
        for (const Technique& technique : row.about.techniques) claim.techniques.push_back(technique.id);
      }
      options->confine = [] { confine_rules({}, {}); };
      if (*quick) {
        options->workers = {1};
        options->variants = false;
      }
      return verify::run_suite(*options);
    };
  });
}

}  // namespace lapwing
