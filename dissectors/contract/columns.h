// Makers of columns. `Read` says where the value is found: a data member or const member function of the object, or a
// function of the object, which may also take its transaction, its Place, or a text for what it has to make. It gives
// - a view or text, or an optional or pointer, whose empty text is a value where else it is none,
// - a number, enum, flag, address, or an optional of one,
// - for objects a reference or a pointer, which may be null but in a list, and for lists a range of any of these.
#pragma once

#include <algorithm>
#include <concepts>
#include <functional>
#include <iterator>
#include <optional>
#include <type_traits>

#include "sensor/base/ip_address.h"
#include "sensor/event/column.h"
#include "sensor/event/event.h"
#include "sensor/event/record_plan.h"

namespace lapwing::columns {

namespace made {

template <class F>
struct Reader;
template <class O, class T>
struct Reader<T O::*> {
  using Object = O;
  static decltype(auto) call(auto read, const O& object, const Place&, std::string&) {
    return std::invoke(read, object);
  }
};
template <class R, class O, class... More>
struct Reader<R (*)(const O&, More...)> {
  using Object = O;
  static R call(auto read, const O& object, const Place& at, std::string& scratch) {
    return read(object, argument<More>(at, scratch)...);
  }
  template <class A>
  static decltype(auto) argument(const Place& at, std::string& scratch) {
    if constexpr (std::same_as<A, std::string&>) {
      return (scratch);
    } else if constexpr (std::same_as<A, const Place&>) {
      return (at);
    } else {
      return static_cast<A>(*at.tx);
    }
  }
};

template <auto Read>
using ObjectOf = typename Reader<decltype(Read)>::Object;

template <auto Read>
decltype(auto) call(const Place& at, std::string& scratch) {
  using Object = ObjectOf<Read>;
  if constexpr (std::derived_from<Object, Transaction>) {
    return Reader<decltype(Read)>::call(Read, static_cast<const Object&>(*at.tx), at, scratch);
  } else {
    return Reader<decltype(Read)>::call(Read, *static_cast<const Object*>(at.self), at, scratch);
  }
}
template <auto Read>
using Result = decltype(call<Read>(std::declval<const Place&>(), std::declval<std::string&>()));

template <class T>
constexpr bool is_optional = false;
template <class T>
constexpr bool is_optional<std::optional<T>> = true;
template <class T>
concept Textual = std::convertible_to<T, std::string_view> || std::convertible_to<T, Bytes>;

Bytes bytes_of(const Textual auto& text) {
  if constexpr (std::convertible_to<decltype(text), std::string_view>) {
    return to_bytes(text);
  } else {
    return text;
  }
}

/// False when there is no value. `even_empty`: an optional holds it.
template <class T>
bool take(T&& value, std::string& scratch, Value& out, bool even_empty = false) {
  using Plain = std::remove_cvref_t<T>;
  if constexpr (is_optional<Plain> || (std::is_pointer_v<Plain> && !Textual<Plain>)) {
    return value && take(*std::forward<T>(value), scratch, out, true);
  } else if constexpr (std::same_as<Plain, std::string> && !std::is_lvalue_reference_v<T>) {
    scratch = std::forward<T>(value);
    out.bytes = to_bytes(scratch);
    return even_empty || !out.bytes.empty();
  } else if constexpr (Textual<Plain>) {
    out.bytes = bytes_of(value);
    return even_empty || !out.bytes.empty();
  } else if constexpr (std::same_as<Plain, IpAddress>) {
    scratch = to_string(value);
    out.bytes = to_bytes(scratch);
    return true;
  } else {
    static_assert(std::integral<Plain> || std::is_enum_v<Plain>,
                  "a text, number, flag or address, or an optional of one");
    out.integer = static_cast<uint64_t>(value);
    return true;
  }
}

template <auto Read>
bool visit(const Place& at, ValueSink& sink) {
  std::string& scratch = sink.scratch();
  Value value;
  return !take(call<Read>(at, scratch), scratch, value) || sink.take(value);
}

/// Calls `each` with the elements of the range that `Read` gives, if it gives one, until that returns false.
template <auto Read>
bool for_each(const Place& at, std::string& scratch, auto&& each) {
  auto&& range = call<Read>(at, scratch);
  auto walk = [&](auto&& elements) {
    const auto end = elements.end();
    for (auto next = elements.begin(); next != end; ++next) {
      if (!each(*next)) return false;
    }
    return true;
  };
  if constexpr (is_optional<std::remove_cvref_t<decltype(range)>>) {
    return !range || walk(*range);
  } else {
    return walk(range);
  }
}

template <auto Read>
bool visit_each(const Place& at, ValueSink& sink) {
  std::string unused;
  return for_each<Read>(at, unused, [&](auto&& element) {
    Value value;
    return !take(std::forward<decltype(element)>(element), sink.scratch(), value, true) || sink.take(value);
  });
}

/// Writes a value behind its key.
template <Shape Kind>
void put(const Value& value, JsonWriter& json) {
  if constexpr (Kind == Shape::text || Kind == Shape::address) json.value(value.bytes);
  if constexpr (Kind == Shape::hex) json.hex(value.bytes);
  if constexpr (Kind == Shape::base64) json.base64(value.bytes);
  if constexpr (Kind == Shape::flag) json.value(value.integer != 0);
  if constexpr (Kind == Shape::integer) json.value(value.integer);
}

template <auto Read, Shape Kind>
void write(const Shown& shown, const Place& at, RecordWriter& out) {
  if constexpr (std::same_as<Result<Read>, std::optional<IpAddress>>) {
    if (const auto address = call<Read>(at, out.scratch)) out.json.member(shown.column->member, *address);
    return;
  }
  Value value;
  if (!take(call<Read>(at, out.scratch), out.scratch, value)) return;
  if (Kind == Shape::flag && value.integer == 0 && !shown.column->even_empty) return;
  put<Kind>(value, out.json.key(shown.column->member));
}

template <auto Read>
void write_printable(const Shown& shown, const Place& at, RecordWriter& out) {
  Value value;
  if (!take(call<Read>(at, out.scratch), out.scratch, value)) return;
  out.json.key(shown.column->member).printable(value.bytes);
}

template <auto Read, auto Name>
void write_choice(const Shown& shown, const Place& at, RecordWriter& out) {
  Value value;
  if (!take(call<Read>(at, out.scratch), out.scratch, value)) return;
  out.json.member(shown.column->member, Name(value.integer, out.scratch));
}

/// Writes the elements of a range one by one; `show(element, count)` says how. Of equal neighbours, where `Same` tells
/// them, the first stands for all.
template <auto Same>
void write_elements(const Shown& shown, const Place& at, RecordWriter& out, auto&& range, auto&& show) {
  bool open = shown.column->even_empty;
  if (open) out.json.begin_array(shown.column->member);
  const auto end = range.end();
  for (auto next = range.begin(); next != end;) {
    decltype(auto) element = *next;
    size_t count = 1;
    ++next;
    if constexpr (!std::same_as<decltype(Same), std::nullptr_t>) {
      for (; next != end && Same(element, *next, at); ++next) ++count;
    }
    if (!out.entry()) break;
    if (!open) out.json.begin_array(shown.column->member);
    open = true;
    show(element, count);
  }
  if (open) out.json.end_array();
}

/// The range that `Read` gives, or nothing where it gives none.
template <auto Read, auto Same>
void write_range(const Shown& shown, const Place& at, RecordWriter& out, auto&& show) {
  auto&& range = call<Read>(at, out.scratch);
  if constexpr (is_optional<std::remove_cvref_t<decltype(range)>>) {
    if (range) write_elements<Same>(shown, at, out, *range, show);
  } else {
    write_elements<Same>(shown, at, out, range, show);
  }
}

template <auto Read, Shape Kind>
void write_each(const Shown& shown, const Place& at, RecordWriter& out) {
  write_range<Read, nullptr>(shown, at, out, [&](const auto& element, size_t) {
    Value value;
    if (take(element, out.scratch, value, true)) put<Kind>(value, out.json);
  });
}

/// Where the columns of an object are read: in itself, or in what it points to.
template <class Object>
const void* address(const Object& object) {
  if constexpr (std::is_pointer_v<Object>) {
    return object;
  } else {
    return &object;
  }
}

template <auto Read, auto Same>
void write_objects(const Shown& shown, const Place& at, RecordWriter& out) {
  write_range<Read, Same>(shown, at, out, [&](const auto& element, size_t count) {
    out.json.begin_object();
    out.write(shown.inside, at.within(address(element)));
    if (count > 1) out.json.member("count", count);
    out.json.end_object();
  });
}

/// Where the columns of an object are read; null where there is none.
template <auto Read>
const void* address_of(const Place& at, std::string& scratch) {
  static_assert(std::is_pointer_v<std::remove_cvref_t<Result<Read>>> || std::is_lvalue_reference_v<Result<Read>>,
                "an object that stays where it is");
  return address(call<Read>(at, scratch));
}

template <auto Read>
void write_object(const Shown& shown, const Place& at, RecordWriter& out) {
  const void* self = address_of<Read>(at, out.scratch);
  if (!self) return;
  const bool spliced = shown.column->member.empty();
  if (!spliced) out.json.begin_object(shown.column->member);
  out.write(shown.inside, at.within(self));
  if (!spliced) out.json.end_object();
}

template <auto Read>
bool enter(const Place& at, PlaceSink& sink) {
  std::string unused;
  const void* self = address_of<Read>(at, unused);
  return !self || sink.take(at.within(self));
}

template <auto Read>
bool enter_each(const Place& at, PlaceSink& sink) {
  std::string unused;
  return for_each<Read>(at, unused, [&](const auto& element) { return sink.take(at.within(address(element))); });
}

template <auto Read, Shape Kind>
constexpr Column plain(std::string_view member, std::string_view help) {
  return {.member = member,
          .shape = Kind,
          .help = help,
          .visit = &visit<Read>,
          .write = member.empty() ? nullptr : &write<Read, Kind>};
}

}  // namespace made

/// A range of what `Next(rest, element)` takes off the front of some bytes, until it returns false.
template <class Element, auto Next>
class Taken {
 public:
  explicit Taken(Bytes bytes) : bytes_(bytes) {}

