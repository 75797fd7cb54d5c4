// When rules over transactions are looked at.
#pragma once

#include <map>
#include <tuple>

#include "signatures/program/compiled.h"

namespace lapwing::rules {

/// Call of() for the rules of a set in their order: a rule that reads what an earlier one of the same protocol and
/// direction writes is not looked at before it, however the request or response comes in.
class Stages {
 public:
  explicit Stages(const Compiled& compiled) : compiled_(compiled) {}
  /// The stage of `direction` at which all of the rule's fields that come from it are final, but for those of one file;
  /// `file_stage`: that of the file.
  uint8_t of(const Rule& rule, size_t protocol, Direction direction, FileStage file_stage);
  /// The stage of a file at which what the rule asks of it is final; none: it is about no single file.
  FileStage of_file(const Rule& rule, size_t protocol, Direction direction) const;

 private:
  uint8_t fields_final(const Rule& rule, size_t protocol, Direction direction, FileStage file_stage) const;

  const Compiled& compiled_;
  std::map<std::tuple<NameKind, uint16_t, size_t, Direction>, uint8_t> written_;  // the last stage of a writer
};

}  // namespace lapwing::rules
