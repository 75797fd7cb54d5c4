// Label: a part for tests, which is one line of text.
#pragma once

#include <string>

#include "dissectors/contract/columns.h"
#include "dissectors/contract/out.h"

namespace lapwing::label {

struct Label {
  std::string text;
};

/// Stages of the part.
inline constexpr uint8_t kRead = 1;

struct Labels {
  enum class Anomaly : uint8_t { empty, unprintable };
  enum class Cap : uint8_t { length };
  static constexpr lapwing::Cap kCaps[] = {{"length", 16, "bytes of a label; a longer one is cut"}};
  static const Part part;
};

/// A label is read from a line of `tx`.
Label read(Bytes line, Direction direction, Transaction& tx, PartOut<Labels> out);

template <Sender sender, uint8_t stage>
inline constexpr Column kColumns[] = {
    columns::text<&Label::text>("text", "what is on it").rule({.name = "label.text", .sender = sender, .stage = stage}),
};

}  // namespace lapwing::label