  class Iterator {
   public:
    using difference_type = std::ptrdiff_t;
    explicit Iterator(Bytes rest) : rest_(rest), more_(Next(rest_, element_)) {}
    Element operator*() const { return element_; }
    Iterator& operator++() {
      more_ = Next(rest_, element_);
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return !more_; }

   private:
    Bytes rest_;
    Element element_ = {};
    bool more_;
  };
  Iterator begin() const { return Iterator(bytes_); }
  static std::default_sentinel_t end() { return {}; }

 private:
  Bytes bytes_;
};

/// A range of `Make(0)` to `Make(size - 1)`.
template <class Make>
class Numbered {
 public:
  Numbered(size_t size, Make make) : size_(size), make_(make) {}

  class Iterator {
   public:
    using difference_type = std::ptrdiff_t;
    Iterator(const Numbered& range, size_t at) : range_(&range), at_(at) {}
    auto operator*() const { return range_->make_(at_); }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    void operator++(int) { ++at_; }
    bool operator==(std::default_sentinel_t) const { return at_ == range_->size_; }

   private:
    const Numbered* range_;
    size_t at_;
  };
  Iterator begin() const { return Iterator(*this, 0); }
  static std::default_sentinel_t end() { return {}; }

 private:
  size_t size_;
  Make make_;
};

// An empty member: the column is one of rules alone.
template <auto Read>
constexpr Column text(std::string_view member, std::string_view help) {
  return made::plain<Read, Shape::text>(member, help);
}
/// Text in which every unprintable byte is a dot.
template <auto Read>
constexpr Column printable(std::string_view member, std::string_view help) {
  Column out = made::plain<Read, Shape::text>(member, help);
  out.write = &made::write_printable<Read>;
  return out;
}
/// Text of which rules see what `Read` gives, and records show what `ReadShown` does: less, where it is secret.
template <auto Read, auto ReadShown>
constexpr Column redacted(std::string_view member, std::string_view help) {
  Column out = text<Read>(member, help);
  out.write = &made::write<ReadShown, Shape::text>;
  return out;
}
template <auto Read>
constexpr Column hex(std::string_view member, std::string_view help) {
  return made::plain<Read, Shape::hex>(member, help);
}
template <auto Read>
constexpr Column base64(std::string_view member, std::string_view help) {
  return made::plain<Read, Shape::base64>(member, help);
}
template <auto Read>
constexpr Column address(std::string_view member, std::string_view help) {
  return made::plain<Read, Shape::address>(member, help);
}
template <auto Read>
constexpr Column integer(std::string_view member, std::string_view help) {
  return made::plain<Read, Shape::integer>(member, help);
}
template <auto Read>
constexpr Column flag(std::string_view member, std::string_view help) {
  return made::plain<Read, Shape::flag>(member, help);
}
/// Seconds since 1970, of rules alone: records have them as text.
template <auto Read>
constexpr Column date(std::string_view help) {
  return made::plain<Read, Shape::date>({}, help);
}
/// Written by what `Name(number, scratch)` calls it; `Names()` are what rules may call it.
template <auto Read, auto Name, auto Names>
constexpr Column choice(std::string_view member, std::string_view help) {
  Column out = made::plain<Read, Shape::choice>(member, help);
  if (!member.empty()) out.write = &made::write_choice<Read, Name>;
  out.names = Names;
  return out;
}

/// A list of values.
template <auto Read, Shape Kind = Shape::text>
constexpr Column each(std::string_view member, std::string_view help) {
  return {.member = member,
          .shape = Kind,
          .help = help,
          .many = true,
          .visit = &made::visit_each<Read>,
          .write = member.empty() ? nullptr : &made::write_each<Read, Kind>};
}

/// Columns of an object, of the record's own where `member` is empty.
template <auto Read>
constexpr Column object(std::string_view member, Table inside, std::string_view help) {
  return {.member = member,
          .shape = Shape::object,
          .help = help,
          .enter = &made::enter<Read>,
          .write = &made::write_object<Read>,
          .inside = inside};
}

/// A list of objects. Of equal neighbours, by `Same(one, other, place)`, the first is shown with their `count`, of
/// which `inside` has the column.
template <auto Read, auto Same = nullptr>
constexpr Column objects(std::string_view member, Table inside, std::string_view help) {
  return {.member = member,
          .shape = Shape::object,
          .help = help,
          .many = true,
          .enter = &made::enter_each<Read>,
          .write = member.empty() ? nullptr : &made::write_objects<Read, Same>,
          .inside = inside};
}

/// A part whose object `Read` finds as `object` does, in `sender`'s direction; null where there is none. `stages`:
/// those of the protocol at which the part's own are reached, in their order.
template <auto Read>
constexpr Carried carried(const Part& part, Sender sender, std::array<uint8_t, 4> stages) {
  return {.part = &part, .enter = &made::enter<Read>, .sender = sender, .stages = stages};
}
/// One of which there are many.
template <auto Read>
constexpr Carried carried_each(const Part& part, Sender sender, std::array<uint8_t, 4> stages) {
  return {.part = &part, .enter = &made::enter_each<Read>, .sender = sender, .stages = stages};
}

/// How many equal neighbours an element of `objects` stands for, where it is not alone.
constexpr Column count() {
  return {.member = "count", .shape = Shape::integer, .help = "equal neighbours that this stands for"};
}

/// The hatch: an object that no other maker describes, written by `Write(column, place, writer)`. `inside` tells what
/// it holds; a column called "*" stands for any name.
template <auto Write>
constexpr Column custom(std::string_view member, std::string_view help, Table inside = {}) {
  return {.member = member, .shape = Shape::custom, .help = help, .write = Write, .inside = inside};
}

/// The transaction itself, for the object of a record that has its columns.
template <class Tx>
const Tx& self(const Tx& tx) {
  return tx;
}

/// That lists of the record were cut.
constexpr Column cut(std::string_view member, std::string_view help) {
  return {.member = member,
          .shape = Shape::flag,
          .help = help,
          .write = [](const Shown& shown, const Place&, RecordWriter& out) {
            if (out.cut()) out.json.member(shown.column->member, true);
          }};
}

}  // namespace lapwing::columns
