// The configuration tree: what a YAML file says, with the place of every node, free of any YAML library.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace lapwing {

/// A place in a file; line and column count from 1, 0 when the value came from the command line.
struct SourceMark {
  std::string file;
  uint32_t line = 0, column = 0;
};

std::string to_string(const SourceMark& mark);

/// What is wrong with a configuration or rule file, and where. what() is "file:line:column: message".
class SettingError : public std::runtime_error {
 public:
  SettingError(SourceMark where, const std::string& message);
  const SourceMark& where() const { return where_; }

 private:
  SourceMark where_;
};

/// One node of the tree [S]. A map keeps the order of the file. Reading a node marks it as used, so that a key
/// which nothing reads can be reported when all rooms have read theirs.
class Setting {
 public:
  enum class Kind : uint8_t { null, scalar, list, map };

  Kind kind = Kind::null;
  SourceMark mark;
  std::string key;     // of a member of a map
  std::string scalar;  // text of a scalar, unquoted
  std::vector<std::unique_ptr<Setting>> children;

  /// The member at a dotted path ("stream.reassembly.depth"), or null. Marks the nodes on the way as used.
  /// A member of a list is named by its position, or by its only key or text: "outputs.eve-log.types.ftp".
  const Setting* find(std::string_view path) const;
  /// The member for writing, made (as maps) where missing, with `where` as the mark of what is made. A list grows by
  /// the position after its last or by a new name. Throws SettingError for a position beyond that.
  Setting& make(std::string_view path, const SourceMark& where = {});
  /// A new last child; its kind is null.
  Setting& add(std::string_view name, const SourceMark& where = {});

  // Typed reads of a scalar; throw SettingError naming what would be right.
  bool as_bool() const;  // yes/no, true/false, on/off, 1/0
  uint64_t as_integer() const;
  uint64_t as_size() const;  // bytes, with kb, mb, gb (powers of 1024)
  double as_number() const;
  const std::string& as_text() const;

  /// Members below this node that no read has touched, outermost only.
  std::vector<const Setting*> unused() const;
  /// Marks this node and all below as used: a reader takes the subtree as a whole.
  void use_all() const;
  [[noreturn]] void fail(const std::string& message) const;

 private:
  void use() const { used_ = true; }
  void scalar_to_map(std::string_view member);
  void collect_unused(std::vector<const Setting*>& out) const;
  mutable bool used_ = false;
};

}  // namespace lapwing
