#include "sensor/event/field.h"

#include <algorithm>
#include <stdexcept>

#include "sensor/event/event.h"

namespace lapwing {

bool ColumnPath::many() const {
  return std::any_of(steps_.begin(), steps_.begin() + size_, [](const Column* step) { return step->many; });
}

ColumnPath ColumnPath::then(const Column& column) const {
  if (size_ == kMaxDepth) throw std::length_error("columns within more objects than rules can enter");
  ColumnPath out = *this;
  out.steps_[out.size_++] = &column;
  return out;
}

bool ColumnPath::visit(size_t step, const Place& at, ValueSink& sink) const {
  if (step + 1 == size_) return steps_[step]->visit(at, sink);
  struct Next final : PlaceSink {
    Next(const ColumnPath& p, size_t n, ValueSink& v) : path(p), number(n), values(v) {}
    bool take(const Place& place) override { return path.visit(number, place, values); }
    const ColumnPath& path;
    size_t number;
    ValueSink& values;
  } next(*this, step + 1, sink);
  return steps_[step]->enter(at, next);
}

namespace {

FieldKind kind_of(Shape shape) {
  switch (shape) {
    case Shape::date: return FieldKind::date;
    case Shape::integer:
    case Shape::choice:
    case Shape::flag: return FieldKind::integer;
    default: return FieldKind::bytes;
  }
}

void add(std::vector<Field>& fields, const RuleUse& use, const ColumnPath& path) {
  const Column& column = path.column();
  auto found = std::ranges::find(fields, use.name, &Field::name);
  if (found == fields.end()) {
    found = fields.insert(found, {.name = use.name,
                                  .kind = kind_of(column.shape),
                                  .sender = use.sender,
                                  .stage = use.file_stage == FileStage::none ? use.stage : kComplete,
                                  .file_stage = use.file_stage,
                                  .help = use.help.empty() ? column.help : use.help,
                                  .lowercased = use.lowercased,
                                  .pcre_letter = use.pcre_letter,
                                  .rarity_class = use.rarity,
                                  .sticky_aliases = use.aliases,
                                  .modifier = use.modifier,
                                  .names = column.names ? column.names() : std::span<const NamedValue>(),
                                  .form = use.form});
  }
  if (found->sender != use.sender) found->sender = Sender::either;
  found->many |= path.many();
  for (Direction direction : {Direction::to_server, Direction::to_client}) {
    const Sender sender = direction == Direction::to_server ? Sender::client : Sender::server;
    ColumnPath& place = found->paths[index(direction)];
    if (use.sender != sender && use.sender != Sender::either) continue;
    if (place.found()) throw std::logic_error("two columns of one direction are called " + std::string(use.name));
    place = path;
  }
}

/// `whose`: of the objects around the table.
void collect(std::vector<Field>& fields, Table table, const ColumnPath& within, Sender whose) {
  for (const Column& column : table) {
    const ColumnPath path = within.then(column);
    for (RuleUse use : column.rules) {
      if (use.name.empty()) continue;
      if (use.sender == Sender::either) use.sender = whose;
      if (whose == Sender::either || whose == use.sender) add(fields, use, path);
    }
    if (column.shape != Shape::object) continue;
    collect(fields, column.inside, path, column.sender == Sender::either ? whose : column.sender);
  }
}

}  // namespace

std::vector<Field> rule_fields(Table table) {
  std::vector<Field> fields;
  collect(fields, table, {}, Sender::either);
  return fields;
}

}  // namespace lapwing
