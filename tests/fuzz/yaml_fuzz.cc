// A configuration file from any hand is read or refused with a place, never a crash.
#include <cstddef>
#include <cstdint>

#include "sensor/config/config.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace lapwing;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  // The fuzzer must not read files of the machine.
  if (text.find("include") != text.npos) return 0;
  try {
    auto root = parse_yaml(text, "fuzz.yaml");
    set_value(*root, "a.0.b=1");
    unused_keys(*root);
    Setting adopted;
    adopt_suricata(std::move(root), adopted);
    unknown_key_messages(adopted, {});
  } catch (const SettingError&) {
  }
  return 0;
}
